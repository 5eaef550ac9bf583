"""What stops somebody who guesses logins: fail2ban, sshguard, crowdsec, or sshd's own penalties; and whether it can."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import unquote

from msgspec import Struct, field

from pytest_zebu.facts.answer import Garbled, is_number, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.facts.lines import Record, records, single
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "bruteforce", file="bruteforce.pl", uses=("quiet.pl", "ssh-servers.pl"), root=True, timeout=12, takes=0.25
)
WORDS = ("guard", "sshd", "now", "jails", "jail", "sees", "ignores", "action", "kept", "tried", "ruled")
PRODUCTS = ("fail2ban", "sshguard", "crowdsec")
BOUNCERS = ("crowdsec-firewall-bouncer", "cs-firewall-bouncer")
RECENT_SECONDS = 600
GUESSES_A_DAY = 14_400
"""Ten a minute: who lets more through, stops nobody."""
FEWEST_TRIES = 5
"""As many failed logins a jail must have seen something of."""
MOST_ADDRESSES = 2**31
"""Half of IPv4: who ignores more, ignores everybody."""
EVERYBODY6 = tuple(map(ipaddress.IPv6Network, ("::/0", "2000::/3")))
SILENT = frozenset({"SILENT", "QUIET", "FATAL", "ERROR"})
"""Of sshd's log levels, those that tell no failed logins; the first two are one, and `sshd -T` says the first."""
PASSED_BY = frozenset({"input", "prerouting"})
"""Where packets to sshd pass."""
NOT_PASSED = frozenset({"forward", "output", "postrouting", "docker-user", "docker"})

LOCAL = frozenset({"filter", "host"})
"""The tools of actions that refuse packets on this machine."""

Ranges = tuple[tuple[int, int], ...]
ALL_PORTS: Ranges = ((0, 65_535),)


class Log(Struct, frozen=True):
    """What a guard reads.

    Attributes:
        what: the file's name, or what is taken from the journal.
        age: seconds since somebody wrote to the file; nothing where it is not there, or where it is the journal.
        has_ours: whether our own login of a moment ago is in it; nothing where that could not be told.
    """

    what: str
    is_journal: bool
    age: int | None = None
    has_ours: bool | None = None

    @property
    def fault(self) -> str:
        """Why nobody's guesses are in it."""
        if self.is_journal:
            return (
                "takes from the journal what our own login of a moment ago is not among"
                if self.has_ours is False
                else ""
            )
        if self.age is None:
            return f"reads {self.what}, which does not exist"
        if self.age > RECENT_SECONDS and not self.has_ours:
            return f"reads {self.what}, which nobody wrote to when we logged in a moment ago"
        return ""

    @property
    def doubt(self) -> str:
        """Why guesses may not be in it."""
        if self.is_journal:
            return "whether the journal has our own login was not seen" if self.has_ours is None else ""
        return f"reads {self.what}, where our own login of a moment ago is not" if self.has_ours is False else ""


class Action(Struct, frozen=True):
    """What a jail does with an address.

    Attributes:
        tool: `filter` where it refuses packets to ports, `host` where it refuses all, `mail`, `none`; else it is unknown.
        ports: which; nothing where that is not understood.
        hook: the chain or hook where it does.
    """

    tool: str
    ports: Ranges | None
    hook: str

    @property
    def fault(self) -> str:
        """Why it stops nobody."""
        if self.tool in ("mail", "none"):
            return "tells of addresses, and bans none"
        return f"bans in {self.hook}, where sshd's packets do not pass" if self.hook in NOT_PASSED else ""

    @property
    def doubt(self) -> str:
        """Why it may stop nobody."""
        if self.tool not in LOCAL:
            return "how it bans is not understood"
        if self.hook == "?":
            return "its action does not tell which packets are refused"
        if self.hook not in PASSED_BY:
            return f"whether sshd's packets pass {self.hook}, where it bans, is not known"
        return "which ports it bans from is not understood" if self.tool == "filter" and self.ports is None else ""


class Server(Struct, frozen=True):
    """A server of ssh that others reach.

    Attributes:
        penalties: its PerSourcePenalties (OpenSSH 9.8), empty where off or unknown to it.
        exempt: the addresses that are exempt from them.
    """

    ports: tuple[int, ...]
    log_level: str = "INFO"
    penalties: str = ""
    exempt: tuple[str, ...] = ()

    @property
    def punishes(self) -> bool:
        """Whether it stops guessing by itself."""
        fails = [word for word in self.penalties.split() if word.startswith("authfail:")]
        is_on = bool(self.penalties) and not any(word.removeprefix("authfail:").strip("s") == "0" for word in fails)
        return is_on and not is_everybody(self.exempt)


