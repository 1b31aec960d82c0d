import asyncio
from typing import Any

import pytest
from procrastinate import App, PsycopgConnector
from procrastinate.schema import SchemaManager
from psycopg import sql

from alphasms_async import InvalidRequest, JournalError
from alphasms_async.workers import CampaignWorker, count_workers, start_runners
from alphasms_async.workers.engine import engine, prepare_engine
from tests.ports import free_port
from tests.postgresql import connected

pytestmark = pytest.mark.asyncio

COUNT = "select count(*) from pg_tables where tablename like 'procrastinate%'"


def one(dsn: str, statement: str) -> Any:
    """Return what a statement comes to."""
    with connected(dsn) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


async def test_workers_that_start_at_once_make_the_tables_once(fresh_postgres_dsn: str) -> None:
    """However many begin at the same moment, the tables are made, and nobody fails."""
    await asyncio.gather(*(prepare_engine(fresh_postgres_dsn) for _ in range(6)))
    assert one(fresh_postgres_dsn, COUNT) == 4


async def test_an_application_s_own_jobs_are_left_alone(fresh_postgres_dsn: str) -> None:
    """Whoever uses procrastinate in the same database meets none of our tables and jobs."""
    theirs = App(connector=PsycopgConnector(conninfo=fresh_postgres_dsn))
    async with theirs.open_async():
        await theirs.schema_manager.apply_schema_async()
        await prepare_engine(fresh_postgres_dsn)
        async with engine(fresh_postgres_dsn) as ours:
            await ours.configure_task("ours", queue="default").defer_async()
            await theirs.configure_task("theirs", queue="default").defer_async()
            found = [
                [job.task_name for job in await app.job_manager.list_jobs_async()]
                for app in (ours, theirs)
            ]
    assert found == [["ours"], ["theirs"]]


@pytest.mark.parametrize("version", ["procrastinate 00.01.00", None])
async def test_tables_of_another_version_are_told_in_one_line(
    fresh_postgres_dsn: str, version: str | None
) -> None:
    """They are not touched, and the line says what is to be done, which loses nothing."""
    await prepare_engine(fresh_postgres_dsn)
    with connected(fresh_postgres_dsn) as connection:
        said = sql.Literal(version)
        connection.execute(sql.SQL("comment on schema alphasms_jobs is {}").format(said))
    with pytest.raises(JournalError) as told:
        await prepare_engine(fresh_postgres_dsn)
    assert (version or "something else") in str(told.value)
    assert "`drop schema alphasms_jobs cascade`" in str(told.value)
    assert "\n" not in str(told.value)
    assert one(fresh_postgres_dsn, COUNT) == 4


async def test_dropping_the_jobs_is_all_that_another_version_needs(
    fresh_postgres_dsn: str,
) -> None:
    """What the line tells to do leaves a database that workers begin anew in."""
    await prepare_engine(fresh_postgres_dsn)
    with connected(fresh_postgres_dsn) as connection:
        connection.execute("drop schema alphasms_jobs cascade")
    await prepare_engine(fresh_postgres_dsn)
    assert one(fresh_postgres_dsn, COUNT) == 4


async def test_a_database_that_is_not_there_is_told_without_its_password() -> None:
    """One line says what was tried; the password is in none of it, nor in what it came from."""
    dsn = f"postgresql://olena:geheim@127.0.0.1:{free_port()}/calls"
    with pytest.raises(JournalError) as told:
        await prepare_engine(dsn)
    assert "geheim" not in repr(told.value)
    assert "postgresql://olena@127.0.0.1" in str(told.value)
    assert told.value.__cause__ is None


async def test_workers_are_counted_while_they_say_that_they_live(fresh_postgres_dsn: str) -> None:
    """A worker counts from its beginning, and no more when nothing was heard of it for a while."""
    assert await count_workers(fresh_postgres_dsn) == 0
    async with engine(fresh_postgres_dsn) as app:
        await app.job_manager.register_worker()
    assert await count_workers(fresh_postgres_dsn) == 1
    with connected(fresh_postgres_dsn) as connection:
        connection.execute(
            "update alphasms_jobs.procrastinate_workers "
            "set last_heartbeat = now() - interval '1 minute'"
        )
    assert await count_workers(fresh_postgres_dsn) == 0


async def test_the_schema_is_the_whole_of_procrastinate_s(fresh_postgres_dsn: str) -> None:
    """What is made is what the installed version brings, in the schema of our own."""
    await prepare_engine(fresh_postgres_dsn)
    tables = SchemaManager.get_schema().count("CREATE TABLE")
    where = "select count(*) from pg_tables where schemaname = 'alphasms_jobs'"
    assert one(fresh_postgres_dsn, where) == tables


@pytest.mark.parametrize("place", ["alphasms.journal", "postgresql://a b/c"])
async def test_a_journal_that_no_worker_can_have_is_refused(place: str) -> None:
    """A file, or what is no DSN, is told before anything is opened."""
    with pytest.raises(JournalError):
        CampaignWorker(place)
    with pytest.raises(JournalError):
        await start_runners(place, "spring", 1)


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
async def test_runners_are_a_whole_number(workers: Any) -> None:
    """No campaign is given no worker, or half of one."""
    with pytest.raises(InvalidRequest, match="workers"):
        await start_runners("postgresql://127.0.0.1:1/calls", "spring", workers)


async def test_a_database_that_begins_transactions_otherwise_serves_too(
    fresh_postgres_dsn: str,
) -> None:
    """Whatever its default, what waited for a lock sees what was done meanwhile."""
    dsn = f"{fresh_postgres_dsn}?options=-cdefault_transaction_isolation%3Dserializable"
    await asyncio.gather(*(prepare_engine(dsn) for _ in range(4)))
    async with engine(dsn) as app:
        told = await app.connector.execute_query_one_async("show transaction_isolation")
    assert told == {"transaction_isolation": "read committed"}
