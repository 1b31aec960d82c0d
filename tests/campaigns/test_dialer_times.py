"""When a run dials: in its window, from its start to its end, and on both days without 24 hours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.states import SkipReason
from alphasms_async.campaigns.window import Window
from tests.campaigns.dialers import Gateway, Wall, desk, unreachable
from tests.campaigns.journals import NOON
from tests.campaigns.virtual import virtual
from tests.doubles import Answer, accepted, phones

FRIDAY_NIGHT = datetime(2026, 6, 5, 23, 59, 58, tzinfo=UTC)


def began(gateway: Gateway, wall: Wall) -> list[str]:
    """Return what the clock on the wall showed, in UTC, when each call began."""
    return [f"{wall.when(at):%H:%M:%S}" for at in gateway.at]


@virtual
async def test_nobody_is_called_before_the_first_moment() -> None:
    """The first call begins with it."""
    wall, gateway = Wall(), Gateway()
    async with desk(3, gateway, wall, starts_at=NOON + timedelta(minutes=3)) as ready:
        await ready.dial()
    assert began(gateway, wall) == ["12:03:00"] * 3


@virtual
async def test_calls_stop_at_the_edge_of_the_window_and_go_on_at_the_next() -> None:
    """Closed from midnight to two minutes past, nobody is called then, and all are after it."""
    wall, gateway = Wall(FRIDAY_NIGHT), Gateway()
    window = Window.parse("00:02-24:00", zone="UTC")
    async with desk(5, gateway, wall, window=window, per_second=1) as ready:
        run = await ready.dial()
    assert began(gateway, wall) == ["23:59:58", "23:59:59", "00:02:00", "00:02:01", "00:02:02"]
    assert run.is_finished


@virtual
async def test_a_window_over_midnight_is_one_night() -> None:
    """Dialling goes on past midnight, and stops and begins on the clock's own edges."""
    wall, gateway = Wall(FRIDAY_NIGHT), Gateway()
    window = Window.parse("22:00-00:01", "fri", zone="UTC")
    async with (
        desk(70, gateway, wall, window=window, per_second=1) as ready,
        anyio.create_task_group() as group,
    ):
        group.start_soon(ready.dial)
        await anyio.sleep(120)
        assert gateway.asked == 62
        wall.jump(days=6, hours=22, minutes=-1, seconds=-58)
    told = began(gateway, wall)
    assert (gateway.asked, wall().weekday()) == (70, 4)
    assert told[62:] == [f"22:00:{second:02d}" for second in range(8)]


@virtual
async def test_calls_in_flight_end_after_the_window() -> None:
    """What rings when it closes is answered and counted."""
    wall, gateway = Wall(FRIDAY_NIGHT), Gateway(seconds=5)
    window = Window.parse("00:02-24:00", zone="UTC")
    async with desk(3, gateway, wall, window=window, concurrency=1) as ready:
        await ready.dial()
        assert await ready.counts() == {"accepted": 3}
    assert began(gateway, wall) == ["23:59:58", "00:02:00", "00:02:05"]


@virtual
async def test_a_window_that_is_days_away_is_waited_for() -> None:
    """From Friday night to Monday morning nobody is called, and whoever looks sees why."""
    wall, gateway = Wall(FRIDAY_NIGHT), Gateway()
    window = Window.parse("09:00-24:00", "mon-fri", zone="UTC")
    async with (
        desk(9, gateway, wall, window=window, per_second=1) as ready,
        anyio.create_task_group() as group,
    ):
        group.start_soon(ready.dial)
        await anyio.sleep(60)
        progress = ready.dialers[-1].progress
        assert (progress.hold, progress.begun) == (Hold.WINDOW, 2)
        assert progress.hold_seconds == pytest.approx(2 * 86_400 + 9 * 3600 - 58, abs=0.3)
        wall.jump(days=2, hours=9, seconds=-59)
        await anyio.sleep(0.5)
        assert gateway.asked == 2
        await anyio.sleep(2)
        assert gateway.asked > 2


@virtual
async def test_an_hour_that_comes_twice_is_open_twice() -> None:
    """In October Kyiv's 03:58 comes at 00:58 UTC, and at 01:00 it is three o'clock once more."""
    wall, gateway = Wall(datetime(2026, 10, 25, 0, 57, 58, tzinfo=UTC)), Gateway()
    window = Window.parse("02:00-03:58")
    async with desk(4, gateway, wall, window=window, per_second=1) as ready:
        await ready.dial()
    assert began(gateway, wall) == ["00:57:58", "00:57:59", "01:00:00", "01:00:01"]


