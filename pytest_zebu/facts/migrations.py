"""Alembic's migrations: what the database has, and what the deployed code has. Nothing of the code is run."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe, key_values
from pytest_zebu.facts.lines import records
from pytest_zebu.facts.postgres import STATE_PROBE, state_of
from pytest_zebu.settings.target import Target

HEADS_PROBE = Probe(
    "migrations.heads",
    file="migrations-heads.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "rooted.pl", "migrations-heads.sh"),
    needs=(Need.BACKEND_CONTAINER,),
    limit=4_194_304,
    code=True,
)
_SAYS = frozenset({"print", "debug", "info", "warning", "warn", "error", "exception", "log", "get_bind", "get_context"})
"""Calls that change nothing."""
_CHANGES_SCHEMA = re.compile(r"\s*(?:create|alter|drop|truncate|rename)\b", re.IGNORECASE)
_STAYS = re.compile(
    r"\s*(?:create\s+extension|alter\s+type\s+\S+\s+add\s+value)\s+if\s+not\s+exists\b[^;]*;?\s*", re.IGNORECASE
)
"""What may stay when the rest is undone: older code does not mind it, and made again, it is there already. PostgreSQL cannot take a value from a type."""
_OPERATION = re.compile(r"(?:create|drop|add|alter|rename|batch_alter)_(?!all$)\w+")
_EMPTY = re.compile(r"(?>(?:\s|--[^\n]*)*)(?:select\s+1(?>\s*);?\s*)?", re.IGNORECASE)
_LINKS = ("down_revision", "depends_on", "branch_labels")
_TABLE = re.compile(r"""version_table(?P<schema>_schema)?["'\]]*\s*[=:]\s*["'](?P<name>[^"']*)["']""")


class Migrations(Struct, frozen=True):
    """What the database has, and what the deployed code has.

    Attributes:
        applied: the revisions that the database has.
        heads: those of the code that no other one follows.
        implied: heads on which another revision depends: alembic keeps no row of them once that is applied.
        without_downgrade: files of revisions that cannot be undone.
        nothing_to_undo: files of revisions without effect on the schema, whose downgrade rightly does nothing.
        odd: files whose declarations are not understood: what comes before them is not known.
        made: the tables that the code makes and never takes away.
    """

    applied: tuple[str, ...]
    heads: tuple[str, ...]
    revisions: tuple[str, ...] = ()
    without_downgrade: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()
    nothing_to_undo: tuple[str, ...] = ()
    made: tuple[str, ...] = ()


class _File(Struct):
    """A migration's file, as far as it is understood."""

    path: str
    lines: list[str] = field(default_factory=list)
    revision: str = ""
    previous: frozenset[str] = frozenset()
    depends: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    tree: ast.Module | None = None

    @property
    def name(self) -> str:
        """Without its folders."""
        return self.path.rpartition("/")[2]

    def function(self, name: str) -> ast.FunctionDef | None:
        """The last one of a name: it is the one that counts."""
        found = [node for node in self.tree.body if isinstance(node, ast.FunctionDef)] if self.tree else []
        return next((node for node in reversed(found) if node.name == name), None)


