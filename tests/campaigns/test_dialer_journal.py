"""The dialer and its journal: one that fails, one that is slow, one that two dialers share."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import suppress
from decimal import Decimal
from inspect import CORO_CREATED, getcoroutinestate
from itertools import count
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from attrs import evolve

from alphasms_async import InvalidRequest, JournalError, JournalLocked
from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal
from alphasms_async.campaigns.sqlite.claiming import claim
from alphasms_async.campaigns.sqlite.settling import settle
from alphasms_async.campaigns.states import Verdict
from tests.campaigns.dialers import PRICE, Gateway, Wall, desk, planned
from tests.campaigns.journals import Time, listed
from tests.campaigns.virtual import virtual
from tests.doubles import FakeGateway, phones

pytestmark = pytest.mark.anyio

CLAIM, SETTLE = (
    f"alphasms_async.campaigns.sqlite.one_writer.{name}" for name in ("claim", "settle")
)
"""Where the journal has its moves from."""


async def test_one_dialer_at_a_time_works_on_a_campaign(journal: Journal) -> None:
    """The second is told so in one line, asks for nothing, and leaves the first its calls."""
    asked, answering = anyio.Event(), anyio.Event()

    async def pause() -> None:
        asked.set()
        await answering.wait()

    gateway, other = FakeGateway(pause=pause), FakeGateway()
    ready = await planned(journal, 9, gateway, concurrency=5)
    async with anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await asked.wait()
        with pytest.raises(InvalidRequest, match="another dialer is at work on this campaign: "):
            await ready.dial(other)
        assert await ready.counts() == {"dialing": 1, "planned": 8}
        answering.set()
    # Refused, it has not run: once the first has ended, it may.
    assert (await ready.dialers[-1].run()).is_finished
    assert (gateway.rings, other.asked) == (dict.fromkeys(phones(9), 1), 0)


async def test_many_dialers_at_once_spend_one_budget(journal: Journal) -> None:
    """However many are begun together, the budget is spent once, and the next one goes on."""
    gateway = FakeGateway()
    ready = await planned(journal, 80, gateway, quoted=PRICE, budget=20 * PRICE, concurrency=5)
    refused = list[InvalidRequest]()

    async def dial() -> None:
        try:
            await ready.dial()
        except InvalidRequest as error:
            refused.append(error)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(dial)
    run = await ready.dial()
    assert (len(refused), gateway.asked, run.money.spent) == (3, 20, 20 * PRICE)


async def test_dialers_of_two_campaigns_work_side_by_side(journal: Journal) -> None:
    """Each has its own campaign, and what one has in flight is not the other's to judge."""
    asked, answering = anyio.Event(), anyio.Event()

    async def pause() -> None:
        asked.set()
        await answering.wait()

    slow = FakeGateway(pause=pause)
    ready = await planned(journal, 3, slow)
    other = evolve(ready.campaign, name="autumn")
    await journal.plan(other.name, other.as_json(), listed(phones(5)[3:]))
    async with anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await asked.wait()
        run = await ready.dial(FakeGateway(), other)
        assert run.tally.states == {"accepted": 2}
        assert await ready.counts() == {"dialing": 1, "planned": 2}
        answering.set()
    assert await ready.counts() == {"accepted": 3}


class Forgetful(MemoryJournal):
    """A journal whose first claims nobody is told of, as when a worker is cancelled just then."""

    forgets = 0
    """How many claims are still to be forgotten."""

    async def claim(self, campaign: int, **facts: Any) -> Claimed | None:
        """Take the next recipient, and fail to say so."""
        claimed = await super().claim(campaign, **facts)
        if self.forgets:
            self.forgets -= 1
            raise ZeroDivisionError("told")
        return claimed


