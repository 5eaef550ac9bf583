""".env says INFO; the container was made when it said DEBUG."""

flips: set[str] = {"pre.application.environment.log-level"}
override = {"backend": {"environment": {"APP_LOG_LEVEL": "DEBUG"}}}
