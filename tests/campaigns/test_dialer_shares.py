"""Several dialers at one campaign: they share its pace and its end, and nobody waits in vain."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import anyio
import httpx
import pytest

from alphasms_async.campaigns.commands import Pause, Resume, SetPace
from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.window import Window
from alphasms_async.errors import InvalidRequest, JournalLocked
from tests.campaigns.dialers import Gateway, limited, unreachable
from tests.campaigns.journals import NAME, NOON
from tests.campaigns.pools import crew
from tests.campaigns.virtual import virtual
from tests.doubles import Answer, accepted, refused

pytestmark = pytest.mark.anyio


def gateways(count: int, **facts: Any) -> list[Gateway]:
    """Return a gateway for each of so many dialers, to see who calls when."""
    return [Gateway(**facts) for _ in range(count)]


def each(several: Iterable[Gateway], **options: Any) -> list[dict[str, Any]]:
    """Return what each dialer is given."""
    return [{"gateway": one, **options} for one in several]


def begun(several: Iterable[Gateway]) -> list[float]:
    """Return when all calls began, in order."""
    return sorted(at for one in several for at in one.at)


def gaps(moments: list[float]) -> list[float]:
    return [round(later - earlier, 6) for earlier, later in pairwise(moments)]


class Delayed(Gateway):
    """A gateway whose answers take so long each; the last delay is that of all further ones."""

    def __init__(self, *script: Answer, delays: list[float]) -> None:
        super().__init__(*script)
        self.delays = delays

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer when it is time."""
        self.seconds, *later = self.delays
        self.delays = later or self.delays
        return await super().handle_async_request(request)


@virtual
async def test_all_dialers_together_keep_one_pace() -> None:
    """Ten a second are ten a second, evenly, however many dial; and each of them does."""
    several = gateways(3, seconds=0.3)
    async with crew(90, per_second=10) as ready:
        runs = await ready.dial_together(*each(several))
        assert await ready.desk.counts() == {"accepted": 90}
    assert gaps(begun(several)) == [0.1] * 89
    assert min(one.asked for one in several) >= 20
    assert [run.is_finished for run in runs] == [True] * 3


@pytest.mark.parametrize("lag", [0.05, 0.4, 2])
@virtual
async def test_no_call_is_earlier_than_its_slot(lag: float) -> None:
    """However long the answer was on its way: of the first so many calls each has its own."""
    several = gateways(3, seconds=0.3)
    async with crew(60, per_second=10, concurrency=3) as ready:
        doors = [ready.door(lambda: lag) for _ in several]
        options = [{"gateway": one, "door": door} for one, door in zip(several, doors, strict=True)]
        await ready.dial_together(*options)
        slots = sorted(ready.pool.slots)
    assert min(gaps(slots)) >= 0.1 - 1e-6
    assert all(at >= slot - 1e-6 for at, slot in zip(begun(several), slots, strict=False))


@virtual
async def test_a_dialer_that_has_no_hands_free_keeps_no_slots() -> None:
    """Whoever places one call at a time takes one start at a time; the rest is for others."""
    slow, fast = Gateway(seconds=9), Gateway()
    async with crew(200, per_second=20) as ready:
        await ready.dial_together(
            {"gateway": slow, "concurrency": 1}, {"gateway": fast, "concurrency": 20}
        )
        assert len(ready.pool.slots) <= 200 + 20
    assert max(fast.gaps) <= 0.1 + 1e-6
    assert fast.asked >= 195


@virtual
async def test_what_was_held_up_is_not_caught_up() -> None:
    """Slots that went by while nobody could dial are nobody's: no burst comes after a pause."""
    several = gateways(2)
    async with crew(100, per_second=10) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial_together, *each(several))
        await anyio.sleep(2.03)
        await ready.desk.tell(Pause(NAME))
        await anyio.sleep(0.6)
        paused = len(begun(several))
        await anyio.sleep(9.4)
        assert len(begun(several)) == paused
        await ready.desk.tell(Resume(NAME))
        resumed = anyio.current_time()
        await anyio.sleep(1.3)
        assert sum(at >= resumed for at in begun(several)) <= 1.3 * 10 + 1
    assert max(gaps(begun(several))) >= 9.4
    assert gaps(begun(several)[-40:]) == [0.1] * 39


