"""The deployed source, as far as it builds SQL: read where it runs, judged by its syntax tree."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "source",
    file="source.sh",
    needs=(Need.BACKEND_CONTAINER,),
    limit=8_388_608,
    code=True,
)
_STATEMENT = re.compile(
    r"^\s*(SELECT\s.+\sFROM\s|INSERT\s+INTO\s|UPDATE\s.+\sSET\s|DELETE\s+FROM\s|WITH\s.+\sAS\s|(CREATE|DROP|ALTER|TRUNCATE)\s+\w+\s)",
    re.IGNORECASE | re.DOTALL,
)
_FILE = re.compile(r"(?ms)^@ ([^\n]+\.py)\n(.*?)\n@end$")


@dataclass(frozen=True, slots=True)
class BuiltStatement:
    """A place where a statement is put together from values."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Source:
    """What was read, what could not be, and where SQL is built."""

    files: int
    unread: tuple[str, ...]
    built: tuple[BuiltStatement, ...]


def _text(node: ast.expr) -> tuple[str, bool]:
    """What a string expression says at its fixed places, and whether values stand between them."""
    match node:
        case ast.Constant(value=str(text)):
            return text, False
        case ast.JoinedStr(values=parts):
            texts = [part.value if isinstance(part, ast.Constant) else "x" for part in parts]
            return "".join(str(text) for text in texts), any(isinstance(part, ast.FormattedValue) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            (first, one), (second, other) = _text(left), _text(right)
            fixed = isinstance(left, ast.Constant | ast.JoinedStr | ast.BinOp) and isinstance(
                right, ast.Constant | ast.JoinedStr | ast.BinOp
            )
            return first + second, one or other or not fixed
        case ast.BinOp(left=left, op=ast.Mod()):
            return _text(left)[0], True
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            return _text(value)[0], True
        case _:
            return "x", True


def built_statements(source: str) -> list[int]:
    """The lines on which an SQL statement is put together from values.

    Raises:
        SyntaxError, ValueError, RecursionError: it cannot be read.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call):
            text, has_values = _text(node)
            if has_values and _STATEMENT.match(text + " "):
                found.append(node.lineno)
    return sorted(set(found))


def files_of(gathered: Gathered) -> list[tuple[str, str]]:
    """The files of the running image, by their paths.

    Raises:
        Missing: there are none.
    """
    said = gathered.said("source").out
    files: list[tuple[str, str]] = _FILE.findall(said)
    if not files:
        if said.strip():
            raise Garbled("the application's source")
        raise Missing(Unknown(Reason.MISSING, "the backend's image has no source in /app"))
    return files


def parse(gathered: Gathered, target: Target) -> Source:
    """From the files of the running image."""
    files = files_of(gathered)
    unread, built = [], []
    for name, text in files:
        try:
            built += [BuiltStatement(name, line) for line in built_statements(text)]
        except (SyntaxError, ValueError, RecursionError):
            unread.append(name)
    return Source(len(files), tuple(unread), tuple(built))


FACT = Fact("source", parse, (PROBE,))
