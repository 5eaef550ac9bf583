"""How many connections the backend may open: what its source says of its pools, times its processes, and through what they go."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from operator import add, floordiv, mul, sub

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_zebu.facts.answer import Missing, Reason, Said, Unknown, is_number, lines_of
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe, key_values
from pytest_zebu.facts.lines import Record, records
from pytest_zebu.facts.source import PROBE as SOURCE_PROBE
from pytest_zebu.facts.source import files_of
from pytest_zebu.settings.target import Target

WORKERS_PROBE = Probe(
    "backend.workers",
    file="backend-workers.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "docker-top.pl"),
    needs=(Need.BACKEND_CONTAINER,),
)
_LAUNCHERS = frozenset({"daphne", "fastapi", "granian", "gunicorn", "hypercorn", "uvicorn", "uwsgi"})
_WORKER = re.compile(r"multiprocessing\.(?:spawn|forkserver) import|gunicorn: worker|uvicorn(?:: | )worker")
"""What processes are called that a launcher makes, where they do not bear its own command."""
_AROUND = frozenset({"bash", "catatonit", "docker-init", "dumb-init", "poetry", "sh", "sleep", "su-exec", "tini", "uv"})
"""Programs that only stand around a server."""
POOLERS = frozenset({"odyssey", "pgagroal", "pgbouncer", "pgcat", "pgdog", "pgpool", "supavisor"})
_THROUGH = frozenset({"envoy", "haproxy", "nginx", "socat", "traefik"})
"""Programs that hand on each connection as it is."""
_SERVERS = frozenset({"postgres", "postmaster", "patroni"})
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}|\?")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
_ENGINES = frozenset({"create_engine", "create_async_engine"})
_BY_CONFIG = frozenset({"engine_from_config", "async_engine_from_config"})
_QUEUES = frozenset({"QueuePool", "AsyncAdaptedQueuePool", "FallbackAsyncAdaptedQueuePool"})
_SINGLE = frozenset({"StaticPool", "AssertionPool"})
_ASIDE = re.compile(
    r"(?:^|/)(?:scripts?|tools?|bin|examples?|benchmarks?|test|conftest\.py|test_[^/]*\.py|[^/]*_test\.py)(?:/|$)"
)
"""Where programs of their own stand, which the server does not load."""
_TOLD = re.compile(r"POOL|OVERFLOW|CONCURRENCY|WORKERS|CONN")
"""What is in the names of the variables whose numbers the machine tells."""
_OF_A_DATABASE = re.compile(r"(?:[A-Z0-9]+_)*(?:DB|DATABASE|PG|POSTGRES|POSTGRESQL|SQL|SQLALCHEMY|ENGINE|APP|ZEBU)_+")
"""What may stand before a field's name in its variable's."""
_NOT_HERE = re.compile(r"(?<![a-z])(?:py)?(?:test(?:s|ing)?|sqlite[a-z0-9+]*|dev(?:elopment)?|'local')(?![a-z])")
_HERE = re.compile(r"(?<![a-z])(?:prod(?:uction)?|postgres[a-z0-9+]*)(?![a-z])")
"""What conditions ask that are not met, or are met, where the application serves people from PostgreSQL."""


# What a pool is


class Pool(Struct, frozen=True):
    """A pool that the source makes.

    Attributes:
        place: where.
        most: how many connections it has at most, in each process; nothing where there is no limit.
        how: how that comes about.
        why: why it is not known.
    """

    place: str
    most: int | None
    how: str
    why: str = ""


class Pooler(Struct, frozen=True):
    """What stands between the backend and its database and shares connections.

    Attributes:
        values: what its file says, as far as it was read.
    """

    product: str
    service: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def most(self) -> int | None:
        """How many connections it opens for the application at most; nothing where that is not known."""
        if self.product != "pgbouncer" or "read" not in self.values or "include" in self.values:
            return None
        sizes = [self._number("default_pool_size", 20), self._number("pool_size", 0)]
        most = max(sizes) + self._number("reserve_pool_size", 0)
        limit = self._number("max_db_connections", 0)
        return min(most, limit) if limit else most

    @property
    def clients(self) -> int:
        """How many clients it takes."""
        return self._number("max_client_conn", 100)

    def _number(self, name: str, default: int) -> int:
        text = self.values.get(name, "")
        return int(text) if is_number(text) else default


class Connections(Struct, frozen=True):
    """What may open connections.

    Attributes:
        processes: of the backend, in all its containers, that keep a pool each.
        beside: other services with the same address of the database, with the number of their processes, if that was seen.
    """

    pools: tuple[Pool, ...]
    processes: int
    beside: tuple[tuple[str, int | None], ...] = ()
    pooler: Pooler | None = None

    @property
    def unknown(self) -> str:
        """What is not known of its pools."""
        return next((f"{one.place}: {one.why}" for one in self.pools if one.why), "")

    @property
    def has_limit(self) -> bool:
        """Whether every pool has one, as far as they are known."""
        return all(one.most is not None or one.why for one in self.pools)

    @property
    def least(self) -> int:
        """The ceiling, if of several pools each process uses only the largest."""
        return max(one.most or 0 for one in self.pools) * self.processes

    @property
    def most(self) -> int:
        """The ceiling, if each process uses all of them, and so do the services beside."""
        every = sum(one.most or 0 for one in self.pools)
        return every * (self.processes + sum(count or 1 for _, count in self.beside))

    @property
    def how(self) -> str:
        """How the ceiling comes about."""
        pools = " and ".join(f"({one.how})" for one in self.pools)
        beside = "".join(f", and {service} beside" for service, _ in self.beside)
        return f"{pools} x {self.processes} processes{beside}"


def parse(gathered: Gathered, target: Target) -> Connections:
    """From the deployed source, the numbers of its environment, and the processes that run."""
    found = records(
        gathered.said("backend.workers").out, "the backend's processes", ("number", "pooler"), ("container", "beside", "door")
    )  # fmt: skip
    numbers: dict[str, int | None] = {}
    for one in found:
        if one.word == "number":
            name, text = one.fields(2)
            if not _NUMBER.fullmatch(text):
                raise one.garbled()
            numbers[name.upper()] = None if text == "?" else int(text)
    processes = [_processes(one) for one in found if one.word == "container"]
    if not processes or None in processes:
        raise Missing(
            Unknown(Reason.UNDECIDABLE, "no process of a known server (uvicorn, gunicorn) was seen in the backend")
        )
    files, left = files_of(gathered)
    pools = pools_of(files, numbers | _others(gathered, numbers), is_whole="zebu.environment" in gathered.answers)
    if left:
        pools = (
            *pools,
            Pool("the source", None, "?", f"{left} files were left out, since they are too long or too many"),
        )
    if not pools:
        raise Missing(
            Unknown(
                Reason.UNDECIDABLE,
                "the source makes no pool of a library that is known (SQLAlchemy, asyncpg, psycopg)",
            )
        )
    return Connections(
        pools=pools,
        processes=sum(count or 0 for count in processes),
        beside=(
            *((one.fields(2)[1], _processes(one)) for one in found if one.word == "beside" and not _is_pooler(one)),
            *(
                (f"{count} programs in {one.fields(2)[1]}", count)
                for one in found
                if one.word == "container" and (count := _besides(one))
            ),
        ),
        pooler=_pooler(found),
    )


def _others(gathered: Gathered, numbers: Mapping[str, int | None]) -> dict[str, int | None]:
    """The backend's variables that are called otherwise, with their numbers; nothing for what is none, or is hidden."""
    said, host = gathered.answers.get("zebu.environment"), gathered.answers.get("zebu.host")
    backend = key_values(host.out).get("backend", "") if isinstance(host, Said) else ""
    rows = [line.split("\t") for line in lines_of(said.out)] if isinstance(said, Said) else []
    mine = [row for row in rows if len(row) == 8 and row[0] == f"container:{backend or 'backend'}" and row[2] != "0"]
    return {
        row[1].upper(): int(row[7]) if re.fullmatch(r"[+-]?[0-9]{1,9}", row[7]) else None
        for row in mine
        if row[1].upper() not in numbers
    }