async def test_who_was_left_dialing_is_uncertain_for_the_next_run() -> None:
    """Also in a journal that stayed open: no dialer is at work on it any more."""
    gateway = FakeGateway()
    async with Forgetful() as journal:
        journal.forgets = 1
        ready = await planned(journal, 3, gateway, quoted=PRICE, budget=9 * PRICE)
        with pytest.raises(ZeroDivisionError, match="told"):
            await ready.dial()
        assert await ready.states() == ["dialing", "planned", "planned"]
        run = await ready.dial()
        assert await ready.states() == ["uncertain", "accepted", "accepted"]
        (first, *_) = await ready.rows()
    assert (run.is_finished, run.money.held) == (True, PRICE)
    assert first.error == "its dialer ended before the answer came"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("turns", range(60))
async def test_no_native_cancellation_leaves_anybody_dialing_for_good(turns: int) -> None:
    """Every task of a run cancelled by the loop's own means: the next run knows whom it left."""
    time, gateway = Time(), FakeGateway()
    async with MemoryJournal(clock=time) as journal:
        ready = await planned(journal, 6, gateway, time, concurrency=3)
        others = asyncio.all_tasks()
        dialing = asyncio.create_task(ready.dial())
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in asyncio.all_tasks() - others:
            work = cast("Coroutine[Any, Any, None]", task.get_coro())
            # One that has not begun would never begin, of which the loop itself warns.
            if getcoroutinestate(work) != CORO_CREATED:
                task.cancel()
        with suppress(asyncio.CancelledError):
            await dialing
        time.forward(60)
        await ready.dial()
        counts = await ready.counts()
    assert counts.get("accepted", 0) + counts.get("uncertain", 0) == 6
    assert set(gateway.rings.values()) <= {1}


class Failing:
    """One of the journal's moves, which the disk refuses the n-th time."""

    def __init__(self, move: Callable[..., Any], at: int) -> None:
        self._move = move
        self._at = at
        self._times = count(1)

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Do what the move does, unless it is the n-th."""
        if next(self._times) == self._at:
            raise sqlite3.OperationalError("disk I/O error")
        return self._move(*given, **named)


@pytest.mark.parametrize("at", [1, 2, 7])
async def test_nothing_is_sent_once_a_claim_fails(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run raises the journal's error, and who was to be called is planned."""
    monkeypatch.setattr(CLAIM, Failing(claim, at))
    gateway = FakeGateway()
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 20, gateway, concurrency=1)
        with pytest.raises(JournalError, match="the disk failed"):
            await ready.dial()
    assert gateway.asked == at - 1
    async with SqliteJournal(path) as journal:
        ready.journal = journal
        assert await ready.states() == ["accepted"] * (at - 1) + ["planned"] * (21 - at)


@pytest.mark.parametrize("at", [1, 2, 7])
async def test_nothing_is_sent_once_an_outcome_cannot_be_written(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run raises, and the call whose outcome is lost is uncertain for whoever comes next."""
    monkeypatch.setattr(SETTLE, Failing(settle, at))
    gateway = FakeGateway()
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 20, gateway, concurrency=1, budget=Decimal(8))
        with pytest.raises(JournalError, match="the disk failed"):
            await ready.dial()
        assert (await ready.states())[at - 1] == "dialing"
    assert gateway.asked == at
    async with SqliteJournal(path) as journal:
        ready.journal = journal
        states = ["accepted"] * (at - 1) + ["uncertain"] + ["planned"] * (20 - at)
        assert await ready.states() == states
        run = await ready.dial()
        # What it may have cost stays held: all there was, where it was to find the price.
        assert run.money.held == (Decimal(8) if at == 1 else PRICE)
    assert gateway.rings.total() == len(gateway.rings)


async def test_all_in_flight_when_the_journal_fails_are_uncertain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as were in flight and no more; nobody rings twice, and nobody is lost."""
    monkeypatch.setattr(SETTLE, Failing(settle, 9))
    gateway, after = FakeGateway(), FakeGateway()
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 60, gateway, concurrency=6)
        with pytest.raises(JournalError):
            await ready.dial()
    async with SqliteJournal(path) as journal:
        ready.journal = journal
        before = await ready.counts()
        await ready.dial(after)
        counts = await ready.counts()
    assert 1 <= before["uncertain"] <= 6
    assert gateway.rings + after.rings == dict.fromkeys(phones(60), 1)
    assert counts == {"accepted": 60 - before["uncertain"], "uncertain": before["uncertain"]}


