"""What a person does to a run while it goes on: pause, resume, cancel, stop, a number taken out."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.commands import (
    AddDoNotCall,
    Cancel,
    Pause,
    RemoveDoNotCall,
    Resume,
)
from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.records import CampaignState
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.sqlite import SqliteJournal, Told, tell
from alphasms_async.campaigns.sqlite.inbox import Inbox
from alphasms_async.campaigns.states import SkipReason
from alphasms_async.models import CallOutcome
from tests.campaigns.dialers import Desk, Gateway, desk, numbered, planned, unreachable
from tests.campaigns.journals import NAME
from tests.campaigns.virtual import virtual
from tests.doubles import FakeGateway, accepted, phones


@asynccontextmanager
async def dialling(ready: Desk, runs: list[Run], **options: Any) -> AsyncGenerator[None]:
    """Dial in the background; at the end of the block, wait for the run to end."""

    async def dial() -> None:
        runs.append(await ready.dial(**options))

    async with anyio.create_task_group() as group:
        group.start_soon(dial)
        yield


@virtual
async def test_a_pause_holds_everybody_but_those_in_flight() -> None:
    """These end as they end, whoever looks sees the pause, and then it goes on."""
    gateway, runs = Gateway(seconds=1), list[Run]()
    async with desk(20, gateway, concurrency=4) as ready:
        async with dialling(ready, runs):
            await anyio.sleep(2.5)
            await ready.tell(Pause(NAME))
            await anyio.sleep(30)
            assert await ready.counts() == {"accepted": 9, "planned": 11}
            progress = ready.dialers[-1].progress
            assert (progress.hold, progress.hold_seconds) == (Hold.PAUSED, None)
            assert progress.in_flight == gateway.in_flight == 0
            await ready.tell(Resume(NAME))
        assert await ready.counts() == {"accepted": 20}
    assert runs[0].is_finished


@virtual
async def test_a_pause_takes_effect_within_a_second() -> None:
    """Nobody's call begins later than a quarter of a second after it."""
    gateway, runs = Gateway(), list[Run]()
    async with desk(500, gateway, per_second=20) as ready, dialling(ready, runs):
        began = anyio.current_time()
        await anyio.sleep(3.14)
        await ready.tell(Pause(NAME))
        await anyio.sleep(10)
        assert 3 < gateway.at[-1] - began <= 3.14 + 0.25
        ready.dialers[-1].stop()


@virtual
async def test_a_paused_campaign_is_waited_for() -> None:
    """A run that begins while it is paused calls nobody before it is resumed."""
    gateway, runs = Gateway(), list[Run]()
    async with desk(3, gateway) as ready:
        await ready.tell(Pause(NAME))
        async with dialling(ready, runs):
            await anyio.sleep(60)
            assert gateway.asked == 0
            await ready.tell(Resume(NAME))
        assert await ready.counts() == {"accepted": 3}


@virtual
async def test_a_run_that_does_not_wait_stops_for_a_pause() -> None:
    """Those in flight end, and everybody else is planned, in a campaign that is still paused."""
    gateway, runs = Gateway(seconds=1), list[Run]()
    async with desk(20, gateway, concurrency=4) as ready:
        async with dialling(ready, runs, wait=False):
            await anyio.sleep(1.5)
            await ready.tell(Pause(NAME))
        assert await ready.counts() == {"accepted": 5, "planned": 15}
    (run,) = runs
    assert run.halt is not None
    assert (run.halt.reason, str(run.halt)) == (
        HaltReason.WAITING,
        "stopped instead of waiting: paused",
    )
    assert (run.campaign.state, gateway.in_flight) == (CampaignState.PAUSED, 0)


@virtual
async def test_a_cancelled_campaign_is_over() -> None:
    """Those in flight end as they end, everybody else is skipped, and it stays cancelled."""
    gateway, runs = Gateway(seconds=1), list[Run]()
    async with desk(20, gateway, concurrency=4) as ready:
        async with dialling(ready, runs):
            await anyio.sleep(1.5)
            await ready.tell(Cancel(NAME))
        assert await ready.counts() == {"accepted": 5, "skipped": 15}
        assert await ready.dial(gateway) is not None
    (run,) = runs
    assert (run.tally.reasons, run.halt) == ({SkipReason.CANCELLED: 15}, None)
    assert (run.campaign.state, run.is_finished) == (CampaignState.CANCELLED, True)
    assert gateway.asked == 5


@virtual
async def test_a_call_that_never_left_is_not_planned_in_a_cancelled_campaign() -> None:
    """Whoever was in flight and was not reached is skipped with the others: nobody is left over."""
    gateway, runs = Gateway(accepted, then=unreachable, connect_seconds=2), list[Run]()
    async with desk(20, gateway, concurrency=4) as ready:
        async with dialling(ready, runs):
            await anyio.sleep(1)
            await ready.tell(Cancel(NAME))
        assert await ready.counts() == {"accepted": 1, "skipped": 19}
    assert runs[0].tally.reasons == {SkipReason.CANCELLED: 19}


