"""The team's documents: where each is, how long and how old, and which topics it has. Their text stays there.

They are looked for in the deployed checkout, and in a folder of the machine that settings name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

TOPICS: Mapping[str, str] = {
    "access": r"\baccess\b|\baccounts?\b|\bproviders?\b",
    "admin": r"administrator|server access|\b(?:sys)?admin\b|ssh access|root access",
    "alembic": "alembic",
    "applications": r"\b(?:backend|frontend|api|fastapi|web ?app|application)\b",
    "backup": "back[ -]?up",
    "build": r"compose\b[^\n]*\b(?:build|--build)\b",
    "configuration": r"configur|\.env\b",
    "contacts": r"contacts?\b|escalation|\bon-?call\b",
    "dependencies": r"depend(?:s|enc(?:y|ies))?\b",
    "deploy": "deploy",
    "dns": r"\bDNS\b",
    "downgrade": "downgrade",
    "hosting": r"hosting|internet provider|\bISP\b|data ?cent(?:re|er)|hypervisor|proxmox",
    "logs": r"\blogs?\b",
    "migration": "migration",
    "registrar": "registrar",
    "release": r"git (?:checkout|reset|revert|switch)|\btag\b|release|\bVERSION=",
    "resources": r"\bCPUs?\b|\bmemory\b|\bRAM\b|\bdisk\b",
    "restore": "restor(?:e|ing|ation)",
    "rollback": r"roll(?:s|ing|ed)?[ -]?back|revert(?:s|ing)? to [^\n]{0,30}(?:version|release)",
    "rotation": "rotat",
    "rpo": r"(?:\bRPO\b|recovery point objective)[^.\n]{0,60}\d+ ?(?:hours?|minutes?|days?|h\b|min\b)",
    "rto": r"(?:\bRTO\b|recovery time objective)[^.\n]{0,60}\d+ ?(?:hours?|minutes?|days?|h\b|min\b)",
    "scaling": r"\bscal(?:e|es|ing)\b",
    "secrets": "secrets?",
    "shutdown": r"shut(?:ting)?[ -]?down|emergency[ -]stop",
    "start": r"compose\b[^\n]*\bup\b|\btask\b[^\n]*\b(?:deploy|up|start)\b|docker stack deploy|systemctl (?:re)?start|deploy[\w-]*\.sh",
    "steps": r"^\s*(?:\d+|#)[.)] |^\s*[-*+] \[[ xX]\]|^\.{1,2} \S|^#+ *(?:step *)?\d+[.:)]",
    "stop": r"compose\b[^\n]*\b(?:stop|down|kill)\b|\btask\b[^\n]*\bstop\b|docker (?:stop|kill)|systemctl stop|\bqm (?:stop|shutdown)\b",
    "stores": r"\b(?:postgres\w*|database|redis|valkey)\b",
    "troubleshooting": r"troubleshoot|what is seen|symptom|common (?:problems|issues)",
    "verify": r"healthy|/health|verif(?:y|ied|ication)|smoke[ -]test",
}
"""What documents are searched for, without regard to case, line by line."""
REACHED = ("admin", "dns", "hosting", "registrar")
"""Topics that count where a way to reach somebody stands in the same entry."""
FOUND = frozenset({*TOPICS, "contact", "commands", "diagram", "image"})
"""Besides: ways to reach somebody, blocks of commands, drawings of a network, and pictures of what is not known."""
_WORDS = r"\b(?:TODO|TBD|FIXME|XXX)\b|\b[Tt]odo:"
_SENTENCES = (
    r"lorem ipsum", r"\bchange-?me\b", r"(?:^|[:|>(_*-])\s*to be (?:written|done|defined|determined|decided|added|documented)\b",
    r"(?:^|[:|>(_*-])\s*coming soon\b", r"under construction", r"\[(?:insert|fill|your|add|describe)\b[^\]\n]*\](?!\()", r"\b(?:insert|describe) .{1,30} here\b",
    r"<(?:your|insert|fill|name|e-?mail|phone|date|provider|company)[^>\n]*>", r"\{\{[^}\n]*\}\}",
)  # fmt: skip
_PLACEHOLDER = f"{_WORDS}|(?i:{'|'.join(_SENTENCES)})"
_TOPIC_LINES = "\n".join(f"{name}\t{pattern}" for name, pattern in {"-": _PLACEHOLDER, **TOPICS}.items())
PROBE = Probe(
    "documents",
    file="documents.pl",
    uses=("quiet.sh", "git.sh", "documents.sh", "markup.pl", "mentioned.pl"),
    values=(("TOPICS", _TOPIC_LINES), ("REACHED", ",".join(REACHED))),
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    timeout=15,
    limit=2_097_152,
    takes=0.2,
)
Kind = Literal["document", "archive", "note"]
KINDS: tuple[Kind, ...] = ("document", "archive", "note")


class Part(Struct, frozen=True):
    """A document whole, or one of its sections.

    Attributes:
        titles: topics that its heading speaks of; of a document whole, its name and its title.
        topics: topics that it mentions.
        placeholders: how many words stand for something that is still to be written.
        lacks: commands, paths and units in it that are not on the machine.
    """

    words: int = 0
    titles: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    placeholders: int = 0
    lacks: tuple[str, ...] = ()


class Document(Struct, frozen=True):
    """A document.

    Attributes:
        whole: all of it.
        sections: those of which a heading has a topic.
        changed: when it last changed: by its last commit, or by the file where git does not tell; nothing where the history
            that is there begins later.
        kind: a document, one of an archive or of somebody's notes, or a note that no reader is meant to follow: of an agent, of changes.
        language: that it is written in, if it is another one than English.
    """

    path: str
    whole: Part
    sections: tuple[Part, ...] = ()
    changed: datetime | None = None
    kind: Kind = "document"
    language: str = ""

    @property
    def words(self) -> int:
        """How long it is."""
        return self.whole.words

    @property
    def topics(self) -> frozenset[str]:
        """What it mentions."""
        return self.whole.topics


class Documents(Struct, frozen=True):
    """The documents that were read. To go through them is to go through those that count.

    Attributes:
        all: those of archives and notes among them.
        unread: those that are too long, cannot be read or have a format that is not read, and `.` for a folder that cannot be looked into.
        cut: how many were left out, since there are too many, or it took too long.
        left_aside: how many of archives and notes were.
        no_history: why the files' own times stand in for git's; empty where they do not.
    """

    all: tuple[Document, ...] = ()
    unread: tuple[str, ...] = ()
    cut: int = 0
    left_aside: int = 0
    no_history: str = ""

    def __iter__(self) -> Iterator[Document]:
        return (one for one in self.all if one.kind == "document")

    @property
    def unseen(self) -> str:
        """What was not read, in words; empty where all was."""
        parts = [f"{self.cut} documents were left out"] if self.cut else []
        if self.unread:
            parts.append(f"not read: {', '.join(self.unread[:3])}")
        foreign = [f"{one.path} ({one.language})" for one in self if one.language]
        if foreign:
            parts.append(f"written in a language that is not read here: {', '.join(foreign[:3])}")
        return "; ".join(parts)

    def changed(self, one: Document) -> str:
        """When one of them changed, in words; empty where that is not known."""
        if one.changed is None:
            return ""
        return f"changed on {one.changed:%Y-%m-%d}{f' by its file ({self.no_history})' if self.no_history else ''}"


def _topics(text: str) -> frozenset[str]:
    names = frozenset(text.split(",")) if text != "-" else frozenset()
    if not names <= FOUND:
        raise ValueError
    return names


def _part(rest: str) -> Part:
    words, placeholders, titles, topics = rest.split(" ")
    return Part(int(words), _topics(titles), _topics(topics), int(placeholders))


def _document(rest: str) -> Document:
    changed, word, language, path = rest.split(" ", 3)
    moment = None if changed == "-" else datetime.fromtimestamp(int(changed), UTC)
    (kind,) = (kind for kind in KINDS if kind == word)
    return Document(path, Part(), (), moment, kind, "" if language == "-" else language)


def parse(gathered: Gathered, target: Target) -> Documents:
    """From what was counted on the machine."""
    found: list[tuple[Document, list[Part]]] = []
    pictures, unread, counts, no_history = [], [], {"cut": 0, "notes": 0}, ""
    try:
        kinds = ("times", "document", "part", "lacks", "picture", "unread", "cut", "notes", "none")
        listed = records(gathered.said("documents").out, "the listing of documents", kinds)
        if not any(one.word != "times" for one in listed):
            raise Garbled("the listing of documents says nothing, not even that there is none")
        for one in listed:
            match one.word:
                case "none":
                    pass
                case "times":
                    no_history = one.rest[:80]
                case "document":
                    found.append((_document(one.rest), []))
                case "part" if found:
                    found[-1][1].append(_part(one.rest))
                case "lacks" if found and found[-1][1]:
                    found[-1][1][-1] = replace(found[-1][1][-1], lacks=tuple(one.rest.split(" ")))
                case "unread":
                    unread.append(one.rest)
                case "cut" | "notes":
                    counts[one.word] = int(one.rest)
                case "picture":
                    pictures.append(one.rest)
                case _:
                    raise one.garbled()
    except (ValueError, OverflowError, OSError):
        raise Garbled("the listing of documents") from None
    documents = [replace(one, whole=parts[0], sections=tuple(parts[1:])) for one, parts in found if parts]
    drawing = Part(0, frozenset({"diagram"}), frozenset({"diagram"}))
    documents += [Document(path, drawing) for path in pictures]
    return Documents(tuple(documents), tuple(unread), counts["cut"], counts["notes"], no_history)


FACT = Fact("documents", parse, (PROBE,))
