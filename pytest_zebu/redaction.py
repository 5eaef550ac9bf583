"""What no output may hold. A leaf: it knows nothing else of the project.

The list of names and shapes is `redaction.txt`, which the far side reads too (`gather/filter.pl`): what it hides on the
target is hidden here in what is read from elsewhere, and in tracebacks.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any
from urllib.parse import unquote

HIDDEN = "[redacted]"
LINE = re.compile(r"([a-z][\w.]*)\s+(.*)")
OPENING, CLOSING = re.compile(r"\\{0,4}[\"']"), re.compile(r"\\{0,4}[\"']\Z|(?<![,\]\[{}])[,\]\[{}]*\Z")
NUMBER = re.compile(r"-?[0-9.]{4,}")
LITERAL = re.compile(r"([\"'])[^\s]*\1", re.ASCII)
"""Of a program: in quotes, or a word in which letters and digits take turns."""
LITERAL_WORD = re.compile(r"([A-Za-z0-9_]{8,}+[,\]}]{0,4}+)(?=[\s\"';|&<>`)\\]|\Z)", re.ASCII)
MIXED = re.compile(r"[A-Za-z]\d+[A-Za-z]|\d[A-Za-z]+\d", re.ASCII)
MANY_LINES = ("hide", "digest", "pair", "option")
"""With what the names of patterns begin that look at each line by itself."""
FOR_CODE = frozenset(f"hide.{name}" for name in ("pem", "issued", "crypt", "hook", "login", "bearer", "field", "xml"))
LONG_WORD = re.compile(r"[A-Za-z0-9+/_-]{20,}")
FEWEST_LETTERS, FEWEST_CHANGES = 20, 6
"""Of a random word: so many changes are the least share that is asked for, of so many letters."""
UNITS = (
    (r"[A-Za-z0-9+/]{20,}={0,2}", 0.4),
    (r"[A-Za-z0-9_-]{20,}={0,2}", 0.35),
    (r"[A-Za-z0-9]{20,}", 0.3),
)
COOKIES, COOKIE = (
    re.compile("(?i)(?:set-)?cookie2?"),
    re.compile(r"((?:^|[;,]\s*)(?!(?i:path|domain|expires|max-age|samesite)=)[^\s=;,]+=)[^;,]+"),
)
UNSEEN = re.compile("[\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
BLOCK = re.compile(r"(?:([|>][0-9+-]{0,3})[ \t]*(?:#[^\n]{0,1000}+)?)?\r?\n")
BLANKS_BEFORE = 500
BEFORE_BLOCK = re.compile(r"(?:^|([\"'`]))([ \t-]*)[\"']?$", re.MULTILINE)
BELOW = re.compile(r"([ \t]*)([^\n]*)(?:\n|\Z)")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*+)\\([nrt])")
LINES_WITHIN = re.compile(r"^[^\n]*\\[nrt][^\n]*", re.MULTILINE)
MAPPING = re.compile(r"^(?:- |[\"'\[{#&*|>])|:(?:\s|$)|=")
FOLD, FOLDED = re.compile(r"\\\r?\n"), re.compile(r"^[^\n]*\\\r?\n(?:[^\n]*\\\r?\n)*[^\n]*", re.MULTILINE)
LISTED = re.compile(
    r"(?:^[ \t]*-[ \t]+[^\s\"']+\r?\n|^[ \t]*-[ \t]+(?:\"[^\s\"\\]*\"|'[^\s']*')\r?\n){1,60}[ \t]*-[ \t]+[^\n]*",
    re.MULTILINE | re.ASCII,
)
ITEM = re.compile(r"([ \t]*-[ \t]+[\"']?)(.*?)([\"']?\r?)")
PERCENT = re.compile(r"(?<![^\s\"'<>\\])[^\s\"'<>\\]*%[0-9A-Fa-f]{2}[^\s\"'<>\\]*", re.ASCII)
NAMED = {"lt": "<", "gt": ">", "equals": "="}
ENTITY = re.compile(r"&(?:#(\d{2,3})|#x([0-9a-fA-F]{2})|(lt|gt|equals));", re.ASCII)
ENTITIES = re.compile(rf"^[^\n]*{ENTITY.pattern}[^\n]*", re.ASCII | re.MULTILINE)
BROKEN = re.compile(r"([\"'])\n[ \t]+\1")
"""Where Python breaks a long literal in two."""
FROM_ADDRESS = str.maketrans("_-", "/+")
PLAIN_LOGIN = re.compile(r"[!-~]{0,64}\0[!-~]{1,64}\0[!-~]{3,}")
CODED_LOGIN = re.compile(r"[A-Za-z][\w.@+-]{0,63}:[!-~]{3,}", re.ASCII)
UNPRINTABLE = re.compile(r"[^\t\n\r -~]")
QUERY = re.compile(r"([?&;#]([A-Za-z_][\w.-]{0,80})=)([^\s&;#\"'<>]+)", re.ASCII)
LEAST_NUMBER = 10**5
"""A number under the name of a secret is one from here on: smaller ones are sizes and times."""
LOGIN = re.compile(r"://[^\s/:@]*:(.+)@")
SHORTEST = 6
"""Of a known secret: shorter ones are hidden by name and shape only."""
SAID_AGAIN = 1000
"""Characters of a text that may be said again: of each host, at each step of a run. It is looked through once."""
_known: set[str] = set()


@cache
def listed() -> str:
    """The list, as both sides read it."""
    return resources.files(__package__).joinpath("redaction.txt").read_text(encoding="utf-8")


class _Patterns(Mapping[str, re.Pattern[str]]):
    """The patterns of the list, each made when it is first asked for: who only asks for a name's needs three of them."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._made: dict[str, re.Pattern[str]] = {}

    def __getitem__(self, name: str) -> re.Pattern[str]:
        if (found := self._made.get(name)) is None:
            flags = re.ASCII | (re.MULTILINE if name.startswith(MANY_LINES) else 0)
            found = self._made[name] = re.compile(self._texts[name], flags)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