@virtual
async def test_a_new_pace_holds_for_all_within_a_look() -> None:
    """A faster one does not wait behind the slots of the slow one, which are used no more."""
    several = gateways(3)
    async with crew(100, per_second=0.1) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial_together, *each(several))
        await anyio.sleep(31)
        assert len(begun(several)) == 4
        await ready.desk.tell(SetPace(NAME, 10))
    moments = begun(several)
    assert moments[4] - 31 <= 0.6
    assert gaps(moments[10:]) == [0.1] * 89


@virtual
async def test_a_slower_pace_holds_within_a_look() -> None:
    """The slots in hand are of the old pace, and are used no more."""
    several = gateways(3)
    async with crew(80, per_second=20) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial_together, *each(several))
        await anyio.sleep(1)
        await ready.desk.tell(SetPace(NAME, 1))
    late = [at for at in begun(several) if at > 1.5]
    assert min(gaps(late)) >= 1 - 1e-6


@virtual
async def test_a_pace_that_is_taken_away_is_no_limit_for_anybody() -> None:
    """All go that there are hands for."""
    several = gateways(2)
    async with crew(50, per_second=0.1) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial_together, *each(several))
        await anyio.sleep(25)
        await ready.desk.tell(SetPace(NAME, None))
    assert begun(several)[-1] <= 26


@virtual
async def test_a_gateway_that_asks_one_to_wait_slows_that_one() -> None:
    """It is this dialer's answer; the others keep the campaign's pace."""
    slowed, other = Gateway(accepted, limited(20)), Gateway()
    async with crew(100, per_second=10) as ready:
        await ready.dial_together(*each([slowed, other]))
        assert await ready.desk.counts() == {"accepted": 100}
    assert max(gaps(slowed.at), default=0) >= 20 or slowed.asked == 2
    assert other.asked >= 90
    assert other.at[-1] <= 20


@virtual
async def test_the_first_call_of_each_dialer_goes_alone() -> None:
    """It finds what would meet all calls of that process."""
    several = gateways(2, seconds=1)
    async with crew(12) as ready:
        await ready.dial_together(*each(several))
    assert [one.gaps[:2] for one in several] == [[1, 0], [1, 0]]


@virtual
async def test_what_stops_one_stops_all() -> None:
    """A wrong key is wrong for everybody; the others say so in the same words."""
    wrong, slow = Gateway(accepted, then=refused("Wrong API key")), Gateway(seconds=0.2)
    async with crew(500) as ready:
        first, second = await ready.dial_together(
            {"gateway": wrong, "concurrency": 2}, {"gateway": slow, "concurrency": 2}
        )
        record = await ready.desk.record()
    assert first.halt is not None
    assert second.halt is not None
    assert (first.halt.reason, second.halt.reason) == (HaltReason.ACCOUNT, HaltReason.ELSEWHERE)
    assert record.halted == first.halt.text == second.halt.text
    assert slow.at[-1] <= 0.6


@virtual
async def test_others_are_told_before_the_last_call_has_ended() -> None:
    """A halt is noted at once, though calls of the dialer that halts are in flight for long."""
    # The third request is refused at once; the second and the fourth are answered late.
    halting = Delayed(accepted, accepted, refused("Banned"), delays=[1, 60, 0.5])
    other = Gateway(seconds=0.1)
    async with crew(5000) as ready:
        first, _ = await ready.dial_together(
            {"gateway": halting, "concurrency": 3}, {"gateway": other, "concurrency": 2}
        )
        ended = anyio.current_time()
    assert first.halt is not None
    assert (other.at[-1] <= 2.2, ended >= 61) == (True, True)


@virtual
async def test_a_note_holds_for_whoever_joins() -> None:
    """Nobody is called by one that joins; one that begins anew takes the note away."""
    gateway = Gateway()
    async with crew(9, gateway) as ready:
        await ready.pool.halt(1, "the gateway refuses the account")
        run = await ready.dial(joins=True)
        assert (gateway.asked, await ready.desk.counts()) == (0, {"planned": 9})
        assert (run.halt is not None, run.campaign.halted) == (True, str(run.halt))
        run = await ready.dial()
        assert (run.halt, run.campaign.halted, gateway.asked) == (None, None, 9)


@pytest.mark.parametrize(("joins", "is_noted"), [(True, False), (False, True)])
@virtual
async def test_that_one_would_not_wait_is_nobody_elses_reason(
    joins: bool,  # noqa: FBT001 - a case of the table above
    is_noted: bool,  # noqa: FBT001 - likewise
) -> None:
    """Whoever joins and does not wait ends, and the row says nothing of that."""
    async with crew(9, window=Window.parse("01:00-02:00", zone="UTC")) as ready:
        run = await ready.dial(joins=joins, wait=False)
        assert run.halt is not None
        assert run.halt.reason is HaltReason.WAITING
        assert ((await ready.desk.record()).halted is not None) is is_noted


