""".env says production; the container was made when it said otherwise."""

flips: set[str] = {"pre.security.application.app-env"}
override = {"backend": {"environment": {"APP_ENV": "staging"}}}
