"""What could not be seen, by what would let it be seen: a key of the settings, a login, a tool, a day's wait, a person.

Reasons are sentences of ours; rules are patterns of them. What no rule knows is told alone, with its own reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct, field

from pytest_zebu.verdict.causes import LONGEST, MOST_PARTS, parts_of
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.plan import Cause, Opening, OpeningKind
from pytest_zebu.verdict.readiness import NOT_RUN

WHOLE_RUN, ATTEST, LOOK = "whole run", "attest", "look and attest"


class Rule(Struct, frozen=True):
    """One way in which something is not seen.

    Attributes:
        says: what a reason has in it; its groups fill the texts.
        key: names what would open it.
        text: what to do, without how many items are seen then; keys of the settings, where those are to be set.
    """

    kind: OpeningKind
    says: str
    key: str
    text: str
    sets: bool = False


def _access(says: str, key: str, text: str) -> Rule:
    return Rule(OpeningKind.ACCESS, says, key, text)


def _setting(says: str, keys: str = "{keys}") -> Rule:
    return Rule(OpeningKind.SETTING, says, f"set {keys}", keys, sets=True)


def _credential(says: str, who: str, text: str) -> Rule:
    return Rule(OpeningKind.CREDENTIAL, says, f"credential of {who}", text)


def _tool(says: str, key: str, text: str) -> Rule:
    return Rule(OpeningKind.TOOL, says, key, text)


def _network(says: str, key: str, text: str) -> Rule:
    return Rule(OpeningKind.NETWORK, says, key, text)


def _time(says: str, key: str, text: str) -> Rule:
    return Rule(OpeningKind.TIME, says, key, text)


_KEY = r"[a-z_]+(?:\.[A-Za-z_]+)+"
_SERVICE = r"Proxmox|forge|proxy|advisories"
RULES = (
    _tool(
        "unreachable: ssh: the host has no perl",
        "ssh: perl",
        "install perl on the machine (`apt-get install perl-base`)",
    ),
    _access("unreachable: ssh: ", "ssh", "let ssh in"),
    _access(
        "needs root, and sudo -n was refused|run as root, or with sudo -n",
        "sudo",
        "let `sudo -n` become root without a password",
    ),
    _access(
        "Docker's containers could not be listed|Docker is refused to the user",
        "docker",
        "let the user see Docker's containers (`sudo -n`, or the group docker)",
    ),
    _tool("docker is not installed on the machine", "docker there", "let Docker run on the machine"),
    _access("Docker's daemon does not", "docker's daemon", "let Docker's daemon answer (`systemctl status docker`)"),
    # Without containers nothing tells where the application is: what opens the one opens the other.
    _access(
        r"the application's folder is unknown|no compose project was (?:seen|found)|no container of (?:PostgreSQL|the frontend)\b"
        r"|no running container of (?:the backend|Redis)|no container of a compose project|Docker has no containers",
        "application",
        "let the application's containers run, or set `[hosts.NAME] app_directory` and `project`",
    ),
    _setting(r"which compose project is it\?", "hosts.NAME.project"),
    Rule(
        OpeningKind.SETTING,
        r"--zebu-active=(?P<probe>functional|restore|attack)",
        "probe {probe}",
        "run with `--zebu-active={probe}`",
    ),
    Rule(
        OpeningKind.SETTING,
        "a restore drill decides|a drill or people say",
        "probe restore",
        "run with `--zebu-active=restore`",
    ),
    _network(
        r"run `zebu look|look again(?:: zebu look| with --as|$)",
        "zebu look",
        "run `zebu look` on the machine that is the vantage, and hand in its file (`--zebu-look=FILE`)",
    ),
    _setting(r"public_address\b[^;]* are needed", "hosts.NAME.public_address and vantages"),
    _setting(rf"(?<![\w.])(?P<keys>{_KEY}(?: and {_KEY})*) (?:is|are) not (?:set|declared)\b"),
    _setting(rf"(?<![\w.])(?P<keys>{_KEY}) (?:does not say|names no)\b"),
    _setting(r"no domain is declared", "domains.site"),
    _setting(r"domains and domains\.addresses are not declared", "domains.addresses"),
    _setting(r"fewer than three resolvers are declared", "domains.resolvers"),
    _setting(r"network\.peers declares none", "network.peers"),
    _setting(r"where the proxy itself is \(domains\.origin\)", "domains.origin"),
    _setting(r"forge\.staging names staging", "forge.staging"),
    _setting(r"forge\.paths does not say", "forge.paths"),
    _setting(r"no vantage (?:is declared|on the internet is declared)", "vantages"),
    _credential(
        r"(?:API key was refused|with the API key of probes\.api_key_file|probes\.\w+ cannot be read)",
        "probes.api_key_file",
        "put a valid API key of the application into the file of `[probes] api_key_file`",
    ),
    _credential(
        rf"(?P<who>{_SERVICE})\b[^;]*?(?:: the credential was refused|: a privilege is missing|the token lacks \S+)"
        r"|(?P<role>Proxmox) shows no ",
        "{who}{role}",
        "give {who}{role} a credential that may look",
    ),
    _credential(r"may not be read: GRANT ", "the database", "grant the role that asks what it must read"),
    _credential(r"Redis refuses INFO", "Redis", "let `.env` have the password of Redis"),
    _tool(
        r"no browser at |Playwright's driver does not start|certutil is needed|the browser \S{1,200} does not start|the browser did not start"
        r"|the browser needs a folder",
        "browser",
        "let a browser start where pytest runs (`apt-get install chromium libnss3-tools`)",
    ),
    _tool(
        r"no such command: (?P<probe>[\w.-]+): (?P<what>[\w./ -]{1,60})",
        "command of {probe}",
        "install on the machine what is missing ({what})",
    ),
    _network(
        r"nor does the control address (?P<where>[\w.:\[\]-]{1,80})|the control address does not answer either",
        "network to the control address {where}",
        "mend the network of where pytest runs (its control address {where} does not answer)",
    ),
    _network(
        r"this machine's (?:own )?resolver|this resolver cannot be asked from here|no resolver tells where",
        "own resolver",
        "mend the resolver of where pytest runs (/etc/resolv.conf), or declare `[domains] addresses`",
    ),
    _network(
        r"does not answer to (?:internet|lan|proxy) either|PermissionError|this machine has no route|no way there"
        r"|no authoritative server can be reached",
        "network of our own",
        "mend the network of where pytest runs",
    ),
    _network(
        rf"unreachable: (?P<who>{_SERVICE})\b|(?P<role>{_SERVICE}): [^;]*?(?:ConnectionError|[Tt]imeout|does not answer)",
        "{who}{role}",
        "let {who}{role} be reached",
    ),
    _network(r"unreachable: the application\b", "the application's API", "let the application's API be reached"),
    _network(
        r"the machine cannot list (?P<where>\S{1,80})|(?P<other>\S{1,80}) could not be listed in time"
        r"|(?P<folder>/\S{0,80}): does not answer: its server may be gone",
        "backups at {where}{other}{folder}",
        "let the machine reach {where}{other}{folder}",
    ),
    _access(
        r"changed after it read them: (?P<command>systemctl reload [\w@.-]{1,40})",
        "{command}",
        "let the server read its files: `{command}`",
    ),
    _access(
        r"\(SELECT pg_reload_conf\(\)\)",
        "pg_reload_conf",
        "let PostgreSQL read its files: `SELECT pg_reload_conf()`",
    ),
    _access(
        "the clone is (?:shallow|partial)|the repository lacks",
        "whole clone",
        "fetch the history whole: `git fetch --unshallow`",
    ),
    _access("the submodules .* are not checked out", "submodules", "check them out: `git submodule update --init`"),
    _access(
        "has not run on the deployed commit|was not reached: an earlier step failed",
        "an earlier step",
        "let run first what did not, or failed (the item's reason names it)",
    ),
    _setting(r"its root in tls\.ca_file", "tls.ca_file"),
    _network(
        r"unreachable: (?P<where>[\w.:\[\]-]{1,80}): (?:Timeout|OSError)",
        "{where}",
        "let {where} be reached from where pytest runs",
    ),
    _access("nobody counted the table's rows yet", "ANALYZE", "let PostgreSQL count: `ANALYZE`"),
    _access(
        r"the machine's clock is \d+ \w+ (?:ahead of|behind) ours: ",
        "clock",
        "set the clock of the machine, or of where pytest runs (`timedatectl`)",
    ),
    _time(
        r"no run of a day ago or more|earlier runs do not span a day|no earlier run tells since when",
        "runs a day apart",
        "run this suite again a day later or more",
    ),
    _time(
        r"is (?:in progress|queued|pending|waiting) ?(?:still)?$|is being built now|dpkg is at work|too many requests|has never run|has no samples of its"
        r"|answered \d+ times only|answers some with \d+|answers 429|says nothing: too many",
        "a later run",
        "run this suite again later",
    ),
    Rule(
        OpeningKind.PEOPLE,
        r"people (?:attest|say|know)|they attest|^not attested$|no completion is on record",
        ATTEST,
        "attest it (`zebu attest ID`)",
    ),
    Rule(
        OpeningKind.PEOPLE,
        r"\bnot (?:known|understood|read|told|seen|compared|searched|looked (?:at|into|through)|whole|available)\b"
        r"|\bnothing was (?:read|seen)|\bno job that renews was seen|can(?:not)? be (?:told|compared)|\bcannot (?:read|say)"
        r"|could not be (?:read|told|searched|compared|listed)|\bto tell\b|\bthat tells? nothing|\bsays nothing\b|does not tell"
        r"|is only understood|only \w+ is understood|were left out|is yet to come|undecidable: |garbled: |with \d{3}\b|a frozen copy"
        r"|\bno (?:verdict|certificate|merged pull request|tag|deployment)\b|which is not set|may be \d+; there is room",
        LOOK,
        "look at it, and attest what you find (`zebu attest ID`)",
    ),
)
"""From the most particular to what is left: that the machine's word is not enough, and that a person may look."""
_RULES = tuple((rule, re.compile(rule.says)) for rule in RULES)
LONGEST_REASON = 160
"""Characters of a reason before what is to be done."""
ARRAYS = ("vantages",)
"""Of the settings, what may be there several times."""
BEHIND = {
    "docker": ("ssh", "sudo"),
    "application": ("ssh", "sudo", "docker", "docker there", "docker's daemon"),
}
"""What is not seen where one of the others is missing too, and comes with it."""
_BY_KEY = {rule.key: (rule.key, rule.kind, rule.text) for rule in RULES}