@cache
def _patterns() -> _Patterns:
    texts: dict[str, str] = {}
    for line in listed().splitlines():
        if found := LINE.fullmatch(line):
            texts[found[1]] = re.sub(r"\{\{([\w.]+)\}\}", lambda name: f"(?:{texts[name[1]]})", found[2])
    return _Patterns(texts)


def _name(name: str) -> str:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return f"_{re.sub('[^A-Z0-9]+', '_', words.upper()).strip('_')}_"


@lru_cache(4096)
def _rank(name: str) -> int:
    """2 where a name is a secret's, 1 where it may be one's, 0 where it is none's."""
    patterns, words = _patterns(), _name(name)
    if patterns["name.about"].search(words):
        return 0
    return 2 if patterns["name.secret"].search(words) else 1 if patterns["name.maybe"].search(words) else 0


def is_secret(name: str) -> bool:
    """Whether a variable's name says that its value is a secret."""
    return _rank(name) > 0


def remember(secret: str) -> str:
    """A secret that is to be hidden from now on, wherever it stands."""
    login = LOGIN.search(secret)
    for one in (secret, *((login[1], unquote(login[1])) if login else ())):
        if len(one) >= SHORTEST:
            _known.add(one)
    return secret


def _is_random(word: str, least: float) -> bool:
    core = re.sub("[^A-Za-z0-9]", "", word)
    classes = sum(bool(re.search(kind, core)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    if len(core) < FEWEST_LETTERS or classes < 2 or (classes == 2 and (len(core) < 24 or core != word)):
        return False
    return len(_patterns()["changes"].findall(core)) >= least * len(core)


@cache
def _words() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], float], ...]]:
    digest = _patterns()["digest"].pattern
    flags = re.ASCII | re.MULTILINE
    units = tuple((re.compile(f"({digest})|({word})", flags), least) for word, least in UNITS)
    return re.compile(f"({digest})|({_patterns()['hex'].pattern})", flags), units


