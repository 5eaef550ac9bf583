"""One look at a machine that says what is to be declared of its deployment, for `zebu init` and for a run without a file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
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
from pytest_zebu.gather.gathering import gather
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.memory.history import Past
from pytest_zebu.people.attestations import Records
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.settings.errors import UsageProblem, explain
from pytest_zebu.settings.model import Settings
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Finding


class Looking:
    """One look at a machine: what it says first decides what is looked at next, all over one connection.

    Attributes:
        name: what the machine is called in the file.
        seen: what was seen so far.
    """

    def __init__(
        self, path: Path, known: str, target: Target, connection: Connection, watch: Callable[[str], None]
    ) -> None:
        self.path, self.known, self.target = path, known, target
        self.connection, self.watch = connection, watch
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
        snapshot = gather(self.target, [ALL[name] for name in facts], self.connection, self.watch)
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
