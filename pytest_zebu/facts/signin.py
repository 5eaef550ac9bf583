"""Signing in: which instance of the provider the pages use, whether its public keys can be had, and whether who may enter is let in."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Any

from msgspec import Struct

from pytest_zebu.facts import environment
from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, part, whole_number
from pytest_zebu.facts.containers import docker_time
from pytest_zebu.facts.environment import DOTENV
from pytest_zebu.facts.fact import Fact, Gathered, Look, Need, Probe, parse_json
from pytest_zebu.facts.http import PROTECTED
from pytest_zebu.facts.lines import records, single
from pytest_zebu.facts.trials import why_not_asked
from pytest_zebu.settings.target import Target

PUBLISHABLE = "VITE_CLERK_PUBLISHABLE_KEY"
LIVE, TEST = "pk_live_", "pk_test_"
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class SignIn(Struct, frozen=True):
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
    if not _HOST.fullmatch(host):
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


class Welcome(Struct, frozen=True):
    """What a request with a valid API key is answered.

    Attributes:
        status: 0 where no answer came in time.
        body: `content`, JSON that is a `complaint`, or `other`.
        is_again: it was asked once more, as the first answer was late.
    """

    status: int
    body: str
    is_again: bool


def _keyed_look(target: Target) -> Look | Unknown:
    base = target.settings.domains.api_origin
    if base is None:
        return Unknown(Reason.NOT_CONFIGURED, "domains.api is not set (a name, or same-origin)")
    if target.settings.probes.api_key_file is None:
        return Unknown(Reason.NOT_CONFIGURED, "probes.api_key_file is not set")
    return Look("keyed", "api", {"url": f"{base}{PROTECTED}?limit=1"})


def keyed_looks(target: Target) -> tuple[Look, ...]:
    """One look, where there is a key. The application notes when a key was last used: that is asked for, or left alone."""
    found = _keyed_look(target)
    return () if isinstance(found, Unknown) or why_not_asked(target, "functional") else (found,)


def parse_keyed(gathered: Gathered, target: Target) -> Welcome:
    """From the answer."""
    asked = _keyed_look(target)
    seen = asked if isinstance(asked, Unknown) else gathered.saw(asked)
    if isinstance(seen, Unknown):
        raise Missing((seen.reason is Reason.NOT_GATHERED and why_not_asked(target, "functional")) or seen)
    return Welcome(part(seen.value, "status", int), part(seen.value, "body", str), part(seen.value, "again", bool))


class SignedIn(Struct, frozen=True):
    """What the running backend's own log says of requests to what only signed-in users get, in a week.

    Attributes:
        answered, broken: how many were answered, and how many ended with an error of the server.
        last_answered, last_broken: when the last one was.
        is_cut: the log is longer than what was read of it.
    """

    answered: int
    broken: int
    last_answered: datetime | None
    last_broken: datetime | None
    is_cut: bool

    @property
    def trouble(self) -> str:
        """Why it does not show that users are let in; empty if it does."""
        if not self.answered:
            return f"the backend's log of a week has none that was answered, and {self.broken} that broke"
        if self.is_cut:
            return "the backend's log of a week is longer than what was read of it"
        if self.last_broken and (self.last_answered is None or self.last_broken > self.last_answered):
            return f"the last of {self.answered + self.broken} requests of a week broke"
        return ""


ACCESS_PROBE = Probe(
    "signed-in",
    file="signed-in.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "docker-logs.pl"),
    values=(("PROTECTED", PROTECTED),),
    needs=(Need.BACKEND_CONTAINER,),
    root=True,
    timeout=15,
    takes=0.3,
)


def parse_signed_in(gathered: Gathered, target: Target) -> SignedIn:
    """From counts of the backend's log."""
    found = records(gathered.said("signed-in").out, "the backend's log", ("answered", "broken", "cut", "status"))
    if (status := single(found, "status")) != "0":
        raise Missing(Unknown(Reason.UNDECIDABLE, f"the backend's log cannot be read (status {status[:20]})"))
    counts: dict[str, tuple[int, datetime | None]] = {}
    for word in ("answered", "broken"):
        count, _, last = single(found, word).partition(" ")
        try:
            counts[word] = whole_number(count, "a count of requests"), docker_time(last)
        except (ValueError, OverflowError):
            raise Garbled("the backend's log: a moment") from None
    (answered, last_answered), (broken, last_broken) = counts["answered"], counts["broken"]
    return SignedIn(answered, broken, last_answered, last_broken, single(found, "cut") == "yes")


FACT = Fact("signin", parse, then=then)
KEYED = Fact("keyed", parse_keyed, looks=keyed_looks)
SIGNED_IN = Fact("signed_in", parse_signed_in, (ACCESS_PROBE,))
