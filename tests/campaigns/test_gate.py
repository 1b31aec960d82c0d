"""What a call waits for, told without waiting: all times are handed in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.campaigns.gate import Gate, Holding
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.states import Verdict
from alphasms_async.campaigns.throttle import Throttle
from alphasms_async.campaigns.window import Window
from tests.campaigns.dialers import defined
from tests.campaigns.journals import NOON

ANSWERS = [Verdict.ACCEPTED, Verdict.REFUSED]
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


def gate(**limits: Any) -> Gate:
    campaign = defined(**limits)
    return Gate(campaign, Throttle(campaign.per_second))


def failed(gate: Gate, times: int, at: float = 0.0) -> Gate:
    """Tell that so many in a row were not sent, all at this moment."""
    for _ in range(times):
        gate.note(Verdict.NOT_SENT, at)
    return gate


def test_nothing_holds_a_campaign_without_limits() -> None:
    """It dials at any time."""
    assert gate().holding(0.0, NOON) is None
    assert not gate().has_expired(NOON)


def test_a_pause_holds_until_somebody_ends_it() -> None:
    """For how long, nobody knows."""
    paused = gate()
    paused.is_paused = True
    assert paused.holding(0.0, NOON) == Holding(Hold.PAUSED, None)
    paused.is_paused = False
    assert paused.holding(0.0, NOON) is None


def test_a_start_that_is_to_come_holds_until_then() -> None:
    """To the second, and no longer."""
    waiting = gate(starts_at=NOON)
    early = NOON - timedelta(seconds=90)
    assert waiting.holding(0.0, early) == Holding(Hold.STARTS_LATER, 90)
    assert waiting.holding(0.0, NOON) is None


def test_a_closed_window_holds_until_it_opens() -> None:
    """The next opening is told, whatever the day."""
    weekdays = gate(window=Window.parse("09:00-20:00", "mon-fri", "UTC"))
    friday = MONDAY + timedelta(days=4, hours=20)
    assert weekdays.holding(0.0, friday - timedelta(seconds=1)) is None
    closed = weekdays.holding(0.0, friday)
    assert closed == Holding(Hold.WINDOW, timedelta(days=2, hours=13).total_seconds())


# The hour that is closed, and a little after it, of two days.
MOMENTS = st.tuples(st.integers(0, 1), st.integers(0, 70)).map(
    lambda when: MONDAY + timedelta(days=when[0], minutes=when[1])
)


@settings(max_examples=50)
@given(st.lists(MOMENTS, min_size=1, max_size=8))
def test_the_opening_is_right_however_the_clock_goes(moments: list[datetime]) -> None:
    """What was looked for before is told again only where it is still the next one."""
    window = Window.parse("01:00-24:00", zone="UTC")
    asked = gate(window=window)
    for at in moments:
        seconds = (window.next_opening(at) - at).total_seconds()
        expected = None if window.is_open(at) else Holding(Hold.WINDOW, seconds)
        assert asked.holding(0.0, at) == expected


def test_the_first_reason_in_order_is_told() -> None:
    """A person's pause first, then the hour, then the gateway, and the pace last."""
    full = failed(
        gate(
            starts_at=NOON,
            window=Window.parse("13:00-14:00", zone="UTC"),
            per_second=0.1,
        ),
        5,
    )
    full.throttle.start(0.0)
    one = timedelta(hours=1)
    held: list[Hold] = []
    for now, at in ((0.0, NOON - one), (0.0, NOON), (0.0, NOON + one), (5.0, NOON + one)):
        holding = full.holding(now, at)
        held += [holding.hold] if holding else []
    full.is_paused = True
    paused = full.holding(0.0, NOON - one)
    assert held == [Hold.STARTS_LATER, Hold.WINDOW, Hold.UNREACHABLE, Hold.PACE]
    assert paused is not None
    assert paused.hold is Hold.PAUSED


def test_the_end_is_not_a_moment_too_late() -> None:
    """The moment itself is over."""
    expiring = gate(expires_at=NOON)
    assert not expiring.has_expired(NOON - timedelta(microseconds=1))
    assert expiring.has_expired(NOON)


def test_the_pace_holds_the_next_start() -> None:
    """For as long as it is away."""
    paced = gate(per_second=4)
    paced.throttle.start(10.0)
    assert paced.holding(10.125, NOON) == Holding(Hold.PACE, 0.125)
    assert paced.holding(10.25, NOON) is None


def test_a_slower_pace_is_told_apart() -> None:
    """It is the gateway that asks to wait."""
    slowed = gate(per_second=4)
    slowed.throttle.rate_limited(0.0, 30.0, began=0.0)
    assert slowed.holding(1.0, NOON) == Holding(Hold.RATE_LIMITED, 29)


@pytest.mark.parametrize("verdict", ANSWERS)
def test_the_first_goes_alone_until_there_is_an_answer(verdict: Verdict) -> None:
    """Only what the gateway said tells what the first call is to find out."""
    first = gate()
    for silent in (Verdict.NOT_SENT, Verdict.PUT_BACK, Verdict.UNCERTAIN):
        first.note(silent, 0.0)
        assert first.is_single
    first.note(verdict, 0.0)
    assert not first.is_single


def test_it_is_alone_no_more_once_answered() -> None:
    """An unknown outcome later on does not change that."""
    answered = gate()
    answered.note(Verdict.ACCEPTED, 0.0)
    answered.note(Verdict.UNCERTAIN, 0.0)
    assert not answered.is_single


def test_five_in_a_row_that_were_not_sent_make_it_try_now_and_then() -> None:
    """Four do not; the tries go alone."""
    reached = gate()
    reached.note(Verdict.ACCEPTED, 0.0)
    failed(reached, 4, at=7.0)
    assert (reached.is_probing, reached.holding(7.0, NOON)) == (False, None)
    failed(reached, 1, at=7.0)
    assert reached.is_single
    assert reached.holding(7.0, NOON) == Holding(Hold.UNREACHABLE, 1)
    assert reached.holding(8.0, NOON) is None


def test_each_try_that_fails_doubles_the_pause_up_to_a_minute() -> None:
    """The pause begins when the failure is seen."""
    trying, now = failed(gate(), 5), 0.0
    pauses: list[float] = []
    for _ in range(9):
        holding = trying.holding(now, NOON)
        assert holding is not None
        assert holding.seconds is not None
        pauses.append(holding.seconds)
        now += holding.seconds + 10
        trying.note(Verdict.NOT_SENT, now)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_failures_of_the_same_moment_are_one() -> None:
    """Thirty in flight together are not thirty tries."""
    assert failed(gate(), 30).holding(0.0, NOON) == Holding(Hold.UNREACHABLE, 1)


@pytest.mark.parametrize("verdict", [*ANSWERS, Verdict.UNCERTAIN])
def test_whatever_left_ends_the_tries(verdict: Verdict) -> None:
    """Somebody began to read it, so the gateway can be reached."""
    reached = failed(gate(), 9)
    reached.note(verdict, 0.0)
    assert (reached.is_probing, reached.holding(0.0, NOON)) == (False, None)
    assert failed(reached, 4).is_probing is False


def test_what_was_put_back_says_nothing_of_it() -> None:
    """A claim that got too old never tried to reach anybody."""
    trying = failed(gate(), 5)
    trying.note(Verdict.PUT_BACK, 0.5)
    assert trying.holding(0.5, NOON) == Holding(Hold.UNREACHABLE, 0.5)
