"""Databases as they come: new, of another version, careless, out of reach."""

import os
from decimal import Decimal
from typing import Any

import anyio
import pytest

from alphasms_async import InvalidRequest, JournalError
from alphasms_async.campaigns.commands import Pause
from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.postgres import PostgresJournal, tell_postgres
from alphasms_async.campaigns.records import CampaignState, PlannedRow
from alphasms_async.campaigns.states import Verdict
from tests.campaigns.journals import NAME, PRICE, Stage, Time, listed, staged
from tests.campaigns.postgres.databases import Database
from tests.doubles import phones
from tests.ports import free_port

pytestmark = pytest.mark.anyio

VERSIONS = "select array_agg(version order by version)::text from alphasms.migration"


async def test_whoever_comes_first_makes_the_tables(fresh_postgres_dsn: str) -> None:
    """Once, though many come at the same moment."""

    async def enter() -> None:
        async with PostgresJournal(fresh_postgres_dsn) as journal:
            assert await journal.campaigns() == []

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(enter)
    assert Database(fresh_postgres_dsn).value(VERSIONS) == "{1}"


async def test_a_journal_that_must_be_there_is_not_made(fresh_postgres_dsn: str) -> None:
    """A database that was mistyped stays as it was."""
    with pytest.raises(JournalError, match=r"there is no journal in .*: plan a campaign first"):
        await PostgresJournal(fresh_postgres_dsn, must_exist=True).__aenter__()
    with pytest.raises(JournalError, match="there is no journal in"):
        await tell_postgres(fresh_postgres_dsn, [Pause(NAME)])
    there = "select count(*) from pg_namespace where nspname = 'alphasms'"
    assert Database(fresh_postgres_dsn).value(there) == 0


async def test_a_newer_journal_is_refused(fresh_postgres_dsn: str) -> None:
    """An older package does not write what it does not know."""
    async with PostgresJournal(fresh_postgres_dsn):
        pass
    Database(fresh_postgres_dsn).change("insert into alphasms.migration(version) values(99)")
    with pytest.raises(JournalError, match=r"a newer version \(99, this is 1\): update alphasms"):
        await PostgresJournal(fresh_postgres_dsn).__aenter__()


@pytest.mark.parametrize(("set_to", "kept"), [("off", "on"), ("remote_apply", "remote_apply")])
async def test_commits_are_durable_whatever_the_database_is_set_to(
    fresh_postgres_dsn: str, set_to: str, kept: str
) -> None:
    """A claim whose commit a crash forgets would ring somebody twice."""
    name = fresh_postgres_dsn.rpartition("/")[2]
    Database(fresh_postgres_dsn).change(f"alter database {name} set synchronous_commit = {set_to}")
    async with PostgresJournal(fresh_postgres_dsn) as journal:
        connection: Any = vars(journal)["_connection"].opened
        assert connection.execute("show synchronous_commit").fetchone() == (kept,)


@pytest.mark.parametrize(
    "setting",
    [
        "default_transaction_isolation = 'serializable'",
        "default_transaction_isolation = 'repeatable read'",
        "search_path = 'elsewhere'",
        "timezone = 'Asia/Kathmandu'",
        "intervalstyle = 'sql_standard'",
        "standard_conforming_strings = off",
        "client_encoding = 'LATIN1'",
        "array_nulls = off",
        "statement_timeout = 100",
        "lock_timeout = 100",
        "idle_session_timeout = 500",
    ],
)
async def test_dialers_work_together_whatever_the_database_is_set_to(
    fresh_postgres_dsn: str, time: Time, setting: str
) -> None:
    """Nobody is claimed twice, and each text comes back as it was."""
    name = fresh_postgres_dsn.rpartition("/")[2]
    Database(fresh_postgres_dsn).change(f"alter database {name} set {setting}")
    async with (
        PostgresJournal(fresh_postgres_dsn, clock=time) as first,
        PostgresJournal(fresh_postgres_dsn, clock=time) as second,
    ):
        here = await staged(first, time, 20, budget="10.00", note="Київ")
        there = Stage(second, time, here.campaign)
        refs: list[Ref] = []

        async def dial(stage: Stage) -> None:
            async with stage.journal.taken_up(stage.campaign) as share:
                assert share is not None
                await share.take(PRICE, least=PRICE, used=Decimal(0))
                for _ in range(10):
                    refs.append((await stage.claim(reserved=PRICE)).ref)
                    await stage.settle(refs[-1], Verdict.ACCEPTED, price=PRICE)

        async with anyio.create_task_group() as group:
            group.start_soon(dial, here)
            group.start_soon(dial, there)
        assert len({ref.recipient for ref in refs}) == 20
        record = await second.campaign(NAME)
        assert record.definition["note"] == "Київ"
        assert (await second.money(record.id)).spent == 20 * PRICE


async def test_a_database_that_cannot_keep_every_text_is_refused(
    postgres_server: str, time: Time
) -> None:
    """Before anything is made in it."""
    database = Database(postgres_server)
    name = f"narrow_{os.getpid()}"
    database.change(f"create database {name} encoding 'LATIN1' locale 'C' template template0")
    try:
        dsn = f"{postgres_server.rpartition('/')[0]}/{name}"
        with pytest.raises(JournalError, match="cannot keep every text in LATIN1"):
            await PostgresJournal(dsn, clock=time).__aenter__()
    finally:
        database.change(f"drop database {name} with (force)")