@virtual
async def test_an_opening_that_is_left_out_comes_at_the_change() -> None:
    """In March Kyiv has no half past three: at 01:00 UTC it is four o'clock, and open."""
    wall, gateway = Wall(datetime(2026, 3, 29, 0, 58, tzinfo=UTC)), Gateway()
    window = Window.parse("03:30-05:00")
    async with desk(2, gateway, wall, window=window, per_second=1) as ready:
        await ready.dial()
    assert began(gateway, wall) == ["01:00:00", "01:00:01"]


@virtual
async def test_a_closing_that_is_left_out_comes_at_the_change() -> None:
    """A window until half past three ends that night at three, for then it is four."""
    wall, gateway = Wall(datetime(2026, 3, 29, 0, 59, 58, tzinfo=UTC)), Gateway()
    window = Window.parse("01:00-03:30")
    async with desk(9, gateway, wall, window=window, per_second=1) as ready:
        run = await ready.dial(wait=False)
        assert await ready.counts() == {"accepted": 2, "planned": 7}
    assert began(gateway, wall) == ["00:59:58", "00:59:59"]
    assert str(run.halt) == "stopped instead of waiting: outside the window"


@virtual
async def test_whoever_is_left_at_the_end_is_skipped() -> None:
    """When the campaign's time is over nobody more is called, and it is finished."""
    wall, gateway = Wall(), Gateway(seconds=1)
    expires_at = NOON + timedelta(seconds=2.5)
    async with desk(9, gateway, wall, expires_at=expires_at, concurrency=1) as ready:
        run = await ready.dial()
        # The third was in flight when it ended.
        assert await ready.counts() == {"accepted": 3, "skipped": 6}
    assert (run.tally.reasons, run.halt) == ({SkipReason.EXPIRED: 6}, None)
    assert run.is_finished


@virtual
async def test_a_call_that_never_left_before_the_end_is_skipped_too() -> None:
    """Whoever was in flight when the time ended, and was not reached, is not left over."""
    gateway = Gateway(accepted, then=unreachable, connect_seconds=3)
    expires_at = NOON + timedelta(seconds=2)
    async with desk(9, gateway, expires_at=expires_at, concurrency=4, per_second=4) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 1, "skipped": 8}
    assert (gateway.asked, run.is_finished) == (5, True)


@virtual
async def test_a_run_after_the_end_calls_nobody() -> None:
    """Everybody is skipped, and nothing is sent."""
    gateway = Gateway()
    async with desk(4, gateway, expires_at=NOON) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"skipped": 4}
    assert (gateway.asked, run.is_finished) == (0, True)


@virtual
async def test_an_end_that_comes_while_nobody_may_be_called_ends_the_run() -> None:
    """It does not wait for a window that opens later."""
    wall, gateway = Wall(FRIDAY_NIGHT), Gateway()
    limits: dict[str, Any] = {
        "window": Window.parse("09:00-24:00", zone="UTC"),
        "expires_at": FRIDAY_NIGHT + timedelta(seconds=30),
    }
    async with desk(9, gateway, wall, per_second=1, **limits) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 2, "skipped": 7}
    assert run.is_finished


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"starts_at": NOON + timedelta(hours=1)}, "starts later"),
        ({"window": Window.parse("20:00-21:00", zone="UTC")}, "outside the window"),
    ],
)
@virtual
async def test_a_run_that_does_not_wait_stops_for_the_hour(
    limits: dict[str, Any], says: str
) -> None:
    """Told not to wait for the time of day, it leaves everybody planned and says so."""
    gateway = Gateway()
    async with desk(4, gateway, **limits) as ready:
        run = await ready.dial(wait=False)
        assert await ready.counts() == {"planned": 4}
    assert run.halt is not None
    assert (run.halt.reason, gateway.asked) == (HaltReason.WAITING, 0)
    assert run.campaign.halted == f"stopped instead of waiting: {says}"


@pytest.mark.parametrize("days", [-1, 1])
@virtual
async def test_a_clock_that_jumps_loses_nobody_and_calls_nobody_twice(days: int) -> None:
    """Forth and back by a day in the midst of a run: whoever rests then is called a day later."""
    script: list[Answer] = [accepted, unreachable, accepted] * 9
    wall, gateway = Wall(), Gateway(*script, seconds=0.3)
    async with (
        desk(40, gateway, wall, concurrency=2) as ready,
        anyio.create_task_group() as group,
    ):
        group.start_soon(ready.dial)
        for by in (days, -days, -days, days):
            await anyio.sleep(1)
            wall.jump(days=by)
        await anyio.sleep(60)
        assert set(gateway.rings.values()) == {1}
        wall.jump(days=1)
    assert gateway.rings == dict.fromkeys(phones(40), 1)
