"""The ssh servers: what they let in, for each login user, from each place that they tell apart; and what is really offered."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from msgspec import Struct, field

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, is_number, part, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe
from pytest_zebu.facts.lines import Record, records
from pytest_zebu.settings.target import Target

PROBE = Probe("sshd", file="sshd.pl", uses=("quiet.pl", "ssh-servers.pl"), root=True, timeout=15)
ALLOWED = ("allowusers", "denyusers", "allowgroups", "denygroups")
ALIASES = {"challengeresponseauthentication": "kbdinteractiveauthentication"}
"""Older names of options, which newer servers take for the same (OpenSSH 8.7)."""
SLACK_SECONDS = 1
"""What is rounded of both moments."""
WORDS = ("server", "user", "for", "keys", "unseen", "unasked", "other", "set")


class Login(Struct, frozen=True):
    """What one user may do from one place, by a server's effective configuration.

    Attributes:
        host: the name that the address has, where the server looks names up; else it is the address.
        port: the server's.
    """

    user: str
    address: str
    options: Mapping[str, str]
    groups: tuple[str, ...] = ()
    host: str = ""
    port: int = 22
    uid: int | None = None
    has_shell: bool = True

    def _is_on(self, name: str) -> bool:
        return self.options.get(name, "no") == "yes"

    @property
    def is_root(self) -> bool:
        """Whether it is the superuser, however it is called."""
        return self.user == "root" if self.uid is None else self.uid == 0

    @property
    def place(self) -> str:
        """Where it comes from, in words."""
        return self.address if self.host in ("", self.address) else f"{self.address} ({self.host})"

    @property
    def is_admitted(self) -> bool:
        """Whether AllowUsers and its kin let the user try at all."""

        def names(patterns: str) -> bool:
            host = self.host or self.address
            return any(_is_user(pattern, self.user, self.address, host) for pattern in patterns.split())

        def groups(patterns: str) -> bool:
            return any(_is_like(group, pattern) for pattern in patterns.split() for group in self.groups)

        options = self.options
        if names(options.get("denyusers", "")) or groups(options.get("denygroups", "")):
            return False
        if "allowusers" in options and not names(options["allowusers"]):
            return False
        # Everybody is in a group: where none is known, none of them shuts the user out.
        if "allowgroups" in options and self.groups and not groups(options["allowgroups"]):
            return False
        return not (self.is_root and options.get("permitrootlogin") == "no")

    @property
    def methods_without_key(self) -> tuple[str, ...]:
        """The methods that open a session alone, without the user's public key."""
        if not self.is_admitted:
            return ()
        # PAM asks for the password through keyboard-interactive; for root, prohibit-password shuts both.
        root_by_key = self.is_root and self.options.get("permitrootlogin") in (
            "without-password",
            "prohibit-password",
            "forced-commands-only",
        )
        found = []
        if self._is_on("passwordauthentication") and not root_by_key:
            found.append("password")
        if self.asks_by_keyboard and not root_by_key:
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

    @property
    def needs_key(self) -> bool:
        """Whether the user's public key is asked for, whatever is asked for besides, before it or behind."""
        chains = self.options.get("authenticationmethods", "any").split()
        return bool(chains) and all("publickey" in chain.split(",") for chain in chains)

    @property
    def asks_by_keyboard(self) -> bool:
        """Whether keyboard-interactive can ask anything: without PAM there is nobody who would."""
        is_on = self._is_on("kbdinteractiveauthentication") or self._is_on("challengeresponseauthentication")
        return is_on and self.options.get("usepam", "yes") != "no"


def _is_like(text: str, pattern: str) -> bool:
    """Whether a text is as a pattern of sshd's: it knows `*` and `?`, and nothing else.

    What stands between two stars is found where it first is, and never looked for again: many stars would take for ever.
    """
    first, *others = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    between = "".join(f"(?>.*?{part})" for part in others[:-1] if part)
    return re.fullmatch(first + between + (f".*{others[-1]}" if others else ""), text, re.DOTALL) is not None


