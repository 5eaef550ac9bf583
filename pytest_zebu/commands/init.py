"""`zebu init HOST`: look at a machine, and write the settings that its deployment needs, each with where it was seen. Nothing there is changed."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from pytest_zebu.catalogue import SCORED, load
from pytest_zebu.discovery.found import Found, Seen
from pytest_zebu.discovery.legs import legs
from pytest_zebu.discovery.vantages import FoundVantage, vantages
from pytest_zebu.discovery.whole import INSIDE, OUTSIDE, inside, outside, settled, to_ask
from pytest_zebu.discovery.written import Written, written
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known
from pytest_zebu.files import read_text, why, write_whole
from pytest_zebu.gather.gathering import gather
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.gather.targets import targets
from pytest_zebu.memory.history import Past
from pytest_zebu.people.attestations import Records
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.settings.errors import UsageProblem, explain
from pytest_zebu.settings.model import DEFAULT_FILE, SIZE_LIMIT, Settings
from pytest_zebu.settings.target import Target
from pytest_zebu.shown import say
from pytest_zebu.verdict.openings import openings
from pytest_zebu.verdict.outcome import Finding, Outcome

DECIDED = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.ADVICE, Outcome.NOT_APPLICABLE, Outcome.WAIVED})
SHOWN_OPENINGS = 8


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("host", metavar="HOST", help="an ssh alias, ssh://user@host:port, or a name from the file")
    parser.add_argument(
        "--config", metavar="FILE", help="the file to write (default: $ZEBU_CONFIG, else zebu.toml here)"
    )
    parser.add_argument("--yes", action="store_true", help="never ask: write what was seen")
    parser.add_argument("--print", action="store_true", help="write nothing: show the file")


def run(options: argparse.Namespace) -> int:
    """Look, and write.

    Raises:
        UsageProblem: the host does not let us in, or the file cannot be read or written; nothing is written then.
    """
    path = Path(options.config or os.environ.get("ZEBU_CONFIG") or DEFAULT_FILE)
    known = _known(path)
    several = targets(options.host, str(path) if known else None, None)
    if len(several) > 1:
        raise UsageProblem("zebu init looks at one host at a time")
    looking = Looking(path, known, several[0])
    try:
        looking.look()
        findings = looking.judge()
    finally:
        looking.connection.close()
    _tell(looking, looking.written(_opens(findings)), findings, options)
    return 0


def _known(path: Path) -> str:
    try:
        return read_text(path, SIZE_LIMIT) if os.path.lexists(path) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{path}: {why(error) if isinstance(error, OSError) else 'is not UTF-8'}") from None


class Looking:
    """One look at a machine: what it says first decides what is looked at next, all over one connection.

    Attributes:
        name: what the machine is called in the file.
        seen: what was seen so far.
    """

    def __init__(self, path: Path, known: str, target: Target) -> None:
        self.path, self.known, self.target = path, known, target
        self.connection = Connection(target)
        self.name = target.host.address or target.name if "://" in target.name or "@" in target.name else target.name
        self.seen: list[Seen | FoundVantage] = []

    def look(self) -> None:
        """What the machine says of its deployment, what its names lead to, and from where this machine looks.

        Raises:
            UsageProblem: it does not let us in.
        """
        self.seen += _own(self.target)
        self.seen += inside(self._ask(INSIDE).fact)
        names = to_ask(self._values())
        self._declare([Found(f"domains.{key}", name, "to be asked for") for key, name in names.items()])
        self.seen += outside(self._ask(OUTSIDE).fact, names)
        self.seen = [*settled(self._values())]
        self._declare()
        domains = self.target.settings.domains
        self.seen += vantages(legs(), self.target.address, domains.addresses)
        self._declare()

    def judge(self) -> list[Finding]:
        """What comes of each scored item with what was seen, before anybody declares more."""
        evidence = self._ask(ALL)
        return [evidence.judge(item.id) for item in load() if item.stage in SCORED]

    def written(self, opens: Mapping[str, int], more: Iterable[Seen] = ()) -> Written:
        """The file, as it would be.

        Raises:
            UsageProblem: what people wrote there cannot be added to.
        """
        try:
            return written(self.known, self.name, [*more, *self.seen], opens)
        except ValueError as error:
            raise UsageProblem(f"{self.path}: {error}") from None

    def _values(self) -> list[Seen]:
        return [one for one in self.seen if not isinstance(one, FoundVantage)]

    def _declare(self, more: Iterable[Seen] = ()) -> None:
        """Let what was seen hold for what is asked next, as if it stood in the file."""
        text = self.written({}, more).text
        try:
            said = {**tomllib.loads(text), "folder": self.path.parent, "is_from_file": True}
            settings = Settings.model_validate(said)
        except ValidationError as error:
            raise UsageProblem(explain(self.path, error, Settings)) from None
        host = settings.hosts.get(self.name, self.target.host)
        self.target = self.target.model_copy(update={"settings": settings, "host": host})

    def _ask(self, facts: Iterable[str]) -> Evidence:
        snapshot = gather(
            self.target, [ALL[name] for name in facts], self.connection, lambda text: say(f"zebu: {text}", sys.stderr)
        )
        if not snapshot.reachable:
            raise UsageProblem(f"{self.target.name}: ssh: {snapshot.trouble}")
        return Evidence(self.target, snapshot.gathered, Records(), Known(Past(())), Known(()))


def _own(target: Target) -> Iterable[Seen]:
    """How the machine is reached, where that is said nowhere else: an alias of ssh's has it in ssh's own configuration."""
    host = target.host
    if "://" not in target.name and "@" not in target.name:
        return
    where = "as it was called"
    for key, value in (("address", host.address), ("user", host.user), ("port", host.port)):
        if value:
            yield Found(f"host.{key}", value, where)


_SET = re.compile(r"set ([\w.]+(?: and [\w.]+)*)")


def _opens(findings: Sequence[Finding]) -> Mapping[str, int]:
    """By key of the settings, how many items are judged where it is set."""
    found: Counter[str] = Counter()
    for opening in openings(findings):
        if read := _SET.fullmatch(opening.key):
            for key in read[1].split(" and "):
                found[key] += len(opening.items)
    return found


def _tell(looking: Looking, found: Written, findings: Sequence[Finding], options: argparse.Namespace) -> None:
    """Show what differs and what is left, and write the file where there is anything to write."""
    decided = sum(finding.outcome in DECIDED for finding in findings)
    for line in found.differs:
        say(f"{looking.path}: {line}")
    if options.print:
        say(found.text)
    elif found.text == looking.known:
        say(f"{looking.path}: says all that was seen")
    elif options.yes or not looking.known or _agreed(looking.path, found.added):
        write_whole(looking.path, found.text)
        say(f"{looking.path}: {'added ' + ', '.join(found.added) if looking.known else 'written'}")
    say(
        f"with it, {decided} of {len(findings)} items are decided by what can be seen; next: pytest --zebu-host={looking.name}"
    )
    left = openings(findings)
    for opening in left[:SHOWN_OPENINGS]:
        say(f"  {opening.text}")
    if len(left) > SHOWN_OPENINGS:
        say("  `zebu todo` lists them all")


def _agreed(path: Path, added: Sequence[str]) -> bool:
    if not sys.stdin.isatty():
        say(f"{path}: nothing was written: --yes adds {', '.join(added) or 'the comments'}", sys.stderr)
        return False
    try:
        return input(f"add {', '.join(added) or 'comments'} to {path}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