class _Found(Struct):
    kind: OpeningKind
    text: str
    items: list[str] = field(default_factory=list)


def openings(findings: Iterable[Finding], causes: Iterable[Cause] = ()) -> tuple[Opening, ...]:
    """What would let items be assessed that are not, by what opens the most first. Each item is in one of them.

    Args:
        findings: of every item.
        causes: what is wrong, with its consequences: mending it opens them.
    """
    unseen = [one for one in findings if one.outcome is Outcome.NOT_ASSESSED and not one.broken]
    because = {item: cause for cause in causes for item in cause.all_items}
    candidates = {
        one.item: [_matched(part.text[:LONGEST]) for part in parts_of(one)[:MOST_PARTS]]
        for one in unseen
        if one.item not in because and one.reason != NOT_RUN
    }
    there = {key for parts in candidates.values() for part in parts for key, _, _ in part}
    found: dict[str, _Found] = {}
    for one in unseen:
        cause = because.get(one.item)
        if cause is not None:
            key, kind, text = f"mend {cause.key}", OpeningKind.CAUSE, f"mend what is wrong with {cause.key}"
        elif one.reason == NOT_RUN:
            key, kind, text = WHOLE_RUN, OpeningKind.OTHER, "run the whole checklist, without a selection"
        else:
            key, kind, text = _first(one, candidates[one.item], there)
        found.setdefault(key, _Found(kind, text)).items.append(one.item)
    made = [Opening(key, one.kind, _told(one), tuple(one.items)) for key, one in found.items()]
    return tuple(sorted(made, key=lambda opening: (opening.key == WHOLE_RUN, -len(opening.items))))


