"""The dialer and its journal: one that fails, one that is slow, one that two dialers share."""

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import pytest

from alphasms_async import JournalError, JournalLocked
from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal
from alphasms_async.campaigns.sqlite.moves import claim, settle
from alphasms_async.campaigns.states import Verdict
from tests.campaigns.dialers import PRICE, Gateway, Wall, desk, planned
from tests.campaigns.virtual import virtual
from tests.doubles import FakeGateway, phones

pytestmark = pytest.mark.anyio

CLAIM, SETTLE = (f"alphasms_async.campaigns.sqlite.journal.{name}" for name in ("claim", "settle"))
"""Where the journal has its moves from."""


async def test_two_dialers_of_one_journal_call_nobody_twice(journal: Journal) -> None:
    """Both work on the same campaign, each takes its own, and both end when nobody is left."""
    one, other = FakeGateway(), FakeGateway()
    ready = await planned(journal, 80, concurrency=5)
    async with anyio.create_task_group() as group:
        group.start_soon(ready.dial, one)
        group.start_soon(ready.dial, other)
    assert one.rings + other.rings == dict.fromkeys(phones(80), 1)
    assert min(one.asked, other.asked) > 10
    record = await ready.record()
    assert (await ready.counts(), str(record.state)) == ({"accepted": 80}, "finished")


@virtual
async def test_a_dialer_waits_for_nobody_elses_calls() -> None:
    """One whose own calls have ended is over, though the other's are in flight."""
    quick, slow = Gateway(), Gateway(seconds=60)
    async with desk(10) as ready:
        began = anyio.current_time()
        async with anyio.create_task_group() as group:
            group.start_soon(ready.dial, slow)
            await anyio.sleep(1)
            run = await ready.dial(quick)
            assert anyio.current_time() - began < 2
            assert (run.is_finished, run.tally.to_dial) == (False, 1)
        assert await ready.counts() == {"accepted": 10}
        assert str((await ready.record()).state) == "finished"


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
