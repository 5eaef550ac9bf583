"""The deployed source, as far as it builds SQL: read where it runs, judged by its syntax tree.

The tree is made by a parser of its own: the application may be written in a newer Python than the one that runs this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import tree_sitter_python
from tree_sitter import Language, Node, Parser

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
_FILE = re.compile(r"(?ms)^@ ([^\n]+\.py)\n(.*?)\n@end$")
_LEFT = re.compile(r"(?m)^@left (\d{1,9})$")
_LANGUAGE = Language(tree_sitter_python.language())


@dataclass(frozen=True, slots=True)
class BuiltStatement:
    """A place where a statement is put together from values."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Source:
    """What was read, what could not be, and where SQL is built.

    Attributes:
        left: how many files were left out, since they are too long or too many.
        built: where values become part of a statement.
        fixed: where only what the source itself says does: names of tables, numbers.
    """

    files: int
    unread: tuple[str, ...] = ()
    built: tuple[BuiltStatement, ...] = ()
    fixed: tuple[BuiltStatement, ...] = ()
    left: int = 0


# What reads like SQL

_COMMENT = re.compile(r"--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_MOST_READ = 4000
"""Of a statement, so many letters are enough to know it by."""
_START = r"^ ?(?:\( ?)*"
_NAME = r"[\w.\"`\[\]$:]+"
_ANY_VERB = re.compile(
    _START + r"(select|insert|update|delete|with|create|drop|alter|truncate|grant|revoke|copy|merge|replace|call|explain|set|lock|vacuum"
    r"|analyze|reindex|comment|refresh|notify|listen|declare|values)\b",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_FRAGMENT = re.compile(
    r"\b(?:WHERE|ORDER\s+BY|GROUP\s+BY|LIMIT|OFFSET|VALUES|RETURNING|HAVING|JOIN)\b|\b(?:where|order\s+by|group\s+by|limit|values|returning|having|join)\b"
    r"|[\w.\"]\s*(?:=|<>|!=|<=?|>=?|\bi?like\b|\bI?LIKE\b|\bin\b|\bIN\b)\s*\W?"
)
"""What stands in a part of a statement; it tells something only where nothing but SQL can stand."""
_FORMS = (
    r"SELECT (?:DISTINCT |ALL )?(?P<columns>[^;]*?) FROM [(]?NAME",
    r"INSERT INTO NAME ?(?:AS \w+ ?)?(?:\(|VALUES\b|SELECT\b|DEFAULT\b)",
    r"UPDATE (?:ONLY )?NAME(?: (?:AS )?\w+)? SET (?:NAME ?=|\(|NAME WHERE\b)",
    r"DELETE FROM (?:ONLY )?NAME ?(?:$|;|(?:AS )?(?:\w+ )?(?:WHERE|USING|RETURNING)\b)",
    r"WITH (?:RECURSIVE )?NAME ?(?:\([^)]*\) ?)?AS (?:(?:NOT )?MATERIALIZED ?)?\( ?(?:SELECT|INSERT|UPDATE|DELETE|VALUES|WITH)\b",
    r"(?:CREATE|DROP|ALTER) (?:OR REPLACE )?(?:UNIQUE |TEMP(?:ORARY)? |UNLOGGED |MATERIALIZED |FOREIGN )?"
    r"(?:TABLE|INDEX|VIEW|SCHEMA|DATABASE|ROLE|USER|EXTENSION|SEQUENCE|TYPE|FUNCTION|TRIGGER|POLICY) ",
    r"TRUNCATE (?:TABLE )?NAME ?(?:$|;|,|CASCADE\b|RESTART\b)",
    r"(?:GRANT|REVOKE) [^;]+? ON [^;]+? (?:TO|FROM) ",
    r"COPY NAME ?(?:\([^)]*\) ?)?(?:FROM|TO) (?:STDIN|STDOUT|PROGRAM|')",
    r"SET (?:LOCAL |SESSION )?(?:search_path|role|timezone|statement_timeout)\b",
)
_STATEMENT = re.compile(f"{_START}(?:{'|'.join(_FORMS).replace('NAME', _NAME)})", re.IGNORECASE)
_DEFINES = re.compile(r"(CREATE|DROP|ALTER|TRUNCATE)\b")
_SIGN = re.compile(r"[*=();]|\b(?:From|FROM|Where|WHERE|Set|SET|Into|INTO|Values|VALUES|CASCADE|EXISTS)\b")
"""What a sentence has not that only begins like a statement."""


def _plain(text: str) -> str:
    """A text without comments, with one blank for many."""
    return re.sub(r"\s+", " ", _COMMENT.sub(" ", text[: 2 * _MOST_READ]))[:_MOST_READ]


def _first_word(text: str) -> str:
    found = re.search(r"[A-Za-z]+", text)
    return found.group() if found else ""


def _is_statement(text: str) -> bool:
    """Whether a text is a statement wherever it stands; a sentence that begins with such a word is none."""
    found = _STATEMENT.match(text)
    if not found:
        return False
    columns = found["columns"]
    if columns and " " in columns and not re.search(r"[*,(.]| AS ", columns, re.IGNORECASE):
        return False
    word = _first_word(text)
    if word.istitle():
        return len(_SIGN.findall(text)) > 0
    # `create user x` may be the name of a deed.
    return word.isupper() or not _DEFINES.match(word.upper()) or bool(_SIGN.search(text))


def _is_sql_at_a_sink(text: str, strict: bool) -> bool:
    """Whether a text that is handed over to be executed is SQL: also a part of a statement, where nothing else can stand."""
    found = _ANY_VERB.match(text)
    if found:
        return not found.group(1).istitle() or _is_statement(text)
    return strict and bool(_FRAGMENT.search(text))


# Where a text goes

_STRICT = frozenset({
    "execute", "executemany", "executescript", "exec_driver_sql", "execute_values", "execute_batch", "literal_column", "TextClause", "SQL", "RawSQL", "mogrify", "DDL",
})  # fmt: skip
_SINKS = _STRICT | {
    "fetch", "fetchrow", "fetchval", "fetch_all", "fetch_one", "fetch_val", "scalar", "scalars", "exec", "raw", "from_statement", "read_sql", "read_sql_query",
    "copy_expert", "prepare", "query", "stream", "cursor",
}  # fmt: skip
_OF_SQLALCHEMY = frozenset({"sa", "sqlalchemy", "sql", "db"})
_MESSAGES = re.compile(
    r"(?:debug|info|warn|warning|error|exception|critical|fatal|log|trace|success|print|echo|secho|write|writelines|fail|skip|xfail|notify|add_note|capture_message"
    r"|set_description|abort|Field|Query|Path|Body|Header|Form|File|Cookie|Depends|Argument|Option|gettext|ngettext|_|\w*(?:Exception|Error|Warning|Response))$"
)
_MESSAGE_NAMES = re.compile(
    r"(?i)(?:.*_)?(?:detail|details|message|messages|msg|description|summary|title|help|reason|label|subject|hint|error|errors|comment|doc|prompt|note|text|content|body)s?$"
)
_TELLING_FUNCTIONS = re.compile(r"__(?:str|repr|format)__$|.*(?:message|describe|label|title|summary)")
_STATEMENT_NAMES = re.compile(r"(?i)(?:.*_)?(?:sql|query|queries|stmt|stmts|statement|statements|ddl)(?:_.*)?$")
_SCOPES = ("function_definition", "lambda", "module", "class_definition")
_STRINGS = ("string", "concatenated_string")
_OF_TEXTS = ("format", "format_map", "replace")


@dataclass(slots=True)
class _Tree:
    """A file's tree, with what is asked of it often.

    Attributes:
        bound: by scope and name, what a name is bound to; nothing stands for what is not known.
        executed: by scope and name, how what it names is executed: see `_goes_to`.
        texts: what is a string, put together or not.
    """

    root: Node
    nodes: list[Node] = field(default_factory=list)
    parents: dict[int, Node] = field(default_factory=dict)
    bound: dict[tuple[int, str], list[Node | None]] = field(default_factory=dict)
    executed: dict[tuple[int, str], str] = field(default_factory=dict)
    texts: set[int] = field(default_factory=set)

    def scope(self, node: Node) -> Node:
        at = self.parents.get(node.id)
        while at is not None and at.type not in _SCOPES:
            at = self.parents.get(at.id)
        return at or self.root

    def bindings(self, node: Node) -> list[Node | None]:
        """What the name is bound to where it stands: in its function, or in a scope around it."""
        scope = self.scope(node)
        while True:
            found = self.bound.get((scope.id, _said(node)))
            if found or scope.type == "module":
                return found or [None]
            scope = self.scope(scope)


def _said(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _called(call: Node) -> str:
    """The last word of what is called."""
    function = call.child_by_field_name("function")
    if function is not None and function.type == "attribute":
        return _said(function.child_by_field_name("attribute"))
    return _said(function)


def _is_sink(call: Node) -> bool:
    name, function = _called(call), call.child_by_field_name("function")
    is_plain = function is not None and function.type == "identifier"
    if name != "text":
        return name in (_STRICT if is_plain else _SINKS)
    return is_plain or _said(function).rpartition(".")[0] in _OF_SQLALCHEMY


def _grow(root: Node) -> _Tree:
    tree = _Tree(root)
    stack = [root]
    while stack:
        node = stack.pop()
        tree.nodes.append(node)
        children = node.children
        for child in children:
            tree.parents[child.id] = node
        stack.extend(reversed(children))
    tree.texts = _texts(tree.nodes)
    for node in tree.nodes:
        for name, value in _bound_by(node):
            tree.bound.setdefault((tree.scope(name).id, _said(name)), []).append(value)
        if node.type == "call" and _is_sink(node):
            handed = node.child_by_field_name("arguments")
            first = handed.named_children[0] if handed is not None and handed.named_children else None
            if first is not None and first.type == "identifier":
                kind = "strict" if _called(node) in (*_STRICT, "text") else "sink"
                tree.executed.setdefault((tree.scope(first).id, _said(first)), kind)
    return tree


def _bound_by(node: Node) -> Iterator[tuple[Node, Node | None]]:
    """The names that something binds, and to what."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    match node.type:
        case "assignment" | "augmented_assignment" if left is not None:
            if left.type == "identifier":
                yield left, right
            else:
                yield from ((one, None) for one in left.named_children if one.type == "identifier")
        case "named_expression":
            if (name := node.child_by_field_name("name")) is not None:
                yield name, node.child_by_field_name("value")
        case "for_statement" | "for_in_clause" if left is not None and right is not None:
            names = [left] if left.type == "identifier" else left.named_children
            for number, name in enumerate(names):
                counts = _called(right) == "range" or (_called(right) == "enumerate" and number == 0)
                is_listed = left.type == "identifier" and right.type in (
                    "tuple",
                    "list",
                    "set",
                    "identifier",
                    "attribute",
                )
                yield name, right if (right.type == "call" and counts) or is_listed else None
        case "parameters" | "lambda_parameters":
            for one in node.named_children:
                name = (
                    one
                    if one.type == "identifier"
                    else next((n for n in one.named_children if n.type == "identifier"), None)
                )
                if name is not None:
                    yield name, None
        case "as_pattern_target" | "aliased_import" | "global_statement":
            yield from ((one, None) for one in node.named_children if one.type == "identifier")


_CONSTANT = re.compile(r"_*[A-Z][A-Z0-9_]*$")
_NUMBERS = frozenset({"int", "float", "len", "bool", "range", "enumerate", "UUID", "uuid4", "monotonic", "time"})


def _is_fixed(node: Node, tree: _Tree, depth: int = 0) -> bool:
    """Whether only the source itself, or a number, can stand there."""
    if depth > 20:
        return False
    inner = [one for one in node.named_children if one.type != "comment"]

    def all_fixed(nodes: list[Node]) -> bool:
        return all(_is_fixed(one, tree, depth + 1) for one in nodes)

    match node.type:
        case "integer" | "float" | "true" | "false" | "none":
            return True
        case "string" | "concatenated_string":
            return all_fixed([value for _, value in _pieces(node, tree) if value is not None])
        case "identifier":
            if _CONSTANT.match(_said(node)):
                return True
            return all(value is not None and _is_fixed(value, tree, depth + 1) for value in tree.bindings(node))
        case "attribute":
            name = _said(node.child_by_field_name("attribute"))
            return bool(_CONSTANT.match(name)) or name in ("__tablename__", "__table__") or (
                name in ("name", "fullname") and _said(node).endswith((".__table__.name", ".__table__.fullname"))
            )  # fmt: skip
        case (
            "parenthesized_expression"
            | "tuple"
            | "list"
            | "set"
            | "unary_operator"
            | "boolean_operator"
            | "conditional_expression"
        ):
            if node.type == "conditional_expression":
                return all_fixed([inner[0], inner[2]]) if len(inner) == 3 else False
            return all_fixed(inner)
        case "binary_operator":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None or right is None:
                return False
            if _said(node.child_by_field_name("operator")) == "*":  # so many of the same
                return _is_fixed(left, tree, depth + 1) or _is_fixed(right, tree, depth + 1)
            return all_fixed([left, right])
        case "subscript":  # a list of what is allowed
            return (value := node.child_by_field_name("value")) is not None and _is_fixed(value, tree, depth + 1)
        case "dictionary":
            pairs = [one.child_by_field_name("value") for one in inner if one.type == "pair"]
            return len(pairs) == len(inner) and all_fixed([one for one in pairs if one is not None])
        case "list_comprehension" | "generator_expression" | "set_comprehension":
            return (body := node.child_by_field_name("body")) is not None and _is_fixed(body, tree, depth + 1)
        case "call":
            return _is_fixed_call(node, tree, depth)
    return False


def _is_fixed_call(node: Node, tree: _Tree, depth: int) -> bool:
    name, function, handed = _called(node), node.child_by_field_name("function"), node.child_by_field_name("arguments")
    given = (
        handed.named_children
        if handed is not None and handed.type == "argument_list"
        else [handed]
        if handed is not None
        else []
    )
    if name in _NUMBERS:
        return True
    if function is None or function.type != "attribute":
        return False
    owner = function.child_by_field_name("object")
    parts = [*([owner] if owner is not None else []), *(given if name in ("join", "format", "replace") else given[1:])]
    return name in ("join", "format", "replace", "get", "upper", "lower", "strip", "lstrip", "rstrip") and all(
        _is_fixed(one, tree, depth + 1) for one in parts
    )


Pieces = Iterator[tuple[str, Node | None]]


def _pieces(node: Node, tree: _Tree) -> Pieces:
    """What a string expression says at its fixed places, and the values between them."""
    match node.type:
        case "string":
            start = next((_said(one) for one in node.children if one.type == "string_start"), "")
            for one in node.children:
                if one.type == "string_content":
                    yield re.sub(r"\\\r?\n", "", _said(one)).replace("\\n", "\n").replace("\\t", " "), None
                elif one.type == "interpolation":
                    # Of a template string the values stay apart; of what is formatted as a number only a number comes.
                    written = next((_said(part) for part in one.children if part.type == "format_specifier"), "")
                    is_bound = "t" in start.lower() or re.search(r"[bcdeEfFgGnoxX%]$", written) is not None
                    yield "x", None if is_bound else one.child_by_field_name("expression") or one
        case "concatenated_string" | "parenthesized_expression":
            for one in node.named_children:
                yield from _pieces(one, tree)
        case "binary_operator":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None or right is None:
                return
            yield from _pieces(left, tree)
            if _said(node.child_by_field_name("operator")) == "%":
                values = right.named_children if right.type == "tuple" else [right]
                yield from (("", value) for value in values)
            else:
                yield from _pieces(right, tree)
        case "call" if node.id in tree.texts:
            function, handed = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            owner = function.child_by_field_name("object") if function is not None else None
            if owner is not None:
                yield from _pieces(owner, tree)
            for one in handed.named_children if handed is not None else ():
                yield "", one.child_by_field_name("value") if one.type == "keyword_argument" else one
        case _:
            yield "x", node


def _texts(nodes: list[Node]) -> set[int]:
    """The strings, put together or not. Children stand behind their parents."""
    found: set[int] = set()

    def has(node: Node | None) -> bool:
        return node is not None and node.id in found

    for node in reversed(nodes):
        match node.type:
            case "string" | "concatenated_string":
                found.add(node.id)
            case "parenthesized_expression" if node.named_children and has(node.named_children[0]):
                found.add(node.id)
            case "binary_operator":
                operator, left = _said(node.child_by_field_name("operator")), node.child_by_field_name("left")
                if operator in "+%" and (has(left) or (operator == "+" and has(node.child_by_field_name("right")))):
                    found.add(node.id)
            case "call" if _called(node) in _OF_TEXTS:
                function = node.child_by_field_name("function")
                if function is not None and has(function.child_by_field_name("object")):
                    found.add(node.id)
    return found


def _goes_to(node: Node, tree: _Tree) -> str:
    """Where a text goes: `strict` or `sink` where it is executed, `message` where people read it, else nothing."""
    at = node
    while (parent := tree.parents.get(at.id)) is not None:
        match parent.type:
            case "call" if at.type == "argument_list":
                if _is_sink(parent):
                    return "strict" if _called(parent) in _STRICT | {"text"} else "sink"
                if _MESSAGES.match(_called(parent)):
                    return "message"
            case "keyword_argument":
                call = tree.parents.get(tree.parents[parent.id].id) if parent.id in tree.parents else None
                if _MESSAGE_NAMES.match(_said(parent.child_by_field_name("name"))) and not (
                    call is not None and call.type == "call" and _is_sink(call)
                ):
                    return "message"
            case "raise_statement" | "assert_statement" | "interpolation":
                return "message"
            case "expression_statement" if at is node:
                return "message"
            case "assignment" | "augmented_assignment" | "named_expression":
                name = parent.child_by_field_name("left") or parent.child_by_field_name("name")
                if name is not None and (kind := tree.executed.get((tree.scope(name).id, _said(name)))):
                    return kind
                word = _said(name).rpartition(".")[2]
                return "sink" if _STATEMENT_NAMES.match(word) else "message" if _MESSAGE_NAMES.match(word) else ""
            case "return_statement":
                scope = tree.scope(parent)
                return "message" if _TELLING_FUNCTIONS.match(_said(scope.child_by_field_name("name"))) else ""
            case "block" | "module":
                return ""
        at = parent
    return ""


def _outermost(tree: _Tree) -> Iterator[Node]:
    """Every string expression that is not part of another one."""
    inside: set[int] = set()
    for node in tree.nodes:  # a parent comes before its children
        parent = tree.parents.get(node.id)
        if (
            parent is not None
            and parent.id in inside
            and parent.type != "interpolation"
            and parent.type != "argument_list"
        ):
            inside.add(node.id)
        elif node.type in (*_STRINGS, "binary_operator", "call") and node.id in tree.texts:
            inside.add(node.id)
            yield node


def built_statements(source: str) -> tuple[list[int], list[int], bool]:
    """The lines on which an SQL statement is put together from values, those where only from fixed ones, and whether all was understood."""
    root = Parser(_LANGUAGE).parse(source.encode("utf-8", "replace")).root_node
    tree = _grow(root)
    built: set[int] = set()
    fixed: set[int] = set()
    for node in _outermost(tree):
        pieces = list(_pieces(node, tree))
        values = [value for _, value in pieces if value is not None]
        if not values:
            continue
        text = _plain("".join(said for said, _ in pieces))
        where = _goes_to(node, tree)
        if where == "message" or not (_is_sql_at_a_sink(text, where == "strict") if where else _is_statement(text)):
            continue
        (fixed if all(_is_fixed(value, tree) for value in values) else built).add(node.start_point.row + 1)
    return sorted(built), sorted(fixed - built), not root.has_error


_HAS_SQL = re.compile(r"(?i)select|insert|update|delete|execute|create|drop|alter|truncate|text\(|grant|copy|raw\(|SQL")


def files_of(gathered: Gathered) -> list[tuple[str, str]]:
    """The files of the running image, by their paths.

    Raises:
        Missing: there are none.
        Garbled: what was said has none in it.
    """
    said = gathered.said("source", accept=(0, 9)).out
    files: list[tuple[str, str]] = _FILE.findall(said)
    if not files:
        if said.strip():
            raise Garbled("the application's source")
        raise Missing(Unknown(Reason.MISSING, "the backend's image has no source in /app, nor where it starts"))
    return files


def parse(gathered: Gathered, target: Target) -> Source:
    """From the files of the running image."""
    files = files_of(gathered)
    left = sum(int(count) for count in _LEFT.findall(_FILE.sub("", gathered.said("source", accept=(0, 9)).out)))
    unread: list[str] = []
    places: Mapping[str, list[BuiltStatement]] = {"built": [], "fixed": []}
    for name, text in files:
        if not _HAS_SQL.search(text):
            continue
        try:
            built, fixed, is_understood = built_statements(text)
        except RecursionError:
            unread.append(name)
            continue
        places["built"].extend(BuiltStatement(name, line) for line in built)
        places["fixed"].extend(BuiltStatement(name, line) for line in fixed)
        if not is_understood:
            unread.append(name)
    return Source(len(files), tuple(unread), tuple(places["built"]), tuple(places["fixed"]), left)


FACT = Fact("source", parse, (PROBE,))
