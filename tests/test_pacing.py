from itertools import pairwise

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.pacing import Pace


def starts(pace: Pace, times: list[float]) -> list[float]:
    """Return when those who come at these times may start."""
    return [now + pace.reserve(now) for now in times]


def test_those_who_come_at_once_start_one_interval_apart() -> None:
    """Nobody but the first starts at once: there is no burst at the beginning."""
    assert starts(Pace(4), [100.0] * 5) == [100.0, 100.25, 100.5, 100.75, 101.0]


def test_no_burst_makes_up_for_a_pause() -> None:
    """Time that passed unused is not saved up."""
    assert starts(Pace(2), [0.0, 60.0, 60.0, 60.0]) == [0.0, 60.0, 60.5, 61.0]


def test_those_who_come_slower_than_the_pace_never_wait() -> None:
    """A pace that is not reached costs nothing."""
    pace = Pace(10)
    assert [pace.reserve(now) for now in (0.0, 0.1, 5.0)] == [0.0, 0.0, 0.0]


def test_without_a_rate_nobody_waits() -> None:
    """`None` is no limit."""
    pace = Pace(None)
    assert [pace.reserve(7.0) for _ in range(1000)] == [0.0] * 1000


def test_a_pace_may_be_slower_than_one_a_second() -> None:
    """A tenth of a start per second is one in ten seconds."""
    assert starts(Pace(0.1), [0.0, 0.0, 1.0]) == [0.0, 10.0, 20.0]


def test_a_clock_may_stand_below_zero() -> None:
    """The clock's zero means nothing."""
    assert starts(Pace(1), [-50.0, -50.0]) == [-50.0, -49.0]


@given(
    st.floats(0.01, 1000),
    st.lists(st.floats(0, 10), min_size=2, max_size=50),
    st.floats(-1000, 1_000_000),
)
def test_two_starts_are_never_closer_than_the_interval(
    per_second: float, waits: list[float], begin: float
) -> None:
    """Whenever they come, one starts per interval at most, in the order of coming."""
    times = [begin + sum(waits[:count]) for count in range(len(waits))]
    begun = starts(Pace(per_second), times)
    assert all(later - sooner >= 1 / per_second - 1e-6 for sooner, later in pairwise(begun))
    assert all(start >= now - 1e-6 for now, start in zip(times, begun, strict=True))


@given(st.floats(0.5, 500), st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_no_second_holds_more_starts_than_the_rate(per_second: float, waits: list[float]) -> None:
    """In any second there are at most `per_second` starts, and the one that opens it."""
    times = [sum(waits[:count]) for count in range(len(waits))]
    begun = starts(Pace(per_second), times)
    for first in begun:
        assert len([one for one in begun if first <= one < first + 1 - 1e-6]) <= per_second + 1


def test_sleeping_a_little_late_does_not_slow_the_pace() -> None:
    """Each start is a few milliseconds late, and a hundred of them take no longer for it."""
    pace, now = Pace(50), 0.0
    for _ in range(100):
        now += pace.delay(now) + 0.003
        pace.start(now)
    assert now == pytest.approx(99 / 50 + 0.006)


def test_a_long_lateness_is_not_made_up_for() -> None:
    """What comes later than a sleep is late is time that passed unused."""
    pace = Pace(2)
    pace.start(0.0)
    pace.start(0.6)
    assert pace.delay(0.6) == pytest.approx(0.5)


@pytest.mark.anyio
async def test_waiting_takes_the_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """`wait` sleeps for what `reserve` says, on the event loop's clock, and not at all for 0."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("alphasms_async.pacing.anyio.sleep", sleep)
    monkeypatch.setattr("alphasms_async.pacing.anyio.current_time", lambda: 100.0)
    pace = Pace(4)
    for _ in range(3):
        await pace.wait()
    assert slept == [0.25, 0.5]


@pytest.mark.anyio
async def test_a_turn_that_was_cancelled_is_gone() -> None:
    """A start that was given out and not used is not given to another."""
    pace = Pace(0.001)
    await pace.wait()
    with anyio.move_on_after(0.01):
        await pace.wait()
    assert pace.reserve(anyio.current_time()) > 1900


def test_asking_for_the_next_start_takes_nothing() -> None:
    """`delay` tells what `reserve` would, and leaves it to others."""
    pace = Pace(2)
    assert [pace.delay(0.0), pace.reserve(0.0), pace.delay(0.0), pace.delay(0.0)] == [
        0,
        0,
        0.5,
        0.5,
    ]


def test_a_changed_rate_counts_from_the_last_start() -> None:
    """Slower or faster, the next start is one new interval after the last one taken."""
    pace = Pace(1)
    pace.reserve(0.0)
    delays: list[float] = []
    for per_second in (0.1, 2, None):
        pace.set(per_second)
        delays.append(pace.delay(0.25))
    assert delays == [9.75, 0.25, 0.0]
