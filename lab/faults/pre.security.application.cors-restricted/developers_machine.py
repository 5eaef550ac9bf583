"""The developer's machine is among the origins."""

flips: set[str] = {"pre.security.application.cors-restricted"}
override = {
    "backend": {"environment": {"CORS_ORIGINS": "https://zebu.test,https://www.zebu.test,http://localhost:5173"}}
}
