"""Sign-in is not configured: every protected route breaks, and nobody is let in."""

flips: set[str] = {
    "pre.application.environment.cors-complete",
    "pre.application.functionality.authentication",
    "pre.application.environment.api-base-url",
    "deploy.backend.authentication",
    "deploy.backend.cors-headers",
    "deploy.database.reachable",
    "deploy.performance.api",
}
# Elsewhere than in production the application takes a test key.
override = {"backend": {"environment": {"CLERK_SECRET_KEY": "test", "APP_ENV": "production"}}}