def parse(gathered: Gathered, target: Target) -> Migrations:
    """From alembic's table, and from the revisions that the backend's image carries."""
    state = state_of(gathered)
    files: list[_File] = []
    ini: list[str] = []
    env: list[str] = []
    words = ("file", "line", "ini", "env")
    for one in records(gathered.said("migrations.heads").out, "the migrations probe", words):
        if one.word == "file":
            files.append(_File(one.rest))
        elif one.word == "line" and files:
            files[-1].lines.append(one.rest)
        else:
            (ini if one.word == "ini" else env).append(one.rest)
    for file in files:
        _read(file)
    files = [one for one in _deployed(files, ini) if one.revision or _is_among_versions(one)]
    odd = tuple(one.name for one in files if not one.revision)
    known = [one for one in files if one.revision]
    if not known:
        why = f": {', '.join(odd[:3])} are not understood" if odd else ""
        raise Missing(Unknown(Reason.MISSING, f"the backend's image carries no migrations{why}"))
    revisions = {one.revision for one in known}
    heads = revisions - {name for one in known for name in one.previous}
    undone = {one.name: _undoes(one) for one in known}
    harmless = {one.name for one in known if not undone[one.name] and not _changes_schema(one) and _ends_well(one)}
    return Migrations(
        applied=_applied(
            state, revisions, env, _path(state, key_values(gathered.said("zebu.host").out).get("role", ""))
        ),
        heads=tuple(sorted(heads)),
        revisions=tuple(sorted(revisions)),
        without_downgrade=tuple(name for name, does in undone.items() if not does and name not in harmless),
        odd=odd,
        implied=tuple(sorted(heads & _needed(known, heads))),
        nothing_to_undo=tuple(sorted(harmless)),
        made=tuple(sorted(_made(known))),
    )


# Which files count


def _is_among_versions(file: _File) -> bool:
    return "/versions/" in f"/{file.path}" or any(re.match(r"down_revision\b", line) for line in file.lines)


def _deployed(files: list[_File], ini: Iterable[str]) -> list[_File]:
    """Of several sets of migrations those that alembic.ini names, where it does so in a way that is understood."""
    told: dict[str, list[str]] = {}
    for line in ini:
        key, _, value = line.partition("=")
        told.setdefault(key.strip(), []).append(value.strip())
    if len(told.get("script_location", ())) != 1 or len(told.get("version_locations", ())) > 1:
        return files
    places = re.split(r"[\s,;]+|(?<=\w):(?=[%/.])", told.get("version_locations", [""])[0])
    places = [place for place in places if place] or [f"{told['script_location'][0]}/versions"]
    folders = [re.sub(r"%\(here\)s/?|^(?:\./|/app/)", "", place.replace(":", "/")).strip("/") for place in places]
    chosen = [one for one in files if any(f"/{one.path}".startswith(f"/./{place}/") for place in folders)]
    return chosen if any(one.revision for one in chosen) else files


# What a file says


def _read(file: _File) -> None:
    """The declarations; where the whole is not understood, those before its functions."""
    text = "\n".join(file.lines).removeprefix("\ufeff")
    for source in (text, re.split(r"(?m)^(?:def|class|async|@)\b", text, maxsplit=1)[0]):
        try:
            tree = ast.parse(source)
            found = _declarations(tree)
        except (SyntaxError, ValueError, TypeError, RecursionError):
            continue
        if len(found.get("revision", ())) == 1 and _is_among_versions(file):
            (file.revision,) = found["revision"]
            file.previous, file.depends, file.labels = (found.get(name, frozenset()) for name in _LINKS)
        file.tree = tree if source is text else None
        return


