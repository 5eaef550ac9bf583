"""The ways in which the suite is blinded on the lab, each with what must come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from lab.blindings import ATTESTED_WITHOUT_HISTORY, BLINDINGS, MACHINE_DECIDED, UNSEEN_WITHOUT_HISTORY
from lab.changes import CUT
from lab.deployment import Lab
from lab.fault import ADVICE_ONLY, Change, Probes
from pytest_zebu.verdict.outcome import Outcome

TOOLS = "nproc ip ss curl wget"
"""What any user may see needs these."""
NO_HISTORY = ('history = "@LAB@/history.sqlite3"', 'history = "@LAB@/no-history.sqlite3"')
"""Earlier runs saw what a blinded one must not."""
WRONG = {"forge": "wrong", "proxmox": "wrong", "npm": "wrong", "api-key": "zk_" + "0" * 43}
"""Credentials that no service takes."""
_ADVISORIES = 'osv = "https://advisories.zebu.test"'


def _unchanged(lab: Lab) -> None:
    """Where only settings blind."""


def _cut(lab: Lab) -> None:
    lab.inside(["nft", CUT])


def _mend_cut(lab: Lab) -> None:
    lab.inside(["nft", "delete table inet cut"])


def _hide_tools(lab: Lab) -> None:
    lab.vm.shell(f"cd /usr/bin; for f in {TOOLS}; do [ ! -e $f ] || mv $f $f.hidden; done")


def _show_tools(lab: Lab) -> None:
    lab.vm.shell(f"cd /usr/bin; for f in {TOOLS}; do [ ! -e $f.hidden ] || mv $f.hidden $f; done")


def _write_wrong(lab: Lab) -> None:
    folder = lab.place.folder / "wrong"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, text in WRONG.items():
        (folder / name).write_text(text)


@dataclass(frozen=True, slots=True)
class Blindfold:
    """A way to blind the suite.

    Attributes:
        blinding: what it is called in `BLINDINGS`, which has the items that it keeps from being assessed.
        text: what it is.
        probes: the active probes that the suite is run with.
        settings: replacements in the lab's settings; `@LAB@` is the lab's folder.
        put_on, take_off: what is done to the lab, and undone.
        besides: items that become something else than not assessed.
        is_whole: whether all other items must be as on the healthy lab.
    """

    blinding: str
    text: str
    probes: frozenset[Probes] = frozenset()
    settings: tuple[tuple[str, str], ...] = (NO_HISTORY,)
    put_on: Change = _unchanged
    take_off: Change = _unchanged
    besides: Mapping[str, Outcome] = field(default_factory=dict)
    is_whole: bool = True

    @property
    def options(self) -> tuple[str, ...]:
        """What the suite is run with."""
        return (f"--zebu-active={','.join(sorted(self.probes))}",) if self.probes else ()

    @property
    def id(self) -> str:
        """What its recording is called."""
        return f"blinded/{self.blinding.replace(' ', '_')}"

    @contextmanager
    def on(self, lab: Lab) -> Iterator[None]:
        """The lab, seen through it."""
        (lab.place.folder / "no-history.sqlite3").unlink(missing_ok=True)
        try:
            self.put_on(lab)
            yield
        finally:
            self.take_off(lab)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """What must come of it; all items that are not named are as when all is well."""
        unseen = dict.fromkeys(BLINDINGS[self.blinding], Outcome.NOT_ASSESSED)
        unseen |= dict.fromkeys(ADVICE_ONLY & (unseen.keys() if not self.is_whole else ADVICE_ONLY), Outcome.ADVICE)
        if not self.is_whole:
            return unseen
        first = dict.fromkeys(ATTESTED_WITHOUT_HISTORY & MACHINE_DECIDED, Outcome.ATTESTED)
        first |= dict.fromkeys(UNSEEN_WITHOUT_HISTORY, Outcome.NOT_ASSESSED)
        return {**first, **unseen, **self.besides}


_DRILLED = {"ops.monthly.restore-test": Outcome.PASSED}
BLINDFOLDS = {
    one.blinding: one
    for one in (
        Blindfold(
            "without root",
            "A user who may not use sudo.",
            frozenset({"functional", "restore"}),
            (NO_HISTORY, ('user = "deploy"', 'user = "observer"')),
            besides={"post.recovery.backups.verified": Outcome.ATTESTED},
        ),
        Blindfold(
            "without network",
            "The runner reaches nothing but ssh.",
            frozenset({"functional"}),
            put_on=_cut,
            take_off=_mend_cut,
        ),
        Blindfold(
            "without tools",
            "What any user may see needs tools: they are gone.",
            settings=(),
            put_on=_hide_tools,
            take_off=_show_tools,
            is_whole=False,
        ),
        Blindfold(
            "without credentials",
            "Every service says no: wrong tokens, password and key, no address of advisories, no root on the proxy.",
            frozenset({"functional", "restore"}),
            (
                NO_HISTORY,
                ('token_file = "@LAB@/keys/proxmox.secret"', 'token_file = "@LAB@/wrong/proxmox"'),
                ('password_file = "@LAB@/keys/npm.secret"', 'password_file = "@LAB@/wrong/npm"'),
                ('token_file = "@LAB@/keys/forge.secret"', 'token_file = "@LAB@/wrong/forge"'),
                ('api_key_file = "@LAB@/api-key"', 'api_key_file = "@LAB@/wrong/api-key"'),
                (_ADVISORIES, _ADVISORIES.replace("advisories.zebu.test", "acme.zebu.test:1")),
                ('user = "root"', 'user = "observer"'),
            ),
            put_on=_write_wrong,
            besides=_DRILLED,
        ),
        Blindfold(
            "without a browser",
            "There is no browser where pytest runs.",
            settings=(NO_HISTORY, ("[evidence]", '[browser]\nexecutable = "/nonexistent"\n[evidence]')),
        ),
        Blindfold(
            "without ssh",
            "The control address answers, the machine does not: that is the machine's failure.",
            settings=(NO_HISTORY, ('address = "10.77.0.10"', 'address = "10.77.0.99"')),
            besides={"deploy.initial.ssh": Outcome.FAILED},
        ),
    )
}
"""By blinding. Without attestations, and those for single items, are told apart in the proofs."""
