"""Many dialers in one database at once: who comes in between harms nobody."""

import json
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import psycopg
import pytest

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.commands import (
    Cancel,
    Command,
    Pause,
    RecordEvent,
    Redial,
    Resume,
    command_to_json,
)
from alphasms_async.campaigns.events import CallEvent, Recorded, Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.records import CampaignState, PlannedRow
from alphasms_async.campaigns.shares import Grant, Share
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, PRICE, Stage, Time, listed, redialing, staged
from tests.campaigns.postgres.databases import Database
from tests.doubles import phones

pytestmark = pytest.mark.anyio

ID = 4711


@asynccontextmanager
async def processes(dsn: str, count: int, time: Time) -> AsyncGenerator[list[Journal]]:
    """Return the journals of so many processes."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(PostgresJournal(dsn, clock=time)) for _ in range(count)
        ]


async def test_everybody_is_claimed_once(postgres_dsn: str, time: Time) -> None:
    """By whichever of many dialers, each with many calls in flight."""
    claimed: list[Ref] = []

    async def dial(journal: Journal) -> None:
        while (one := await journal.claim(campaign)) is not None:
            claimed.append(one.ref)

    async with processes(postgres_dsn, 4, time) as journals:
        await journals[0].plan(NAME, {}, listed(phones(200)))
        campaign = (await journals[0].campaign(NAME)).id
        async with anyio.create_task_group() as group:
            for journal in journals * 8:
                group.start_soon(dial, journal)
    assert len(claimed) == 200
    assert {one.recipient for one in claimed} == set(range(1, 201))
    assert {one.attempt for one in claimed} == {1}


async def test_whom_another_is_claiming_is_passed_over(here: Stage, database: Database) -> None:
    """Nobody waits for another one's commit, and whoever is not claimed by it comes last."""
    with database.transaction() as other:
        other.execute(b"select 1 from alphasms.recipient where id = 1 for update")
        assert (await here.claim()).ref == Ref(2, 1)
    assert (await here.claim()).ref == Ref(3, 1)
    assert (await here.claim()).ref == Ref(1, 1)


async def test_an_event_in_the_middle_of_its_answer_is_not_lost(
    here: Stage, database: Database
) -> None:
    """It is kept by one process while the other writes the id that it names."""
    ref = (await here.claim()).ref
    states: list[RowState] = []

    async def settle() -> None:
        states.append(await here.settle(ref, Verdict.ACCEPTED, gateway_id=ID))

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            _lock_call(other)
            group.start_soon(settle)
            await database.wait_for_a_wait()
            event = CallEvent(outcome=CallOutcome.ANSWERED, id=ID, at=here.time.now)
            other.execute(
                b"insert into alphasms.early_event(gateway_id, event, at) "
                b"values(%s, %s, clock_timestamp())",
                [ID, json.dumps(command_to_json(RecordEvent(event)))],
            )
    assert states == [RowState.DONE]


async def test_an_answer_in_the_middle_of_its_event_is_not_lost(
    here: Stage, there: Stage, database: Database
) -> None:
    """It writes the id while the other process looks for it."""
    ref = (await here.claim()).ref
    told: list[Recorded] = []

    async def tell() -> None:
        told.append(await there.event(CallOutcome.ANSWERED, id=ID))

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            _lock_call(other)
            group.start_soon(tell)
            await database.wait_for_a_wait()
            other.execute(b"update alphasms.attempt set gateway_id = %s", [ID])
    assert told == [Recorded.CHANGED]
    assert (await here.row(ref)).state is RowState.DONE


async def test_an_event_told_twice_at_once_changes_once(
    here: Stage, there: Stage, database: Database
) -> None:
    """Whichever of two receivers is told first."""
    ref = await here.attempt(Verdict.ACCEPTED, gateway_id=ID)
    told: list[Recorded] = []

    async def tell(stage: Stage) -> None:
        told.append(await stage.event(CallOutcome.BUSY, ref))

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            other.execute(b"select 1 from alphasms.recipient for update")
            group.start_soon(tell, here)
            group.start_soon(tell, there)
            await database.wait_for_a_wait()
    assert sorted(told) == [Recorded.CHANGED, Recorded.DUPLICATE]


