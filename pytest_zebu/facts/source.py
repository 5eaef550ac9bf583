"""The deployed source, as far as it builds SQL: read where it runs, judged by its syntax tree.

The tree is made by a parser of its own: the application may be written in a newer Python than the one that runs this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice

import tree_sitter_python
from msgspec import Struct, field
from tree_sitter import Language, Node, Parser

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "source",
    file="source.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "rooted.pl", "source.sh"),
    needs=(Need.BACKEND_CONTAINER,),
    limit=8_388_608,
    code=True,
    takes=0.2,
)
_FILE, _END = re.compile(r"(?m)^@ ([^\n]+\.py)\n"), re.compile(r"(?m)\n@end$")
_LEFT = re.compile(r"(?m)^@left ([0-9]{1,9})$")
_LANGUAGE = Language(tree_sitter_python.language())


class BuiltStatement(Struct, frozen=True):
    """A place where a statement is put together from values."""

    file: str
    line: int


class Source(Struct, frozen=True):
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
_AFTER_A_NAME = re.compile(r" ?x (?:WHERE|ORDER BY|GROUP BY|HAVING|RETURNING|(?:LEFT |INNER )?JOIN|LIMIT|OFFSET)\b")
"""What stands behind a statement that another file has."""
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
    return bool(_FRAGMENT.search(text)) if strict else _AFTER_A_NAME.match(text) is not None


# Where a text goes

_STRICT = frozenset({
    "execute", "executemany", "executescript", "exec_driver_sql", "execute_values", "execute_batch", "literal_column", "TextClause", "SQL", "RawSQL", "mogrify", "DDL",
})  # fmt: skip
_SINKS = _STRICT | {
    "fetch", "fetchrow", "fetchval", "fetch_all", "fetch_one", "fetch_val", "scalar", "scalars", "exec", "raw", "from_statement", "read_sql", "read_sql_query",
    "copy_expert", "prepare", "query", "stream", "cursor",
}  # fmt: skip
_SECOND = frozenset({"execute_values", "execute_batch"})
"""They take the connection first, and then the statement."""
_FIRST_BY_NAME = frozenset({"query", "statement", "sql", "stmt", "operation", "text", "clause", "template"})
"""What the statement is called where it is handed over by name."""
_OF_SQLALCHEMY = frozenset({"sa", "sqlalchemy", "sql", "db"})
_CLAUSES = frozenset({"order_by", "where", "filter", "having", "group_by", "add_columns", "with_only_columns"})
"""Parts of a statement, which take a text as it is."""
_MESSAGES = re.compile(
    r"(?:debug|info|warn|warning|error|exception|critical|fatal|log|trace|success|print|echo|secho|write|writelines|fail|skip|xfail|notify|add_note|capture_message"
    r"|set_description|set_attributes?|set_tag|set_data|add_event|add_breadcrumb|start_span|start_as_current_span|start_child|start_transaction|abort|Field|Query|Path|Body|Header|Form|File|Cookie|Depends|Argument|Option|gettext|ngettext|_|\w*(?:Exception|Error|Warning|Response))$"
)
_MESSAGE_NAMES = re.compile(
    r"(?i)(?:.*_)?(?:detail|details|message|messages|msg|description|summary|title|help|reason|label|subject|hint|error|errors|comment|doc|prompt|note|text|content|body)s?$"
)
_TELLING_FUNCTIONS = re.compile(r"__(?:str|repr|format)__$|.*(?:message|describe|label|title|summary)")
_STATEMENT_NAMES = re.compile(r"(?i)(?:.*_)?(?:sql|stmt|stmts|ddl)(?:_.*)?$")
_OTHER_NAMES = re.compile(r"(?i)(?:.*_)?(?:query|queries|statement|statements)(?:_.*)?$")
"""What is called so may be a statement, and may be what a person looks for, or what a bank sends."""
_SCOPES = ("function_definition", "lambda", "module", "class_definition")
_STRINGS = ("string", "concatenated_string")
_OF_TEXTS = ("format", "format_map", "replace")
_OF_TEMPLATES = ("substitute", "safe_substitute")
_HANDS_THROUGH = frozenset(
    {*_OF_TEXTS, *_OF_TEMPLATES, "join", "strip", "lstrip", "rstrip", "upper", "lower", "dedent", "cleandoc", "encode"}
)
"""What makes a text of a text."""
MOST_NAMES = 3
"""So many names one after the other are followed to what a statement begins with, and so many texts of each."""
MOST_JOINED = 100
"""So many pieces of a list are looked at."""
_ADDING = ("append", "extend", "insert", "add", "appendleft")


class _Tree(Struct):
    """A file's tree, with what is asked of it often.

    Attributes:
        bound: by scope and name, what a name is bound to; nothing stands for what is not known.
        executed: by scope and name, how what it names is executed: see `_goes_to`.
        texts: what is a string, put together or not.
        fixed: by scope and name, whether what a name is bound to is fixed, as far as that was asked.
        of_objects: by the name of an attribute, what it is bound to, whosever it is.
        checked: by function, what it refuses that is not in a list: by name, the statement and the list.
        makes_clauses: the names under which the file imports what takes its text for SQL, whatever it is.
    """

    root: Node
    nodes: list[Node] = field(default_factory=list)
    parents: dict[int, Node] = field(default_factory=dict)
    scopes: dict[int, Node] = field(default_factory=dict)
    bound: dict[tuple[int, str], list[Node | None]] = field(default_factory=dict)
    executed: dict[tuple[int, str], str] = field(default_factory=dict)
    texts: set[int] = field(default_factory=set)
    makes_clauses: frozenset[str] = frozenset()
    fixed: dict[tuple[int, str], bool] = field(default_factory=dict)
    of_objects: dict[str, list[Node]] = field(default_factory=dict)
    checked: dict[int, dict[str, tuple[Node, Node]]] = field(default_factory=dict)

    def scope(self, node: Node) -> Node:
        return self.scopes.get(node.id, self.root)

    def bindings(self, node: Node) -> list[Node | None]:
        """What the name is bound to where it stands: in its function, or in a scope around it."""
        scope = self.scope(node)
        while True:
            found = self.bound.get((scope.id, _said(node)))
            if found or scope.id == self.root.id:
                return found or [None]
            scope = self.scope(scope)

    def is_bound_in_a_function(self, node: Node) -> bool:
        """Whether what a name is bound to is made anew with each call."""
        scope = self.scope(node)
        while scope.id != self.root.id:
            if (scope.id, _said(node)) in self.bound and scope.type != "class_definition":
                return True
            scope = self.scope(scope)
        return False

    def plain_text(self, node: Node | None) -> Node | None:
        """The one string that a name is bound to, if it is one."""
        if node is None or node.type != "identifier":
            return None
        found = self.bindings(node)
        one = found[0] if len(found) == 1 else None
        return one if one is not None and one.type in _STRINGS else None

    def made_of(self, node: Node) -> list[Node]:
        """The first few texts that a name or an attribute is bound to."""
        found: Iterable[Node | None] = ()
        if node.type == "identifier":
            found = self.bindings(node)
        elif node.type == "attribute":
            found = self.of_objects.get(_said(node.child_by_field_name("attribute")), ())
        return [*islice((one for one in found if one is not None and one.id in self.texts), MOST_NAMES)]

    def template(self, call: Node) -> Node | None:
        """The text of a template that is filled in: `Template("...").substitute(...)`."""
        function = call.child_by_field_name("function")
        owner = function.child_by_field_name("object") if function is not None else None
        if owner is not None and owner.type == "identifier":
            found = self.bindings(owner)
            owner = found[0] if len(found) == 1 else None
        if owner is None or owner.type != "call" or _called(owner) != "Template":
            return None
        handed = owner.child_by_field_name("arguments")
        first = handed.named_children[0] if handed is not None and handed.named_children else None
        return self.plain_text(first) or (first if first is not None and first.type in _STRINGS else None)

    def joined(self, call: Node) -> list[Node] | None:
        """What a call of `join` puts together, where that is a list which the file fills."""
        function, handed = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        owner = function.child_by_field_name("object") if function is not None else None
        if _called(call) != "join" or owner is None or owner.type != "string" or handed is None:
            return None
        listed = handed.named_children[0] if handed.named_children else None
        if listed is None or listed.type not in ("list", "tuple", "identifier"):
            return None
        found: list[Node] = []
        for one in self.bindings(listed) if listed.type == "identifier" else [listed]:
            if one is None:
                return None
            found += one.named_children if one.type in ("list", "tuple") else [one]
        return found[:MOST_JOINED]


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
    scopes, parents, nodes = tree.scopes, tree.parents, tree.nodes
    while stack:
        node = stack.pop()
        kind = node.type
        if kind in _TELLING:
            nodes.append(node)
        if children := node.children:
            scope = node if kind in _SCOPES else scopes.get(node.id, root)
            for child in children:
                number = child.id
                parents[number] = node
                scopes[number] = scope
            stack.extend(reversed(children))  # the parser's binding keeps this list: it is not ours to turn round
    for node in nodes:
        for name, value in _bound_by(node) if node.type in _BINDING else ():
            tree.bound.setdefault((tree.scope(name).id, _said(name)), []).append(value)
            if tree.scope(name).type == "class_definition" and value is not None:
                tree.of_objects.setdefault(_said(name), []).append(value)
        if node.type in ("assignment", "augmented_assignment"):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and left.type == "attribute" and right is not None:
                tree.of_objects.setdefault(_said(left.child_by_field_name("attribute")), []).append(right)
    tree.texts = _texts(tree)
    tree.makes_clauses = _imported_clauses(tree.nodes)
    for node in tree.nodes:
        if node.type == "call" and _is_sink(node):
            handed = node.child_by_field_name("arguments")
            first = handed.named_children[0] if handed is not None and handed.named_children else None
            if first is not None and first.type == "identifier":
                kind = "strict" if _called(node) in (*_STRICT, "text") else "sink"
                tree.executed.setdefault((tree.scope(first).id, _said(first)), kind)
    return tree


def _imported_clauses(nodes: list[Node]) -> frozenset[str]:
    """By which names a file imports SQLAlchemy's `text` and the like."""
    found = set()
    for node in nodes:
        if node.type != "import_from_statement":
            continue
        module = _said(node.child_by_field_name("module_name")).partition(".")[0]
        for one in node.children_by_field_name("name") if module in ("sqlalchemy", "sqlmodel") else ():
            name, alias = one.child_by_field_name("name") or one, one.child_by_field_name("alias")
            if _said(name) in ("text", "literal_column", "TextClause"):
                found.add(_said(alias or name))
    return frozenset(found)