_Match = tuple[str, OpeningKind, str]


def _first(finding: Finding, parts: Sequence[Sequence[_Match]], there: Collection[str]) -> _Match:
    """What opens an item: the first that all its parts need, else the first of the first; else a person's eyes."""
    known = [[_included(match, there) for match in part] for part in parts]
    for match in known[0] if known else ():
        if all(match[0] in (key for key, _, _ in part) for part in known):
            return match
    why = f"{_bounded(finding.reason, LONGEST_REASON)}: look at it, and attest what you find (`zebu attest {finding.item}`)"
    return next((match for part in known for match in part), (f"see {finding.item}", OpeningKind.PEOPLE, why))


def _included(match: _Match, there: Collection[str]) -> _Match:
    """What opens it: what stands before a match, where that is missing too."""
    before = next((key for key in BEHIND.get(match[0], ()) if key in there), match[0])
    return match if before == match[0] else _BY_KEY[before]


@lru_cache(maxsize=2_000)
def _matched(text: str) -> tuple[_Match, ...]:
    """What would open a part, in the order of the rules. Many parts say the same."""
    return tuple(_matches(text))


def _matches(text: str) -> Iterator[_Match]:
    for rule, says in _RULES:
        if found := says.search(text):
            groups = {key: value or "" for key, value in found.groupdict().items()}
            keys = rule.text.format(**groups)
            yield rule.key.format(**groups), rule.kind, _settings_text(keys) if rule.sets else keys


def _settings_text(keys: str) -> str:
    """How to set keys, as a file of settings has them."""
    return f"set {' and '.join(map(in_section, keys.split(' and ')))}"


def in_section(key: str) -> str:
    """A key of the settings with its section, as it is written."""
    section, _, name = key.rpartition(".")
    return f"`[{section}] {name}`" if section else f"`[[{name}]]`" if name in ARRAYS else f"`[{name}]`"


def _told(found: _Found) -> str:
    count = len(found.items)
    if found.kind is OpeningKind.OTHER and not found.text.startswith("run "):
        return found.text
    return f"{found.text} to see {count} more item{'s' if count > 1 else ''}"


_SET = re.compile(r"set ([\w.]+(?: and [\w.]+)*)")


def opened_by_settings(found: Iterable[Opening]) -> Mapping[str, int]:
    """By key of the settings, how many items are judged where it is set."""
    counts: Counter[str] = Counter()
    for opening in found:
        if read := _SET.fullmatch(opening.key):
            for key in read[1].split(" and "):
                counts[key] += len(opening.items)
    return counts


def _bounded(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