def _without_words(text: str) -> str:
    return "\n".join(_line_without_words(line) if _may_be_random(line) else line for line in text.split("\n"))


def _may_be_random(line: str) -> bool:
    """Whether a random word may be in a line: as cheap as it can be, as nearly all have none.

    A part of a word changes no more often than the whole.
    """
    if not (words := LONG_WORD.findall(line)):
        return False
    if _patterns()["hex"].search(line):
        return True
    cores = (re.sub("[^A-Za-z0-9]", "", word) for word in words)
    changes = _patterns()["changes"]
    return any(len(core) >= FEWEST_LETTERS and len(changes.findall(core)) >= FEWEST_CHANGES for core in cores)


def _line_without_words(text: str) -> str:
    hexadecimal, units = _words()
    text = hexadecimal.sub(lambda found: found[1] if found[1] is not None else HIDDEN, text)
    for pattern, least in units:
        text = pattern.sub(
            lambda found, least=least: (  # type: ignore[misc]
                found[1] if found[1] is not None else HIDDEN if _is_random(found[2], least) else found[2]
            ),
            text,
        )
    return text


def _value(value: str, name: str, between: str = "") -> str:
    opened = OPENING.match(value)
    begin = opened.end() if opened else 0
    closed = CLOSING.search(value, begin)
    end = closed.start() if closed else len(value)
    opening, inner, closing = value[:begin], value[begin:end], value[end:]
    patterns = _patterns()
    if re.search(patterns["value.none"].pattern, inner, re.IGNORECASE | re.ASCII):
        return value
    if _rank(name) == 1 and patterns["value.ordinary"].search(inner):
        return value
    if opening or not re.search("[\"']", between):
        return f"{opening}{HIDDEN}{closing}"
    return f'"{HIDDEN}"{closing}' if NUMBER.fullmatch(inner) else value


def _without_values(text: str, code: bool) -> str:
    """A text without the values of variables whose names are those of secrets; a value that stays may have pairs in it."""
    patterns, shown, start, at = _patterns(), [], 0, 0
    while found := patterns["pair"].search(text, at):
        name, between = found.groups()
        at, rank = found.end(), _rank(name)
        if not rank:
            continue
        if not code and ":" in between and (end := _block_end(text, found.start(), at, rank)):
            shown += [text[start:at], f"\n{HIDDEN}\n"]
            start = at = end
            continue
        value = (_literal(text, at) if rank == 2 else None) if code else patterns["value"].match(text, at)
        if value is None:
            continue
        shown += [text[start:at], _value(value[0], name, between)]
        start = at = value.end()
    return "".join(shown) + text[start:]


def _literal(text: str, at: int) -> re.Match[str] | None:
    """A program's value, if it stands there itself. What cannot be one is not read to its end: the next may begin within."""
    if text[at : at + 1] not in {'"', "'"}:
        word = LITERAL_WORD.match(text, at)
        return word if word and MIXED.search(word[0]) else None
    value = _patterns()["value"].match(text, at)
    return value if value and LITERAL.fullmatch(value[0]) else None


def _block_end(text: str, begin: int, at: int, rank: int) -> int:
    """Where a value of YAML ends that stands below its name: deeper than it, as a block or as a text; 0 where there is none."""
    opened = BLOCK.match(text, at)
    if opened is None or (not opened[1] and rank < 2):
        return 0
    near = begin - BLANKS_BEFORE
    line = max(text.rfind("\n", max(near, 0), begin) + 1, near)
    before = BEFORE_BLOCK.search(text, line, begin)
    if before is None:
        return 0
    found, at = 0, opened.end()
    while at < len(text) and (below := BELOW.match(text, at)):
        at = below.end()
        indent, rest = below.groups()
        if not rest.strip(" \t\r\f\v"):
            continue
        if len(indent) <= len(before[2]) or (not opened[1] and MAPPING.search(rest)):
            break
        if before[1] and (closed := text.find(before[1], *below.span(2))) >= 0:  # a text in quotes ends with them
            return closed
        found = at
    return found


