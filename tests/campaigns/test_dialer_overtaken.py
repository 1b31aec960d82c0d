"""What a run has asked may be overtaken before the answer is there: it goes by what is so then."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from attrs import evolve

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.commands import (
    AddDoNotCall,
    Cancel,
    Pause,
    RecordEvent,
    Redial,
    SetBudget,
)
from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.records import Claimed, Tally
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal
from alphasms_async.campaigns.sqlite.inbox import Inbox
from alphasms_async.campaigns.window import Window
from alphasms_async.models import CallOutcome
from tests.campaigns.dialers import (
    HOOK,
    PRICE,
    Desk,
    Gateway,
    Wall,
    by_phone,
    desk,
    limited,
    lost,
    numbered,
    planned,
    unreachable,
)
from tests.campaigns.journals import NAME, NOON
from tests.campaigns.virtual import virtual
from tests.doubles import accepted, phones

pytestmark = pytest.mark.anyio

Ask = Callable[[Desk], Awaitable[None]]


class Late(MemoryJournal):
    """A journal that tells late when the next one is due, as a busy disk does."""

    async def next_due(self, campaign: int) -> datetime | None:
        """Look, and tell two seconds later."""
        due = await super().next_due(campaign)
        await anyio.sleep(2)
        return due


@pytest.mark.parametrize("wait", [True, False])
@virtual
async def test_who_comes_back_while_it_is_asked_who_is_left_is_called(wait: bool) -> None:  # noqa: FBT001 - one of two ways
    """An answer that nobody is left ends no run once it has been overtaken."""
    wall, gateway = Wall(), Gateway(accepted, *[limited(5)] * 2, seconds=1)
    async with Late(clock=wall) as journal:
        ready = await planned(journal, 3, gateway, wall)
        wall.start()
        run = await ready.dial(wait=wait)
        assert await ready.counts() == {"accepted": 3}
    assert run.is_finished


@virtual
async def test_who_is_redialled_while_it_is_asked_who_is_left_is_called() -> None:
    """So does an event that brings somebody back while the last outcome is looked for."""
    wall, gateway = Wall(), Gateway()
    async with Late(clock=wall) as journal:
        redial = RedialPolicy(1, after_seconds=60)
        ready = await planned(journal, 1, gateway, wall, redial=redial)
        wall.start()
        async with anyio.create_task_group() as group:
            group.start_soon(partial(ready.dial, outcomes_seconds=60))
            await anyio.sleep(10.1)
            await ready.tell(RecordEvent(CallEvent(outcome=CallOutcome.BUSY, ref=Ref(1, 1))))
            await anyio.sleep(70)
            await ready.tell(RecordEvent(CallEvent(outcome=CallOutcome.ANSWERED, ref=Ref(1, 2))))
        assert await ready.states() == ["done"]
    assert gateway.asked == 2


@virtual
async def test_a_run_that_does_not_wait_calls_whoever_came_back_meanwhile() -> None:
    """That the next one is due in a minute is no reason to stop, once another is due at once."""
    wall, gateway = Wall(), Gateway(accepted, limited(0), seconds=3)
    async with Late(clock=wall) as journal:
        ready = await planned(journal, 2, gateway, wall, concurrency=2, redial=RedialPolicy(1, 60))
        wall.start()
        async with anyio.create_task_group() as group:
            group.start_soon(partial(ready.dial, wait=False))
            await anyio.sleep(3.1)
            await ready.tell(RecordEvent(CallEvent(outcome=CallOutcome.BUSY, ref=Ref(1, 1))))
        due = await MemoryJournal.next_due(journal, ready.id)
        assert await ready.states() == ["planned", "accepted"]
    assert due is not None
    assert due > wall()


class SlowClaims(MemoryJournal):
    """A journal whose claims are told ten seconds later, as by a disk that hangs."""

    async def claim(self, campaign: int, **facts: Any) -> Claimed | None:
        """Take the next recipient, and tell it late."""
        claimed = await super().claim(campaign, **facts)
        await anyio.sleep(10)
        return claimed


async def _stop(ready: Desk) -> None:
    ready.dialers[-1].stop()


async def _pause(ready: Desk) -> None:
    await ready.tell(Pause(NAME))


async def _cancel(ready: Desk) -> None:
    await ready.tell(Cancel(NAME))


@pytest.mark.parametrize(
    ("ask", "state"), [(_stop, "planned"), (_pause, "planned"), (_cancel, "skipped")]
)
@virtual
async def test_nobody_is_dialled_after_what_was_asked_during_a_claim(ask: Ask, state: str) -> None:
    """Whoever is claimed, and has not left when the run is held or ended, goes back unsent."""
    wall, gateway = Wall(), Gateway()
    async with SlowClaims(clock=wall) as journal:
        ready = await planned(journal, 2, gateway, wall)
        wall.start()
        async with anyio.create_task_group() as group:
            group.start_soon(ready.dial)
            await anyio.sleep(1)
            await ask(ready)
            await anyio.sleep(30)
            assert (gateway.asked, await ready.states()) == (0, [state, state])
            (attempt,) = await ready.ledger()
            told = "call to 380*****0000: given back: nobody may be dialled any more"
            assert (str(attempt.verdict), attempt.error) == ("put_back", told)
            ready.dialers[-1].stop()


@pytest.mark.parametrize(
    "limits",
    [
        {"expires_at": NOON + timedelta(minutes=1)},
        {"window": Window.parse("09:00-12:01", zone="UTC")},
    ],
    ids=["expiry", "window"],
)
@virtual
async def test_nobody_is_dialled_after_the_time_that_ended_during_a_claim(
    limits: dict[str, Any],
) -> None:
    """A claim that was told too late is given back: the phone does not ring after hours."""
    wall, gateway = Wall(NOON + timedelta(seconds=55)), Gateway()
    async with SlowClaims(clock=wall) as journal:
        ready = await planned(journal, 2, gateway, wall, **limits)
        wall.start()
        await ready.dial(wait=False)
    assert gateway.asked == 0


@virtual
async def test_nobody_is_dialled_after_the_time_that_ended_during_a_look() -> None:
    """The time of day is read after all else that is asked, not before."""
    wall, gateway = Wall(), Gateway(accepted, limited(0), seconds=1)
    expires_at = NOON + timedelta(seconds=3)
    async with Late(clock=wall) as journal:
        ready = await planned(journal, 2, gateway, wall, concurrency=2, expires_at=expires_at)
        wall.start()
        await ready.dial()
    assert [at for at in gateway.at if wall.when(at) >= expires_at] == []


class SlowCounts(MemoryJournal):
    """A journal that counts late, as behind another reader of the file."""

    late_seconds = 0.0

    async def tally(self, campaign: int) -> Tally:
        """Wait, and count."""
        await anyio.sleep(self.late_seconds)
        return await super().tally(campaign)


@pytest.mark.parametrize("shift", [step * 0.05 for step in range(13)])
@virtual
async def test_two_counts_at_once_count_nothing_twice(shift: float) -> None:
    """An outcome that comes at the last moment is waited for anew, ten seconds for the next."""
    wall, gateway = Wall(), Gateway(then=numbered)
    began, ended = anyio.current_time(), list[float]()
    async with SlowCounts(clock=wall) as journal:
        ready = await planned(journal, 2, gateway, wall)
        wall.start()

        async def dial() -> None:
            await ready.dial(outcomes_seconds=10)
            ended.append(anyio.current_time())

        async with anyio.create_task_group() as group:
            group.start_soon(dial)
            await anyio.sleep(9.76)
            journal.late_seconds = 0.4
            await anyio.sleep(shift)
            event = CallEvent(outcome=CallOutcome.ANSWERED, ref=Ref(1, 1))
            await ready.tell(RecordEvent(event))
    went_on = round(ended[0] - began - 9.76 - shift, 6)
    # Over before it came, or not before its patience was.
    assert went_on <= 0 or went_on > 9


@virtual
async def test_a_count_that_is_behind_uses_up_no_budget() -> None:
    """With everybody called there is nothing to raise the budget for."""
    wall = Wall()
    gateway = Gateway(accepted, unreachable, seconds=2.8, connect_seconds=2.8)
    limits: dict[str, Any] = {"budget": 2 * PRICE, "max_price": PRICE, "hook": HOOK}
    runs = list[Run]()
    async with SlowCounts(clock=wall) as journal:
        ready = await planned(journal, 2, gateway, wall, **limits)
        wall.start()

        async def dial() -> None:
            runs.append(await ready.dial())

        async with anyio.create_task_group() as group:
            group.start_soon(dial)
            await anyio.sleep(4.9)
            journal.late_seconds = 0.8
        assert await ready.counts() == {"accepted": 2}
    assert (runs[0].halt, runs[0].is_finished) == (None, True)


@virtual
async def test_an_event_that_proves_the_last_one_called_uses_up_no_budget() -> None:
    """A person had two dialled again; one of them turns out to have been called the first time."""
    wall, gateway = Wall(), Gateway(lost, lost, then=accepted, seconds=1)
    limits: dict[str, Any] = {"budget": 3 * PRICE, "max_price": PRICE, "most_uncertain": 2}
    runs = list[Run]()
    async with MemoryJournal(clock=wall) as journal:
        ready = await planned(journal, 2, gateway, wall, **limits)
        wall.start()
        await ready.dial()
        await anyio.sleep(700)
        await ready.tell(Redial(NAME, (Ref(1, 1), Ref(2, 1)), who="me"))

        async def dial() -> None:
            runs.append(await ready.dial())

        async with anyio.create_task_group() as group:
            group.start_soon(dial)
            await anyio.sleep(0.5)
            event = CallEvent(outcome=CallOutcome.ANSWERED, ref=Ref(2, 1))
            await ready.tell(RecordEvent(event))
    assert (runs[0].halt, runs[0].is_finished) == (None, True)


class Counted(MemoryJournal):
    """A journal that counts what is claimed, and ends a test in which that is without end."""

    claims = 0

    async def claim(self, campaign: int, **facts: Any) -> Claimed | None:
        """Count, and take the next recipient."""
        self.claims += 1
        assert self.claims < 1000
        return await super().claim(campaign, **facts)


@virtual
async def test_a_pause_is_noticed_by_the_first_claim_that_gets_nobody() -> None:
    """Until the next look at the campaign, nothing spins for it."""
    wall, gateway = Wall(), Gateway(seconds=0.02)
    async with Counted(clock=wall) as journal:
        ready = await planned(journal, 500, gateway, wall, concurrency=4)
        wall.start()
        async with anyio.create_task_group() as group:
            group.start_soon(ready.dial)
            await anyio.sleep(0.27)
            await ready.tell(Pause(NAME))
            before = journal.claims
            await anyio.sleep(0.6)
            assert journal.claims - before <= 4
            ready.dialers[-1].stop()


@virtual
async def test_one_who_is_turned_away_every_time_keeps_nobody_else_waiting() -> None:
    """Whoever is rate limited goes to the end of the queue, and is asked for now and then."""
    wall, first = Wall(), phones(1)[0]
    gateway = Gateway(then=by_phone({first: limited(1)}))
    async with desk(5, gateway, wall) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await anyio.sleep(1800)
        assert await ready.states() == ["planned", *["accepted"] * 4]
        ready.dialers[-1].stop()


async def test_letters_behind_many_others_hold_for_the_run(tmp_path: Path) -> None:
    """Nobody on the do-not-call list is dialled, however much else had to be read before."""
    path, gateway = tmp_path / "calls.journal", Gateway()
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 3, gateway)
        events = [RecordEvent(CallEvent(outcome=CallOutcome.BUSY, id=1 + n)) for n in range(1500)]
        with closing(Inbox(path)) as inbox:
            put = partial(inbox.put, [*events, AddDoNotCall(tuple(phones(3)))])
            await anyio.to_thread.run_sync(put)
        await ready.dial()
        assert await ready.counts() == {"skipped": 3}
    assert gateway.asked == 0


async def test_a_budget_that_was_lowered_before_the_run_holds_for_it(tmp_path: Path) -> None:
    """What waits in the inbox is done first: a definition that is out of date dials nobody."""
    path, gateway = tmp_path / "calls.journal", Gateway()
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 5, gateway, budget=Decimal(2), max_price=PRICE)
        with closing(Inbox(path)) as inbox:
            await anyio.to_thread.run_sync(inbox.put, [SetBudget(NAME, "0.80")])
        with pytest.raises(InvalidRequest, match=r"was planned otherwise \(budget\)"):
            await ready.dial()
        assert gateway.asked == 0
        lowered = evolve(ready.campaign, budget=Decimal("0.80"))
        run = await ready.dial(campaign=lowered)
    assert (gateway.asked, run.halt and run.halt.reason) == (2, HaltReason.BUDGET)
