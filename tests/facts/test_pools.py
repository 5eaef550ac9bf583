"""How many connections the backend may open: pools of the source, processes, and what stands between."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.pools import Connections, Pool, pools_of
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

ENGINE = "engine = create_async_engine(url, pool_size=10, max_overflow=20)\n"
SERVED = "@container 1 backend\nPID PPID COMMAND\n1 0 uvicorn app\n"


def source(*files: tuple[str, str]) -> str:
    return "".join(f"@ {name}\n{text}\n@end\n" for name, text in files)


def connections(target: Target, workers: str = SERVED, text: str = ENGINE) -> Connections:
    answers = {"backend.workers": workers, "source": source(("zebu/database.py", text))}
    found: Connections = read("backend_connections", answers, target)
    return found


# Processes


@pytest.mark.parametrize(("rows", "count"), [
    ("26247 24935 sh -c true && uvicorn main:app --workers 3; true\n26249 26247  uvicorn main:app --workers 3\n26259 26249  -B -c from multiprocessing.resource_tracker import main;main(6)\n"
     + "".join(f"{pid} 26249  -B -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=7) --multiprocessing-fork\n" for pid in (1, 2, 3)), 3),
    ("1 0 /venv/bin/python3 /venv/bin/fastapi run --workers 2\n2 1 python -c from multiprocessing.spawn import spawn_main\n3 1 python -c from multiprocessing.spawn import spawn_main\n", 2),
    ("1 0 python3 -u -m uvicorn app\n", 1), ("1 0 gunicorn: master [app]\n2 1 gunicorn: worker [app]\n3 1 gunicorn: worker [app]\n", 2),
    ("1 0 uvicorn app\n2 1 tail -f /var/log/uvicorn.log\n3 1 sh -c uvicorn\n", 1),
    ("1 0 uvicorn app\n", 1), ("1 0 gunicorn app\n2 1 gunicorn app\n3 1 gunicorn app\n", 2), ("1 0 sh -c x\n2 1 uvicorn app\n", 1),
    ("1 0 uvicorn --workers 2\n2 1 python -c from multiprocessing.spawn import spawn_main\n3 1 python -c from multiprocessing.resource_tracker\n", 1),
    ("1 0 tini -- uvicorn app\n7 1 /usr/local/bin/python3.13 /usr/local/bin/uvicorn app\n", 1), ("1 0 uv run granian app\n2 1 python /app/.venv/bin/granian app\n3 2 python -c from multiprocessing.spawn import spawn_main\n4 2 python -c from multiprocessing.spawn import spawn_main\n", 2),
    ("1 0 hypercorn app\n2 1 python -c from multiprocessing.spawn import spawn_main\n", 1), ("1 0 /usr/bin/uwsgi --ini x\n2 1 /usr/bin/uwsgi --ini x\n3 1 /usr/bin/uwsgi --ini x\n", 2),
    # By a server that is started in its own program
    ("1 0 python main.py\n", 1), ("1 0 sh run.sh\n2 1 /usr/bin/python3 -m zebu\n", 1), ("1 0 python main.py\n2 1 python -c from multiprocessing.spawn import spawn_main\n3 1 python -c from multiprocessing.spawn import spawn_main\n", 2),
    # Python 3.14 forks from a process that does nothing else
    ("1 0 uvicorn app --workers 2\n2 1 python -c from multiprocessing.forkserver import main\n3 2 python -c from multiprocessing.forkserver import main\n4 2 python -c from multiprocessing.forkserver import main\n", 2),
    # What is run there from outside: health checks, and we
    ("1 0 uvicorn app\n8 0 python3 -\n9 0 uvicorn --version\n", 1), ("1 0 python main.py\n8 0 python3 -c import urllib\n", 1),
])  # fmt: skip
def test_processes_that_keep_a_pool(rows: str, count: int, target: Target) -> None:
    first = rows.split()[0]
    assert connections(target, f"@container {first} backend\nPID PPID COMMAND\n{rows}").processes == count


def test_all_containers_of_the_backend_count(target: Target) -> None:
    assert connections(target, SERVED + SERVED.replace("uvicorn app", "gunicorn app")).processes == 2


def test_without_a_server_its_processes_are_unknown(target: Target) -> None:
    answers = {"source": source(("a.py", ENGINE))}
    for rows in (
        "1 0 sleep 1\n",
        "1 0 tail -f uvicorn.log\n",
        "1 0 ./serve --like uvicorn\n",
        "1 0 python a.py\n2 1 python b.py\n",
        "",
    ):
        said = {**answers, "backend.workers": f"@container 1 backend\nPID PPID COMMAND\n{rows}"}
        assert why("backend_connections", said, target) is Reason.UNDECIDABLE
    for text, reason in (
        ("", Reason.UNDECIDABLE),
        ("text\n", Reason.GARBLED),
        ("@number A b\n", Reason.GARBLED),
        ("@number A\n", Reason.GARBLED),
        ("@container 1\nPID\n", Reason.GARBLED),
    ):
        assert why("backend_connections", {**answers, "backend.workers": text}, target) is reason
    assert (
        why("backend_connections", {"backend.workers": SERVED, "source": source(("a.py", "x = 1"))}, target)
        is Reason.UNDECIDABLE
    )
    assert why("backend_connections", {"backend.workers": SERVED, "source": ""}, target) is Reason.MISSING


def test_what_is_beside_and_between(target: Target) -> None:
    beside = (
        "@beside 20 worker\nPID PPID COMMAND\n20 1 python worker.py\n@beside 30 queue\nPID PPID COMMAND\n30 1 celery\n"
    )
    found = connections(target, SERVED + beside)
    assert (found.beside, found.least, found.most, found.pooler) == ((("worker", 1), ("queue", None)), 30, 90, None)
    assert found.how == "(10 + 20) x 1 processes, and worker beside, and queue beside"

    def door(command: str, more: str = "") -> Connections:
        return connections(target, f"{SERVED}@door 40 pool\nPID PPID COMMAND\n40 1 {command}\n{more}")

    for direct in ("postgres -D /data", "/usr/local/bin/postgres", "haproxy -f x", "python3 /usr/local/bin/patroni x"):
        assert door(direct).pooler is None
    other = door("/usr/bin/odyssey /etc/odyssey.conf").pooler
    assert other is not None
    assert (other.product, other.service, other.most) == ("odyssey", "pool", None)
    unknown = door("/opt/gate --x").pooler
    assert unknown is not None
    assert (unknown.product, unknown.most) == ("gate", None)
    for more, most, clients in (
        ("", None, 100), ("@pooler read yes\n", 20, 100), ("@pooler read yes\n@pooler default_pool_size 15\n@pooler reserve_pool_size 3\n", 18, 100),
        ("@pooler pool_size 40\n@pooler pool_size 30\n@pooler read yes\n@pooler max_client_conn 500\n", 40, 500), ("@pooler read yes\n@pooler max_db_connections 12\n", 12, 100),
        ("@pooler read yes\n@pooler include yes\n", None, 100), ("@pooler read yes\n@pooler default_pool_size many\n", 20, 100),
    ):  # fmt: skip
        pooler = door("pgbouncer /etc/pgbouncer/pgbouncer.ini", more).pooler
        assert pooler is not None
        assert (pooler.most, pooler.clients) == (most, clients), more
    # A pooler has the address of the database too, and is not one that opens connections besides.
    assert connections(target, SERVED + "@beside 40 pool\nPID PPID COMMAND\n40 1 pgbouncer x\n").beside == ()


# The source


def pool(text: str, **numbers: int | None) -> Pool:
    (found,) = pools_of([("a.py", text)], numbers)
    return found


@pytest.mark.parametrize(("call", "most"), [
    ("create_engine(url)", 15), ("create_async_engine(url, pool_pre_ping=True)", 15), ("sa.create_engine(url, pool_size=3)", 13), ("create_engine(url, max_overflow=0)", 5),
    ("create_engine(url, pool_size=0)", None), ("create_engine(url, max_overflow=-1)", None), ("create_engine(url, poolclass=NullPool)", None), ("create_engine(url, poolclass=pool.StaticPool)", 1),
    ("create_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=4, max_overflow=2)", 6), ('create_engine(url, pool_size=int("7"))', 17), ('create_engine(url, **{"pool_size": 8})', 18),
])  # fmt: skip
def test_the_pools_of_sqlalchemy(call: str, most: int | None) -> None:
    found = pool(f"engine = {call}\n")
    assert (found.most, found.why, found.place) == (most, "", "a.py:1")


@pytest.mark.parametrize("value", [
    'int(os.environ["DB_POOL_SIZE"])', 'int(os.environ.get("DB_POOL_SIZE", "4"))', 'int(os.getenv("DB_POOL_SIZE", 4))', 'int(os.getenv("DB_POOL_SIZE") or 4)', 'env.int("DB_POOL_SIZE", default=4)',
    'config("DB_POOL_SIZE", default=4, cast=int)', "SIZE", "settings.pool_size", "settings.db.size_of_pool", "settings.aliased",
])  # fmt: skip
def test_numbers_of_the_environment(value: str) -> None:
    text = (
        'import os\nSIZE = int(os.environ.get("DB_POOL_SIZE", "4"))\n'
        "class Settings(BaseSettings):\n    pool_size: int = 4\n    aliased: int = Field(4, alias='DB_POOL_SIZE')\n"
        "def load():\n    return Config(size_of_pool=int(os.environ.get('DB_POOL_SIZE', '4')))\n"
        f"engine = create_engine(url, pool_size={value}, max_overflow=0)\n"
    )
    assert pool(text, DB_POOL_SIZE=6).most == 6
    unset = pool(text)
    assert unset.most == 4 or (unset.most, unset.why) == (
        None,
        "its pool depends on the variable DB_POOL_SIZE, which is not set",
    )
    assert pool(text, DB_POOL_SIZE=None).why == "its pool depends on the variable DB_POOL_SIZE, which is no number"


def test_a_dictionary_of_keywords() -> None:
    fills = 'options = {"pool_size": 3}\noptions["max_overflow"] = 1\noptions.update(pool_timeout=5)\noptions.update({"echo": False})\n'
    assert pool(f"{fills}engine = create_engine(url, **options)\n").most == 4
    assert (
        pool(
            "options = {}\noptions |= {'pool_size': 3}\noptions.setdefault('max_overflow', 2)\nengine = create_engine(url, **options)\n"
        ).most
        == 5
    )
    assert pool("options = {}\noptions |= more\nengine = create_engine(url, **options)\n").why
    assert pool("options = dict(pool_size=2, max_overflow=2)\nengine = create_engine(url, **options)\n").most == 4
    assert pool("engine = create_engine(url, **options())\n").why
    assert pool("engine = create_engine(url, **options)\n").why
    assert pool("options = {}\noptions.update(more)\nengine = create_engine(url, **options)\n").why


@pytest.mark.parametrize("call", [
    "create_engine(url, pool_size=size())", "create_engine(url, pool_size=unknown)", "create_engine(url, poolclass=Own)", "create_engine(url, pool=made)", "create_engine(url, poolclass=choose())",
    "create_engine(url, pool_size=a if b else c)", "create_engine(url, pool_size=None)", "engine_from_config(section)", "create_engine(url, pool_size=True)", 'create_engine(url, pool_size="many")',
])  # fmt: skip
def test_what_is_not_clear_is_not_known(call: str) -> None:
    assert pool(f"engine = {call}\n").why


def test_a_name_with_several_values_is_not_clear() -> None:
    assert pool("SIZE = 3\nSIZE = 4\nengine = create_engine(url, pool_size=SIZE)\n").why
    assert pool("SIZE = SIZE\nengine = create_engine(url, pool_size=SIZE)\n").why
    assert pool("A = B\nB = A\nengine = create_engine(url, pool_size=A)\n").why
    fields = "class S:\n    pool_size: int = 4\n"
    assert pool(f"{fields}engine = create_engine(url, pool_size=s.pool_size)\n", DB_POOL_SIZE=1, CACHE_POOL_SIZE=2).why
    made = "def make(url, size=5, *, over=0):\n    return create_engine(url, pool_size=size, max_overflow=over)\n"
    assert pool(made).most == 5
    assert pool(f"{made}engine = make(url, size=9)\n").why


@pytest.mark.parametrize(("text", "most"), [
    ("import asyncpg\npool = await asyncpg.create_pool(url)\n", 10), ("import asyncpg\npool = asyncpg.create_pool(url, max_size=25)\n", 25), ("from asyncpg import create_pool\npool = create_pool(url, max_size=3)\n", 3),
    ("from psycopg_pool import AsyncConnectionPool\npool = AsyncConnectionPool(url)\n", 4), ("import psycopg_pool\npool = psycopg_pool.ConnectionPool(url, min_size=2, max_size=9)\n", 9),
    ("from psycopg_pool import ConnectionPool\npool = ConnectionPool(url, min_size=7)\n", 7), ("from psycopg2.pool import ThreadedConnectionPool\npool = ThreadedConnectionPool(1, 12, url)\n", 12),
    ("from psycopg2 import pool\np = pool.SimpleConnectionPool(minconn=1, maxconn=8)\n", 8),
])  # fmt: skip
def test_the_pools_of_drivers(text: str, most: int) -> None:
    assert pool(text).most == most


def test_pools_of_other_things_are_none() -> None:
    assert (
        pools_of(
            [
                (
                    "a.py",
                    "from redis import ConnectionPool\np = ConnectionPool(url)\nfrom arq import create_pool\nq = create_pool(x)\n",
                )
            ],
            {},
        )
        == ()
    )


def test_of_several_pools() -> None:
    """A database in memory is for tests, and programs beside the server make their own."""
    both = "a = create_engine('sqlite://')\nb = create_engine(url, poolclass=StaticPool)\nc = create_engine(url)\n"
    assert pool(both).place == "a.py:3"
    files = [
        ("zebu/db.py", "e = create_engine(url)\n"),
        ("scripts/seed.py", "e = create_engine(url, max_overflow=-1)\n"),
        ("zebu/other.py", "e = create_engine(url, pool_size=1)\n"),
    ]
    assert [one.most for one in pools_of(files, {})] == [15, 11]
    newer = [("zebu/db.py", "class Page[T](:\n    pass\ne = create_engine(url)\n"), ("zebu/x.py", "class (:\n")]
    (unread,) = pools_of(newer, {})
    assert (unread.place, unread.why) == ("zebu/db.py", "cannot be read by this Python")


@pytest.mark.parametrize("made", [
    "create_async_engine(url)", "async_engine_from_config(x)", "await asyncpg.create_pool(url)", "AsyncConnectionPool(url)", "ThreadedConnectionPool(1, 9)",
])  # fmt: skip
def test_a_pool_in_what_this_python_cannot_read_is_not_known(made: str) -> None:
    (unread,) = pools_of([("zebu/db.py", f"class Page[T](:\n    pass\ne = {made}\n")], {})
    assert unread.why == "cannot be read by this Python"


def test_a_pool_may_be_in_what_was_left_out(target: Target) -> None:
    """Also beside one that was found."""
    for text in (ENGINE, "x = 1"):
        said = source(("zebu/database.py", text)) + "@left 3\n"
        found = read("backend_connections", {"backend.workers": SERVED, "source": said}, target)
        assert found.unknown == "the source: 3 files were left out, since they are too long or too many"


@pytest.mark.parametrize(("text", "most"), [
    ("engine = create_engine(url, pool_size=SIZE, max_overflow=SIZE * 3)\nSIZE = 5\n", 20), ("engine = create_engine(url, pool_size=max(83 // 9, 5), max_overflow=min(64, 10) - 1 + 0)\n", 18),
    ("from sqlalchemy import create_engine as make\nengine = make(url)\n", 15),
])  # fmt: skip
def test_sizes_are_reckoned(text: str, most: int) -> None:
    assert [one.most for one in pools_of([("a.py", text)], {})] == [most]


@pytest.mark.parametrize("size", ["5 // 0", "5 // NONE", "max(5, os.cpu_count())", "9999999 * 9999999", "min(ROWS)"])
def test_sizes_that_cannot_be_reckoned_are_not_known(size: str) -> None:
    (one,) = pools_of([("a.py", f"NONE = None\nengine = create_engine(url, pool_size={size})\n")], {})
    assert one.why


@pytest.mark.parametrize("file", [
    ("db/env.py", "from alembic import context\nengine = create_engine(url, poolclass=NullPool)\n"), ("revisions/env.py", "from alembic import context\nfrom sqlalchemy import engine_from_config, pool\nengine_from_config(x, poolclass=pool.NullPool)\n"),
    ("test_main.py", "engine = create_engine(url, poolclass=NullPool)\n"), ("app/items_test.py", "engine = create_engine(url, poolclass=NullPool)\n"),
])  # fmt: skip
def test_what_the_server_does_not_load_makes_no_pool(file: tuple[str, str]) -> None:
    assert [one.most for one in pools_of([("app/db.py", ENGINE), file], {})] == [30]


@pytest.mark.parametrize(("text", "most"), [
    # Tests and other places have it otherwise, and the application has it as it is where people use it
    ("e = create_engine(url, poolclass=NullPool if settings.TESTING else AsyncAdaptedQueuePool, pool_size=20)", 30), ("e = create_engine(url, pool_size=1 if settings.is_testing else 20, max_overflow=0)", 20),
    ("kw = {} if url.startswith('sqlite') else {'pool_size': 40}\ne = create_engine(url, **kw)", 50), ("e = create_engine(url, **({'pool_size': 40} if 'sqlite' not in url else {}))", 50),
    ("e = create_engine(url, max_overflow=-1 if env == 'production' else 10)", None), ("e = create_engine(url, pool_size=9 if not settings.TESTING else 1)", 19), ("e = create_engine(url, pool_size=9 if env != 'production' else 60)", 70),
    ("e = create_engine(url, pool_size=9 if x else 9)", 19), ("\ufeffe = create_engine(url)", 15), ("e = create_engine(url, poolclass=NullPool if settings.MODE == ModeEnum.testing else AsyncAdaptedQueuePool)", 15),
    ("kw = {'echo': False}\nif settings.is_testing:\n    kw['poolclass'] = NullPool\nelse:\n    kw['pool_size'] = 7\ne = create_engine(url, **kw)", 17), ("kw = {}\nif settings.is_production:\n    kw['poolclass'] = NullPool\nelse:\n    kw['pool_size'] = 7\ne = create_engine(url, **kw)", None),
    ("if url.startswith('sqlite'):\n    e = create_engine(url, connect_args={})\nelif settings.TESTING:\n    e = create_engine(url, poolclass=NullPool)\nelse:\n    e = create_engine(url, pool_size=2)", 12),
    ("if settings.ENVIRONMENT != 'local':\n    e = create_engine(url, max_overflow=-1)\nelse:\n    e = create_engine(url)", None),
    # Given by place
    ("class Manager:\n    def __init__(self, url, pool_size=50):\n        self.engine = create_engine(url, pool_size=pool_size)\nmanager = Manager(url, 50)", 60),
])  # fmt: skip
def test_what_holds_where_people_use_it(text: str, most: int | None) -> None:
    found = pool(text)
    assert (found.most, found.why) == (most, "")


@pytest.mark.parametrize("text", [
    "e = create_engine(url, pool_size=1 if latest else 20)", "e = create_engine(url, pool_size=1 if testing and x else 20)", "e = create_engine(url, pool_size=1 if test_postgres else 20)", "kw = {} if x else {'pool_size': 4}\ne = create_engine(url, **kw)",
    "class Manager:\n    def __init__(self, url, pool_size=5):\n        self.engine = create_engine(url, pool_size=pool_size)\nmanager = Manager(url, 90)", "def make(url, size=5):\n    return create_engine(url, pool_size=size)\nmake(*settings)\nmake(url, 90)",
])  # fmt: skip
def test_what_may_be_one_or_the_other_is_not_known(text: str) -> None:
    assert pool(text).why


def test_a_pool_beside_is_not_the_servers_for_certain() -> None:
    """Tasks go without a pool where they run; an explicit pool without a limit is one, whoever uses it."""
    tasks = "e = create_engine(url, poolclass=NullPool)\n"
    served, aside = pools_of([("a.py", ENGINE), ("tasks.py", tasks)], {})
    assert (served.most, aside.most, aside.why) == (
        30, None, "NullPool: a connection for each use, if the server uses it",
    )  # fmt: skip
    assert [one.why for one in pools_of([("a.py", tasks), ("b.py", tasks)], {})] == ["", ""]
    assert [one.why for one in pools_of([("a.py", ENGINE), ("b.py", "e = create_engine(url, max_overflow=-1)")], {})] == ["", ""]  # fmt: skip
    assert len(pools_of([("a.py", ENGINE), ("test/db.py", tasks)], {})) == 1


@pytest.mark.parametrize(("set_to", "most"), [("400", 410), (None, 20), ("", None), ("many", None)])
def test_variables_of_any_name_count(set_to: str | None, most: int | None, target: Target) -> None:
    """By its name the machine tells a number only of some: of others the judged environment does, where it is no secret."""
    for text, variable in (
        ("e = create_engine(url, pool_size=int(os.getenv('DB_MAX_SIZE', '10')))\n", "DB_MAX_SIZE"),
        ("class Settings(BaseSettings):\n    max_size: int = 10\ne = create_engine(url, pool_size=settings.max_size)\n", "ZEBU_MAX_SIZE"),
    ):  # fmt: skip
        row = f"container:api\t{variable}\t3\t3\t-\town\t1\t{set_to}\n" if set_to is not None else ""
        other = "container:db\tDB_MAX_SIZE\t3\t3\t-\town\t1\t7\ncontainer:api\tUPLOAD_MAX_SIZE\t3\t3\t-\town\t1\t9\n"
        said = {
            "backend.workers": SERVED, "source": source(("a.py", text)), "zebu.environment": other + row, "zebu.host": "backend=api\n",
        }  # fmt: skip
        (found,) = read("backend_connections", said, target).pools
        assert (found.most, bool(found.why)) == (most, most is None)
    del said["zebu.environment"]
    said["source"] = source(("a.py", "e = create_engine(url, pool_size=int(os.getenv('DB_MAX_SIZE', '10')))\n"))
    assert "whether it is set was not seen" in read("backend_connections", said, target).unknown


@pytest.mark.parametrize(("rows", "count"), [
    ("1 0 sh start.sh\n2 1 /bin/python /bin/uvicorn app\n3 1 /bin/python /bin/arq app.Worker\n", 1), ("1 0 python3 /bin/supervisord -n\n2 1 python /bin/uvicorn app\n3 1 python -m app.scheduler\n", 1),
    ("1 0 sh start.sh\n2 1 python /bin/uvicorn app\n3 1 python /bin/celery -A x worker\n4 3 python /bin/celery -A x worker\n5 3 python /bin/celery -A x worker\n6 1 python /bin/celery -A x beat\n", 2),
    ("1 0 python /bin/pipenv run uvicorn app\n2 1 python /bin/uvicorn app\n", 0), ("1 0 python /bin/uvicorn app\n2 1 python -c from multiprocessing.resource_tracker import main\n3 1 python -c from multiprocessing.spawn import spawn_main\n4 3 python tool.py\n", 0),
    ("1 0 python main.py\n", 0), ("1 0 python main.py\n2 1 python -c from multiprocessing.spawn import spawn_main\n3 1 python -c from multiprocessing.spawn import spawn_main\n", 0), ("1 0 uvicorn app\n8 0 python -\n", 0),
    ("1 0 bash x\n2 1 uvicorn app\n3 1 [celeryd: celery@x:MainProcess] -active- (worker)\n4 3 [celeryd: celery@x:ForkPoolWorker-1]\n", 1),
])  # fmt: skip
def test_programs_beside_the_server_in_its_container(rows: str, count: int, target: Target) -> None:
    found = connections(target, f"@container 1 backend\nPID PPID COMMAND\n{rows}")
    assert found.beside == (((f"{count} programs in backend", count),) if count else ())
    assert found.most == 30 * (found.processes + count)


def test_pools_of_smaller_libraries() -> None:
    assert pool("import aiopg\nasync def f():\n    return await aiopg.create_pool(dsn, maxsize=30)\n").most == 30
    assert pool("from databases import Database\nd = Database(url, min_size=5, max_size=20)\n").most == 20
    assert (
        pool("import databases\nd = databases.Database(url)\n").why
        == "its pool depends on its address, which may tell its size"
    )
    assert pools_of([("a.py", "from app.models import Database\nd = Database(url)\n")], {}) == ()