def _without_shapes(text: str, code: bool = False) -> str:
    patterns = _patterns()
    for name in patterns:
        if name.startswith("hide.") and (not code or name in FOR_CODE):
            text = patterns[name].sub(lambda found: f"{found[1]}{HIDDEN}", text)

    def option(found: re.Match[str]) -> str:
        name, between, value = found.groups()
        return f"{name}{between}{_value(value, name)}" if is_secret(name) else found[0]

    text = _without_values(text, code)
    return text if code else patterns["option"].sub(option, text)


def _undressed(text: str) -> str:
    """A text without what colours or hides its letters, and those read that are spelled by number."""
    patterns = _patterns()
    text = UNSEEN.sub("", patterns["unseen"].sub("", patterns["ansi"].sub("", text)))
    text = patterns["spelled"].sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    if patterns["printable"].search(text):
        text = re.sub(
            "=(2[013-689A-F]|[346][0-9A-F]|5[0-9ABD-F]|7[0-9A-E])",
            lambda found: chr(int(found[1], 16)),
            re.sub("=\r?\n", "", text),
        )
    return text


def _unfolded(text: str) -> str:
    """Lines that end with a backslash go on; where that shows a secret, they are told as one."""

    def one(found: re.Match[str]) -> str:
        joined = _without_shapes(re.sub(" {2,}", " ", re.sub(r"\\{1,8}\r?\n[ \t]*", " ", found[0])))
        return joined if joined.count(HIDDEN) > found[0].count(HIDDEN) else found[0]

    return FOLDED.sub(one, text) if FOLD.search(text) else text


def _unlisted(text: str) -> str:
    """Words of a command that stand in a list, one a line."""

    def one(found: re.Match[str]) -> str:
        lines = found[0].split("\n")
        items = [ITEM.fullmatch(line) for line in lines]
        words = [item[2] if item else "" for item in items]
        hidden = _without_shapes(" ".join(words)).split(" ")
        if len(hidden) == len(words):
            for number, (item, word) in enumerate(zip(items, words, strict=True)):
                if item and hidden[number] != word:
                    lines[number] = f"{item[1]}{hidden[number]}{item[3]}"
        return "\n".join(lines)

    return LISTED.sub(one, text)


def _without_codes(text: str) -> str:
    """A text without what is a secret once it is read as addresses, pages or base64 spell it."""

    def address(found: re.Match[str]) -> str:
        plain = found[0]
        for _ in range(3):
            plain = re.sub("%([2-7][0-9A-Fa-f])", lambda code: chr(int(code[1], 16)), plain)
        hidden = _without_shapes(plain)
        return found[0] if hidden == plain else re.sub(r"[\"'<>\\\s]", lambda one: f"%{ord(one[0]):02X}", hidden)

    def page(found: re.Match[str]) -> str:
        plain = ENTITY.sub(_entity, found[0])
        hidden = _without_shapes(plain)
        return found[0] if hidden == plain else hidden

    text = ENTITIES.sub(page, PERCENT.sub(address, text))
    return _patterns()["base64"].sub(lambda found: HIDDEN if _is_coded_secret(found[1]) else found[1], text)