def _makes_clause(call: Node, tree: _Tree) -> bool:
    """Whether whatever is handed over becomes SQL, in something that is called."""
    function = call.child_by_field_name("function")
    owner, _, name = _said(function).rpartition(".")
    is_one = name in tree.makes_clauses if not owner else name in ("text", "literal_column") and owner in _OF_SQLALCHEMY
    at: Node | None = call
    while is_one and at is not None and at.type not in ("function_definition", "lambda"):
        at = tree.parents.get(at.id)
    return is_one and at is not None


_BINDING = frozenset(
    {"assignment", "augmented_assignment", "named_expression", "call", "for_statement", "for_in_clause", "parameters"}
    | {"lambda_parameters", "as_pattern_target", "aliased_import", "global_statement"}
)
"""What may bind names: most of a file does not, and is not asked for its parts."""
_MADE_OF_TEXTS = frozenset({*_STRINGS, "binary_operator", "call"})
_TELLING = _BINDING | _MADE_OF_TEXTS | {"parenthesized_expression", "import_from_statement"}
"""What is looked at again, once all is known of what stands around it."""


def _bound_by(node: Node) -> Iterator[tuple[Node, Node | None]]:
    """The names that something binds, and to what."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    match node.type:
        case "assignment" | "augmented_assignment" if left is not None:
            names = left.named_children
            if left.type == "identifier":
                yield left, right
            elif right is not None and right.type == "expression_list" and len(names) == len(right.named_children):
                pairs = zip(names, right.named_children, strict=True)
                yield from ((name, value) for name, value in pairs if name.type == "identifier")
            else:
                yield from ((one, None) for one in left.named_children if one.type == "identifier")
        case "named_expression":
            if (name := node.child_by_field_name("name")) is not None:
                yield name, node.child_by_field_name("value")
        case "call" if _called(node) in _ADDING:
            function, handed = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            owner = function.child_by_field_name("object") if function is not None else None
            if owner is not None and owner.type == "identifier" and handed is not None and handed.named_children:
                yield owner, handed.named_children[-1]
        case "for_statement" | "for_in_clause" if left is not None and right is not None:
            names = [left] if left.type == "identifier" else left.named_children
            for number, name in enumerate(names):
                counts = _called(right) == "range" or (_called(right) in ("enumerate", "items", "keys") and number == 0)
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
                    kind = one.child_by_field_name("type")
                    yield name, kind if kind is not None and _is_enforced(kind, node) else None
        case "as_pattern_target" | "aliased_import" | "global_statement":
            yield from ((one, None) for one in node.named_children if one.type == "identifier")


_LISTED = re.compile(r"(?:(?:Annotated|Optional)\[)*(?:typing\.)?Literal\[")
_COUNTED = re.compile(
    r"(?:Annotated\[)?(?:int|float|bool|Decimal|(?:uuid\.)?UUID|(?:datetime\.)?date|datetime|(?:Non|Positive|Negative)\w*(?:Int|Float))\b"
)


def _is_enforced(kind: Node, parameters: Node) -> bool:
    """Whether nothing but what the source lists, or a number, gets into a parameter: a route's types are enforced."""
    text = _said(kind)
    if re.search(r"\bstr\b|\bAny\b", text):
        return False
    if _LISTED.match(text):
        return True
    around = parameters.parent.parent if parameters.parent is not None else None
    is_route = around is not None and around.type == "decorated_definition" and any(
        re.match(r"@\w+\.(?:get|post|put|patch|delete|api_route)\(", _said(one)) for one in around.named_children if one.type == "decorator"
    )  # fmt: skip
    return is_route and _COUNTED.match(text) is not None


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
        case "integer" | "float" | "true" | "false" | "none" | "type":
            return True
        case "string" | "concatenated_string":
            return all_fixed([value for _, value in _pieces(node, tree) if value is not None])
        case "identifier":
            if _CONSTANT.match(_said(node)) and not tree.is_bound_in_a_function(node):
                return True
            return _is_bound_to_fixed(node, tree, depth) or _is_checked(node, tree)
        case "attribute":
            name = _said(node.child_by_field_name("attribute"))
            owner = node.child_by_field_name("object")
            if name in ("value", "name") and owner is not None and owner.type == "attribute":  # a member of an Enum
                member = _said(owner.child_by_field_name("attribute"))
                return bool(_CONSTANT.match(member)) or (member == "__table__" and name == "name")
            return bool(_CONSTANT.match(name)) or name in ("__tablename__", "__table__") or (
                name in ("name", "fullname") and (_said(node).endswith(".__table__.fullname") or _is_of_models(owner, tree))
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


def _is_bound_to_fixed(node: Node, tree: _Tree, depth: int) -> bool:
    """Whether all that a name is bound to is fixed; what it takes of itself adds nothing."""
    key = (tree.scope(node).id, _said(node))
    if key in tree.fixed:
        return tree.fixed[key]
    before = set(tree.fixed)
    tree.fixed[key] = True

    def is_right(one: Node | None) -> bool:
        if one is None:
            return False
        around = tree.parents.get(one.id)
        is_gone_through = around is not None and around.type in ("for_statement", "for_in_clause")
        return _is_fixed(one, tree, depth + 1) or (is_gone_through and _has_fixed_keys(one, tree))

    result = all(map(is_right, tree.bindings(node)))
    if not result:  # what was found meanwhile took it for fixed
        for name in tree.fixed.keys() - before:
            del tree.fixed[name]
        tree.fixed[key] = False
    return result


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
    if name in ("min", "max", "abs", "round", "str", "sorted") and _said(function) == name:
        return all(_is_fixed(one, tree, depth + 1) for one in given if one.type != "keyword_argument")
    if function is None or function.type != "attribute":
        return False
    owner = function.child_by_field_name("object")
    if name in ("items", "keys"):
        return owner is not None and _has_fixed_keys(owner, tree)
    parts = [*([owner] if owner is not None else []), *(given if name in ("join", "format", "replace") else given[1:])]
    return name in ("join", "format", "replace", "get", "upper", "lower", "strip", "lstrip", "rstrip") and all(
        _is_fixed(one, tree, depth + 1) for one in parts
    )


def _is_checked(node: Node, tree: _Tree) -> bool:
    """Whether its function goes on only with names that the source lists: `if NAME not in LIST: raise`."""
    scope = tree.scope(node)
    if scope.id not in tree.checked:
        tree.checked[scope.id] = {}
        for name, check, listed in _checks(scope):
            tree.checked[scope.id].setdefault(name, (check, listed))
    found = tree.checked[scope.id].get(_said(node))
    if found is None or found[0].end_byte > node.start_byte:
        return False
    listed = found[1]
    is_list = _is_fixed(listed, tree, 1) or _has_fixed_keys(listed, tree)
    return is_list or re.search(r"\.(?:columns|c)(?:\.keys\(\))?$", _said(listed)) is not None


def _checks(scope: Node) -> Iterator[tuple[str, Node, Node]]:
    """What a function refuses that is not in a list: the name, the statement, the list."""
    body = scope.child_by_field_name("body") if scope.type == "function_definition" else None
    for one in body.named_children if body is not None else ():
        asked = one.child_by_field_name("condition") if one.type == "if_statement" else None
        if asked is None or asked.type != "comparison_operator" or len(asked.named_children) != 2:
            continue
        name, listed = asked.named_children
        then = one.child_by_field_name("consequence")
        ends = (
            then is not None
            and then.named_children
            and then.named_children[-1].type in ("raise_statement", "return_statement")
        )
        is_refused = re.fullmatch(r"not\s+in", " ".join(_said(part) for part in asked.children if not part.is_named))
        if ends and is_refused:
            yield _said(name), one, listed


def _has_fixed_keys(node: Node, tree: _Tree) -> bool:
    """Whether the source itself says the keys of a dictionary: they are written there, or are a model's fields."""
    match node.type:
        case "dictionary":
            keys = [one.child_by_field_name("key") for one in node.named_children if one.type == "pair"]
            return len(keys) == len(node.named_children) and all(one and _is_fixed(one, tree) for one in keys)
        case "call":
            return _called(node) == "model_dump"
        case "attribute":
            return _said(node.child_by_field_name("attribute")) in ("model_fields", "__fields__", "__annotations__")
        case "identifier":
            found = tree.bindings(node)
            return all(one is not None and one.type != "identifier" and _has_fixed_keys(one, tree) for one in found)
    return False


_OF_MODELS = re.compile(r"(?:reversed|list|sorted)?\(?[\w.()]*\bmetadata\.(?:sorted_tables|tables\.values\(\))\)?")


def _is_of_models(node: Node | None, tree: _Tree) -> bool:
    """Whether a name stands for each table of the models, one after the other."""
    at = tree.parents.get(node.id) if node is not None and node.type == "identifier" else None
    while at is not None:
        loops = (
            [at] if at.type == "for_statement" else [one for one in at.named_children if one.type == "for_in_clause"]
        )
        for loop in loops:
            if _said(loop.child_by_field_name("left")) == _said(node):
                return _OF_MODELS.fullmatch(_said(loop.child_by_field_name("right"))) is not None
        at = tree.parents.get(at.id)
    return False


Pieces = Iterator[tuple[str, Node | None]]


def _pieces(node: Node, tree: _Tree, level: int = 0) -> Pieces:
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
                yield from _pieces(one, tree, level)
        case "binary_operator":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None or right is None:
                return
            yield from _pieces(tree.plain_text(left) or left, tree, level)
            if _said(node.child_by_field_name("operator")) == "%":
                values = right.named_children if right.type == "tuple" else [right]
                yield from (("", value) for value in values)
            else:
                yield from _pieces(right, tree, level)
        case "call" if node.id in tree.texts and level < 2 and (joined := tree.joined(node)) is not None:
            for one in joined:
                yield from _pieces(one, tree, level + 1)
                yield " ", None
        case "call" if node.id in tree.texts and (filled := tree.template(node)) is not None:
            yield "".join(said for said, _ in _pieces(filled, tree, level)), None
            handed = node.child_by_field_name("arguments")
            for one in handed.named_children if handed is not None else ():
                yield "", one.child_by_field_name("value") if one.type == "keyword_argument" else one
        case "call" if node.id in tree.texts:
            function, handed = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            owner = function.child_by_field_name("object") if function is not None else None
            if owner is not None:
                yield from _pieces(tree.plain_text(owner) or owner, tree, level)
            for one in handed.named_children if handed is not None else ():
                yield "", one.child_by_field_name("value") if one.type == "keyword_argument" else one
        case _:
            yield "x", node


def _texts(tree: _Tree) -> set[int]:
    """The strings, put together or not. Children stand behind their parents."""
    found: set[int] = set()

    def has(node: Node | None) -> bool:
        return node is not None and (node.id in found or tree.plain_text(node) is not None)

    for node in reversed(tree.nodes):
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
            case "call" if _called(node) in _OF_TEMPLATES and tree.template(node) is not None:
                found.add(node.id)
            case "call" if tree.joined(node) is not None:
                found.add(node.id)
    return found


def _goes_to(node: Node, tree: _Tree) -> str:
    """Where a text goes: `clause` where all is SQL, `strict` or `sink` where it is executed, `message` where people read it, else nothing."""
    at = before = node
    while (parent := tree.parents.get(at.id)) is not None:
        match parent.type:
            case "call" if at.type == "argument_list":
                if _makes_clause(parent, tree):
                    return "clause"
                if _is_sink(parent):
                    if not _is_the_statement(before, at, _called(parent)):
                        return ""
                    return "strict" if _called(parent) in _STRICT | {"text"} else "sink"
                if _MESSAGES.match(_called(parent)):
                    return "message"
                # What a method takes otherwise is a value to it: `select(T).where(T.a.like(TEXT))`.
                function = parent.child_by_field_name("function")
                if function is not None and function.type == "attribute" and _called(parent) not in _HANDS_THROUGH:
                    return ""
            case "comparison_operator" | "pair":
                return ""
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
                if _OTHER_NAMES.match(word):
                    return "perhaps"
                return "sink" if _STATEMENT_NAMES.match(word) else "message" if _MESSAGE_NAMES.match(word) else ""
            case "return_statement":
                scope = tree.scope(parent)
                return "message" if _TELLING_FUNCTIONS.match(_said(scope.child_by_field_name("name"))) else ""
            case "block" | "module":
                return ""
        before, at = at, parent
    return ""


def _is_the_statement(given: Node, arguments: Node, name: str) -> bool:
    """Whether something is handed over as the statement, and not as one of the values that are bound to it."""
    if given.type == "keyword_argument":
        return _said(given.child_by_field_name("name")) in _FIRST_BY_NAME
    handed = (one.id for one in arguments.children if one.is_named and one.type != "comment")
    return given.id in islice(handed, 2 if name in _SECOND else 1)


def _begins(node: Node, tree: _Tree, depth: int = 0) -> str:
    """What a text says, with what it begins with, where that is a name of a statement: `BASE + " WHERE ..."`."""
    pieces = list(_pieces(node, tree, 2 if depth else 0))
    text = _plain("".join(said for said, _ in pieces))
    if _ANY_VERB.match(text):
        return text
    first = next((value for said, value in pieces if said.strip() or value is not None), None)
    for one in tree.made_of(first) if first is not None and depth < MOST_NAMES else ():
        begun = _begins(one, tree, depth + 1)
        if one.id != node.id and _ANY_VERB.match(begun):
            return f"{begun} {text[1:]}"
    return text


def _goes_on(node: Node, tree: _Tree) -> bool:
    """Whether a text is put behind a statement that a name has already: `query += f" WHERE ..."`."""
    at = node
    while (parent := tree.parents.get(at.id)) is not None and parent.type == "parenthesized_expression":
        at = parent
    name = parent.child_by_field_name("left") if parent is not None and parent.type == "augmented_assignment" else None
    texts = tree.made_of(name) if name is not None else []
    return any(one.id != at.id and _is_statement(_begins(one, tree)) for one in texts)


def _hands_on(call: Node, tree: _Tree) -> bool:
    """Whether a value becomes a part of a statement as it is: `order_by(text(value))`."""
    handed = call.child_by_field_name("arguments")
    given = handed.named_children[0] if handed is not None and handed.named_children else None
    if given is None or given.type not in ("identifier", "attribute", "subscript") or not _makes_clause(call, tree):
        return False
    at = tree.parents.get(call.id)
    around = tree.parents.get(at.id) if at is not None and at.type == "argument_list" else None
    if around is None or around.type != "call" or _called(around) not in _CLAUSES:
        return False
    texts = (one for one in tree.bindings(given) if one is not None) if given.type == "identifier" else ()
    return not any(one.id in tree.texts for one in texts) and not _is_fixed(given, tree)


def _is_sql(text: str, where: str) -> bool:
    """Whether a text that goes there is SQL."""
    match where:
        case "clause":
            return True
        case "strict" | "sink":
            return _is_sql_at_a_sink(text, where == "strict")
        case "perhaps":
            return _is_statement(text) or (_first_word(text).isupper() and _is_sql_at_a_sink(text, False))
        case "message":
            return False
    return _is_statement(text)


def _outermost(tree: _Tree) -> Iterator[Node]:
    """Every string expression that is not part of another one."""
    known: dict[int, bool] = {}
    return (node for node in tree.nodes if _is_made_of_texts(node, tree) and not _is_part(node, tree, known))


def _is_made_of_texts(node: Node, tree: _Tree) -> bool:
    return node.id in tree.texts and node.type in _MADE_OF_TEXTS


def _is_part(node: Node, tree: _Tree, known: dict[int, bool]) -> bool:
    """Whether a string expression is part of another one, and is no value that is put into it.

    What was found of nodes on the way is known afterwards: deep nests are gone up once.
    """
    passed: list[int] = []
    at, is_part = tree.parents.get(node.id), False
    while at is not None and at.type not in ("interpolation", "argument_list"):
        if at.id in known or _is_made_of_texts(at, tree):
            is_part = known.get(at.id, True)
            break
        passed.append(at.id)
        at = tree.parents.get(at.id)
    known.update(dict.fromkeys(passed, is_part))
    return is_part


_TYPE_PARAMETERS = re.compile(
    r"(?m)^([ \t]*(?:(?:async[ \t]+)?def|class|type)[ \t]+\w+)(\[(?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*\])"
)
_LAZY = re.compile(r"(?m)^([ \t]*)lazy[ \t]+(?=import\b|from\b)")
_UNPACKED = re.compile(r"([\[({]\s*)\*\*?(?=[^,\[\]{}\n]{0,200}?\sfor\s)")
_CONTINUED = re.compile(r"(?:\\\r?\n[ \t\f]*)+")
MOST_CONTINUED = 200
"""So many lines may be continued one after the other: at each of them the parser goes on to the last."""


def _parsed(source: str) -> Node:
    """The root of a source's tree. What the parser does not know yet of newer Pythons, and says nothing of statements, is left out."""
    root = Parser(_LANGUAGE).parse(source.encode("utf-8", "replace")).root_node
    if not root.has_error:
        return root
    older = _TYPE_PARAMETERS.sub(lambda found: found[1] + re.sub(r"[^\n]", " ", found[2]), source)  # defaults, of 3.13
    older = _UNPACKED.sub(r"\1", _LAZY.sub(r"\1", older))  # of 3.15
    again = Parser(_LANGUAGE).parse(older.encode("utf-8", "replace")).root_node
    return root if again.has_error else again


@lru_cache(maxsize=512)
def built_statements(source: str) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    """The lines on which an SQL statement is put together from values, those where only from fixed ones, and whether all was understood.

    Kept, since several hosts often run the same source.
    """
    if any(run[0].count("\n") > MOST_CONTINUED for run in _CONTINUED.finditer(source)):
        return (), (), False
    root = _parsed(source)
    tree = _grow(root)
    built: set[int] = set()
    fixed: set[int] = set()
    for node in _outermost(tree):
        pieces = list(_pieces(node, tree))
        values = [value for _, value in pieces if value is not None]
        if not values:
            continue
        where = _goes_to(node, tree)
        if where != "message" and _goes_on(node, tree):
            where = "strict"
        if not _is_sql(_begins(node, tree), where):
            continue
        (fixed if all(_is_fixed(value, tree) for value in values) else built).add(node.start_point.row + 1)
    built.update(node.start_point.row + 1 for node in tree.nodes if node.type == "call" and _hands_on(node, tree))
    return tuple(sorted(built)), tuple(sorted(fixed - built)), not root.has_error


_HAS_SQL = re.compile(
    r"(?i)select|insert|update|delete|execute|create|drop|alter|truncate|text\(|grant|copy|raw\(|SQL|where|order\s+by"
)


def files_of(gathered: Gathered) -> tuple[list[tuple[str, str]], int]:
    """The files of the running image, by their paths; and how many were left out, since they are too long or too many.

    Raises:
        Missing: there are none.
        Garbled: what was said has none in it.
    """
    said = gathered.said("source", accept=(0, 9)).out
    files, between = _parts(said)
    if not files:
        if said.strip():
            raise Garbled("the application's source")
        raise Missing(Unknown(Reason.MISSING, "the backend's image has no source in /app, nor where it starts"))
    return files, sum(int(count) for count in _LEFT.findall(between))


def _parts(said: str) -> tuple[list[tuple[str, str]], str]:
    """The files, and what stands around them. Each character is looked at once: one pattern for a whole file would not."""
    files, between, at = [], [], 0
    while (start := _FILE.search(said, at)) and (end := _END.search(said, start.end())):
        files.append((start[1], said[start.end() : end.start()]))
        between.append(said[at : start.start()])
        at = end.end()
    return files, "".join([*between, said[at:]])


def parse(gathered: Gathered, target: Target) -> Source:
    """From the files of the running image."""
    files, left = files_of(gathered)
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