class Guard(Struct, frozen=True):
    """A jail of fail2ban, sshguard or crowdsec.

    Attributes:
        sees: what it reads.
        ignores: networks that it does nothing about.
        ignores_by_program: whether a program says of each address if it is ignored.
        actions: what a jail does.
        limits: a jail's tries, the seconds in which they count, and the seconds of a ban; below zero it is for ever.
        failed: the failed logins that a jail counted.
        banned: the addresses that a jail bans now.
        kept: of these as many were looked for where packets are refused, and found.
        ruled: the ports of the rules in force that refuse what it bans; of a jail they are its actions'.
    """

    name: str
    sees: tuple[Log, ...] = ()
    ignores: tuple[str, ...] = ()
    ignores_by_program: bool = False
    actions: tuple[Action, ...] = ()
    limits: tuple[int, int, int] | None = None
    failed: int | None = None
    banned: int | None = None
    kept: tuple[int, int] | None = None
    ruled: Ranges | None = None
    troubles: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()

    @property
    def is_jail(self) -> bool:
        """Whether it is one of fail2ban's."""
        return self.name not in PRODUCTS

    @property
    def ports(self) -> Ranges:
        """The ports that it guards."""
        if not self.is_jail:
            return self.ruled or ()
        good = [action for action in self.actions if not action.fault and not action.doubt]
        return tuple(ends for action in good for ends in (ALL_PORTS if action.tool == "host" else action.ports or ()))

    @property
    def possible_ports(self) -> Ranges:
        """The ports that it guards or may guard, as far as is known."""
        if not self.is_jail:
            return ALL_PORTS if self.unknowns else self.ports
        actions = [action for action in self.actions if not action.fault]
        return tuple(
            ends
            for action in actions
            for ends in (action.ports if action.tool == "filter" and action.ports else ALL_PORTS)
        )

    @property
    def guesses_a_day(self) -> float | None:
        """How often somebody may guess who knows its limits, by staying below them or by being banned again and again."""
        if self.limits is None:
            return None
        tries, seconds, ban = self.limits
        below = (tries - 1) / max(seconds, 1)
        again = tries / max(ban, 1) if ban >= 0 else 0
        return 86_400 * max(below, again)

    def faults(self, tried: Mapping[str, int]) -> Iterator[str]:
        """Why it stops nobody, for sure."""
        yield from self.troubles
        if not self.sees and self.is_jail:
            yield "reads neither a file nor the journal"
        yield from _unless_any(self.sees)
        if is_everybody(self.ignores):
            yield f"ignores everybody ({', '.join(self.ignores)})"
        guesses = self.guesses_a_day
        if self.limits and guesses and guesses > GUESSES_A_DAY:
            tries, seconds, ban = self.limits
            yield f"lets {guesses:.0f} guesses a day through ({tries} in {seconds} s, bans for {ban} s)"
        if self.is_jail:
            yield from _unless_any(self.actions) if self.actions else ("has no action, so it bans nobody",)
        if self.kept and not self.kept[0] and any(action.tool in LOCAL for action in self.actions):
            yield f"bans {self.banned or self.kept[1]} addresses, and none of {self.kept[1]} was found in the packet filter"
        spared = _ranges_of(self.ignores)
        missed = sum(count for address, count in tried.items() if not _is_ignored(address, spared))
        if self.failed == 0 and missed >= max(FEWEST_TRIES, self.limits[0] if self.limits else 0):
            yield f"counted none of {missed} failed logins that the journal has"

    @property
    def doubts(self) -> Iterator[str]:
        """Why it may stop nobody."""
        yield from self.unknowns
        if not self.sees and not self.is_jail:
            yield "what it reads was not seen"
        if not any(not log.fault and not log.doubt for log in self.sees):
            yield from (log.doubt for log in self.sees if log.doubt)
        if self.ignores_by_program and not self.banned:
            yield "a program says whom it ignores"
        if self.is_jail and self.limits is None:
            yield "its limits were not seen"
        if not any(not action.fault and not action.doubt for action in self.actions):
            yield from (action.doubt for action in self.actions if action.doubt and not action.fault)


def _unless_any(parts: Iterable[Log | Action]) -> Iterator[str]:
    """The first fault, where every part has one."""
    faults = [part.fault for part in parts]
    if faults and all(faults):
        yield faults[0]