# Processes


def _rows(record: Record) -> list[tuple[str, str, str]]:
    """The processes of a container: its first one and what comes of it, not what is run there from outside (by health checks, by us)."""
    rows = [(row[0], row[1], row[2]) for line in record.lines[1:] if len(row := line.split(None, 2)) == 3]
    inside = {record.fields(2)[0]}
    for _ in rows:
        more = {pid for pid, parent, _ in rows if parent in inside} - inside
        if not more:
            break
        inside |= more
    return [row for row in rows if row[0] in inside]


def _names(command: str) -> list[str]:
    """What is run, and what the interpreter runs: not a word in it."""
    names = [word.rpartition("/")[2].rstrip(":") for word in command.split()[:8]]
    if names and re.fullmatch(r"python[0-9.]*", names[0]):
        names = [name for name in names[1:] if not name.startswith("-")]  # `-m` too: a module is named like its command
    return names


def _is_server(command: str) -> bool:
    """Whether a process is a launcher, or was made by one."""
    return bool(_LAUNCHERS & set(_names(command)[:1])) or _WORKER.search(command) is not None


def _processes(record: Record) -> int | None:
    """A container's processes that each keep a pool: those of the server without the one that only watches over them."""
    rows = _rows(record)
    servers = {pid: parent for pid, parent, command in rows if _is_server(command)}
    if servers:
        return len(servers.keys() - set(servers.values()))
    left = [command for _, _, command in rows if not _AROUND & set(command.split()[0].rpartition("/")[2:])]
    # One process has one pool, whatever it is called.
    return 1 if len(left) == 1 and re.match(r"(?:\S*/)?python[0-9.]*\s", left[0]) else None


