"""The team's documents: where each is, how long and how old, and which topics it has. Their text stays there.

They are looked for in the deployed checkout, and in a folder of the machine that settings name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

TOPICS: Mapping[str, str] = {
    "alembic": "alembic",
    "backup": "back[ -]?up",
    "build": r"compose\b[^\n]*\b(?:build|--build)\b",
    "contacts": r"contacts?\b",
    "configuration": r"configur|\.env\b",
    "contact": r"[\w.+-]+@[\w-]+\.[\w.]+|https?://\S+|\+?\d[\d ()/-]{7,}\d",
    "dependencies": r"depend(?:s|enc(?:y|ies))?\b",
    "deploy": "deploy",
    "diagram": r"^```(?:mermaid|plantuml|dot)|!\[[^\]]*\]\([^)]+\.(?:svg|png|jpe?g|webp|drawio)",
    "dns": r"\bDNS\b",
    "downgrade": "downgrade",
    "hosting": r"hosting|internet provider|\bISP\b|data ?cent(?:re|er)|hypervisor|proxmox",
    "logs": r"\blogs?\b",
    "admin": r"administrator|server access|\badmin\b|ssh access",
    "migration": "migration",
    "registrar": "registrar",
    "release": r"git checkout|\btag\b|release",
    "resources": r"\bCPUs?\b|\bmemory\b|\bRAM\b|\bdisk\b",
    "restore": "restore",
    "rollback": "roll(?:s|ing|ed)?[ -]?back",
    "rotation": "rotat",
    "rpo": r"(?:\bRPO\b|recovery point objective)[^.\n]{0,60}\d+ ?(?:hours?|minutes?|days?|h\b|min\b)",
    "rto": r"(?:\bRTO\b|recovery time objective)[^.\n]{0,60}\d+ ?(?:hours?|minutes?|days?|h\b|min\b)",
    "scaling": r"\bscal(?:e|es|ing)\b",
    "secrets": "secrets?",
    "shutdown": r"shut(?:ting)? ?down|emergency stop",
    "steps": r"^\s*\d+\. |^\s*[-*] \[[ xX]\]",
    "start": r"compose\b[^\n]*\bup\b",
    "stop": r"compose\b[^\n]*\b(?:stop|down)\b",
    "troubleshooting": r"troubleshoot|what is seen|symptom",
    "verify": r"healthy|/health|verif(?:y|ied)|smoke test",
}
"""What documents are searched for, without regard to case, line by line."""
_PLACEHOLDER = r"\b(?:TODO|TBD|FIXME|lorem ipsum|changeme|to be (?:written|done|defined))\b|<your[-_ ]"
_TOPIC_LINES = "\n".join(f"{name}\t{pattern}" for name, pattern in {"-": _PLACEHOLDER, **TOPICS}.items())
PROBE = Probe(
    "documents",
    file="documents.sh",
    uses=("git.sh", "documents.pl"),
    values=(("TOPICS", _TOPIC_LINES),),
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    timeout=15,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document.

    Attributes:
        topics: those of `TOPICS` that it mentions, with how often.
        sections: those that one of its headings, or its name, mentions.
        placeholders: how many words stand for something that is still to be written.
        changed: when it last changed: by its last commit, or by the file where there is none.
        lacks: commands and paths in it that are not on the machine.
    """

    path: str
    words: int
    topics: Mapping[str, int]
    sections: frozenset[str] = frozenset()
    placeholders: int = 0
    changed: datetime | None = None
    lacks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    path: str
    words: int
    placeholders: int
    changed: datetime
    topics: dict[str, int] = field(default_factory=dict)
    sections: set[str] = field(default_factory=set)
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents that were read.

    Attributes:
        unread: those that are too long or cannot be read, and `.` for a folder that cannot be looked into.
        cut: how many were left out, since there are too many, or it took too long.
    """

    found: tuple[Document, ...] = ()
    unread: tuple[str, ...] = ()
    cut: int = 0

    def __iter__(self) -> Iterator[Document]:
        return iter(self.found)

    @property
    def unseen(self) -> str:
        """What was not read, in words; empty where all was."""
        parts = [f"{self.cut} documents were left out"] if self.cut else []
        if self.unread:
            parts.append(f"not read: {', '.join(self.unread[:3])}")
        return "; ".join(parts)


def parse(gathered: Gathered, target: Target) -> Documents:
    """From what was counted on the machine."""
    found: list[_Reading] = []
    pictures, unread, cut = [], [], 0
    try:
        kinds = ("document", "topic", "lacks", "picture", "unread", "cut")
        for one in records(gathered.said("documents").out, "the listing of documents", kinds):
            match [one.word, *one.rest.split(" ", 3)]:
                case ["document", words, placeholders, changed, path]:
                    moment = datetime.fromtimestamp(int(changed), UTC)
                    found.append(_Reading(path, int(words), int(placeholders), moment))
                case ["topic", name, everywhere, headings] if found and name in TOPICS:
                    found[-1].topics[name] = int(everywhere)
                    if int(headings):
                        found[-1].sections.add(name)
                case ["lacks", *_] if found:
                    found[-1].lacks = tuple(one.rest.split(" "))
                case ["unread", *_]:
                    unread.append(one.rest)
                case ["cut", count]:
                    cut = int(count)
                case ["picture", *_]:
                    pictures.append(one.rest)
                case _:
                    raise one.garbled()
    except (ValueError, OverflowError, OSError):
        raise Garbled("the listing of documents") from None
    documents = [
        Document(row.path, row.words, row.topics, frozenset(row.sections), row.placeholders, row.changed, row.lacks)
        for row in found
    ]
    documents += [Document(path, 0, {"diagram": 1}, frozenset({"diagram"})) for path in pictures]
    return Documents(tuple(documents), tuple(unread), cut)


FACT = Fact("documents", parse, (PROBE,))