@pytest.mark.parametrize(("seconds", "is_worth_it"), [(60, True), (61, False)])
@virtual
async def test_a_short_wait_is_no_reason_to_leave(
    seconds: float,
    is_worth_it: bool,  # noqa: FBT001 - a case of the table above
) -> None:
    """Whoever joins and does not wait stays for a minute all the same, and not for longer."""
    async with crew(3, starts_at=NOON + timedelta(seconds=seconds)) as ready:
        run = await ready.dial(joins=True, wait=False)
        assert await ready.desk.counts() == {"accepted" if is_worth_it else "planned": 3}
    assert (run.halt is None) is is_worth_it


@virtual
async def test_whoever_joins_and_shows_nobody_counts_nothing() -> None:
    """Counting is dear, and dialers are many: only of a campaign that is over it is counted."""
    gateway = Gateway(accepted, refused("Banned"), seconds=1)
    async with crew(20, gateway, budget=Decimal(90)) as ready:
        door = ready.door()
        run = await ready.dial(door=door, joins=True, concurrency=2)
        assert (door.counts, run.is_counted) == (0, False)
        for ask in (lambda: run.tally, lambda: run.money):
            with pytest.raises(RuntimeError, match="ask the journal"):
                ask()
        await ready.pool.halt(1, None)
        door = ready.door()
        run = await ready.dial(door=door, joins=True, concurrency=2)
        assert (door.counts, run.is_counted, run.tally.accepted) == (2, True, 20)
        assert gateway.most_in_flight == 2


@virtual
async def test_a_note_that_was_taken_away_does_not_come_back() -> None:
    """Whoever stops for another's note, and ends later, does not write it again."""
    slow = Gateway(seconds=20)
    async with crew(9) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial, slow)
        await anyio.sleep(1)
        await ready.pool.halt(1, "the gateway refuses the account")
        await anyio.sleep(1)
        await ready.pool.halt(1, None)
    assert ready.runs[0].halt is not None
    assert ready.runs[0].campaign.halted is None


@virtual
async def test_one_waits_for_the_last_calls_of_others() -> None:
    """Whoever never left comes back, and is called by whoever is free; all end with the last."""
    stuck = Gateway(accepted, then=unreachable, connect_seconds=5)
    free = Gateway(seconds=1)
    async with crew(3) as ready:
        runs = await ready.dial_together({"gateway": stuck, "concurrency": 1}, {"gateway": free})
        assert await ready.desk.counts() == {"accepted": 3}
    assert [(run.halt, run.is_finished) for run in runs] == [(None, True)] * 2
    assert free.asked == 2


@virtual
async def test_the_last_calls_of_others_are_no_long_wait() -> None:
    """Whoever does not wait for more than calls waits for those of others too."""
    several = [Gateway(seconds=40), Gateway()]
    async with crew(3) as ready:
        runs = await ready.dial_together(*each(several, concurrency=1, wait=False))
    assert [(run.halt, run.is_finished) for run in runs] == [(None, True)] * 2


@virtual
async def test_what_is_waited_for_is_told() -> None:
    """Whoever looks sees that others are calling the last ones."""
    slow, idle = Gateway(seconds=9), Gateway()
    async with crew(2) as ready, anyio.create_task_group() as group:
        group.start_soon(lambda: ready.dial(slow, concurrency=1))
        await anyio.sleep(0.1)
        group.start_soon(lambda: ready.dial(idle, concurrency=1))
        await anyio.sleep(1)
        progress = ready.desk.dialers[-1].progress
        assert (progress.hold, progress.in_flight) == (Hold.OTHERS, 0)


@virtual
async def test_a_call_that_a_dead_dialer_left_is_waited_for_as_long_as_its_lease() -> None:
    """Then it is uncertain, nobody is left, and the campaign is finished."""
    async with crew(2) as ready, anyio.create_task_group() as group:
        door = ready.door()

        async def die() -> None:
            with anyio.CancelScope() as scope:
                group.start_soon(kill, scope)
                await ready.dial(Gateway(seconds=60), door, concurrency=1)

        async def kill(scope: anyio.CancelScope) -> None:
            await anyio.sleep(1)
            door.kill()
            scope.cancel()

        group.start_soon(die)
        await anyio.sleep(2)
        run = await ready.dial()
        assert await ready.desk.counts() == {"uncertain": 1, "accepted": 1}
        assert (run.halt, run.is_finished) == (None, True)
        assert 30 <= anyio.current_time() <= 33