async def test_a_campaign_that_is_reopened_meanwhile_is_not_finished(
    here: Stage, database: Database
) -> None:
    """Somebody comes back to planned while another process sees nobody left."""
    for _ in range(3):
        await here.attempt(Verdict.ACCEPTED)
    ended: list[bool] = []

    async def finish() -> None:
        ended.append(await here.journal.finish(here.campaign))

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            other.execute(b"select 1 from alphasms.campaign for update")
            group.start_soon(finish)
            await database.wait_for_a_wait()
            other.execute(b"update alphasms.recipient set state = 'planned' where id = 1")
    assert ended == [False]
    assert (await here.journal.campaign(NAME)).state is CampaignState.READY


async def test_a_redial_in_the_middle_of_the_end_reopens_it(
    here: Stage, database: Database
) -> None:
    """It waits for whoever finishes the campaign, and then takes that back."""
    ref = await here.attempt(Verdict.UNCERTAIN)
    here.time.forward(600)

    async def redial() -> None:
        assert await here.apply(Redial(NAME, (ref,), "Olena")) == 1

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            other.execute(b"update alphasms.campaign set state = 'finished'")
            group.start_soon(redial)
            await database.wait_for_a_wait()
    assert (await here.journal.campaign(NAME)).state is CampaignState.READY


async def test_who_comes_back_into_a_campaign_being_cancelled_is_skipped(
    here: Stage, there: Stage, database: Database
) -> None:
    """Whichever of the two is first."""
    ref = (await here.claim()).ref

    async def cancel() -> None:
        await there.apply(Cancel(NAME))

    async def put_back() -> None:
        await here.settle(ref, Verdict.PUT_BACK)

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            other.execute(b"select 1 from alphasms.campaign for update")
            group.start_soon(put_back)
            group.start_soon(cancel)
            await database.wait_for_a_wait()
    assert await here.states() == ["skipped", "skipped", "skipped"]


@pytest.mark.parametrize("command", [Pause(NAME), Resume(NAME), Cancel(NAME)])
async def test_a_campaign_that_is_just_finished_is_finished(
    here: Stage, database: Database, command: Command
) -> None:
    """Whoever commands it at that moment is told that it is over."""

    async def tell() -> None:
        with pytest.raises(InvalidRequest, match="finished: nothing to change"):
            await here.apply(command)

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            other.execute(b"update alphasms.campaign set state = 'finished', finished_at = now()")
            group.start_soon(tell)
            await database.wait_for_a_wait()
    assert (await here.journal.campaign(NAME)).state is CampaignState.FINISHED


async def test_nobody_is_to_be_called_again_in_a_campaign_being_cancelled(
    first: PostgresJournal, time: Time, database: Database
) -> None:
    """By an event that comes at that moment, and whose call reached nobody."""
    here = await staged(first, time, 1, **redialing())
    ref = await here.attempt(Verdict.ACCEPTED, gateway_id=ID)

    async def tell() -> None:
        await here.event(CallOutcome.BUSY, ref)

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            other.execute(b"update alphasms.campaign set state = 'cancelled', finished_at = now()")
            group.start_soon(tell)
            await database.wait_for_a_wait()
    assert await here.states() == ["done"]


async def test_nobody_is_claimed_while_a_campaign_is_being_cancelled(
    here: Stage, there: Stage, database: Database
) -> None:
    """Its rows are skipped one after another, which takes a while for a million."""

    async def cancel() -> None:
        await here.apply(Cancel(NAME))

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            other.execute(b"select 1 from alphasms.recipient where id = 3 for update")
            group.start_soon(cancel)
            await database.wait_for_a_wait()
            assert await there.journal.claim(there.campaign) is None
    assert await there.states() == ["skipped", "skipped", "skipped"]


async def test_a_campaign_that_is_dialled_meanwhile_is_not_discarded(
    here: Stage, database: Database
) -> None:
    """A call that is about to leave is forgotten by nobody."""
    gone: list[bool] = []

    async def discard() -> None:
        gone.append(await here.journal.discard(NAME))

    async with anyio.create_task_group() as group:
        with database.transaction() as other:
            other.execute(b"update alphasms.recipient set state = 'dialing' where id = 1")
            group.start_soon(discard)
            await database.wait_for_a_wait()
            other.execute(
                b"insert into alphasms.attempt(recipient, n, campaign, owner, claimed_at) "
                b"values(1, 1, %s, 1, clock_timestamp())",
                [here.campaign],
            )
    assert gone == [False]


