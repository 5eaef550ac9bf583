"""The sign-in provider: which instance the pages use, and whether its public keys can be had."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from pytest_zebu.facts import environment
from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, part
from pytest_zebu.facts.environment import DOTENV
from pytest_zebu.facts.fact import Fact, Gathered, Look, parse_json
from pytest_zebu.settings.target import Target

PUBLISHABLE = "VITE_CLERK_PUBLISHABLE_KEY"
LIVE, TEST = "pk_live_", "pk_test_"
_HOST = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")


@dataclass(frozen=True, slots=True)
class SignIn:
    """The provider's instance.

    Attributes:
        host: its Frontend API, from the publishable key.
        is_live: the publishable key is one of a production instance.
        status: with which its key set is answered; 0 where nothing answers although the network is there.
        keys: how many signing keys it has.
    """

    host: str
    is_live: bool
    status: int
    keys: int


def host_of(publishable: str) -> str:
    """The Frontend API's host: base64 behind the prefix, with a final `$` (Clerk, "Clerk environment variables").

    Raises:
        Missing: it is no such key.
    """
    text = publishable.removeprefix(LIVE).removeprefix(TEST)
    try:
        host = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("ascii").removesuffix("$").lower()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        host = ""
    if not _HOST.match(host):
        raise Missing(Unknown(Reason.UNDECIDABLE, f"{PUBLISHABLE} names no host: it is no publishable key"))
    return host


def _publishable(gathered: Gathered, target: Target) -> str:
    found = environment.parse(gathered, target).get(DOTENV, PUBLISHABLE)
    if found is None or not found.plain:
        raise Missing(
            Unknown(Reason.MISSING, f".env does not set {PUBLISHABLE}: which sign-in instance is used is unknown")
        )
    return found.plain


def _look(gathered: Gathered, target: Target) -> Look:
    url = f"https://{host_of(_publishable(gathered, target))}/.well-known/jwks.json"
    arguments: dict[str, Any] = {"url": url, "control": target.settings.control, "body_limit": 65_536}
    return Look("http", "sign-in keys", {**arguments, "trust": target.settings.trust(None)})


def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """One look, at the provider's public keys."""
    try:
        return (_look(gathered, target),)
    except (Missing, Garbled):
        return ()


def parse(gathered: Gathered, target: Target) -> SignIn:
    """From the publishable key and the key set."""
    key = _publishable(gathered, target)
    seen = gathered.saw(_look(gathered, target))
    if isinstance(seen, Unknown):
        raise Missing(seen)
    status = part(seen.value, "status", int)
    said = parse_json(part(seen.value, "body", str), "the sign-in provider's key set") if status == 200 else {}
    keys = part(said, "keys", list) if status == 200 else []
    return SignIn(host_of(key), key.startswith(LIVE), status, len(keys))


FACT = Fact("signin", parse, then=then)
