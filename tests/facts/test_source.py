"""SQL that is built from values."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from pytest_zebu.facts import source as fact
from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.source import BuiltStatement, _parsed, built_statements
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

EXECUTED = [
    "s.execute(f\"SELECT id FROM t WHERE name = '{name}'\")",
    "s.execute('SELECT id FROM t WHERE id = %s' % value)",
    "s.execute('DELETE FROM t WHERE id = {}'.format(value))",
    "s.execute('SELECT a FROM t WHERE x = ' + value)",
    "s.execute('SELECT a FROM {t}'.replace('{t}', value))",
    "await s.execute(text(f'select * from {t}'))",
    's.exec(sa.text(f"""\n  -- all\n  select *\n  from {t}\n"""))',
    "s.execute(text('select a from t where ' f'b = {b}'))",
    "s.execute(f'Select * From t Where id={x}')",
    "s.execute(f'truncate {t}')",
    "q.where(text(f'name = {x}'))",
    "s.order_by(text(f'{column} desc limit 1'))",
    "s.execute('select a from t order by ' + column)",
    "op.execute(f'alter table {t} add x int')",
    "conn.fetch(f'select {c} from t')",
    "cursor.execute('select %s from t' % ', '.join(columns))",
    "query = f'select a from {t}'\ns.execute(text(query))",
    "def f(t):\n    q = 'select a from t where b = '\n    q += f'{t} and c = {t}'\n    s.execute(q)",
    "sql.SQL(f'select {x}')",
    "raise ValueError(s.execute(f'select {x}'))",
    "def f(table='t'):\n    s.execute(f'select a from {table}')",
    "def f():\n    t = 'a'\n    t = ask()\n    s.execute(f'select a from {t}')",
    "for t in names():\n    s.execute(f'select a from {t}')",
    "class Page[T]:\n    def f[U](self):\n        s.execute(f'select {self.x}')",
    "try:\n    pass\nexcept A, B:\n    s.execute(f'select {x}')",
    "s.execute(f'select {x if y else 1} from t')",
]
"""Values become part of a statement that is executed."""
STANDING = [
    "make = lambda x: f'SELECT a FROM t WHERE b = {x}'",
    "x = ' SELECT a, b FROM t WHERE c = ' + v",
    "def f(v):\n    return f'delete from t where a = {v}'",
    "x = f'INSERT INTO t (a) VALUES ({v})'",
    "x = f'UPDATE t SET a = {v}'",
    "x = f'with x as (select {v}) select 1'",
    "x = f'(SELECT {v} FROM t)'",
    "x = f'DROP TABLE {v}'",
    "x = f'create table {v} (a int)'",
    "sql = f'select {v}'",
]
"""A statement, wherever it goes."""
NO_STATEMENT = [
    "q = 'SELECT a ' + 'FROM t '",
    "s.execute(text('SELECT a FROM t WHERE id = :id'), {'id': value})",
    "s.execute('SELECT a FROM t WHERE id = %s', (value,))",
    "s.execute(t'SELECT a FROM t WHERE id = {value}')",
    "s.execute(f'select a from t limit {n:d}')",
    "s.execute(sql.SQL('select {}').format(sql.Identifier(x)))",
    "s.execute(select(T).where(T.a == f'{x} from'))",
    "log.info(f'Update of {name} ended')",
    'logger.info(f"Create portfolio {name} for {user}")',
    'raise ValueError(f"Update of {x} was set by {y}")',
    "logger.debug(f'SELECT a FROM {t}')",
    "logger.debug('SELECT a FROM %s' % t)",
    "raise HTTPException(404, detail=f'Select a portfolio from {x}')",
    "raise E(f'delete from {x} failed')",
    "assert x, f'DELETE FROM {t} did nothing'",
    "print(f'SELECT {x} FROM {y}')",
    "message = f'Delete from {x} where it is'",
    "x = f'Select a portfolio from {y}'",
    "x = f'Select one from {y}'",
    "x = f'Delete from {y}'",
    "x = f'Deleted {n} from cache'",
    "x = f'Insert into {y} the new value'",
    "x = f'Update {y} set to {z}'",
    "x = f'With {y} as (an) option'",
    "x = f'Create user {y}'",
    "x = f'create user {y}'",
    "x = f'Drop table {y}?'",
    "x = f'Grant access on {y}'",
    "f'SELECTED {x} FROM {y}'",
    "x = f'{a} and {b}'",
    "client.fetch(f'https://x/?limit={n}')",
    "runner.execute(f'job {n}')",
    "exec(f'x = {n}')",
    "code = f'x = {n}'\nexec(code)",
    "code = f'x = {n}'\nrunner.exec(code)",
    "console.text(f'select {x}')",
    "x = t(detail=f'SELECT a FROM {x}')",
    "def __str__(self):\n    return f'SELECT a FROM {self.x}'",
    '"""SELECT a FROM t"""',
]
FIXED = [
    "s.execute(f'select a from {TABLE}')",
    "s.execute(f'select a from {settings.TABLE_NAME}')",
    "s.execute(f'select a from {User.__tablename__}')",
    "s.execute(f'select a from {User.__table__.name}')",
    "s.execute(f'select a from t limit {int(n)}')",
    "def f(up):\n    order = 'ASC' if up else 'DESC'\n    s.execute(f'select a from t order by a {order}')",
    "for t in ('a', 'b'):\n    s.execute(f'truncate {t}')",
    "s.execute(f'select a from t order by {SORTS[x]}')",
    "s.execute(f\"select a from t order by {SORTS.get(x, 'a')}\")",
    "s.execute('select a from t where b in (%s)' % ','.join(['%s'] * len(x)), x)",
    "s.execute(f\"select a from t where b in ({', '.join('?' for _ in x)})\", x)",
    "s.execute(f\"select a from t where b in ({', '.join(f':b{i}' for i in range(3))})\", x)",
    "s.execute(f\"select a from t where b in ({', '.join(f':b{i}' for i, v in enumerate(x))})\", x)",
    "T = 'a'\ndef f():\n    s.execute('select a from ' + T)",
    "table = 'a'\ndef f():\n    s.execute('select a from ' + table)",
]
"""Only what the source itself says, and numbers, become part of it."""


@pytest.mark.parametrize("source", [*EXECUTED, *STANDING])
def test_statements_built_from_values(source: str) -> None:
    built, fixed, is_understood = built_statements(source)
    assert (len(built), fixed, is_understood) == (1, (), True)


@pytest.mark.parametrize("source", NO_STATEMENT)
def test_what_only_reads_like_a_statement(source: str) -> None:
    assert built_statements(source) == ((), (), True)


@pytest.mark.parametrize("source", FIXED)
def test_statements_of_what_the_source_says(source: str) -> None:
    built, fixed, is_understood = built_statements(source)
    assert (built, len(fixed), is_understood) == ((), 1, True)


def test_the_line_is_that_of_the_statement() -> None:
    built, _, _ = built_statements("x = 1\n\ns.execute(\n    f'select {x}'\n    f' from t where a = {value}'\n)")
    assert built == (4,)


NEWER = """type X[T] = list[T]