async def test_two_campaigns_planned_at_once_keep_their_own(postgres_dsn: str, time: Time) -> None:
    """Each has its recipients in one row, with nobody of the other's among them."""

    async def plan(journal: Journal, name: str) -> None:
        await journal.plan(name, {}, listed(phones(50)))

    async with processes(postgres_dsn, 2, time) as journals:
        async with anyio.create_task_group() as group:
            for journal, name in zip(journals, ("spring", "summer"), strict=True):
                group.start_soon(plan, journal, name)
        for name in ("spring", "summer"):
            record = await journals[0].campaign(name)
            rows = await journals[0].rows(record.id)
            assert [row.phone for row in rows] == phones(50)


async def test_whoever_waits_longer_than_a_lease_is_not_cut_off(
    postgres_dsn: str, time: Time, database: Database
) -> None:
    """A database that serves another one first has not fallen silent."""
    async with PostgresJournal(postgres_dsn, clock=time, lease_seconds=0.3) as journal:
        here = await staged(journal, time, budget="10.00")
        grants: list[Grant] = []

        async def take(share: Share) -> None:
            grants.append(await share.take(PRICE, least=PRICE, used=Decimal(0)))

        async with journal.taken_up(here.campaign) as share, anyio.create_task_group() as group:
            assert share is not None
            with database.transaction() as other:
                other.execute(b"select 1 from alphasms.campaign for update")
                group.start_soon(take, share)
                await database.wait_for_a_wait()
                await database.wait_until(
                    "select xact_start + interval '1 second' < clock_timestamp() "
                    "from pg_stat_activity where datname = current_database() "
                    "and wait_event_type = 'Lock'"
                )
        assert [one.amount for one in grants] == [PRICE]


async def test_a_list_that_comes_slowly_keeps_no_other_plan_waiting(
    first: PostgresJournal, second: PostgresJournal
) -> None:
    """It may come through a pipe, and take hours."""
    begun, is_over = threading.Event(), threading.Event()

    def slowly() -> Iterator[PlannedRow]:
        yield from listed(phones(2))
        begun.set()
        is_over.wait()

    async def plan() -> None:
        await first.plan("slow", {}, slowly())

    async with anyio.create_task_group() as group:
        group.start_soon(plan)
        try:
            await anyio.to_thread.run_sync(begun.wait)
            await second.plan("quick", {}, listed(phones(1)))
            assert [one.name for one in await second.campaigns()] == ["quick"]
        finally:
            is_over.set()
    assert [one.name for one in await second.campaigns()] == ["quick", "slow"]
    assert len(await second.rows((await second.campaign("slow")).id)) == 2


async def test_of_two_plans_of_one_name_one_is_refused(
    first: PostgresJournal, second: PostgresJournal
) -> None:
    """Whichever has read its list last."""

    def while_another_plans() -> Iterator[PlannedRow]:
        yield from listed(phones(2))
        anyio.from_thread.run(second.plan, NAME, dict[str, Any](), listed(phones(1)))

    with pytest.raises(InvalidRequest, match="there is a campaign 'spring' already"):
        await first.plan(NAME, {}, while_another_plans())
    assert len(await first.rows((await first.campaign(NAME)).id)) == 1


async def test_whoever_was_in_anothers_way_tries_again(
    here: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL takes one of two back that wait for each other: nothing of it has happened."""
    failures: list[Exception] = [psycopg.errors.DeadlockDetected()]
    connection: Any = vars(here.journal)["_connection"]
    commit = connection.commit

    def fail() -> None:
        if failures:
            raise failures.pop()
        commit()

    monkeypatch.setattr(connection, "commit", fail)
    claimed = await here.claim()
    assert not failures
    assert [*await here.ledger()] == [claimed.ref]


def _lock_call(connection: "psycopg.Connection[Any]") -> None:
    """Be the one who tells of the call with the id, as `one_tells` has it."""
    connection.execute(b"select pg_advisory_xact_lock(1097617218, hashint8(%s))", [ID])