@virtual
async def test_a_stop_waits_for_what_is_in_flight() -> None:
    """Nobody more is called, every outcome is written, and the next run calls the others."""
    gateway, runs = Gateway(seconds=5), list[Run]()
    async with desk(20, gateway, concurrency=4) as ready:
        async with dialling(ready, runs):
            await anyio.sleep(6)
            ready.dialers[-1].stop()
            await anyio.sleep(3)
            assert gateway.in_flight == 4
        assert await ready.counts() == {"accepted": 5, "planned": 15}
        (run,) = runs
        assert (run.stopped, run.halt, run.is_finished) == (True, None, False)
        assert (run.campaign.halted, run.tally.to_dial) == (None, 15)
        await ready.dial()
        assert await ready.counts() == {"accepted": 20}
    assert set(gateway.rings.values()) == {1}


@virtual
async def test_a_stop_before_the_first_call_calls_nobody() -> None:
    """A run that is stopped before it begins ends at once."""
    gateway, runs = Gateway(), list[Run]()
    async with desk(3, gateway) as ready:
        await ready.tell(Pause(NAME))
        async with dialling(ready, runs):
            await anyio.sleep(1)
            ready.dialers[-1].stop()
        assert await ready.counts() == {"planned": 3}
    assert (gateway.asked, runs[0].stopped) == (0, True)


@virtual
async def test_a_number_that_is_taken_out_meanwhile_is_not_called() -> None:
    """It is skipped when its turn comes, and the others are called."""
    gateway, runs = Gateway(seconds=1), list[Run]()
    numbers = phones(6)
    async with desk(6, gateway, concurrency=1) as ready, dialling(ready, runs):
        await anyio.sleep(1.5)
        await ready.tell(AddDoNotCall((numbers[0], numbers[3], numbers[5])))
    # The first had been called already.
    assert gateway.rings == dict.fromkeys([*numbers[:3], numbers[4]], 1)
    assert runs[0].tally.reasons == {SkipReason.DO_NOT_CALL: 2}
    assert runs[0].is_finished


@virtual
async def test_when_everybody_left_is_taken_out_the_run_is_over() -> None:
    """Also those who wait for their redial; whoever is allowed again later stays skipped."""
    gateway, runs = Gateway(then=numbered, seconds=1), list[Run]()
    numbers, redial = phones(6), RedialPolicy(1)
    async with desk(6, gateway, concurrency=1, redial=redial) as ready, dialling(ready, runs):
        await anyio.sleep(2.5)
        for ref in (Ref(1, 1), Ref(2, 1)):
            await ready.journal.record(CallEvent(outcome=CallOutcome.BUSY, ref=ref))
        await ready.tell(AddDoNotCall(tuple(numbers)))
        await anyio.sleep(60)
        await ready.tell(RemoveDoNotCall(tuple(numbers[2:])))
        assert ready.dialers[-1].progress.hold is Hold.RESTING
    assert gateway.rings == dict.fromkeys(numbers[:3], 1)
    assert runs[0].tally.reasons == {SkipReason.DO_NOT_CALL: 5}
    assert runs[0].is_finished


@pytest.mark.anyio
async def test_another_process_pauses_and_resumes_a_run(tmp_path: Path) -> None:
    """What is left in the inbox of the journal is found and done while the run goes on."""
    path, runs = tmp_path / "calls.journal", list[Run]()
    asked, answering = anyio.Event(), anyio.Event()

    async def pause() -> None:
        asked.set()
        await answering.wait()

    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 9, FakeGateway(pause=pause))
        async with dialling(ready, runs):
            await asked.wait()
            assert await tell(path, [Pause(NAME)]) is Told.DONE
            assert (await ready.record()).state is CampaignState.PAUSED
            answering.set()
            assert await tell(path, [Resume(NAME)]) is Told.DONE
        assert await ready.counts() == {"accepted": 9}


@pytest.mark.anyio
async def test_what_was_asked_before_the_run_is_done_first(tmp_path: Path) -> None:
    """A number that was left in the inbox while nobody read it is not called."""
    path, gateway = tmp_path / "calls.journal", Gateway()
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 3, gateway)
        with closing(Inbox(path)) as inbox:
            await anyio.to_thread.run_sync(inbox.put, [AddDoNotCall((phones(1)[0],))])
        await ready.dial()
        assert await ready.states() == ["skipped", "accepted", "accepted"]


@virtual
async def test_a_campaign_that_is_over_is_not_to_be_changed() -> None:
    """A pause after the last call says so, and a run of it calls nobody."""
    gateway = Gateway()
    async with desk(2, gateway) as ready:
        await ready.dial()
        with pytest.raises(InvalidRequest, match="finished: nothing to change"):
            await ready.tell(Pause(NAME))
        run = await ready.dial(gateway)
    assert (gateway.asked, run.is_finished) == (2, True)