class Page[T]:
    x = f"{"a" + 'b'}"
    y = t"{x}"


try:
    select()
except A, B:
    pass


class Page[T = int, *Ts = *tuple[int, str]]:
    pass


type A[T: (int, str) = int] = list[T]
"""
NEWEST = """lazy import json
lazy from a import b

x = [*y for y in z]
y = {**a for a in b}
"""


def test_a_newer_python_is_read() -> None:
    assert built_statements(NEWER) == ((), (), True)
    assert built_statements(NEWEST) == ((), (), True)


def test_files_of_the_image(target: Target) -> None:
    out = (
        "@ a.py\nx = 1\n\n@end\n@ b/c d.py\n\nq = 'SELECT a FROM t WHERE x = ' + x\n@end\n"
        f"@ new.py\n{NEWER}\n@end\n@ odd.py\nselect = = (\n@end\n@ other.py\nnot python at all: {{\n@end\n"
        "@ fixed.py\ns.execute(f'select a from {T}')\n@end\n@left 2\n"
    )
    found = read("source", out, target)
    assert (found.files, found.unread, found.left) == (6, ("odd.py",), 2)
    assert (found.built, found.fixed) == ((BuiltStatement("b/c d.py", 2),), (BuiltStatement("fixed.py", 1),))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000 + "select",
        "select + " * 20_000 + "1",
        "'select' + " * 20_000 + "x",
        "[" * 50_000 + "update",
        "f'{" * 5000 + "select",
        "a.b" + "(select).c" * 20_000,
    ],
)
def test_what_is_deep_or_long_ends(text: str, target: Target) -> None:
    assert read("source", f"@ a.py\nx = {text}\n@end\n", target).files == 1


@pytest.mark.parametrize(
    ("out", "reason"), [("", Reason.MISSING), ("\n", Reason.MISSING), ("@ a.py\nx = 1\n", Reason.GARBLED)]
)
def test_no_source_is_no_verdict(out: str, reason: Reason, target: Target) -> None:
    assert why("source", out, target) is reason


def test_the_files_of_a_container(tmp_path: Path, target: Target) -> None:
    """Where there is no /app, what is read is where the container starts; what is left out is counted."""
    (tmp_path / "docker").write_text('#!/bin/sh\nshift 3\ncd "$PLACE" && exec "$@"\n')
    (tmp_path / "docker").chmod(0o755)
    code = tmp_path / "code"
    for name in (
        "a.py",
        "zebu/b c.py",
        "tests/t.py",
        "zebu/migrations/m.py",
        ".venv/x.py",
        "node_modules/y.py",
        "a.txt",
    ):
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text("q = 'SELECT a FROM t WHERE b = ' + b")
    with (code / "long.py").open("wb") as large:
        large.truncate(2_000_000)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "ZEBU_BACKEND_CONTAINER": "backend"}
    environment["PLACE"] = str(code)
    environment["ZEBU_SH"] = fact.PROBE.environment["SH"].replace("cd /app", f"cd {tmp_path}/app")
    environment["ZEBU_DOCKER_SOCKET"] = str(tmp_path / "none")
    done = subprocess.run(["perl", "-e", fact.PROBE.text], env=environment, capture_output=True, text=True, check=True)
    found = read("source", done.stdout, target)
    assert (found.files, found.left) == (2, 1)
    assert found.built == (BuiltStatement("a.py", 1), BuiltStatement("zebu/b c.py", 1))
    (code / "long.py").unlink()
    done = subprocess.run(["perl", "-e", fact.PROBE.text], env=environment, capture_output=True, text=True, check=True)
    assert read("source", done.stdout, target).left == 0


ALL_THE_SAME = [
    'from sqlalchemy import text\ndef f(sort_by, order):\n    return select(T).order_by(text(f"{sort_by} {order}"))',
    'from sqlalchemy import text\ndef f(a, b):\n    return q.order_by(text(a + " " + b))',
    'import sqlalchemy as sa\ndef f(a):\n    return q.order_by(sa.text("%s DESC" % a))',
    "from sqlalchemy import text\ndef f(sort):\n    return q.order_by(text(sort))",
    'conds = []\nconds.append(f"name = \'{name}\'")\ns.execute(text("SELECT a FROM t WHERE " + " AND ".join(conds)))',
    'def f(name):\n    where = [f"name = \'{name}\'"]\n    sql = "SELECT a FROM t WHERE " + " AND ".join(where)\n    s.execute(text(sql))',
    "QUERY = \"SELECT a FROM t WHERE b = '{x}'\"\ns.execute(QUERY.format(x=v))",
    "QUERY = \"SELECT a FROM t WHERE b = '%s'\"\ndef f(v):\n    s.execute(QUERY % v)",
    's.execute(" ".join(["SELECT a FROM t WHERE b =", v]))',
    'from sqlalchemy import text\ndef f(x):\n    return q.having(text(f"count(*) > {x}"))',
    'from sqlalchemy import text\ndef f(c):\n    return q.filter(text(f"{c} is null"))',
    'def f(v):\n    NAME = v\n    s.execute(f"SELECT a FROM t WHERE b = {NAME}")',
    'from sqlalchemy import text\ndef f(sort, x):\n    if x not in ("a", "b"):\n        raise HTTPException(400)\n    return q.order_by(text(f"{sort} desc"))',
    'from sqlalchemy import text\ndef f(sort):\n    if sort in ("a", "b"):\n        raise HTTPException(400)\n    return q.order_by(text(f"{sort} desc"))',
    'from sqlalchemy import text\ndef f(sort):\n    s.execute(text(f"SELECT a FROM t ORDER BY {sort}"))\n    if sort not in ("a", "b"):\n        raise HTTPException(400)',
    'from sqlalchemy import text\ndef f(sort, known):\n    if sort not in known:\n        raise HTTPException(400)\n    s.execute(text(f"SELECT a FROM t ORDER BY {sort}"))',
    'from sqlalchemy import text\n@router.get("/")\nasync def f(sort: str = "a"):\n    return q.order_by(text(sort))',
    'from sqlalchemy import text\n@router.get("/")\nasync def f(sort: Literal["a"] | str = "a"):\n    return q.order_by(text(sort))',
    "from sqlalchemy import text\ndef f(p):\n    return q.order_by(text(p.sort))",
    'from sqlalchemy import text\ndef f(data: dict, s):\n    sets = ", ".join(f"{k} = :{k}" for k in data)\n    s.execute(text(f"UPDATE t SET {sets} WHERE id = :id"), data)',
    "from sqlalchemy import text\ndef f(item, s):\n    for k, v in item.model_dump().items():\n        s.execute(text(f\"UPDATE t SET {k} = '{v}'\"))",
    'from sqlalchemy import text\ndef f(x):\n    parts = ["SELECT a FROM t"]\n    if x:\n        parts.append(f"WHERE x = \'{x}\'")\n    s.execute(text(" ".join(parts)))',
    'from sqlalchemy import text as sql_text\ndef f(x):\n    return q.where(sql_text(f"{x} is null"))',
    'QUERY = """\nSELECT a FROM t WHERE a = \'{a}\'\n"""\ndef f(a):\n    cur.execute(QUERY.format(a=a))',
    'BASE = "SELECT a FROM t"\ndef f(a):\n    cur.execute(BASE + " WHERE a = \'" + a + "\'")',
    'from sqlmodel import text\ndef f(x):\n    return q.where(text(f"{x}"))',
    'async def f(x):\n    q = "SELECT * FROM t"\n    q += f" WHERE x = {x}"\n    return await conn.fetch(q)',
    'async def f(x):\n    q = "SELECT * FROM t"\n    if x:\n        q = q + " WHERE x = \'" + x + "\'"\n    return await conn.fetch(q)',
    'def build(x):\n    q = "SELECT * FROM t"\n    if x:\n        q += f" WHERE a = \'{x}\'"\n    return q',
    'def f(self, name):\n    self.sql = "SELECT * FROM t WHERE 1=1"\n    self.sql += f" AND name=\'{name}\'"\n    cur.execute(self.sql)',
    'BASE = "SELECT * FROM t"\nasync def f(x):\n    return await conn.fetch(f"{BASE} WHERE a = {x}")',
    'class R:\n    BASE = "SELECT * FROM t"\n    async def f(self, x):\n        return await self.conn.fetch(self.BASE + f" WHERE a = {x}")',
    'cur.execute(Template("SELECT * FROM t WHERE id = $id").substitute(id=id))',
    'T = Template("SELECT a FROM t WHERE id = $id")\ncur.execute(T.safe_substitute(id=x))',
    'cur.execute(dedent(f"""\n  where a = {x}"""))',
    'pd.read_sql(sql=f"select * from t where a = {x}", con=c)',
    'execute_values(cur, f"INSERT INTO {t} (a) VALUES %s", rows)',
    'from queries import BASE\nasync def f(x):\n    return await conn.fetch(f"{BASE} WHERE a = {x}")',
    "from queries import BASE\nasync def f(x):\n    return await conn.fetch(BASE + ' WHERE a = ' + x)",
    'lazy import json\ndef f[T = int](x: T):\n    cur.execute(f"select {x} from t")',
]
"""A value becomes a part of a statement on another way: through lists, constants, clauses that take a text as it is."""
ONLY_OUR_OWN = [
    'query = f"explain {term} to a beginner"\nclient.ask(query)',
    'query = f"create a summary of {topic}"\nawait llm.run(query)',
    'search_query = f"set {name} price"\nreturn fetch_news(search_query)',
    'query = f"select={a}&order={b}"',
    'cur.execute(sql.SQL("select {} from {}").format(sql.Identifier(a), sql.Identifier(b)))',
    'cur.execute(sql.SQL("insert into t ({}) values ({})").format(sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(", ").join(sql.Placeholder() * len(names))))',
    'marks = ", ".join("?" for _ in ids)\ncur.execute(f"DELETE FROM t WHERE id IN ({marks})", ids)',
    'marks = ", ".join(f"${i+1}" for i in range(len(ids)))\nawait conn.fetch(f"SELECT a FROM t WHERE id IN ({marks})", *ids)',
    'for table in reversed(SQLModel.metadata.sorted_tables):\n    s.execute(text(f"TRUNCATE TABLE {table.name} CASCADE"))',
    'cur.execute(t"SELECT * FROM t WHERE id = {id}")',
    'statement = f"call {who} at {when}"',
    'statement = f"with {n} positions"',
    'statement = f"Values as of {day}: {total}"',
    'clauses = ["a = :a"]\nif b:\n    clauses.append("b = :b")\nwhere = " AND ".join(clauses)\ns.execute(text(f"SELECT a FROM t WHERE {where}"), p)',
    's.execute(text(f"SELECT a FROM t LIMIT {min(int(limit), 100)}"))',
    "s.execute(text(f\"SELECT a FROM t WHERE s = '{Status.OPEN.value}'\"))",
    'from sqlalchemy import text\ndef f(sort):\n    if sort not in ("a", "b"):\n        raise HTTPException(400)\n    return q.order_by(text(f"{sort} desc"))',
    'from sqlalchemy import text\nALLOWED = {"a", "b"}\ndef f(sort):\n    if sort not in ALLOWED:\n        raise ValueError(sort)\n    s.execute(text(f"SELECT a FROM t ORDER BY {sort}"))',
    'from sqlalchemy import text\ndef f(sort):\n    if sort not in T.__table__.columns.keys():\n        raise ValueError(sort)\n    s.execute(text(f"SELECT a FROM t ORDER BY {sort}"))',
    'from sqlalchemy import text\n@router.get("/")\nasync def f(sort: Literal["a", "b"] = "a"):\n    return q.order_by(text(sort))',
    'from sqlalchemy import text\n@router.get("/")\nasync def f(sort: Annotated[Literal["a", "b"], Query()] = "a"):\n    return q.order_by(text(f"{sort} desc"))',
    'from sqlalchemy import text\n@router.get("/")\nasync def f(limit: int = 10, s: S = Depends()):\n    s.execute(text(f"SELECT a FROM t LIMIT {limit}"))',
    'from sqlalchemy import text\nclass T(Base):\n    at = Column(DateTime, server_default=text(f"{NOW}"))\n    x = Column(Integer, server_default=text(f"nextval(\'{seq}\')"))',
    'from sqlalchemy import text\nIndex("i", T.a, postgresql_where=text(f"status = \'{Status.OPEN.value}\'"))',
    'from sqlalchemy import text\ndef f(item, s):\n    data = item.model_dump(exclude_unset=True)\n    sets = ", ".join(f"{k} = :{k}" for k in data)\n    s.execute(text(f"UPDATE t SET {sets} WHERE id = :id"), data)',
    'from sqlalchemy import text\ndef f(item, s):\n    sets = []\n    for k, v in item.model_dump(exclude_unset=True).items():\n        sets.append(f"{k} = :{k}")\n    s.execute(text(f"UPDATE t SET {\', \'.join(sets)} WHERE id = :id"), data)',
    'from sqlalchemy import text\ndef f(x):\n    parts = ["SELECT a FROM t"]\n    if x:\n        parts.append("WHERE x = :x")\n    s.execute(text(" ".join(parts)), {"x": x})',
    'from sqlalchemy import text\ndef f(d):\n    order = "a desc" if d else "a"\n    return q.order_by(text(order))',
    'from sqlalchemy import text\nQUERY = "SELECT a FROM t WHERE a = :a"\ndef f():\n    s.execute(text(QUERY), p)',
    'MESSAGE = "Update {} set"\ndef f(x):\n    log.info(MESSAGE.format(x))',
    'SELECT = "Select %s from (%s)"\ndef f(x):\n    raise HTTPException(400, SELECT % (x, x))',
    'def f(names):\n    return ", ".join(names)',
    'def f(x):\n    words = ["select", x]\n    return " ".join(words)',
    'def f(x):\n    lines = []\n    lines.append(f"Deleted from {x}")\n    print("\\n".join(lines))',
    'from sqlalchemy import text\ndef f(q):\n    stmt = select(T).where(text("name ILIKE :q")).params(q=f"%{q}%")',
    's.execute(text("SELECT v FROM kv WHERE k = :k"), {"k": f"limit:{user}"})',
    'cur.execute("INSERT INTO log (line) VALUES (%s)", (f"user={user}",))',
    'await conn.fetch("SELECT * FROM t WHERE k = $1", f"select {x}")',
    's.execute(text("SELECT 1 WHERE a = :a").bindparams(a=f"x = {y}"))',
    's.execute(select(T).where(T.key == f"a={x}"))',
    's.execute(select(T).where(T.key.like(f"limit {x}%")).limit(n))',
    's.execute(update(T).values({"note": f"price = {x}"}))',
    'span.set_attribute("db.statement", f"SELECT {a} FROM {b}")',
    'with tracer.start_as_current_span(f"DELETE FROM {table}"):\n    pass',
    'async def f(conn, t):\n    q = "SELECT * FROM t WHERE 1=1"\n    i = 1\n    if t:\n        q += f" AND a = ${i}"\n        i += 1\n    return await conn.fetch(q, t)',
    'async def f(conn, d):\n    q = "SELECT * FROM t"\n    q += " ORDER BY x " + ("DESC" if d else "ASC")\n    return await conn.fetch(q)',
    'def f(x):\n    description = "Select a from t where"\n    description += f" b = {x}"\n    return description',
    "from queries import BASE\nasync def f(x):\n    return await conn.fetch(BASE + ' WHERE a = $1', x)",
    'client.query(f"{name} where is it")',
    'T = Template("Select $a from $b")\nask(T.substitute(a=x, b=y))',
]
"""What is asked of a person or a service, and parts of statements that only the source says."""


