"""The container runs with debugging on."""

flips: set[str] = {"pre.security.application.app-debug"}
override = {"backend": {"environment": {"APP_DEBUG": "true"}}}
