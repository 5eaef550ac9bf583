"""An origin with a slash at its end matches no page."""

flips: set[str] = {
    "pre.application.environment.cors-complete",
    "pre.security.application.cors-restricted",
    "deploy.backend.cors-headers",
}
override = {"backend": {"environment": {"CORS_ORIGINS": "https://zebu.test/,https://www.zebu.test"}}}