def _besides(record: Record) -> int:
    """Programs of Python in a server's container that are none of it: workers of a queue, schedulers. Each may keep a pool, too."""
    rows = _rows(record)
    parents = {pid: parent for pid, parent, _ in rows}
    servers = {pid for pid, _, command in rows if _is_server(command)}
    around = set()
    for pid in servers:
        while pid in parents and pid not in around:
            around.add(pid)
            pid = parents[pid]
    others = {pid for pid, _, command in rows if _PYTHON.match(command) and not _WATCHES.search(command)} - around
    others = {pid for pid in others if not _ancestors(pid, parents) & servers}
    return len(others - {parents[pid] for pid in others}) if servers else 0


def _ancestors(pid: str, parents: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    while (pid := parents.get(pid, "")) and pid not in found:
        found.add(pid)
    return found


_PYTHON = re.compile(r"(?:\S*/)?python[0-9.]*\s|\[celeryd:")
_WATCHES = re.compile(r"supervisor|resource_tracker|celery\S* .*\b(?:beat|flower)\b")
"""What keeps no pool of the application's: what starts others, and what tells the time to them."""


def _programs(record: Record) -> set[str]:
    return {name for _, _, command in _rows(record) for name in _names(command)[:1]}


def _is_pooler(record: Record) -> bool:
    return bool(_programs(record) & POOLERS)


def _pooler(found: Iterable[Record]) -> Pooler | None:
    """What the database's address leads to, unless that is the database, or hands on each connection."""
    values: dict[str, str] = {}
    for one in found:
        if one.word == "pooler":
            name, value = one.fields(2)
            if name == "pool_size" and is_number(value):
                value = str(max(int(value), int(values.get(name, "0"))))
            values[name] = value
    for one in found:
        if one.word == "door":
            programs = _programs(one)
            if programs & (_SERVERS | _THROUGH):
                return None
            return Pooler(
                next(iter(sorted(programs & POOLERS) or sorted(programs)), "a program"), one.fields(2)[1], values
            )
    return None


# Pools of the source


class _NotClear(Exception):
    """A value that is not known, with what it depends on."""


class _Sources(Struct):
    """What values may come from: the environment's numbers, and what the files assign."""

    numbers: Mapping[str, int | None]
    is_whole: bool = True
    assigned: dict[str, list[ast.expr]] = field(default_factory=dict)
    parameters: dict[str, list[str]] = field(default_factory=dict)
    within: set[str] = field(default_factory=set)

    def note(self, nodes: Iterable[ast.AST]) -> None:
        """Remember what is assigned to names, fields and keywords."""
        for node in nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.assigned.setdefault(name, []).append(value)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self.assigned.setdefault(name, []).append(value)
                case ast.FunctionDef(name=name, args=arguments) | ast.AsyncFunctionDef(name=name, args=arguments):
                    self._note_defaults(arguments)
                    self.parameters[name] = _places(arguments)
                case ast.ClassDef(name=name, body=body):
                    for one in body:
                        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
                            self.parameters[name] = _places(one.args)
                case ast.Call(func=function, keywords=keywords) if _last(function) not in _ENGINES:
                    for keyword in keywords:
                        if keyword.arg is not None:
                            self.assigned.setdefault(keyword.arg, []).append(keyword.value)
                case _:
                    pass

    def note_calls(self, nodes: Iterable[ast.AST]) -> None:
        """Remember what is given to functions by place: the names of all their arguments have to be known for it."""
        for node in nodes:
            if isinstance(node, ast.Call) and node.args and _last(node.func) in self.parameters:
                for name, value in zip(self.parameters[_last(node.func)], node.args, strict=False):
                    if name in self.assigned:
                        self.assigned[name].append(value)

    def _note_defaults(self, arguments: ast.arguments) -> None:
        named = [*arguments.posonlyargs, *arguments.args]
        pairs = [
            *zip(reversed(named), reversed(arguments.defaults), strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if default is not None:
                self.assigned.setdefault(argument.arg, []).append(default)

    def value(self, node: ast.expr) -> int | None:
        """A number, or nothing.

        Raises:
            _NotClear: it depends on something that is not known.
        """
        match node:
            case ast.Constant(value=bool()):
                raise _NotClear(ast.unparse(node))
            case ast.Constant(value=int(number)):
                return number
            case ast.Constant(value=None):
                return None
            case ast.Constant(value=str(text)) if re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", text):
                return int(text)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.value(operand)
                return -inner if inner is not None else None
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _ARITHMETIC:
                return self._reckoned(_ARITHMETIC[type(operation)], [left, right], node)
            case ast.Call(func=ast.Name(id="max" | "min" as name), args=[_, _, *_] as several, keywords=[]):
                return self._reckoned(max if name == "max" else min, several, node)
            case ast.BoolOp(op=ast.Or(), values=values):
                for one in values:
                    if found := self._or_nothing(one):
                        return found
                return self.value(values[-1])
            case ast.Subscript(slice=ast.Constant(value=str(name))) if _VARIABLE.fullmatch(name):
                return self._variable(name, None)
            case ast.IfExp():
                values_of = {self.value(node.body), self.value(node.orelse)}
                if len(values_of) > 1:
                    raise _NotClear(ast.unparse(node)[:60])
                return values_of.pop()
            case ast.Call():
                return self._call(node)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return self._named(name)
            case _:
                raise _NotClear(ast.unparse(node)[:60])

    def _reckoned(self, operation: Callable[..., int], nodes: list[ast.expr], whole: ast.expr) -> int:
        values = [self.value(one) for one in nodes]
        numbers = [value for value in values if value is not None and abs(value) < 1_000_000]
        if len(numbers) != len(values) or (operation is floordiv and not numbers[1]):
            raise _NotClear(ast.unparse(whole)[:60])
        return operation(*numbers)

    def _or_nothing(self, node: ast.expr) -> int | None:
        try:
            return self.value(node)
        except _NotClear:
            inner = node.args[0] if isinstance(node, ast.Call) and _last(node.func) == "int" and node.args else node
            if (_variable_of(inner) or "").upper() in ("", *self.numbers):
                raise
            return None  # a variable that is not set

    def _call(self, node: ast.Call) -> int | None:
        name = _last(node.func)
        default = next(
            (one.value for one in node.keywords if one.arg == "default"), node.args[1] if node.args[1:] else None
        )
        if (variable := _variable_of(node)) is not None:
            return self._variable(variable, default)
        if name in ("int", "cast") and node.args:
            return self.value(node.args[-1])
        if name == "Field":
            default = default if default is not None else node.args[0] if node.args else None
            for one in node.keywords:
                if one.arg in ("alias", "validation_alias", "env") and isinstance(one.value, ast.Constant):
                    return self._variable(str(one.value.value), default)
            if default is not None:
                return self.value(default)
        raise _NotClear(ast.unparse(node)[:60])

    def _variable(self, name: str, default: ast.expr | None) -> int | None:
        if name.upper() in self.numbers:
            number = self.numbers[name.upper()]
            if number is None:
                raise _NotClear(f"the variable {name}, which is no number")
            return number
        if not self.is_whole and not _TOLD.search(name.upper()):
            raise _NotClear(f"the variable {name}: whether it is set was not seen")
        if default is None:
            raise _NotClear(f"the variable {name}, which is not set")
        return self.value(default)

    def _named(self, name: str) -> int | None:
        """A constant, a field of settings, or an argument: all that is assigned to the name must come to one value."""
        if name in self.within:
            raise _NotClear(name)
        assigned = [one for one in self.assigned.get(name, ()) if not _is_same(one, name)]
        if not any(_variable_of(part) for one in assigned for part in ast.walk(one) if isinstance(part, ast.expr)):
            # A field of settings takes its value from the variable that is called like it, behind a prefix.
            upper = name.upper()
            told = [
                key for key in self.numbers if key == upper or (key.endswith(f"_{upper}") and _may_mean(key, upper))
            ]
            if len(told) > 1:
                raise _NotClear(name)
            if told:
                return self._variable(told[0], None)
        self.within.add(name)
        try:
            values = {self.value(one) for one in assigned}
        finally:
            self.within.discard(name)
        if len(values) != 1:
            raise _NotClear(name)
        return values.pop()


_ARITHMETIC: Mapping[type[ast.operator], Callable[..., int]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.FloorDiv: floordiv,
}


def _may_mean(variable: str, field_name: str) -> bool:
    """Whether a variable that ends like a field is its own. One whose number is not told may be of anything, and is asked for more."""
    before = variable.removesuffix(field_name)
    return bool(_TOLD.search(variable)) or _OF_A_DATABASE.fullmatch(before) is not None


def _places(arguments: ast.arguments) -> list[str]:
    """The names of what is given by place."""
    names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _is_met(test: ast.expr) -> bool | None:
    """Whether a condition is met where the application serves people; nothing where that is not clear."""
    is_turned = False
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, is_turned = test.operand, not is_turned
    if isinstance(test, ast.BoolOp) or (isinstance(test, ast.Compare) and len(test.ops) > 1):
        return None
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotEq | ast.NotIn | ast.IsNot):
        is_turned = not is_turned
    text = ast.unparse(test).lower()
    elsewhere, here = bool(_NOT_HERE.search(text)), bool(_HERE.search(text))
    if elsewhere == here:
        return None
    return here is not is_turned


class _Deployed(ast.NodeTransformer):
    """Leaves out what other places are for: tests, developers' machines, SQLite."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """Only what a condition comes to, where that is clear."""
        self.generic_visit(node)
        met = _is_met(node.test)
        return node if met is None else node.body if met else node.orelse

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """Likewise."""
        self.generic_visit(node)
        met = _is_met(node.test)
        return node if met is None else node.body if met else node.orelse


def _is_same(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and _last(node) == name


def _variable_of(node: ast.expr) -> str | None:
    """The variable of the environment that a call or subscript asks for."""
    match node:
        case ast.Call(args=[ast.Constant(value=str(name)), *_]) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name if _VARIABLE.fullmatch(name) else None
        case _:
            return None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


_MAKES = re.compile(r"\b(?:create_(?:async_)?engine|(?:async_)?engine_from_config|create_pool|\w*ConnectionPool)\s*\(")
"""How a pool is made, in what this Python cannot read."""


def pools_of(
    files: Iterable[tuple[str, str]], numbers: Mapping[str, int | None], is_whole: bool = True
) -> tuple[Pool, ...]:
    """The pools that files make, without those of programs beside the server.

    Args:
        files: names and texts.
        numbers: the variables of the environment; nothing where its number is not known.
        is_whole: whether all variables that are set are among them.
    """
    sources = _Sources(numbers, is_whole)
    read: list[tuple[str, _Nodes]] = []
    unread: list[Pool] = []
    for name, text in files:
        try:
            nodes = _deployed(text)
        except (SyntaxError, ValueError, RecursionError):
            if _MAKES.search(text) and not _ASIDE.search(name):
                unread.append(Pool(name, None, "?", "cannot be read by this Python"))
            continue
        read.append((name, nodes))
        sources.note(nodes)
    for _, nodes in read:
        sources.note_calls(nodes)
    loaded = [(name, nodes) for name, nodes in read if not _ASIDE.search(name) and not _is_alembics(nodes)]
    found = [pool for name, nodes in loaded for pool in _made(name, nodes, sources)]
    real = [pool for pool in found if pool.how != _STATIC]  # that of an in-memory database
    # Tasks and commands in the same source often go without a pool: whether the server does, too, is not told by it.
    if any(pool.most is not None for pool in real):
        real = [replace(pool, why=f"{pool.how}, if the server uses it") if pool.how == _NONE else pool for pool in real]
    return (*(real or found), *unread)


_STATIC = "1"
_NONE = "NullPool: a connection for each use"


_Nodes = tuple[ast.AST, ...]
"""All of a file's, itself first, from the outer to the inner."""


@lru_cache(maxsize=512)
def _deployed(text: str) -> _Nodes:
    """What of a file is for where people are served. Kept, since several hosts often run the same; nobody changes it.

    Raises:
        SyntaxError, ValueError, RecursionError: it cannot be read.
    """
    return tuple(ast.walk(_Deployed().visit(ast.parse(text.removeprefix("\ufeff")))))


def _is_alembics(nodes: _Nodes) -> bool:
    """Whether it is the program that alembic runs: it imports alembic's context, which there is nowhere else."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "alembic"
        and any(one.name == "context" for one in node.names)
        for node in ast.iter_child_nodes(nodes[0])
    )


def _made(name: str, nodes: _Nodes, sources: _Sources) -> Iterator[Pool]:
    imported = [(node, alias) for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names]
    imports = {alias.asname or alias.name: node.module or "" for node, alias in imported}
    named = {alias.asname: alias.name for _, alias in imported if alias.asname and alias.name in _ENGINES}
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        called, place = named.get(_last(node.func), _last(node.func)), f"{name}:{node.lineno}"
        base = _last(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        origin = (imports.get(called, "") if not base else imports.get(base, base)).partition(".")[0]
        try:
            if called in _ENGINES and not _is_in_memory(node):
                yield _engine(place, _keywords(node, nodes), sources)
            elif called in _BY_CONFIG:
                yield Pool(place, None, "?", "takes its pool from a file")
            elif called == "create_pool" and origin == "asyncpg":
                yield _driver(place, _keywords(node, nodes), sources, ("max_size",), 10)
            elif called == "create_pool" and origin == "aiopg":
                yield _driver(place, _keywords(node, nodes), sources, ("maxsize",), 10)
            elif called == "Database" and origin == "databases":
                words = _keywords(node, nodes)
                if "max_size" not in words:
                    raise _NotClear("its address, which may tell its size")
                yield _driver(place, words, sources, ("max_size",), 10)
            elif called in ("ConnectionPool", "AsyncConnectionPool") and origin == "psycopg_pool":
                yield _driver(place, _keywords(node, nodes), sources, ("max_size", "min_size"), 4)
            elif called in ("SimpleConnectionPool", "ThreadedConnectionPool") and origin in ("psycopg2", "pool"):
                words = {"maxconn": node.args[1]} if node.args[1:] else _keywords(node, nodes)
                yield _driver(place, words, sources, ("maxconn",), 0)
        except _NotClear as error:
            yield Pool(place, None, "?", f"its pool depends on {error}")


def _is_in_memory(node: ast.Call) -> bool:
    first = node.args[0] if node.args else None
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.startswith("sqlite")


def _keywords(call: ast.Call, nodes: _Nodes) -> dict[str, ast.expr]:
    """The keywords of a call, also those that come from a dictionary which its file fills."""
    found: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is not None:
            found[keyword.arg] = keyword.value
        elif isinstance(keyword.value, ast.Name):
            found |= _entries(keyword.value.id, nodes)
        elif isinstance(keyword.value, ast.Dict):
            found |= _of_dict(keyword.value)
        else:
            raise _NotClear(f"**{ast.unparse(keyword.value)[:40]}")
    return found


def _entries(name: str, nodes: _Nodes) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    is_known = False
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=target)], value=ast.Dict() | ast.IfExp() as value)
                | ast.AnnAssign(target=ast.Name(id=target), value=ast.Dict() | ast.IfExp() as value)
            ) if target == name:
                if not isinstance(value, ast.Dict):
                    raise _NotClear(f"**{name}")
                found, is_known = found | _of_dict(value), True
            case ast.Assign(
                targets=[ast.Name(id=target)], value=ast.Call(func=ast.Name(id="dict"), keywords=words)
            ) if target == name:
                found, is_known = found | {one.arg: one.value for one in words if one.arg}, True
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=target), slice=ast.Constant(value=str(key)))], value=value
            ) if target == name:
                found[key] = value
            case ast.AugAssign(target=ast.Name(id=target), op=ast.BitOr(), value=value) if target == name:
                if not isinstance(value, ast.Dict):
                    raise _NotClear(f"**{name}")
                found |= _of_dict(value)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=target), attr="setdefault"),
                args=[ast.Constant(value=str(key)), value],
            ) if target == name:
                found.setdefault(key, value)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=target), attr="update"), args=args, keywords=words) if (
                target == name
            ):
                for one in args:
                    if not isinstance(one, ast.Dict):
                        raise _NotClear(f"**{name}")
                    found |= _of_dict(one)
                found |= {one.arg: one.value for one in words if one.arg}
            case _:
                pass
    if not is_known:
        raise _NotClear(f"**{name}")
    return found


def _of_dict(node: ast.Dict) -> dict[str, ast.expr]:
    pairs = zip(node.keys, node.values, strict=True)
    return {key.value: value for key, value in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _engine(place: str, words: Mapping[str, ast.expr], sources: _Sources) -> Pool:
    """SQLAlchemy's: a size of 0 and an overflow of -1 mean: as many as are asked for."""
    if "pool" in words:
        raise _NotClear("an object that is made elsewhere")
    kind = _last(words["poolclass"]) if "poolclass" in words else "QueuePool"
    if kind == "NullPool":
        return Pool(place, None, _NONE)
    if kind in _SINGLE:
        return Pool(place, 1, _STATIC)
    if kind not in _QUEUES:
        raise _NotClear(kind or ast.unparse(words["poolclass"])[:60])
    size = sources.value(words["pool_size"]) if "pool_size" in words else 5
    overflow = sources.value(words["max_overflow"]) if "max_overflow" in words else 10
    if size is None or overflow is None:
        raise _NotClear("None")
    return Pool(place, None if size <= 0 or overflow < 0 else size + overflow, f"{size} + {overflow}")


def _driver(place: str, words: Mapping[str, ast.expr], sources: _Sources, names: Iterable[str], default: int) -> Pool:
    """A driver's own: the first of its limits that is given."""
    for name in names:
        value = sources.value(words[name]) if name in words else None
        if value is not None:
            return Pool(place, value, str(value))
    return Pool(place, default, str(default))


FACT = Fact("backend_connections", parse, (WORKERS_PROBE, SOURCE_PROBE))