def _is_user(pattern: str, user: str, address: str, host: str) -> bool:
    """Whether a user from a place is meant by a word of AllowUsers or DenyUsers."""
    name, at, places = pattern.rpartition("@")
    if not at:
        return _is_like(user, pattern)
    return _is_like(user, name) and _is_place(places.split(","), address, host)


def _is_place(patterns: Sequence[str], address: str, host: str) -> bool:
    """Whether an address, or its name, is in a list of patterns; one that is negated wins."""
    found = False
    for word in patterns:
        pattern = word.removeprefix("!")
        if _is_in(address, pattern) or _is_like(host.lower(), pattern.lower()):
            if word.startswith("!"):
                return False
            found = True
    return found


def _is_in(address: str, pattern: str) -> bool:
    """Whether an address is one, or in a network, or as a pattern says."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return _is_like(address.lower(), pattern.lower())


MOST_LOGINS = 50_000
"""Users from places: each user is said once, and so is each place, but together they are as many as both are long."""


class Server(Struct, frozen=True):
    """A server.

    Attributes:
        ports: where it listens.
        changed: when its files were changed.
        loaded: when it read them; nothing where that is unknown.
        each_login: whether it reads them anew for each login.
        is_understood: whether the options that it was started with are understood.
    """

    ports: tuple[int, ...]
    changed: float
    loaded: float | None
    each_login: bool = False
    is_understood: bool = True

    @property
    def name(self) -> str:
        """The server, in words."""
        return f"sshd on port {', '.join(map(str, self.ports))}"

    @property
    def doubt(self) -> str:
        """Why it may do otherwise than its files say; empty where it does not."""
        if not self.is_understood:
            return f"{self.name} runs with options that were not understood, so its files do not tell what it does"
        if self.each_login:
            return ""
        if self.loaded is None:
            return f"it is not known when {self.name} read its files: systemctl restart ssh"
        if self.changed > self.loaded + SLACK_SECONDS:
            return f"the files of {self.name} changed after it read them: systemctl reload ssh"
        return ""


class Line(NamedTuple):
    """A line that sets an option: to what, and where, as `FILE:LINE`."""

    value: str
    place: str


class Sshd(Struct, frozen=True):
    """The servers.

    Attributes:
        logins: of each user, from each place that a configuration tells apart.
        offered: what the server that we came through offers to a stranger.
        keys: how many keys of a user the servers would take.
        unseen: by user, why there may be more of them.
        unasked: what could not be asked.
        others: other servers of ssh, with their ports.
        lines: by an option's name in lower case, the lines of the files that set it, in the order in which a server reads them. They are
            said, and decide nothing: a line may stand in a Match block, or behind one that counts.
    """

    logins: tuple[Login, ...]
    servers: tuple[Server, ...] = ()
    offered: Known[tuple[str, ...]] | Unknown = field(default=Unknown(Reason.NOT_GATHERED, "what the server offers"))
    keys: Mapping[str, int] = field(default_factory=dict)
    unseen: Mapping[str, str] = field(default_factory=dict)
    unasked: tuple[str, ...] = ()
    others: tuple[tuple[str, int], ...] = ()
    lines: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)

    @property
    def users(self) -> tuple[str, ...]:
        """The users with a login shell."""
        return tuple(dict.fromkeys(login.user for login in self.logins if login.has_shell))

    @property
    def roots(self) -> tuple[Login, ...]:
        """The superuser's logins, with a shell or without."""
        return tuple(login for login in self.logins if login.is_root)

    def keys_of(self, user: str) -> int:
        """How many keys a user has where the servers look."""
        return self.keys.get(user, 0)

    def of(self, user: str) -> tuple[Login, ...]:
        """A user's logins, from each place."""
        return tuple(login for login in self.logins if login.user == user)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why there may be more ways in than the logins say."""
        found = [server.doubt for server in self.servers if server.doubt]
        found += [f"could not ask {what}" for what in self.unasked]
        found += [f"{name} serves ssh on port {port}, and only OpenSSH is understood" for name, port in self.others]
        return tuple(found)

    @property
    def needs_key(self) -> bool:
        """Whether everybody's public key is asked for: what is offered to a stranger is the first step only."""
        return bool(self.logins) and not self.doubts and all(login.needs_key for login in self.logins)

    @property
    def asks_by_keyboard(self) -> bool:
        """Whether keyboard-interactive can ask anybody anything."""
        return any(login.options.get("usepam", "yes") != "no" for login in self.logins)


