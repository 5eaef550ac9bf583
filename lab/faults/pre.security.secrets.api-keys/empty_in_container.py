""".env has the key; in the container it is empty."""

flips: set[str] = {"pre.security.secrets.api-keys", "pre.application.environment.alpha-vantage"}
override = {"backend": {"environment": {"ALPHA_VANTAGE_API_KEY": ""}}}