def _entity(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    code = int(decimal) if decimal else int(hexadecimal, 16) if hexadecimal else ord(NAMED[name])
    return chr(code) if 31 < code < 127 and chr(code) not in "\"'\\" else found[0]


def _is_coded_secret(word: str) -> bool:
    """Whether a word is base64 of a login, or of a text with a secret in it."""
    core = word.translate(FROM_ADDRESS).rstrip("=")
    if len(core) % 4 == 1:
        return False
    plain = base64.b64decode(core + "=" * (-len(core) % 4)).decode("latin-1")
    if PLAIN_LOGIN.fullmatch(plain):
        return True
    return not UNPRINTABLE.search(plain) and bool(CODED_LOGIN.fullmatch(plain) or _without_shapes(plain) != plain)


def _in_form(text: str) -> str:
    return _without_codes(_without_shapes(_unlisted(_unfolded(_undressed(text)))))


def _unescaped(text: str) -> str:
    """Lines within a text that a program or JSON tells in quotes; where reading them shows a secret, they are told without it."""

    def one(found: re.Match[str]) -> str:
        plain = ESCAPED.sub(lambda escaped: escaped[1] + ESCAPES[escaped[2]], found[0])
        hidden = _in_form(plain)
        if hidden.count(HIDDEN) <= plain.count(HIDDEN):
            return found[0]
        for letter, character in ESCAPES.items():
            hidden = hidden.replace(character, f"\\{letter}")
        return hidden

    return LINES_WITHIN.sub(one, text) if "\\" in text else text


def hide_shapes(text: str, code: bool = False, words: bool = True) -> str:
    """A text without what looks like a secret.

    Args:
        text: what is read.
        code: whether it is a program's, in which only literals are taken for values.
        words: whether words that look random are taken for secrets; digests, certificates and public keys look so too.
    """
    if not text:
        return text
    return (_hide_shapes_again if len(text) <= SAID_AGAIN else _hide_shapes)(text, code, words)


def _hide_shapes(text: str, code: bool, words: bool) -> str:
    text = _without_shapes(text, code=True) if code else _in_form(_unescaped(text))
    return _without_words(text) if words else text


_hide_shapes_again = lru_cache(4096)(_hide_shapes)


def known() -> int:
    """How many secrets are known: none is forgotten, so while there are no more, a text is told in the same way."""
    return len(_known)


def redacted(text: str, code: bool = False, words: bool = True) -> str:
    """A text without known secrets, and without what looks like one."""
    if not code:
        text = _undressed(BROKEN.sub("", text))
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return hide_shapes(text, code, words)


def redacted_data(data: Any) -> Any:
    """Plain data that came from elsewhere, without secrets: those in its texts, and what stands behind the name of one."""
    match data:
        case str():
            return redacted(QUERY.sub(_parameter, data), words=False)
        case Mapping():
            return {key: _entry(key, value) for key, value in data.items()}
        case list() | tuple():
            return type(data)(redacted_data(value) for value in data)
        case _ if hasattr(type(data), "__struct_fields__"):
            from msgspec.structs import asdict, replace  # whoever only asks for help waits for no such value

            held = asdict(data)
            plain = {name for name, one in held.items() if type(one) is str or isinstance(one, Mapping | list | tuple)}
            return replace(data, **{name: redacted_data(held[name]) for name in plain})
        case _:
            return data


def _parameter(found: re.Match[str]) -> str:
    start, name, value = found.groups()
    return f"{start}{_value(value, name)}" if is_secret(name) else found[0]


def _entry(key: Any, value: Any) -> Any:
    if isinstance(value, str) and isinstance(key, str):
        if key == "body":  # which may be a program's
            return redacted(QUERY.sub(_parameter, value), code=True, words=False)
        if COOKIES.fullmatch(key):
            return COOKIE.sub(rf"\1{HIDDEN}", value)
        if _rank(key) == 2:
            return _value(value, key)
    if isinstance(key, str) and _rank(key) == 2:
        if isinstance(value, list | tuple):
            return type(value)(_entry(key, one) for one in value)
        if type(value) is int and abs(value) >= LEAST_NUMBER:
            return HIDDEN
    return redacted_data(value)


def forget(secrets: Iterable[str] | None = None) -> None:
    """Let go of what was remembered: for tests."""
    _known.difference_update(_known.copy() if secrets is None else secrets)