@pytest.mark.parametrize("text", ALL_THE_SAME)
def test_values_come_in_on_other_ways_too(text: str) -> None:
    built, _, is_understood = built_statements(text)
    assert built
    assert is_understood


@pytest.mark.parametrize("text", ONLY_OUR_OWN)
def test_what_the_source_itself_says_is_no_value(text: str) -> None:
    built, _, is_understood = built_statements(text)
    assert not built
    assert is_understood


def test_several_names_are_bound_at_once() -> None:
    text = "def f(v):\n    parts, values = ['a = :a'], {{}}\n    parts.append({})\n    s.execute('SELECT a FROM t WHERE ' + ' AND '.join(parts), values)"
    assert not built_statements(text.format("'b = :b'"))[0]
    assert built_statements(text.format("f'b = {v}'"))[0]
    assert built_statements("a, b = 'x', v()\ns.execute(f'select a from {b}')")[0]
    assert built_statements("a, *b = 'x', v()\ns.execute(f'select a from {b}')")[0]
    assert built_statements("a, b = v()\ns.execute(f'select a from {a}')")[0]


def test_lists_that_take_of_themselves_come_to_an_end() -> None:
    own = (
        "def f(v):\n    a = []\n    b = []\n"
        + "    a.append(' '.join(a) + ' '.join(b))\n    b.append(f'{a} {b}')\n" * 20
    )
    assert built_statements(own + "    s.execute('SELECT a FROM t WHERE ' + ' AND '.join(a))")[2]
    many = "def f(v):\n" + "".join(f"    x{n} = [x{n + 1}, x{n + 1}]\n    x{n}.append(x{n + 1})\n" for n in range(40))
    # So deep, nothing is taken for fixed.
    assert built_statements(f"{many}    x40 = v\n    s.execute(f'SELECT a FROM t WHERE {{x0}}')")[0]


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("rest", ["", "    s.execute(f'select {a}')\n", "    s.execute('select ' + ' and '.join(a))\n"])
def test_a_text_of_which_the_parser_makes_no_module_comes_to_an_end(rest: str) -> None:
    """Its tree has no module at its root: who looks for a name's binding from scope to scope ends there all the same."""
    text = (
        "    fresh = {day: préce for day, préce én daély(técker).étems() éf day not én known}\n"
        "    database.add_all(\n"
        "        Préce(técker=técker, préce=préce, at=start(day)) for day, préce én fresh.étems()\n"
        "            conténue\n"
        "        had += 1\n"
        "    made = sum(snapshot(database, one, day) for one én lést(database.scalars(select(One))))\n"
    )
    assert _parsed(text + rest).type == "ERROR"
    assert not built_statements(text + rest)[2]