def _declarations(tree: ast.Module) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names = [one.id for one in node.targets if isinstance(one, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            continue
        for name in {"revision", *_LINKS} & set(names):
            value = ast.literal_eval(node.value) if node.value is not None else None
            rows = (value,) if isinstance(value, str) else value or ()
            if not all(isinstance(one, str) for one in rows):
                raise ValueError(name)
            found[name] = frozenset(rows)
    return found


def _needed(files: Iterable[_File], heads: set[str]) -> set[str]:
    """Revisions on which others depend; a label means the heads of its branch."""
    needed = {name for one in files for name in one.depends}
    follows: dict[str, set[str]] = {}
    for one in files:
        for name in one.previous:
            follows.setdefault(name, set()).add(one.revision)
    found = set(needed)
    for one in files:
        if one.labels & needed:
            rest, branch = [one.revision], set()
            while rest:
                name = rest.pop()
                if name not in branch:
                    branch.add(name)
                    rest += follows.get(name, ())
            found |= branch & heads
    return found


# What a migration does


def _undoes(file: _File) -> bool:
    """Whether it has a downgrade that changes something and comes to its end; what cannot be read counts as one."""
    if file.tree is None:
        return any(re.match(r"def downgrade\b", line) for line in file.lines)
    function = file.function("downgrade")
    if function is None:
        # Made otherwise: by an import, or by another name for a function.
        return any(name == "downgrade" for node in file.tree.body for name in _names(node))
    parts = {one.name: one for one in file.tree.body if isinstance(one, ast.FunctionDef)}
    if any("globals" in ast.unparse(node) for node in function.body):  # alembic's template for several databases
        return any(_works(one.body, parts) for name, one in parts.items() if name.startswith("downgrade_"))
    return _works(function.body, parts)


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.Assign(targets=targets):
            return [one.id for one in targets if isinstance(one, ast.Name)]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [one.asname or one.name for one in names]
        case _:
            return []


_ENDS = frozenset({"exit", "quit", "_exit", "abort", "err"})
"""Calls that do not come back: `sys.exit`, alembic's `util.err`."""


def _ends_in_error(body: Iterable[ast.stmt]) -> bool:
    for node in body:
        match node:
            case ast.Raise() | ast.Assert(test=ast.Constant(value=False | 0 | None)):
                return True
            case ast.Expr(value=ast.Call(func=function)) if _last_name(function) in _ENDS:
                return True
            case ast.Return():
                return False
    return False


def _works(body: Iterable[ast.stmt], own: Mapping[str, ast.FunctionDef]) -> bool:
    """Whether statements change something; one that ends in an error undoes what it did.

    Args:
        body: the statements.
        own: the file's own functions, which they may call.
    """
    does = False
    for node in body:
        match node:
            case ast.Raise() | ast.Assert(test=ast.Constant(value=False | 0 | None)):
                return False
            case ast.Expr(value=ast.Call(func=function)) if _last_name(function) in _ENDS:
                return False
            case ast.Expr(value=ast.Call(func=ast.Name(id=name))) if name in own:
                # What is called within that is taken for something that works.
                if _ends_in_error(own[name].body):
                    return False
                does = does or _works(own[name].body, {})
            case ast.Return(value=None | ast.Constant()):
                return does
            case ast.Pass() | ast.Import() | ast.ImportFrom() | ast.Global() | ast.Expr(value=ast.Constant()):
                continue
            case ast.If(body=then, orelse=otherwise):
                does = does or _works(then, own) or _works(otherwise, own)
            case ast.With(body=then) | ast.For(body=then) | ast.While(body=then) | ast.Try(body=then):
                does = does or _works(then, own)
            case ast.Expr(value=ast.Call(func=function)) if _last_name(function) in _SAYS:
                continue
            case (
                ast.Expr(value=ast.Call(args=[ast.Constant(value=str(text))]))
                | ast.Expr(value=ast.Call(args=[ast.Call(args=[ast.Constant(value=str(text))])]))
            ) if _EMPTY.fullmatch(text):  # fmt: skip
                continue
            case ast.Assign(value=value) | ast.AnnAssign(value=value):
                calls = [one for one in ast.walk(value) if isinstance(one, ast.Call)] if value else []
                does = does or any(_last_name(one.func) not in _SAYS for one in calls)
            case _:
                does = True
    return does


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _ends_well(file: _File) -> bool:
    """Whether its downgrade can be run, and ends well."""
    function = file.function("downgrade")
    return function is not None and not any(
        isinstance(node, ast.Raise | ast.Assert) or (isinstance(node, ast.Call) and _last_name(node.func) in _ENDS)
        for node in ast.walk(function)
    )


def _changes_schema(file: _File) -> bool:
    """Whether anything in it but the downgrade changes more than rows; what is called elsewhere may do so."""
    if file.tree is None:
        return True
    upgrade = file.function("upgrade")
    if upgrade is None:
        return True
    own = {one.name for one in file.tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)} | _harmless(file.tree)
    downgrade = file.function("downgrade")
    for node in (one for part in file.tree.body if part is not downgrade for one in ast.walk(part)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if _OPERATION.fullmatch(name):
                return True
            case ast.Call(func=ast.Name(id=name)) if name not in own and _is_foreign(name):
                return True
            case ast.Call(func=ast.Attribute(attr="execute"), args=[ast.Name(id=name), *_]) if not _is_query(
                file.tree, name
            ):
                return True  # a statement from somewhere
            case ast.Call(args=[first, *_]) if any(map(_changes, _texts(first))):
                return True
            case ast.Call(func=ast.Name(id="open") | ast.Attribute(attr="read_text")):
                return True
    return False


_LIBRARIES = frozenset(
    {
        "sqlalchemy",
        "sqlmodel",
        "collections",
        "datetime",
        "decimal",
        "functools",
        "itertools",
        "json",
        "logging",
        "re",
        "secrets",
        "string",
        "uuid",
    }
)
"""What they offer changes no schema, but for what is called like it."""


def _harmless(tree: ast.Module) -> set[str]:
    """Names that come from libraries which change no schema by themselves."""
    return {
        one.asname or one.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in _LIBRARIES
        for one in node.names
        if not re.match(r"DDL|Create|Drop|Alter|Add|_?create_|MetaData|automap|Table$", one.name)
    }


def _changes(text: str) -> bool:
    return _CHANGES_SCHEMA.match(text) is not None and _STAYS.fullmatch(text) is None


def _is_query(tree: ast.Module, name: str) -> bool:
    """Whether all that a name stands for is about rows: what SQLAlchemy builds, or the texts of such statements."""
    values: list[ast.expr | None] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                found = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
                values += [value if _is_itself(targets, name) else None] if name in found else []
            case (
                ast.AnnAssign(target=ast.Name(id=target), value=value)
                | ast.NamedExpr(target=ast.Name(id=target), value=value)
            ) if target == name:
                values.append(value)
            case ast.For(target=target_of) | ast.comprehension(target=target_of):
                values += [None for one in ast.walk(target_of) if isinstance(one, ast.Name) and one.id == name]
            case ast.arg(arg=argument) | ast.AugAssign(target=ast.Name(id=argument)) if argument == name:
                values.append(None)
            case _:
                pass
    return bool(values) and all(map(_is_about_rows, values))


def _is_itself(targets: list[ast.expr], name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in targets)


def _is_about_rows(value: ast.expr | None) -> bool:
    """Whether it is a statement that SQLAlchemy builds, or a text that is handed over and changes no schema."""
    while isinstance(value, ast.Call):
        if _last_name(value.func) in _ROWS:
            return True
        if _last_name(value.func) == "text" and value.args:
            value = value.args[0]
        else:
            value = value.func.value if isinstance(value.func, ast.Attribute) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and not _changes(value.value)


_ROWS = frozenset({"select", "update", "insert", "delete"})


def _texts(node: ast.expr) -> list[str]:
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def _is_foreign(name: str) -> bool:
    return name not in _SAYS and not hasattr(builtins, name) and name not in _QUERIES


_QUERIES = frozenset({"text", "select", "update", "insert", "delete", "table", "column", "uuid4", "Session"})


def _made(files: Iterable[_File]) -> set[str]:
    """The tables that revisions make without condition, and that no other statement names again."""
    made: set[str] = set()
    named: list[str] = []
    for file in files:
        upgrade = file.function("upgrade")
        for statement in upgrade.body if upgrade else ():
            match statement:
                case (
                    ast.Expr(value=ast.Call(func=ast.Attribute(attr="create_table"), args=[ast.Constant(value=str(name)), *_]))
                    | ast.Assign(value=ast.Call(func=ast.Attribute(attr="create_table"), args=[ast.Constant(value=str(name)), *_]))
                ):  # fmt: skip
                    made.add(name)
                case _:
                    pass
        texts = list(_dropped(file))
        if any(re.search(r"\b(?:open|read_text)\(", text) for text in texts):
            return set()  # statements from another file may take away any
        named += texts
    words = {word for text in named for word in re.findall(r"\w+", text)}
    return {name for name in made if not (words.issuperset(re.findall(r"\w+", name)) and _is_named(name, named))}


def _is_named(name: str, texts: Iterable[str]) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)


_TAKES_AWAY = frozenset({"drop_table", "rename_table", "execute", "exec_driver_sql", "text"})


def _dropped(file: _File) -> Iterator[str]:
    """What names the tables that a revision may take away: its statements, or all of it, where they get their names from elsewhere in it."""
    downgrade = file.function("downgrade")
    parts = [one for one in file.tree.body if one is not downgrade] if file.tree else []
    is_from_elsewhere = False
    for node in (one for part in parts for one in ast.walk(part)):
        match node:
            case (
                ast.Call(func=function, args=[ast.Constant(), *_])
                | ast.Call(func=function, args=[ast.Call(args=[ast.Constant(), *_]), *_])
            ) if _last_name(function) in _TAKES_AWAY:
                yield ast.unparse(node)
            case ast.Call(func=function, args=[_, *_]) if _last_name(function) in _TAKES_AWAY:
                is_from_elsewhere = True
            case _:
                pass
    if is_from_elsewhere:
        yield from map(_without_making, parts)


def _without_making(part: ast.stmt) -> str:
    """Its text without the names of the tables that it makes."""
    return re.sub(r"create_table\((['\"]).*?\1", "create_table(", ast.unparse(part))


# What the database has


def _applied(data: Mapping[str, Any], revisions: set[str], env: Iterable[str], path: list[str]) -> tuple[str, ...]:
    """The revisions that the database has. Without a table of them nothing was ever applied."""
    try:
        tables = [
            (str(row["schema"]), str(row["table"]), None if row["revisions"] is None else tuple(map(str, row["revisions"])))
            for row in data["applied"]
        ]  # fmt: skip
    except (KeyError, TypeError):
        raise Garbled("the database's state") from None
    declared = {bool(one["schema"]): one["name"] for line in env for one in _TABLE.finditer(line)}
    if True in declared:
        tables = [one for one in tables if one[0] == declared[True]] or tables
    named = [one for one in tables if one[1] == declared.get(False, "alembic_version")]
    # Another program of the same database may keep its own: ours is the one that has revisions of ours.
    ours = [one for one in tables if set(one[2] or ()) & revisions]
    tables = named if not ours or any(one in named for one in ours) else ours
    hidden = [f"{name} in the schema {schema}" for schema, name, found in tables if found is None]
    if hidden:
        why = f"{hidden[0]} may not be read: GRANT USAGE on the schema, SELECT on the table"
        raise Missing(Unknown(Reason.NO_PERMISSION, why))
    if len({found for _, _, found in tables}) > 1:  # the first one in the path is meant, where the code names no schema
        first = min((path.index(schema) for schema, _, _ in tables if schema in path), default=None)
        tables = [one for one in tables if first is not None and one[0] == path[first]]
        if len(tables) != 1:
            why = "alembic's table is there more than once, and none of them is meant clearly"
            raise Missing(Unknown(Reason.UNDECIDABLE, why))
    return tables[0][2] or () if tables else ()


def _path(state: Mapping[str, Any], role: str) -> list[str]:
    """The schemas in which the application's role looks for a table."""
    found = {}
    try:
        for row in state["overrides"]:
            name, _, value = row["setting"].partition("=")
            if name.lower() == "search_path" and row["role"] in ("", role):
                found[bool(row["role"]), bool(row["here"])] = value
    except (KeyError, TypeError, AttributeError):
        raise Garbled("the database's state") from None
    text = found[max(found)] if found else '"$user", public'
    return [role if name == "$user" else name for name in (part.strip().strip('"') for part in text.split(","))]


FACT = Fact("migrations", parse, (STATE_PROBE, HEADS_PROBE))