class BruteForce(Struct, frozen=True):
    """What is there against it.

    Attributes:
        running: the guards that run, enabled at boot.
        not_at_boot: those that run but would not come back.
        others: what runs besides, and is not understood.
        guards: each with what it can do.
        servers: the servers of ssh.
        tried: failed logins in the journal since the jails began, by address.
    """

    running: tuple[str, ...]
    not_at_boot: tuple[str, ...]
    others: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    servers: tuple[Server, ...] = ()
    tried: Mapping[str, int] = field(default_factory=dict)

    @property
    def silent(self) -> tuple[str, ...]:
        """The log levels of servers that tell no failed logins."""
        return tuple(server.log_level for server in self.servers if server.log_level.upper() in SILENT)

    @property
    def unpunished(self) -> tuple[int, ...]:
        """The ports of servers without penalties of their own."""
        return tuple(sorted({port for server in self.servers if not server.punishes for port in server.ports}))

    def unguarded(self, guards: Iterable[Guard], *, for_sure: bool = False) -> tuple[int, ...]:
        """Of those, the ports that none of some guards bans from; for sure, if none may do it."""
        ranges = [ends for guard in guards for ends in (guard.possible_ports if for_sure else guard.ports)]
        return tuple(port for port in self.unpunished if not any(first <= port <= last for first, last in ranges))


def is_everybody(networks: Iterable[str]) -> bool:
    """Whether networks have all addresses, or so many that it comes to the same."""
    v4: list[ipaddress.IPv4Network] = []
    v6: list[ipaddress.IPv6Network] = []
    for word in networks:
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:
            continue
        if isinstance(network, ipaddress.IPv4Network):
            v4.append(network)
        else:
            v6.append(network)
    if sum(network.num_addresses for network in ipaddress.collapse_addresses(v4)) > MOST_ADDRESSES:
        return True
    whole = tuple(ipaddress.collapse_addresses(v6))
    return any(everybody.subnet_of(network) for network in whole for everybody in EVERYBODY6)


def _ranges_of(networks: Iterable[str]) -> Mapping[int, Ranges]:
    """Networks as ends of stretches of addresses, by IP version, in order, none of which touches another."""
    found: dict[int, list[ipaddress.IPv4Network | ipaddress.IPv6Network]] = {4: [], 6: []}
    for word in networks:
        with suppress(ValueError):
            network = ipaddress.ip_network(word, strict=False)
            found[network.version].append(network)
    return {
        version: tuple((int(one[0]), int(one[-1])) for one in ipaddress.collapse_addresses(held))  # type: ignore[type-var]
        for version, held in found.items()
    }


def _is_ignored(address: str, ranges: Mapping[int, Ranges]) -> bool:
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return True
    ordered = ranges[one.version]
    at = bisect_right(ordered, int(one), key=lambda ends: ends[0])
    return one.is_loopback or (at > 0 and int(one) <= ordered[at - 1][1])


def parse(gathered: Gathered, target: Target) -> BruteForce:
    """From systemctl, fail2ban-client, the rules in force, the logs and sshd -T."""
    said = records(gathered.said("bruteforce").out, "bruteforce", WORDS)

    def of(word: str) -> Iterator[Record]:
        return (one for one in said if one.word == word)

    now = whole_number(single(said, "now"), "the machine's time")
    states = {
        _word(name): (state == "active", boot == "enabled")
        for name, state, boot in (one.fields(3) for one in of("guard"))
    }
    active = [name for name, (is_active, _) in states.items() if is_active]
    running = tuple(name for name in PRODUCTS if states.get(name) == (True, True))
    owned = _owned(said)
    if len({one.fields(6)[0] for one in of("jail")}) < len(tuple(of("jail"))):
        raise Garbled("fail2ban said of a jail twice")
    jails = [_jail(one, owned, now) for one in of("jail")]
    products = [_product(name, owned, now, states) for name in ("sshguard", "crowdsec") if name in active]
    if "fail2ban" in active and not any(of("jails")):
        products.append(Guard("fail2ban", unknowns=("its jails could not be listed",)))
    return BruteForce(
        running=running,
        not_at_boot=tuple(name for name in PRODUCTS if states.get(name) == (True, False)),
        others=tuple(name for name in active if name not in (*PRODUCTS, *BOUNCERS)),
        guards=tuple(guard for guard in (*jails, *products) if (guard.is_jail and "fail2ban" in running) or guard.name in running),
        servers=tuple(map(_server, of("sshd"))),
        tried={address: whole_number(count, "failed logins") for count, address in (one.fields(2) for one in of("tried"))},
    )  # fmt: skip


