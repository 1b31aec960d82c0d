"""How fast a run dials: evenly, without a burst, and as fast as it is told meanwhile."""

from itertools import pairwise

import anyio
import pytest

from alphasms_async.campaigns.commands import Pause, Resume, SetPace
from alphasms_async.campaigns.progress import Hold
from tests.campaigns.dialers import Gateway, desk
from tests.campaigns.journals import NAME
from tests.campaigns.virtual import virtual


@virtual
async def test_calls_begin_evenly() -> None:
    """`per_second=5` begins a call each 200 ms, the first at once, with no burst after it."""
    gateway = Gateway()
    async with desk(11, gateway, per_second=5) as ready:
        began = anyio.current_time()
        await ready.dial()
    assert (gateway.at[0] - began, gateway.gaps) == (0, [0.2] * 10)


@virtual
async def test_without_a_pace_nobody_waits() -> None:
    """Calls begin as slots are free."""
    gateway = Gateway()
    async with desk(50, gateway) as ready:
        await ready.dial()
    assert gateway.gaps == [0] * 49


@virtual
async def test_slow_calls_do_not_slow_the_pace() -> None:
    """Once the first is answered, calls begin at the pace while others are in flight."""
    gateway = Gateway(seconds=1)
    async with desk(12, gateway, per_second=10) as ready:
        await ready.dial()
    assert gateway.gaps == [1, *[0.1] * 10]


@virtual
async def test_time_lost_is_not_made_up() -> None:
    """After all slots were taken for long, calls go on at the pace, not in a burst."""
    gateway = Gateway(seconds=10)
    async with desk(9, gateway, per_second=2, concurrency=4) as ready:
        await ready.dial()
    assert gateway.gaps == [10, 0.5, 0.5, 0.5, 8.5, 0.5, 0.5, 0.5]


@virtual
async def test_no_burst_follows_a_pause() -> None:
    """A person's pause of a minute is not made up for either."""
    gateway = Gateway()
    async with desk(30, gateway, per_second=10) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await anyio.sleep(1)
        await ready.tell(Pause(NAME))
        await anyio.sleep(60)
        await ready.tell(Resume(NAME))
    assert len(gateway.at) == 30
    assert min(gateway.gaps) >= 0.1
    assert max(gateway.gaps) == pytest.approx(60, abs=0.5)


@virtual
async def test_the_pace_is_changed_while_it_runs() -> None:
    """A slower one holds within a quarter of a second, and so does a faster one."""
    gateway = Gateway()
    async with desk(60, gateway, per_second=10) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await anyio.sleep(2.05)
        await ready.tell(SetPace(NAME, 1))
        await anyio.sleep(10)
        await ready.tell(SetPace(NAME, 20))
    changed = [place for place, (a, b) in enumerate(pairwise(gateway.gaps)) if abs(a - b) > 1e-6]
    fast, slow, faster = gateway.gaps[:20], gateway.gaps[25:30], gateway.gaps[-10:]
    assert (fast, slow, faster) == ([0.1] * 20, [1] * 5, [0.05] * 10)
    # Not one start is out of step but where one pace gives way to the other.
    assert len(changed) <= 4


@virtual
async def test_a_thousand_a_second_are_a_thousand_a_second() -> None:
    """The fastest pace is as even as any other, however many slots there are."""
    gateway = Gateway(seconds=0.3)
    async with desk(2000, gateway, per_second=1000, concurrency=500) as ready:
        run = await ready.dial()
    assert run.is_finished
    assert gateway.gaps[1:] == [0.001] * 1998


@virtual
async def test_a_pace_that_is_taken_away_is_no_limit() -> None:
    """`None` lets all go that there are slots for."""
    gateway = Gateway()
    async with desk(30, gateway, per_second=0.1) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await anyio.sleep(15)
        await ready.tell(SetPace(NAME, None))
    assert gateway.gaps == [10, pytest.approx(5, abs=0.3), *[0] * 27]


@virtual
async def test_a_pace_that_was_set_before_holds() -> None:
    """It is the journal's, not the definition's, and it is no other campaign for that."""
    gateway = Gateway()
    async with desk(5, gateway, per_second=10) as ready:
        await ready.tell(SetPace(NAME, 2))
        await ready.dial()
        assert ready.dialers[-1].progress.per_second == 2
    assert gateway.gaps == [0.5] * 4


@virtual
async def test_waiting_for_the_pace_is_told() -> None:
    """Whoever looks sees that the next start is a moment away."""
    async with desk(5, per_second=0.1) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await anyio.sleep(4)
        progress = ready.dialers[-1].progress
        assert (progress.hold, progress.begun) == (Hold.PACE, 1)
        assert progress.hold_seconds == pytest.approx(6, abs=0.3)
        ready.dialers[-1].stop()


@virtual
async def test_a_run_ends_without_waiting_for_its_pace() -> None:
    """When nobody is left, the next start is not waited for."""
    async with desk(1, per_second=0.001) as ready:
        began = anyio.current_time()
        await ready.dial()
        assert anyio.current_time() == began


@virtual
async def test_a_run_that_is_stopped_does_not_wait_for_its_pace() -> None:
    """Who waits for a start gives it up at once."""
    async with desk(5, per_second=0.001) as ready:
        began = anyio.current_time()
        async with anyio.create_task_group() as group:
            group.start_soon(ready.dial)
            await anyio.sleep(3)
            ready.dialers[-1].stop()
        assert anyio.current_time() - began == 3
        assert await ready.counts() == {"accepted": 1, "planned": 4}