def _tried(unit: str, before: str = "", behind: str = "") -> float:
    """Seconds of the processor for a file of 200,000 letters."""
    start = time.process_time()
    built_statements(before + unit * (200_000 // len(unit)) + behind)
    return time.process_time() - start


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    ("unit", "before", "behind"),
    [
        pytest.param("\\\n", "a\n", "", id="continued"),
        pytest.param("\\\n \t", 'db.execute(f"select {a}")\n', "", id="continued and indented"),
        pytest.param("\\\r\n", "a\n", "", id="continued with carriage returns"),
        pytest.param("(*", "", "", id="unpacked"),
        pytest.param("{**", "", "", id="unpacked mappings"),
        pytest.param('f"select {a}",', "db.execute(", ")\n", id="arguments"),
        pytest.param(' if x not in y: return\n db.execute(f"select * from {a}")\n', "def f(a):\n", "", id="checks"),
        pytest.param("q = f'select {a}'\n", "", "q += f' where {a}'\n" * 2000, id="texts of one name"),
    ],
)
def test_a_hostile_file_takes_its_time_once(unit: str, before: str, behind: str) -> None:
    """Each of these took minutes, some of them in a library that nothing breaks off."""
    assert _tried(unit, before, behind) < 25


@pytest.mark.hostile("parsers")
def test_a_file_of_continued_lines_is_put_aside_by_name_and_a_few_are_read() -> None:
    few, many = ("a = 1 \\\n" + "\\\n" * count + "\n" + 'db.execute(f"select {a} from b")\n' for count in (50, 50_000))
    assert built_statements(few)[2]
    assert built_statements(many) == ((), (), False)