def _word(text: str) -> str:
    return "" if text == "%" else unquote(text)


def _number(text: str) -> int | None:
    return int(text) if is_number(text.removeprefix("-")) else None


def _ranges(text: str) -> Ranges | None:
    """Ports as the script tells them; nothing where it did not understand them."""
    if text == "all":
        return ALL_PORTS
    found = []
    for word in text.split(","):
        first, _, last = word.partition("-")
        if not is_number(first) or not is_number(last):
            return None
        found.append((int(first), int(last)))
    return tuple(found)


def _server(one: Record) -> Server:
    ports, level, exempt, penalties = one.fields(4)
    return Server(
        ports=tuple(whole_number(port, "a port") for port in ports.split(",")),
        log_level=_word(level),
        penalties="" if penalties == "no" else penalties,
        exempt=tuple(word for word in _word(exempt).replace(",", " ").split() if word != "none"),
    )


Owned = Mapping[tuple[str, str], list[tuple[str, ...]]]
"""The further fields of the records that are a guard's, by word and the guard's name."""
OWNED = {"sees": 5, "ignores": 2, "kept": 3, "action": 4, "ruled": 2}
"""Of each word, how many fields its records have; the first is whose they are."""


def _owned(said: Iterable[Record]) -> Owned:
    found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for one in said:
        if one.word in OWNED:
            name, *rest = one.fields(OWNED[one.word])
            found.setdefault((one.word, _word(name)), []).append(tuple(rest))
    return found


def _logs(said: Owned, name: str, now: int) -> tuple[Log, ...]:
    return tuple(
        Log(
            what=_word(what),
            is_journal=kind == "journal",
            age=now - int(written) if is_number(written) else None,
            has_ours={"1": True, "0": False}.get(ours),
        )
        for kind, what, written, ours in said.get(("sees", name), ())
    )


def _ignores(said: Owned, name: str) -> tuple[str, ...]:
    return tuple(_word(what) for (what,) in said.get(("ignores", name), ()))


def _jail(one: Record, said: Owned, now: int) -> Guard:
    jail, failed, banned, tries, seconds, ban = one.fields(6)
    name = f"jail:{_word(jail)}"
    limits = [number for text in (tries, seconds, ban) if (number := _number(text)) is not None]
    kept = [(_number(held), _number(count)) for held, count in said.get(("kept", name), ())]
    ignores = _ignores(said, name)
    return Guard(
        name=f"fail2ban's jail {_word(jail)}",
        sees=_logs(said, name, now),
        ignores=tuple(word for word in ignores if word != "command"),
        ignores_by_program="command" in ignores,
        actions=tuple(
            Action(tool, _ranges(ports), _word(hook)) for tool, ports, hook in said.get(("action", name), ())
        ),
        limits=(limits[0], limits[1], limits[2]) if len(limits) == 3 else None,
        failed=_number(failed),
        banned=_number(banned),
        kept=next(((held, count) for held, count in kept if held is not None and count), None),
    )


def _product(name: str, said: Owned, now: int, states: Mapping[str, tuple[bool, bool]]) -> Guard:
    """One of the guards that are no jails (sshguard, crowdsec), with the rules in force."""
    told = [ports for (ports,) in said.get(("ruled", name), ())]
    rules = [_ranges(ports) for ports in told if ports != "none"]
    ruled = tuple(ends for ranges in rules if ranges is not None for ends in ranges)
    troubles, unknowns = [], []
    if None in rules:
        unknowns.append("which ports it bans from is not understood")
    if "none" in told:
        troubles.append("is told to ban nobody (sshg-fw-null)")
    elif name == "crowdsec":
        is_active, at_boot = max(states.get(bouncer, (False, False)) for bouncer in BOUNCERS)
        if not is_active:
            troubles.append("detects, and no bouncer of this machine's packet filter runs that would ban")
        elif not at_boot:
            troubles.append("bans by a bouncer that is not enabled at boot")
        elif not rules:
            unknowns.append("its bouncer runs, but no rule in force was seen that refuses what is banned")
        if ("?", "-") in [fields[1:] for fields in said.get(("action", name), ())]:
            unknowns.append("no scenario for ssh was seen")
    elif not rules:
        troubles.append("has no rule in force that refuses what it bans")
    return Guard(
        name,
        _logs(said, name, now),
        _ignores(said, name),
        ruled=ruled,
        troubles=tuple(troubles),
        unknowns=tuple(unknowns),
    )


FACT = Fact("bruteforce", parse, (PROBE,))
