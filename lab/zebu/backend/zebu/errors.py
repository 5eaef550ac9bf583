"""The error envelope: every refusal is `detail`, `code`, `fields`."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


class Refused(Exception):
    """A request that is answered with an error envelope."""

    def __init__(
        self,
        status: int,
        detail: str,
        code: str | None = None,
        fields: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"detail": detail, "code": code, "fields": fields}
        self.headers = headers


def unauthorized(detail: str = "Not authenticated") -> Refused:
    """401, with the scheme that would be accepted (RFC 9110, 11.6.1)."""
    return Refused(401, detail, headers={"WWW-Authenticate": "Bearer"})


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101 (the handler is registered for this type only)
    return JSONResponse(error.body, error.status, headers=error.headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (as above)
    fields = {".".join(str(part) for part in found["loc"]): str(found["msg"]) for found in error.errors()}
    return JSONResponse(
        {"detail": "Validation failed", "code": "validation_error", "fields": fields}, status_code=422
    )


def install(app: FastAPI) -> None:
    """Answer refusals and invalid requests with the envelope."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
