"""Passwords of login users, compared with known defaults on the machine: what travels is a name and a word."""

from __future__ import annotations

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, lines_of
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "accounts",
    file="accounts.pl",
    root=True,
    timeout=15,
)


class Account(Struct, frozen=True):
    """A user, and what its password is: own, default, empty, locked, or unknown where the hash could not be compared."""

    user: str
    password: str


def parse(gathered: Gathered, target: Target) -> tuple[Account, ...]:
    """From /etc/shadow, compared there. It has an entry of root's, at least."""
    found = []
    for line in lines_of(gathered.said("accounts").out):
        user, _, word = line.partition(" ")
        if word not in ("own", "default", "empty", "locked", "unknown"):
            raise Garbled("the comparison of passwords")
        found.append(Account(user, word))
    if not found:
        raise Garbled("no user has a password entry")
    return tuple(found)


FACT = Fact("accounts", parse, (PROBE,))
