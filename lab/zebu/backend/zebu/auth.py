"""Who calls: an API key of Zebu's own, or a session token of the sign-in provider."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import jwt
from fastapi import Depends, Request
from sqlalchemy import select

from zebu.config import settings
from zebu.database import Database
from zebu.errors import Refused, unauthorized
from zebu.models import ApiKey, now

KEY_PREFIX = "zk_"
KEY_LENGTH = 46


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request."""

    user_id: uuid.UUID
    clerk_user_id: str
    api_key_id: uuid.UUID | None = None

    @property
    def by_api_key(self) -> bool:
        """Whether a key vouches for the user, and no sign-in."""
        return self.api_key_id is not None

    @property
    def is_admin(self) -> bool:
        """Whether the user is declared as an administrator."""
        return self.clerk_user_id in settings().admin_user_ids


def user_id_of(clerk_user_id: str) -> uuid.UUID:
    """The application's own id of a user of the sign-in provider."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, clerk_user_id)


def new_key() -> str:
    """A fresh API key: the prefix and 43 url-safe characters."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def hash_key(raw: str) -> str:
    """What is kept of a key."""
    return hmac.new(settings().api_key_hmac_secret.encode(), raw.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=1)
def _signing_keys() -> jwt.PyJWKClient:
    config = settings()
    return jwt.PyJWKClient(
        f"{config.clerk_api_url}/jwks",
        headers={"Authorization": f"Bearer {config.clerk_secret_key}"},
        timeout=3,
    )


def _by_session_token(token: str) -> Caller:
    try:
        key = _signing_keys().get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            leeway=5,
            options={"require": ["sub", "exp", "iat"], "verify_aud": False},
        )
    except jwt.PyJWTError:
        raise unauthorized("Invalid or expired token") from None
    subject = str(claims["sub"])
    return Caller(user_id_of(subject), subject)


def _by_api_key(raw: str, database: Database) -> Caller:
    found = database.scalar(select(ApiKey).where(ApiKey.key_hash == hash_key(raw)))
    if found is None or (found.expires_at is not None and found.expires_at < now()):
        raise unauthorized("Invalid API key")
    found.last_used_at = now()
    database.commit()
    return Caller(found.user_id, found.clerk_user_id, found.id)


def authenticate(request: Request, database: Database) -> Caller:
    """Find the caller.

    Raises:
        Refused: 401 where there is no valid credential.
        RuntimeError: sign-in is not configured; the caller sees a 500, as in production.
    """
    if not settings().signs_in:
        raise RuntimeError("CLERK_SECRET_KEY and API_KEY_HMAC_SECRET are required")
    raw = request.headers.get("x-api-key", "")
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if not raw and (scheme.lower() == "apikey" or credential.startswith(KEY_PREFIX)):
        raw = credential
    if raw:
        if not raw.startswith(KEY_PREFIX) or len(raw) != KEY_LENGTH:
            raise unauthorized("Invalid API key")
        return _by_api_key(raw, database)
    if scheme.lower() == "bearer" and credential:
        return _by_session_token(credential)
    raise unauthorized()


User = Annotated[Caller, Depends(authenticate)]


def _administrator(caller: User) -> Caller:
    if not caller.is_admin:
        raise Refused(403, "Administrator access required")
    return caller


Administrator = Annotated[Caller, Depends(_administrator)]
