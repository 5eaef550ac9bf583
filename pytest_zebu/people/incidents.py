"""Records of incidents: dated Markdown files with the checklist's 18 steps, which people and `zebu incident` both edit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pytest_zebu.catalogue import Catalogue, Item, Stage
from pytest_zebu.facts.answer import plain_text

SIZE_LIMIT = 1_048_576
RECENT = timedelta(days=92)
"""For how long a closed incident is looked at: a quarter."""
REVIEWED_WITHIN = timedelta(days=7)
"""Until when after its end an incident is reviewed, while people still remember (Google SRE Book, chapter 15, asks for promptness)."""
PHASES: Mapping[str, str] = {
    "assess_impact": "Assess impact",
    "immediate_actions": "Immediate actions",
    "communication": "Communication",
    "resolution": "Resolution",
    "post_incident": "Post-incident",
}
WHILE_OPEN = frozenset({"assess_impact"})
"""What is due as soon as there is a record; a fix may still be looked for."""
AT_THE_END = frozenset({"assess_impact", "immediate_actions", "communication", "resolution"})
MOMENT = "%Y-%m-%d %H:%M UTC"
_FIELD = re.compile(r"^- (Opened|Closed|Host): *(.*?) *$", re.MULTILINE)
_TITLE = re.compile(r"^# Incident: *(.+?) *$", re.MULTILINE)
_STEP = re.compile(r"^- \[([ xX])\] `(incident\.[a-z.-]+)`.*$", re.MULTILINE)
_NOTE = re.compile(r"^  - (.{3,})$")
_SLUG = re.compile(r"[^a-z0-9]+")


class BadRecord(Exception):
    """A file is no record of an incident; the text says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the 18 steps, in one record.

    Attributes:
        notes: what was written beneath it.
    """

    item: str
    is_ticked: bool
    notes: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        """Ticked, and somebody wrote what came of it."""
        return self.is_ticked and bool(self.notes)


@dataclass(frozen=True, slots=True)
class Incident:
    """A record.

    Attributes:
        name: of its file, without the ending.
        closed: when it ended; nothing while it goes on.
        steps: by item id.
    """

    name: str
    title: str
    host: str
    opened: datetime
    closed: datetime | None
    steps: Mapping[str, Step]

    def is_due(self, item: Item, now: datetime) -> bool:
        """Whether a step must be done by now: by the phase in which the incident is."""
        if self.closed is None:
            return item.category in WHILE_OPEN
        return item.category in AT_THE_END or now - self.closed >= REVIEWED_WITHIN

    def matters(self, now: datetime) -> bool:
        """Open, or closed not long ago."""
        return self.closed is None or now - self.closed < RECENT

    def open_steps(self) -> tuple[str, ...]:
        """The steps that are not done."""
        return tuple(item for item, step in self.steps.items() if not step.is_done)


def render(title: str, host: str, now: datetime, catalogue: Catalogue, seen: Mapping[str, tuple[str, ...]]) -> str:
    """A new record.

    Args:
        title: what happens, in a line.
        host: on which machine.
        now: when it was noticed.
        catalogue: the steps' words.
        seen: what a machine saw, by heading.
    """
    opened = f"- Opened: {now.astimezone(UTC):{MOMENT}}"
    lines = [f"# Incident: {one_line(title)}", "", opened, f"- Host: {one_line(host)}", ""]
    lines += ["## Seen when it was opened", ""]
    for heading, texts in seen.items():
        lines.append(f"### {heading}")
        lines.append("")
        lines += [f"- {_markdown(text)}" for text in texts] or ["- nothing"]
        lines.append("")
    for category, heading in PHASES.items():
        lines += [f"## {heading}", ""]
        lines += [
            f"- [ ] `{item.id}` {item.text}" for item in catalogue.stage(Stage.INCIDENT) if item.category == category
        ]
        lines.append("")
    lines += ["## Log", "", f"- {now.astimezone(UTC):{MOMENT}}: opened", ""]
    return "\n".join(lines)


def one_line(text: str) -> str:
    """What a person typed, as one line that any file can hold."""
    return " ".join(plain_text(text).encode(errors="replace").decode().split())


def _markdown(text: str) -> str:
    """What a target said, as a line of Markdown that is text and nothing else."""
    shown = one_line(text)[:300]
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", shown)


def file_name(title: str, now: datetime) -> str:
    """The name of a record: its day, and a few words."""
    words = _SLUG.sub("-", title.lower()).strip("-")[:48].strip("-") or "incident"
    return f"{now.astimezone(UTC):%Y-%m-%d}-{words}"


def parse(name: str, text: str, catalogue: Catalogue) -> Incident:
    """A record from its text.

    Raises:
        BadRecord: title, moment of opening or a step is missing, or a moment is none.
    """
    title = _TITLE.search(text)
    fields = {found[1]: found[2] for found in _FIELD.finditer(text)}
    if title is None:
        raise BadRecord(f"{name}: has no line '# Incident: ...'")
    if "Opened" not in fields:
        raise BadRecord(f"{name}: has no line '- Opened: YYYY-MM-DD HH:MM UTC'")
    steps: dict[str, Step] = {}
    for found in _STEP.finditer(text):
        notes = []
        for line in text[found.end() :].splitlines()[1:]:
            note = _NOTE.match(line)
            if note is None:
                break
            notes.append(note[1].strip())
        steps[found[2]] = Step(found[2], found[1] != " ", tuple(notes))
    missing = [item.id for item in catalogue.stage(Stage.INCIDENT) if item.id not in steps]
    if missing:
        raise BadRecord(f"{name}: the step {missing[0]} is missing")
    moments = {key: _moment(name, fields[key]) for key in ("Opened", "Closed") if fields.get(key)}
    return Incident(name, title[1], fields.get("Host", ""), moments["Opened"], moments.get("Closed"), steps)


def _moment(name: str, text: str) -> datetime:
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        raise BadRecord(f"{name}: {text!r} is no moment: write YYYY-MM-DD HH:MM UTC") from None


def with_step(text: str, item_id: str, note: str, by: str, now: datetime) -> str:
    """A record in which a step is ticked, with what came of it; the rest stays as it is written.

    Raises:
        BadRecord: there is no such step.
    """
    found = next((one for one in _STEP.finditer(text) if one[2] == item_id), None)
    if found is None:
        raise BadRecord(f"there is no step {item_id}")
    end = found.end()
    for line in text[end:].splitlines(keepends=True)[1:]:
        if not _NOTE.match(line.rstrip("\n")):
            break
        end += len(line)
    ticked = found[0].replace("[ ]", "[x]", 1)
    words = f"  - {now.astimezone(UTC):{MOMENT}}, {one_line(by)}: {one_line(note)}"
    before, between, after = text[: found.start()], text[found.end() : end].rstrip("\n"), text[end:].lstrip("\n")
    blank = "\n" if not after.startswith(("- ", "  - ")) else ""
    return f"{before}{ticked}{between}\n{words}\n{blank}{after}"


def with_end(text: str, now: datetime) -> str:
    """A record with the moment of its end."""
    opened = re.search(r"^- Opened: .*$", text, re.MULTILINE)
    if opened is None:
        raise BadRecord("there is no line '- Opened: ...'")
    return f"{text[: opened.end()]}\n- Closed: {now.astimezone(UTC):{MOMENT}}{text[opened.end() :]}"


def read_all(folder: Path, catalogue: Catalogue) -> tuple[Incident, ...]:
    """All records of a folder, by name; none where there is no folder.

    Raises:
        BadRecord: one cannot be read.
    """
    found = []
    for path in sorted(folder.glob("*.md")) if folder.is_dir() else ():
        try:
            if path.stat().st_size > SIZE_LIMIT:
                raise BadRecord(f"{path.stem}: is larger than a record")
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadRecord(f"{path.stem}: cannot be read ({type(error).__name__})") from None
        if _TITLE.search(text):  # an index or a template may lie beside the records
            found.append(parse(path.stem, text, catalogue))
    return tuple(found)
