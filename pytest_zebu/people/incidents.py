"""Records of incidents: dated Markdown files with the checklist's 18 steps, which people and `zebu incident` both edit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from pytest_zebu.catalogue import Catalogue, Item, Stage
from pytest_zebu.files import MIB, followed, locked, read_bytes, read_text, why, write_whole
from pytest_zebu.redaction import redacted
from pytest_zebu.shown import clean, code

SIZE_LIMIT = MIB
MOST_RECORDS = 2_000
MOST_NOTES = 200
"""Beneath one step; the rest is not looked at."""
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
TITLE = "# Incident:"
SEEN = "## Seen when it was opened"
_FIELD = re.compile(r"- (Opened|Closed|Host):(.*)")
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
    lines += [SEEN, "", *_seen(seen)]
    for category, heading in PHASES.items():
        lines += [f"## {heading}", ""]
        lines += [
            f"- [ ] `{item.id}` {item.text}" for item in catalogue.stage(Stage.INCIDENT) if item.category == category
        ]
        lines.append("")
    lines += ["## Log", "", f"- {now.astimezone(UTC):{MOMENT}}: opened", ""]
    return "\n".join(lines)


def _seen(seen: Mapping[str, tuple[str, ...]]) -> list[str]:
    lines = []
    for heading, texts in seen.items():
        # What a target said is text and nothing else: no field, no box, no link.
        lines += [f"### {heading}", "", *([f"- {code(text) or 'nothing'}" for text in texts] or ["- nothing"]), ""]
    return lines


def with_seen(text: str, seen: Mapping[str, tuple[str, ...]]) -> str:
    """A record with what a machine saw; the rest stays as it is written.

    Raises:
        BadRecord: the heading for it is not there any more.
    """
    before, heading, after = text.partition(f"\n{SEEN}\n\n")
    if not heading:
        raise BadRecord(f"there is no line {SEEN!r}")
    return "\n".join([f"{before}{heading}".rstrip("\n"), "", *_seen(seen), after.lstrip("\n")])


def one_line(text: str) -> str:
    """What a person typed, as one line that any file can hold."""
    return " ".join(clean(text).replace("\ufffd", "?").split())


def file_name(title: str, now: datetime) -> str:
    """The name of a record: its day, and a few words."""
    words = _SLUG.sub("-", title.lower()).strip("-")[:48].strip("-") or "incident"
    return f"{now.astimezone(UTC):%Y-%m-%d}-{words}"


def parse(name: str, text: str, catalogue: Catalogue) -> Incident:
    """A record from its text.

    Raises:
        BadRecord: title, moment of opening or a step is missing, or a moment is none.
    """
    title, fields, steps, step = "", {}, {}, None
    for line in _lines(text):
        note, box, about = _NOTE.fullmatch(line), _STEP.fullmatch(line), _FIELD.fullmatch(line)
        if note is not None and step is not None:
            if len(step.notes) < MOST_NOTES:
                step = steps[step.item] = replace(step, notes=(*step.notes, redacted(note[1].strip(), words=False)))
            continue
        step = None
        if box is not None:
            step = steps[box[2]] = Step(box[2], box[1] != " ", ())
        elif about is not None:
            fields[about[1]] = about[2].strip()
        elif line.startswith(TITLE) and not title:
            title = redacted(line.removeprefix(TITLE).strip(), words=False)
    if not title:
        raise BadRecord(f"{name}: has no line '# Incident: ...'")
    if "Opened" not in fields:
        raise BadRecord(f"{name}: has no line '- Opened: YYYY-MM-DD HH:MM UTC'")
    missing = [item.id for item in catalogue.stage(Stage.INCIDENT) if item.id not in steps]
    if missing:
        raise BadRecord(f"{name}: the step {missing[0]} is missing")
    moments = {key: _moment(name, fields[key]) for key in ("Opened", "Closed") if fields.get(key)}
    return Incident(name, title, fields.get("Host", ""), moments["Opened"], moments.get("Closed"), steps)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _moment(name: str, text: str) -> datetime:
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        raise BadRecord(f"{name}: {text[:80]!r} is no moment: write YYYY-MM-DD HH:MM UTC") from None


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


def change(path: Path, edit: Callable[[str], str]) -> None:
    """Change a record: nobody else writes in its folder meanwhile, and what was written before is not lost.

    Raises:
        BadRecord: it is none that can be changed.
        OSError: it cannot be read or written.
    """
    with locked(path.parent):
        file = followed(path)
        try:
            text = read_bytes(file, SIZE_LIMIT).decode()
        except UnicodeDecodeError:
            raise BadRecord(f"{path.stem}: is not UTF-8") from None
        is_of_windows = "\r\n" in text
        edited = edit(text.replace("\r\n", "\n"))
        write_whole(file, edited.replace("\n", "\r\n") if is_of_windows else edited)


def read_all(folder: Path, catalogue: Catalogue) -> tuple[Incident, ...]:
    """All records of a folder, by name; none where there is no folder.

    Raises:
        BadRecord: one cannot be read, lies elsewhere, or there are too many.
    """
    found = []
    paths = sorted(islice(folder.glob("*.md"), MOST_RECORDS + 1)) if folder.is_dir() else []
    if len(paths) > MOST_RECORDS:
        raise BadRecord(f"{folder}: has more than {MOST_RECORDS} records: move old ones elsewhere")
    for path in paths:
        try:
            text = read_text(path, SIZE_LIMIT, folder)
        except UnicodeDecodeError:
            raise BadRecord(f"{path.stem}: is not UTF-8") from None
        except OSError as error:
            raise BadRecord(f"{path.stem}: cannot be read ({why(error)})") from None
        if any(line.startswith(TITLE) for line in _lines(text)):  # an index or a template may lie beside them
            found.append(parse(path.stem, text, catalogue))
    return tuple(found)