@virtual
async def test_a_dialer_that_lost_its_lease_calls_nobody_more() -> None:
    """What it was calling is uncertain, and its late answer still settles it."""
    gateway = Gateway(seconds=3)
    async with crew(9, gateway) as ready:
        door = ready.door()

        async def freeze() -> None:
            await anyio.sleep(1)
            await ready.pool.bury(door.member)

        async with anyio.create_task_group() as group:
            group.start_soon(freeze)
            with pytest.raises(JournalLocked, match="lease"):
                await ready.dial(door=door)
        assert await ready.desk.counts() == {"accepted": 1, "planned": 8}
    assert gateway.asked == 1


@virtual
async def test_whoever_is_not_dialled_in_time_is_skipped_while_others_call() -> None:
    """The time is over for all; what is in flight ends as it ends."""
    slow, quick = Gateway(seconds=20), Gateway(seconds=2)
    async with crew(200, expires_at=NOON + timedelta(seconds=10)) as ready:
        runs = await ready.dial_together(
            {"gateway": slow, "concurrency": 1}, {"gateway": quick, "concurrency": 1}
        )
        assert await ready.desk.counts() == {"accepted": 1 + 5, "skipped": 194}
    assert [(run.halt, run.is_finished) for run in runs] == [(None, True)] * 2


@virtual
async def test_one_that_is_stopped_leaves_the_others_to_it() -> None:
    """They go on, and nothing of that stands in the row."""
    several = gateways(2, seconds=1)
    async with crew(40, concurrency=2) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial_together, *each(several))
        await anyio.sleep(3.5)
        ready.desk.dialers[0].stop()
    assert {run.stopped for run in ready.runs} == {True, False}
    last = ready.runs[-1].campaign
    assert (last.halted, str(last.state)) == (None, "finished")


@virtual
async def test_a_pause_stops_all_within_a_look() -> None:
    """What was admitted before is given back; nobody begins a call half a second later."""
    several = gateways(4, seconds=0.1)
    async with crew(5000, per_second=50) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial_together, *each(several))
        await anyio.sleep(5)
        await ready.desk.tell(Pause(NAME))
        at = anyio.current_time()
        await anyio.sleep(5)
        assert begun(several)[-1] <= at + 0.5
        for dialer in ready.desk.dialers:
            assert (dialer.progress.hold, dialer.progress.in_flight) == (Hold.PAUSED, 0)
            dialer.stop()


@virtual
async def test_whoever_is_always_too_late_does_not_ask_without_end() -> None:
    """When others have all who are due, one looks again a moment later."""
    async with crew(3) as ready:
        door = ready.door()
        until = anyio.current_time() + 10
        door.is_late = lambda: anyio.current_time() < until
        await ready.dial(door=door)
        assert await ready.desk.counts() == {"accepted": 3}
    assert door.claims <= 3 + 3 * (10 / 0.25 + 1)


@virtual
async def test_a_worker_places_as_many_calls_as_it_is_told() -> None:
    """Its own number counts, not the campaign's."""
    gateway = Gateway(seconds=1)
    async with crew(31, gateway, concurrency=2) as ready:
        await ready.dial(concurrency=10)
    assert gateway.most_in_flight == 10


@pytest.mark.parametrize("concurrency", [0, -1, 1.5])
async def test_no_other_number_of_calls_is_taken(concurrency: Any) -> None:
    """Before anything is written or sent."""
    async with crew(3) as ready:
        with pytest.raises(InvalidRequest, match="concurrency"):
            await ready.dial(concurrency=concurrency)


@pytest.mark.parametrize(("lag", "attempts"), [(0.4, 1), (0.6, 2)])
@virtual
async def test_the_journal_says_how_old_a_claim_may_get(lag: float, attempts: int) -> None:
    """Past half of its lease the recipient is given back unsent, and claimed anew."""
    lags = {"claiming": lag}
    async with crew(1) as ready:
        door = ready.door(lambda: lags.pop("claiming", 0.0) if door.claims else 0.0)
        door.lease = 1.0
        await ready.dial(door=door)
        assert await ready.desk.counts() == {"accepted": 1}
        assert len(await ready.desk.ledger()) == attempts
