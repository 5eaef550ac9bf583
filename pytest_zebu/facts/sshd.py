"""The ssh server: what it lets in, for each login user, from several addresses; and what it really offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, is_number, part
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe("sshd", file="sshd.sh", uses=("sshd.pl",), root=True, timeout=15)
ALLOWED = ("allowusers", "denyusers", "allowgroups", "denygroups")


@dataclass(frozen=True, slots=True)
class Login:
    """What one user may do from one address, by the server's effective configuration."""

    user: str
    address: str
    options: Mapping[str, str]
    groups: tuple[str, ...] = ()

    def _is_on(self, name: str) -> bool:
        return self.options.get(name, "no") == "yes"

    @property
    def is_admitted(self) -> bool:
        """Whether AllowUsers and its kin let the user try at all."""

        def names(patterns: str) -> bool:
            return any(_matches(pattern, self.user, self.address) for pattern in patterns.split())

        def groups(patterns: str) -> bool:
            return any(fnmatchcase(group, pattern) for pattern in patterns.split() for group in self.groups)

        options = self.options
        if names(options.get("denyusers", "")) or groups(options.get("denygroups", "")):
            return False
        if "allowusers" in options and not names(options["allowusers"]):
            return False
        if "allowgroups" in options and not groups(options["allowgroups"]):
            return False
        return not (self.user == "root" and options.get("permitrootlogin") == "no")

    @property
    def methods_without_key(self) -> tuple[str, ...]:
        """The methods that open a session alone, without the user's public key."""
        if not self.is_admitted:
            return ()
        # PAM asks for the password through keyboard-interactive; for root, prohibit-password shuts both.
        root_by_key = self.user == "root" and self.options.get("permitrootlogin") in (
            "without-password",
            "prohibit-password",
            "forced-commands-only",
        )
        found = []
        if self._is_on("passwordauthentication") and not root_by_key:
            found.append("password")
        if (
            self._is_on("kbdinteractiveauthentication") or self._is_on("challengeresponseauthentication")
        ) and not root_by_key:
            found.append("keyboard-interactive")
        if self._is_on("hostbasedauthentication"):
            found.append("hostbased")
        if self._is_on("gssapiauthentication"):
            found.append("gssapi-with-mic")
        chains = self.options.get("authenticationmethods", "any").split()
        if chains in ([], ["any"]):
            return tuple(found)
        open_chains = [chain for chain in chains if "publickey" not in chain.split(",")]
        return tuple(chain for chain in open_chains if all(step.split(":")[0] in found for step in chain.split(",")))


def _matches(pattern: str, user: str, address: str) -> bool:
    name, _, host = pattern.partition("@")
    return fnmatchcase(user, name) and (not host or fnmatchcase(address, host))


@dataclass(frozen=True, slots=True)
class Sshd:
    """The server."""

    logins: tuple[Login, ...]
    changed: float
    loaded: float
    offered: Known[tuple[str, ...]] | Unknown = field(default=Unknown(Reason.NOT_GATHERED, "what the server offers"))
    keys: Mapping[str, int] = field(default_factory=dict)

    @property
    def users(self) -> tuple[str, ...]:
        """The users with a login shell."""
        return tuple(dict.fromkeys(login.user for login in self.logins))

    def keys_of(self, user: str) -> int:
        """How many keys a user has in the usual files."""
        return self.keys.get(user, 0)

    def of(self, user: str) -> tuple[Login, ...]:
        """A user's logins, from each address."""
        return tuple(login for login in self.logins if login.user == user)

    @property
    def runs_older_configuration(self) -> bool:
        """Whether the files changed after the server last read them."""
        return bool(self.loaded) and self.changed > self.loaded + 1


def look(target: Target) -> Look:
    """What the server offers, without a try to log in."""
    host = target.host
    return Look("ssh", "methods", {"host": host.address or target.name})


def parse(gathered: Gathered, target: Target) -> Sshd:
    """From the effective configurations and the server's own offer."""
    logins: list[Login] = []
    groups: dict[str, tuple[str, ...]] = {}
    keys: dict[str, int] = {}
    changed = loaded = 0.0
    has_socket = has_server = False
    for one in records(
        gathered.said("sshd").out, "sshd", ("user", "keys", "socket", "changed", "reloaded"), ("for", "state")
    ):
        word, rest = one.word, one.rest
        if word == "user":
            name, _, joined = rest.partition(" ")
            groups[name] = tuple(joined.split(","))
        elif word == "keys":
            name, _, count = rest.partition(" ")
            keys[name] = int(count) if is_number(count) else 0
        elif word == "for":
            user, address = one.fields(2)
            logins.append(Login(user, address, _options(one.lines), groups.get(user, ())))
        elif word == "socket":
            has_socket = rest.strip() == "active"
        elif word == "changed":
            changed = _number(rest)
        elif word == "reloaded":
            loaded = max(loaded, _number(rest))
        else:
            loaded = max(loaded, _loaded(one.lines))
            has_server = "ActiveState=active" in one.lines
    if not logins:
        raise Missing(Unknown(Reason.UNDECIDABLE, "no user with a login shell was found"))
    for login in logins:
        if "passwordauthentication" not in login.options or "permitrootlogin" not in login.options:
            raise Garbled(f"sshd -T gave no effective configuration for {login.user}")
    offer = gathered.saw(look(target))
    offered = Known(tuple(map(str, part(offer.value, "methods", list)))) if isinstance(offer, Known) else offer
    # A socket that starts a server for each login has it read its files then; one that hands over to a server that
    # stays, as Ubuntu's does, has not.
    return Sshd(tuple(logins), changed, 0.0 if has_socket and not has_server else loaded, offered, keys)


def _options(lines: Iterable[str]) -> dict[str, str]:
    """One effective configuration, as sshd -T shows it."""
    found: dict[str, str] = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        if word.lower() in ALLOWED and word.lower() in found:
            found[word.lower()] += f" {rest}"
        elif " " in line and word.isalpha():
            found[word.lower()] = rest.strip()
        else:
            raise Garbled(f"sshd -T said: {line[:120]}")
    return found


def _loaded(lines: Iterable[str]) -> float:
    """When the server last read its configuration, by systemd."""
    found = 0.0
    for line in lines:
        key, _, value = line.partition("=")
        if key == "ExecMainStartTimestamp":
            found = max(found, _number(value.lstrip("@")))
        for word in value.split(";"):
            if key == "ExecReload" and word.strip().startswith("start_time=["):
                found = max(found, _number(word.strip().removeprefix("start_time=[@").rstrip("] ")))
    return found


def _number(text: str) -> float:
    try:
        return float(text.strip().split()[0])
    except (ValueError, IndexError):
        return 0.0


FACT = Fact("sshd", parse, (PROBE,), lambda target: (look(target),))