async def test_a_journal_that_cannot_be_looked_into_ends_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run whose commands nobody can read any more calls nobody more, and says why."""
    answering = anyio.Event()
    gateway = FakeGateway(pause=answering.wait)

    async def unreadable() -> int:
        answering.set()
        raise JournalError("the inbox cannot be used: told")

    async with desk(50, gateway) as ready:
        drain = ready.journal.drain
        calls = count()

        async def drained() -> int:
            return await (drain() if next(calls) == 0 else unreadable())

        monkeypatch.setattr(ready.journal, "drain", drained)
        with pytest.raises(JournalError, match="told"):
            await ready.dial()
        assert await ready.counts() == {"accepted": 1, "planned": 49}


async def test_a_journal_taken_over_ends_the_run_and_keeps_its_outcomes(tmp_path: Path) -> None:
    """Whoever loses the journal dials nobody more; what was in flight is still written."""
    path = tmp_path / "calls.journal"
    answering = anyio.Event()
    asked = anyio.Event()

    async def pause() -> None:
        asked.set()
        await answering.wait()

    gateway = FakeGateway(pause=pause)
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 9, gateway)

        async def dial() -> None:
            with pytest.raises(JournalLocked, match="taken over"):
                await ready.dial()

        async with anyio.create_task_group() as group:
            group.start_soon(dial)
            await asked.wait()
            path.with_name("calls.journal.lock").unlink()
            async with SqliteJournal(path) as other:
                # Its dialer may be gone, so the call is uncertain for the one that takes over.
                assert (await other.rows(ready.id))[0].state == "uncertain"
                answering.set()
                with anyio.fail_after(5):
                    while (await other.rows(ready.id))[0].state != "accepted":
                        await anyio.lowlevel.checkpoint()
    assert gateway.rings == {phones(1)[0]: 1}


class Slow(MemoryJournal):
    """A journal whose claims take long, as when the process is frozen meanwhile."""

    seconds: tuple[float, ...] = ()
    """How long the next claims take; those after them take no time."""

    async def claim(self, campaign: int, **facts: Any) -> Claimed | None:
        """Take the next recipient, and let time pass."""
        claimed = await super().claim(campaign, **facts)
        self.seconds, (now, *_) = self.seconds[1:], (*self.seconds, 0.0)
        await anyio.sleep(now)
        return claimed


@pytest.mark.parametrize(("seconds", "is_given_back"), [(15.0, False), (15.5, True), (600, True)])
@virtual
async def test_a_claim_that_got_old_is_given_back(seconds: float, is_given_back: bool) -> None:  # noqa: FBT001 - a case of the table above
    """Past half its lease nothing is sent for it; the next attempt, with its own number, is."""
    wall, gateway = Wall(), Gateway()
    async with Slow(clock=wall) as journal:
        ready = await planned(journal, 3, gateway, wall, concurrency=1)
        wall.start()
        journal.seconds = (seconds,)
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 3}
        ledger = {one.ref: one for one in await ready.ledger()}
    assert gateway.rings == dict.fromkeys(phones(3), 1)
    assert (Ref(1, 2) in ledger) is is_given_back
    assert ledger[Ref(1, 1)].verdict is (Verdict.PUT_BACK if is_given_back else Verdict.ACCEPTED)
    assert run.halt is None
    if is_given_back:
        error = "call to 380*****0000: given back: it was claimed too long ago"
        assert ledger[Ref(1, 1)].error == error


@virtual
async def test_the_lease_may_be_set() -> None:
    """A shorter one gives claims back sooner."""
    wall, gateway = Wall(), Gateway()
    async with Slow(clock=wall) as journal:
        ready = await planned(journal, 2, gateway, wall)
        wall.start()
        journal.seconds = (0.6, 0.6, 0.4)
        await ready.dial(lease_seconds=1.0)
        verdicts = [str(one.verdict) for one in await ready.ledger()]
    assert sorted(verdicts) == ["accepted", "accepted", "put_back", "put_back"]