def look(target: Target) -> Look:
    """What the server offers, without a try to log in."""
    return Look("ssh", "methods", {"host": target.address})


class _User(Struct, frozen=True):
    name: str
    uid: int
    has_shell: bool
    groups: tuple[str, ...]


def parse(gathered: Gathered, target: Target) -> Sshd:
    """From the effective configurations and the server's own offer."""
    said = records(gathered.said("sshd").out, "sshd", WORDS, ("settings",))

    def of(word: str) -> Iterator[Record]:
        return (one for one in said if one.word == word)

    settings = {one.rest: _options(one.lines) for one in of("settings")}
    for options in settings.values():
        if "passwordauthentication" not in options or "permitrootlogin" not in options:
            raise Garbled("sshd -T gave no effective configuration")
    kinds: dict[str, list[_User]] = {}
    for one in of("user"):
        kind, uid, has_shell, groups, name = one.fields(5)
        names = tuple(_word(group) for group in groups.split(",") if group != "-")
        kinds.setdefault(kind, []).append(_User(_word(name), whole_number(uid, "a user"), has_shell == "1", names))
    logins: list[Login] = []
    for one in of("for"):
        _, kind, address, host, _, port, number = one.fields(7)
        if number not in settings:
            raise one.garbled()
        if len(logins) > MOST_LOGINS:
            raise Garbled("sshd said of more logins than are looked through")
        for user in kinds.get(kind, ()):
            logins.append(
                Login(
                    user.name, address, settings[number], user.groups, _word(host), whole_number(port, "a port"),
                    user.uid, user.has_shell,
                )
            )  # fmt: skip
    others = tuple((_word(name), whole_number(port, "a port")) for name, port in (one.fields(2) for one in of("other")))
    offer = gathered.saw(look(target))
    unseen: dict[str, str] = {}
    for one in of("unseen"):
        name, why = one.fields(2)
        unseen.setdefault(_word(name), why)
    found = Sshd(
        logins=tuple(logins),
        servers=tuple(map(_server, of("server"))),
        offered=Known(tuple(map(str, part(offer.value, "methods", list)))) if isinstance(offer, Known) else offer,
        keys={_word(name): whole_number(count, "keys") for count, name in (one.fields(2) for one in of("keys"))},
        unseen=unseen,
        unasked=tuple(_word(one.rest) for one in of("unasked")),
        others=others,
        lines=_lines(of("set")),
    )
    if not logins:
        why = found.doubts[0] if found.doubts else "no user with a login shell was found"
        raise Missing(Unknown(Reason.UNDECIDABLE, why))
    return found


def _lines(said: Iterable[Record]) -> dict[str, tuple[Line, ...]]:
    found: dict[str, tuple[Line, ...]] = {}
    for one in said:
        keyword, value, line, file = one.fields(4)
        name = ALIASES.get(keyword, keyword)
        place = f"{_word(file)}:{whole_number(line, 'a line')}"
        found[name] = (*found.get(name, ()), Line(_word(value), place))
    return found


def _word(text: str) -> str:
    return "" if text == "%" else unquote(text)


def _server(one: Record) -> Server:
    sockets, loaded, changed, options = one.fields(4)
    ports = tuple(dict.fromkeys(whole_number(socket.rpartition(":")[2], "a port") for socket in sockets.split(",")))
    return Server(
        ports,
        changed=_moment(changed) or 0.0,
        loaded=_moment(loaded),
        each_login=loaded == "each",
        is_understood=options != "?",
    )


def _moment(text: str) -> float | None:
    seconds, _, rest = text.partition(".")
    return float(text) if is_number(seconds) and (not rest or is_number(rest)) else None


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


FACT = Fact("sshd", parse, (PROBE,), lambda target: (look(target),))
