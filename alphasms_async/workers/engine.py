"""The engine: procrastinate's tables in a schema of their own, and the ways to them.

They stand in the schema `alphasms_jobs` of the journal's database, so that they never meet those of
an application that uses procrastinate there too. A job is a reminder and no more: were all of them
lost, the journal would still know who is to be called, and new ones would be made of it.
"""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from alphasms_async.campaigns.dsn import check_dsn, is_dsn, shown
from alphasms_async.campaigns.postgres.connection import connection_limits
from alphasms_async.campaigns.postgres.failures import journal_error
from alphasms_async.errors import JournalError
from alphasms_async.extras import extra
from alphasms_async.statements import read_statements

with extra(
    "Work on a campaign by many machines",
    '"alphasms-async[postgres]"',
    *("procrastinate", "psycopg", "psycopg_pool"),
):
    import psycopg
    from procrastinate import App, PsycopgConnector
    from procrastinate.exceptions import ProcrastinateException
    from procrastinate.schema import SchemaManager
    from psycopg import sql

__all__ = ["JOBS_SCHEMA", "check_journal", "count_workers", "engine", "prepare_engine", "reaching"]

JOBS_SCHEMA = "alphasms_jobs"
"""The PostgreSQL schema of the jobs' tables."""

_STATEMENTS = read_statements("alphasms_async.workers", "engine.sql")
# Any number that no other program is likely to lock by.
_LOCK = 0x616C706861736D73
_POOL_SECONDS = 5.0
_CONNECTIONS = 4
_EXAMPLE = "postgresql://user@host/database"


def check_journal(place: Any) -> str:
    """Return the DSN of a journal that many machines can work on.

    Raises:
        JournalError: It is a file, or a DSN that cannot be read.
    """
    if not is_dsn(place):
        raise JournalError(
            f"only a journal in PostgreSQL has workers, like {_EXAMPLE}: {shown(place)} is a file"
        )
    check_dsn(str(place))
    return str(place)


async def prepare_engine(dsn: str) -> None:
    """Make procrastinate's tables where there are none yet.

    Raises:
        JournalError: The database cannot be used, or its tables are of another version.
    """
    version = _installed_version()
    async with _connected(dsn) as connection, connection.transaction():
        await _do(connection, "wait_for_others", key=_LOCK)
        found = await (await _do(connection, "version", schema=JOBS_SCHEMA)).fetchone()
        if found is not None:
            _check_version(found[0], version, dsn)
            return
        schema = sql.Identifier(JOBS_SCHEMA)
        await connection.execute(sql.SQL("create schema {}").format(schema))
        await _do(connection, "use_schema", schema=JOBS_SCHEMA)
        await connection.execute(SchemaManager.get_schema())
        await connection.execute(
            sql.SQL("comment on schema {} is {}").format(schema, sql.Literal(version))
        )


async def count_workers(dsn: str, *, seconds: float = 30.0) -> int:
    """Return how many workers take jobs just now.

    Args:
        dsn: The journal.
        seconds: How long ago a worker may have been heard of last.

    Raises:
        JournalError: The database cannot be used, or its tables are of another version.
    """
    await prepare_engine(dsn)
    async with _connected(dsn) as connection:
        (count,) = await (await _do(connection, "workers", seconds=seconds)).fetchone() or (0,)
        return int(count)


@asynccontextmanager
async def engine(dsn: str) -> AsyncGenerator[App]:
    """Yield procrastinate's app on the jobs of a journal, with no tasks of ours in it yet.

    Raises:
        JournalError: The database cannot be used.
    """
    connector = PsycopgConnector(
        conninfo=dsn,
        kwargs=connection_limits(dsn),
        configure=_use_schema,
        min_size=1,
        max_size=_CONNECTIONS,
        timeout=_POOL_SECONDS,
    )
    app = App(connector=connector)
    try:
        with reaching(dsn):
            await app.open_async()
        yield app
    finally:
        # Also where opening was cancelled: the pool would go on connecting for ever.
        await app.close_async()


@contextmanager
def reaching(dsn: str) -> Generator[None]:
    """Tell in one line what keeps the jobs' database from being used.

    Raises:
        JournalError: Something did.
    """
    try:
        yield
    except (psycopg.Error, ProcrastinateException) as error:
        raise journal_error(_cause(error), shown(dsn)) from None


@asynccontextmanager
async def _connected(dsn: str) -> AsyncGenerator["psycopg.AsyncConnection[Any]"]:
    with reaching(dsn):
        async with await psycopg.AsyncConnection.connect(
            dsn, **connection_limits(dsn)
        ) as connection:
            # What others have committed while the lock was waited for must be seen.
            await connection.set_isolation_level(psycopg.IsolationLevel.READ_COMMITTED)
            yield connection


async def _do(
    connection: "psycopg.AsyncConnection[Any]", name: str, **values: object
) -> "psycopg.AsyncCursor[Any]":
    return await connection.execute(_STATEMENTS[name].encode(), values)


async def _use_schema(connection: "psycopg.AsyncConnection[Any]") -> None:
    await _do(connection, "use_schema", schema=JOBS_SCHEMA)
    await connection.commit()


def _installed_version() -> str:
    """Return the version of the tables that the installed procrastinate works on."""
    newest = max(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return f"procrastinate {newest.partition('_')[0]}"


def _check_version(found: str | None, wanted: str, dsn: str) -> None:
    if found != wanted:
        raise JournalError(
            f"the jobs in {shown(dsn)} are those of {found or 'something else'}, and {wanted} is "
            f"installed: stop all workers, `drop schema {JOBS_SCHEMA} cascade`, and start them "
            "again; the journal is elsewhere and loses nothing"
        )


def _cause(error: psycopg.Error | ProcrastinateException) -> Exception:
    """Return what the database said; procrastinate hides it behind an error of its own."""
    cause = error.__cause__
    return cause if isinstance(cause, psycopg.Error) else error
