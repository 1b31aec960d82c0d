"""The connection of apsw beside the one of `sqlite3`: whatever is done to both, both do."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio import to_thread

from tests.torture.connection import Connection
from tests.torture.powercut import Disk, connect

TABLE = "create table person(id integer primary key, name text unique, image blob)"
ADD = "insert into person(id, name) values(?, ?)"

AnyConnection = Connection | sqlite3.Connection
Deed = Callable[[AnyConnection], object]


def open_apsw() -> Connection:
    """Return a connection to a disk of its own."""
    return connect(Disk(), "file")


def open_sqlite3() -> sqlite3.Connection:
    """Return a connection as the journal opens it."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


@pytest.fixture(params=[open_apsw, open_sqlite3], ids=["apsw", "sqlite3"])
def database(request: pytest.FixtureRequest) -> Iterator[AnyConnection]:
    """Each connection in turn, with a table of two rows."""
    connection: AnyConnection = request.param()
    connection.execute(TABLE)
    connection.executemany(ADD, [(1, "Olena"), (2, "Taras")])
    yield connection
    connection.close()


ANSWERS: dict[str, tuple[Deed, Any]] = {
    "positions": (lambda c: c.execute("select ?, ?", (1, "a")).fetchall(), [(1, "a")]),
    "names": (lambda c: c.execute("select :b, :a", {"a": 1, "b": None}).fetchone(), (None, 1)),
    "kinds": (lambda c: c.execute("select ?, ?", (b"\0", 0.5)).fetchone(), (b"\0", 0.5)),
    "iteration": (lambda c: list(c.execute("select id from person")), [(1,), (2,)]),
    "nothing": (lambda c: c.execute("select 1 where 0").fetchone(), None),
    "count of a change": (lambda c: c.execute("update person set image = x''").rowcount, 2),
    "count of a choice": (lambda c: c.execute("select 1").rowcount, -1),
    "count of a table": (lambda c: c.execute("create table other(a)").rowcount, -1),
    "count behind a remark": (lambda c: c.execute("-- All.\ndelete from person").rowcount, 2),
    "count of no change": (lambda c: c.execute("delete from person where id = 9").rowcount, 0),
    "count of many": (lambda c: c.executemany(ADD, [(3, "a"), (4, "b"), (5, "c")]).rowcount, 3),
    "no transaction": (lambda c: c.in_transaction, False),
    "transaction": (lambda c: (c.execute("begin immediate"), c.in_transaction)[1], True),
    "checkpoint": (lambda c: c.execute("pragma wal_autocheckpoint = 7").fetchall(), [(7,)]),
    "checkpoint again": (
        lambda c: (
            c.execute("PRAGMA wal_autocheckpoint(9);"),
            c.execute("pragma wal_autocheckpoint").fetchone(),
        )[1],
        (9,),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_both_answer_alike(database: AnyConnection, name: str) -> None:
    """What a statement gives back is the same on both."""
    deed, answer = ANSWERS[name]
    assert deed(database) == answer


REFUSALS: dict[str, tuple[Deed, type[sqlite3.Error], str, str | None]] = {
    "unique": (
        lambda c: c.execute(ADD, (3, "Olena")),
        sqlite3.IntegrityError,
        "UNIQUE constraint failed: person.name",
        "SQLITE_CONSTRAINT_UNIQUE",
    ),
    "many": (
        lambda c: c.executemany(ADD, [(3, "a"), (3, "b")]),
        sqlite3.IntegrityError,
        "UNIQUE constraint failed: person.id",
        "SQLITE_CONSTRAINT_PRIMARYKEY",
    ),
    "mismatch": (
        lambda c: c.execute(ADD, ("one", "a")),
        sqlite3.IntegrityError,
        "datatype mismatch",
        "SQLITE_MISMATCH",
    ),
    "syntax": (
        lambda c: c.execute("selec 1"),
        sqlite3.OperationalError,
        'near "selec": syntax error',
        "SQLITE_ERROR",
    ),
    "commit": (
        lambda c: c.execute("commit"),
        sqlite3.OperationalError,
        "cannot commit - no transaction is active",
        "SQLITE_ERROR",
    ),
    "too few": (
        lambda c: c.execute("select ?"),
        sqlite3.ProgrammingError,
        "Incorrect number of bindings supplied",
        None,
    ),
    "no such name": (lambda c: c.execute("select :a", {}), sqlite3.ProgrammingError, "a", None),
    "no value": (lambda c: c.execute("select ?", [{}]), sqlite3.ProgrammingError, "type", None),  # type: ignore[list-item]  # a mistake on purpose
    "closed": (
        lambda c: (c.close(), c.execute("select 1")),
        sqlite3.ProgrammingError,
        "Cannot operate on a closed database.",
        None,
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_both_refuse_alike(database: AnyConnection, name: str) -> None:
    """An error is of the same class on both, with the same words and code of SQLite."""
    deed, kind, words, code = REFUSALS[name]
    with pytest.raises(sqlite3.Error) as caught:
        deed(database)
    assert caught.type is kind
    assert words in str(caught.value)
    assert getattr(caught.value, "sqlite_errorname", None) == code


def test_a_statement_ends_with_its_last_row(database: AnyConnection) -> None:
    """A row that was returned and read does not keep the commit from coming."""
    database.execute("begin immediate")
    cursor = database.execute(f"{ADD} returning id", (3, "Ivan"))
    assert cursor.fetchone() == (3,)
    database.execute("commit")
    assert not database.in_transaction


def test_closing_twice_is_no_error(database: AnyConnection) -> None:
    """A closed connection may be closed."""
    database.close()
    database.close()


@pytest.mark.anyio
async def test_any_thread_may_use_it(database: AnyConnection) -> None:
    """What one thread has begun another one ends."""
    await to_thread.run_sync(database.execute, "begin immediate")
    for number in range(3, 6):
        await to_thread.run_sync(database.execute, ADD, (number, str(number)))
    database.execute("commit")
    assert database.execute("select count(*) from person").fetchone() == (5,)


@pytest.mark.anyio
async def test_interrupting_ends_a_statement(database: AnyConnection) -> None:
    """A statement that would never end does when another thread interrupts it."""
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    ended = anyio.Event()

    async def run() -> None:
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            await to_thread.run_sync(database.execute, endless)
        ended.set()

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        # Interrupting does nothing before the statement runs, so once might be too early.
        while not ended.is_set():
            database.interrupt()
            await anyio.lowlevel.checkpoint()