async def test_a_process_that_is_frozen_keeps_nobody_waiting(
    postgres_dsn: str, database: Database
) -> None:
    """In the middle of a write: the server takes that back once a lease is over."""
    async with PostgresJournal(postgres_dsn, lease_seconds=0.2) as journal:
        connection: Any = vars(journal)["_connection"].opened
        connection.execute("begin")
        pid = connection.info.backend_pid
        await database.wait_until("select count(*) = 0 from pg_stat_activity where pid = %s", pid)


async def test_commands_are_done_at_once(here: Stage, postgres_dsn: str, time: Time) -> None:
    """By any process, beside whoever is at work."""
    async with here.journal.taken_up(here.campaign):
        await tell_postgres(postgres_dsn, [Pause(NAME)], clock=time)
        assert (await here.journal.campaign(NAME)).state is CampaignState.PAUSED
        assert await here.journal.claim(here.campaign) is None
    with pytest.raises(InvalidRequest, match="no campaign 'winter'"):
        await tell_postgres(postgres_dsn, [Pause("winter")], clock=time)
    await tell_postgres("postgresql://nobody.is.there/calls", [])


async def test_text_that_postgresql_cannot_keep_is_kept_as_well_as_it_can(
    first: PostgresJournal, time: Time
) -> None:
    """It knows no NUL and no half of a surrogate pair; neither stops the campaign."""
    rows = [PlannedRow(1, None, "\0no\udc80"), *listed(phones(1))]
    await first.plan(NAME, {"note": "\0\udc80"}, rows)
    stage = Stage(first, time, (await first.campaign(NAME)).id)
    ref = (await stage.claim()).ref
    await stage.settle(ref, Verdict.REFUSED, error="\0what\udc80")
    invalid, refused = await stage.rows()
    assert (invalid.given, refused.error) == ("\ufffdno?", "\ufffdwhat?")
    assert (await first.campaign(NAME)).definition == {"note": "\0\udc80"}


@pytest.mark.parametrize(
    "name", ["spring\0", "spring\udcff", "spring?"], ids=["nul", "half", "mark"]
)
async def test_a_name_that_nothing_can_have_finds_nothing(here: Stage, name: str) -> None:
    """Not the campaign that is called almost so."""
    with pytest.raises(InvalidRequest, match="in this journal; there are: spring"):
        await here.journal.campaign(name)


UNREACHABLE = {
    "nobody listens": ("postgresql://olena:hush@127.0.0.1:{port}/calls", "nobody answers there"),
    "no such database": ("{dsn}_not", "no database of that name"),
}


@pytest.mark.parametrize("case", UNREACHABLE)
async def test_what_cannot_be_reached_is_told_in_one_line(postgres_dsn: str, case: str) -> None:
    """With what to look at, and without the password."""
    dsn, meaning = UNREACHABLE[case]
    journal = PostgresJournal(dsn.format(port=free_port(), dsn=postgres_dsn))
    with pytest.raises(JournalError, match=meaning) as told:
        await journal.__aenter__()
    assert "hush" not in f"{told.value}{told.value.__cause__}{journal!r}"
    assert "\n" not in str(told.value)


async def test_a_journal_is_not_used_before_it_is_entered(postgres_dsn: str) -> None:
    """Neither to write nor to read."""
    journal = PostgresJournal(postgres_dsn)
    assert journal.place == postgres_dsn
    assert journal.statements == 0
    with pytest.raises(RuntimeError, match="enter the journal first"):
        await journal.campaigns()
    with pytest.raises(RuntimeError, match="enter the journal first"):
        await journal.claim(1)


async def test_runners_are_wanted_where_somebody_is_left_to_dial(
    first: PostgresJournal, time: Time
) -> None:
    """And nothing holds the campaign: neither a person nor what its last run noted."""
    stage = await staged(first, time, 1)
    assert await first.enlisted() == []
    await first.halt(stage.campaign, "the key is wrong")
    await first.enlist(NAME, 3)
    assert [(one.name, one.workers) for one in await first.enlisted()] == [(NAME, 3)]
    await first.halt(stage.campaign, "the key is wrong")
    assert await first.enlisted() == []
    await first.enlist(NAME, 2)
    await stage.apply(Pause(NAME))
    assert await first.enlisted() == []
    with pytest.raises(InvalidRequest, match="workers"):
        await first.enlist(NAME, -1)
    with pytest.raises(InvalidRequest, match="workers is 1000 at most, not 1001"):
        await first.enlist(NAME, 1001)
    with pytest.raises(InvalidRequest, match="no campaign 'winter'"):
        await first.enlist("winter", 1)


async def test_runners_are_wanted_no_more_when_nobody_is_left(
    first: PostgresJournal, time: Time
) -> None:
    """Or when a person wants none, or it is over."""
    stage = await staged(first, time, 2)
    await first.enlist(NAME, 1)
    await stage.attempt(Verdict.NOT_SENT, rest_seconds=20)
    await stage.attempt(Verdict.ACCEPTED)
    (wanted,) = await first.enlisted()
    assert wanted.next_due == time.forward(20)
    await first.enlist(NAME, 0)
    assert await first.enlisted() == []
    await first.enlist(NAME, 1)
    await stage.attempt(Verdict.ACCEPTED)
    assert await first.enlisted() == []
    await first.finish(stage.campaign)
    with pytest.raises(InvalidRequest, match="finished: nothing to change"):
        await first.enlist(NAME, 1)
