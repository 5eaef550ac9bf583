"""Who calls: a session of the sign-in provider, and nothing else."""

import uuid
from functools import lru_cache
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException, Request

from papertrade.settings import settings

UNAUTHORIZED = {"WWW-Authenticate": "Bearer"}


@lru_cache(maxsize=1)
def _keys() -> jwt.PyJWKClient:
    return jwt.PyJWKClient(
        f"{settings.clerk_api_url}/jwks",
        headers={"Authorization": f"Bearer {settings.clerk_secret_key}"},
        timeout=3,
    )


def user_of(request: Request) -> uuid.UUID:
    """The caller's own id.

    Raises:
        HTTPException: 401 where there is no valid session.
    """
    if not settings.clerk_secret_key:
        raise RuntimeError("CLERK_SECRET_KEY is required")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(401, "Not authenticated", UNAUTHORIZED)
    try:
        key = _keys().get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            leeway=5,
            options={"require": ["sub", "exp", "iat"], "verify_aud": False},
        )
    except jwt.PyJWTError:
        raise HTTPException(401, "Invalid or expired token", UNAUTHORIZED) from None
    return uuid.uuid5(uuid.NAMESPACE_DNS, str(claims["sub"]))


User = Annotated[uuid.UUID, Depends(user_of)]
