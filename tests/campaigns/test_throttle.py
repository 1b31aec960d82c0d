from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.campaigns.throttle import Throttle
from alphasms_async.errors import InvalidRequest


def run(throttle: Throttle, begin: float, end: float) -> list[float]:
    """Take every start there is from one moment up to another, and return when they were."""
    starts: list[float] = []
    now = begin
    while now < end:
        delay = throttle.delay(now)
        if delay > 0:
            now += delay
        else:
            throttle.start(now)
            starts.append(now)
    return starts


def slowed(per_second: float | None, *, at: float = 0.0) -> Throttle:
    """Return a throttle that was slowed down once, with a pause of 1 s."""
    throttle = Throttle(per_second)
    throttle.rate_limited(at, None, began=at)
    return throttle


def flooded(per_second: int, *, seconds: int = 10) -> Throttle:
    """Return a throttle without a rate, after so many starts a second up to the moment 0."""
    throttle = Throttle(None)
    for count in range(1 - per_second * seconds, 1):
        throttle.start(count / per_second)
    return throttle


def rate_at(throttle: Throttle, now: float) -> float | None:
    throttle.delay(now)
    return throttle.rate


def test_starts_are_one_interval_apart() -> None:
    """The person's rate is kept smoothly, with no burst at the beginning."""
    assert run(Throttle(4), 100.0, 101.0) == [100.0, 100.25, 100.5, 100.75]


def test_without_a_rate_nobody_waits() -> None:
    """`None` is no limit."""
    throttle = Throttle(None)
    for _ in range(1000):
        assert throttle.delay(7.0) == 0
        throttle.start(7.0)
    assert (throttle.rate, throttle.slowed) == (None, False)


def test_asking_takes_nothing() -> None:
    """Whoever asks and goes away costs nobody a start."""
    throttle = Throttle(2)
    throttle.start(0.0)
    assert [throttle.delay(0.25) for _ in range(3)] == [0.25] * 3


def test_no_burst_makes_up_for_a_pause() -> None:
    """Time that passed unused is not saved up."""
    throttle = Throttle(2)
    throttle.start(0.0)
    assert run(throttle, 60.0, 61.0) == [60.0, 60.5]


@pytest.mark.parametrize("per_second", [0, -1, float("nan"), float("inf")])
def test_a_rate_is_a_number_above_nothing(per_second: float) -> None:
    """At first and later on."""
    with pytest.raises(InvalidRequest, match=r"^per_second is a number above 0"):
        Throttle(per_second)
    throttle = Throttle(3)
    with pytest.raises(InvalidRequest, match=r"^per_second is a number above 0"):
        throttle.set(per_second)
    assert throttle.rate == 3


def test_a_new_rate_holds_for_the_very_next_start() -> None:
    """Nobody waits by the old one, whether it becomes faster or slower."""
    throttle = Throttle(0.1)
    throttle.start(0.0)
    assert throttle.delay(1.0) == 9
    throttle.set(0.5)
    assert throttle.delay(1.0) == 1
    throttle.set(0.05)
    assert throttle.delay(1.0) == 19
    throttle.set(None)
    assert throttle.delay(1.0) == 0


def test_nobody_starts_before_the_gateway_allows_it() -> None:
    """What it asks to wait is waited, and then there is no burst."""
    throttle = Throttle(2)
    throttle.start(0.0)
    throttle.rate_limited(0.5, 30.0, began=0.0)
    assert throttle.delay(0.5) == 30
    assert run(throttle, 0.5, 33.0) == [30.5, 31.5, 32.5]


def test_a_start_that_is_waited_for_obeys_a_pause_that_comes_meanwhile() -> None:
    """Who waits holds no start: he asks again and hears of the pause."""
    throttle = Throttle(0.5)
    throttle.start(0.0)
    assert throttle.delay(0.5) == 1.5
    throttle.rate_limited(1.0, 20.0, began=0.0)
    assert throttle.delay(2.0) == 19


def test_a_person_does_not_shorten_the_pause() -> None:
    """A higher rate set meanwhile starts nobody before the gateway allows it."""
    throttle = slowed(1)
    throttle.set(100)
    assert throttle.delay(0.0) == 1


def test_the_longest_pause_is_ten_minutes() -> None:
    """Whatever the gateway asks for, the dialer looks again after 600 s."""
    throttle = Throttle(1)
    throttle.rate_limited(0.0, 86_400.0, began=0.0)
    assert throttle.delay(0.0) == 600


def test_the_pause_doubles_while_the_gateway_goes_on_complaining() -> None:
    """Without a word from the gateway it is 1, 2, 4 … s, at most 600."""
    throttle, now = Throttle(1), 0.0
    pauses: list[float] = []
    for _ in range(12):
        throttle.rate_limited(now, None, began=now)
        pauses.append(throttle.delay(now))
        now += pauses[-1] + 0.5
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]


def test_the_pause_is_short_again_after_a_quiet_time() -> None:
    """30 s without a complaint and the next one is a first one."""
    throttle = slowed(1)
    throttle.rate_limited(2.0, None, began=1.5)
    assert throttle.delay(2.0) == 2
    throttle.rate_limited(34.0, None, began=33.0)
    assert throttle.delay(34.0) == 1


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    """The latest end of all pauses counts."""
    throttle = Throttle(1)
    throttle.rate_limited(0.0, 60.0, began=0.0)
    throttle.rate_limited(1.0, 2.0, began=0.5)
    assert throttle.delay(1.0) == 59


def test_a_pause_is_told_from_what_comes_after_it() -> None:
    """Up to its last moment nobody starts; that it is slow after that is no pause."""
    throttle = Throttle(10)
    assert not throttle.is_paused(0)
    throttle.rate_limited(0, 20, began=0)
    assert [throttle.is_paused(at) for at in (0, 19.9, 20, 20.1)] == [True, True, True, False]


def test_what_was_dialled_lately_is_told() -> None:
    """As starts a second, over the last five of them."""
    assert Throttle(None).observed == 0
    assert flooded(40).observed == 40


def test_each_slowdown_halves_the_rate() -> None:
    """From the person's rate down to one start in 10 s, and no further."""
    throttle = Throttle(8)
    rates: list[float | None] = []
    for now in range(8):
        throttle.rate_limited(now, 0.0, began=now)
        rates.append(throttle.rate)
    assert rates == [4, 2, 1, 0.5, 0.25, 0.125, 0.1, 0.1]
    assert throttle.slowed


def test_a_person_who_is_slower_still_stays_so() -> None:
    """One start in 20 s is never made one in 10."""
    throttle = slowed(0.05)
    assert (throttle.rate, throttle.slowed) == (0.05, False)


def test_answers_to_calls_in_flight_count_once() -> None:
    """500 calls that were already out when the first complaint came are one complaint."""
    throttle = Throttle(8)
    for late in range(500):
        throttle.rate_limited(10.0 + late / 1000, None, began=late / 50)
    assert throttle.rate == 4
    assert throttle.delay(10.0) == 1


def test_a_call_that_began_at_the_moment_of_the_slowdown_was_in_flight() -> None:
    """A clock that is too coarse to part the two does not halve the rate twice."""
    throttle = slowed(8, at=10.0)
    throttle.rate_limited(10.5, None, began=10.0)
    assert (throttle.rate, throttle.delay(10.0)) == (4, 1)


def test_a_call_in_flight_may_ask_for_a_longer_pause() -> None:
    """It halves nothing, yet what it was told is heeded."""
    throttle = slowed(8, at=10.0)
    throttle.rate_limited(10.5, 20.0, began=9.0)
    assert (throttle.rate, throttle.delay(10.5)) == (4, 20)


def test_a_call_that_began_after_the_slowdown_counts_again() -> None:
    """The slower rate was still too fast."""
    throttle = slowed(8, at=10.0)
    throttle.rate_limited(11.5, None, began=11.0)
    assert (throttle.rate, throttle.delay(11.5)) == (2, 2)


@pytest.mark.parametrize(
    ("now", "rate"),
    [(30.9, 10), (31, 12), (40.9, 12), (41, 14), (51, 16), (61, 18), (70.9, 18), (71, 20)],
)
def test_the_rate_grows_back_by_tenths(now: float, rate: float) -> None:
    """After 30 s from the end of the pause, each 10 s a tenth of the person's rate."""
    throttle = slowed(20)
    assert rate_at(throttle, now) == pytest.approx(rate)
    assert throttle.slowed is (rate < 20)


@given(st.floats(0.2, 1000))
def test_the_persons_rate_comes_back_exactly(per_second: float) -> None:
    """No rounding leaves a rate that is almost the person's."""
    throttle = slowed(per_second)
    assert rate_at(throttle, 71.0) == per_second
    assert not throttle.slowed


def test_long_silence_grows_the_rate_just_as_asking_all_the_time() -> None:
    """The steps are counted by the clock, not by the questions."""
    often, once = slowed(16), slowed(16)
    for now in range(52):
        often.delay(now)
    assert rate_at(often, 52.0) == rate_at(once, 52.0) == pytest.approx(8 + 3 * 1.6)


def test_a_pause_is_no_quiet_time() -> None:
    """While nobody starts, nothing is learnt: the 30 s count from when dialling goes on."""
    throttle = Throttle(10)
    throttle.rate_limited(0.0, 600.0, began=0.0)
    assert [rate_at(throttle, now) for now in (629.9, 630.0)] == [5, 6]


@pytest.mark.parametrize("began", [-1.0, 15.0])
def test_any_complaint_ends_the_quiet_time(began: float) -> None:
    """Also the answer to a call that was in flight at the slowdown."""
    throttle = slowed(16)
    throttle.rate_limited(20.0, 0.0, began=began)
    before = throttle.rate
    assert rate_at(throttle, 49.9) == before
    assert rate_at(throttle, 50.0) != before


def test_growth_heeds_the_starts_that_were_taken() -> None:
    """A rate that has grown holds for the next start."""
    throttle = slowed(1)
    throttle.start(30.0)
    assert throttle.delay(30.0) == 2
    assert throttle.delay(31.0) == pytest.approx(1 / 0.6 - 1)


def test_a_higher_rate_set_while_slowed_is_grown_to() -> None:
    """A person's wish does not undo what the gateway asked for, it sets where growth ends."""
    throttle = slowed(8)
    throttle.set(40)
    assert (throttle.rate, throttle.slowed) == (4, True)
    assert [rate_at(throttle, now) for now in (31, 41, 121)] == [8, 12, 40]


def test_a_lower_rate_set_while_slowed_holds_at_once() -> None:
    """The lower of the two counts, and a slowdown that it hides is not forgotten."""
    throttle = slowed(8)
    throttle.set(3)
    assert (throttle.rate, throttle.slowed) == (3, False)
    throttle.set(8)
    assert (throttle.rate, throttle.slowed) == (4, True)


def test_a_lower_rate_than_the_slowed_one_is_back_after_the_quiet_time() -> None:
    """Then nothing of the slowdown is left."""
    throttle = slowed(8)
    throttle.set(3)
    throttle.delay(31.0)
    throttle.set(8)
    assert (throttle.rate, throttle.slowed) == (8, False)


def test_without_a_rate_half_of_what_was_dialled_is_the_slower_rate() -> None:
    """It is what started in the 5 s up to the last start, however late the complaint comes."""
    throttle = flooded(20)
    throttle.rate_limited(59.0, None, began=0.0)
    assert (throttle.rate, throttle.slowed) == (10, True)
    assert run(throttle, 59.0, 60.25) == [60.0, 60.1, 60.2]


def test_without_a_rate_the_first_slowdown_leaves_a_start_in_two_seconds() -> None:
    """Few starts tell little of what the gateway bears."""
    throttle = Throttle(None)
    throttle.start(0.0)
    throttle.rate_limited(1.0, None, began=0.0)
    assert throttle.rate == 0.5


def test_without_a_rate_it_doubles_and_then_there_is_no_limit() -> None:
    """Each 30 s twice as much, up to 10 times what was dialled at first."""
    throttle = flooded(20)
    throttle.rate_limited(0.0, None, began=0.0)
    rates = [rate_at(throttle, now) for now in (30, 31, 61, 91, 121, 150)]
    assert rates == [10, 20, 40, 80, 160, 160]
    assert throttle.slowed
    assert rate_at(throttle, 151) is None
    assert not throttle.slowed
    assert throttle.delay(151) == 0


def test_without_a_rate_a_second_slowdown_halves_the_first() -> None:
    """The goal stays 10 times what was dialled before the first."""
    throttle = flooded(20)
    throttle.rate_limited(0.0, None, began=0.0)
    throttle.rate_limited(5.0, 0.0, began=2.0)
    assert throttle.rate == 5
    assert [rate_at(throttle, now) for now in (35, 184.9, 185)] == [10, 160, None]


def test_a_rate_taken_away_while_slowed_is_doubled_out_of() -> None:
    """The goal is 10 times the rate that was too fast."""
    throttle = slowed(8)
    throttle.set(None)
    assert throttle.rate == 4
    assert [rate_at(throttle, now) for now in (31, 61, 91, 121, 151)] == [8, 16, 32, 64, None]


def test_a_rate_given_while_slowed_is_grown_to() -> None:
    """From no rate to one: the growth is by tenths of it."""
    throttle = flooded(20)
    throttle.rate_limited(0.0, None, began=0.0)
    throttle.set(20)
    assert [rate_at(throttle, now) for now in (0, 31, 41)] == [10, 12, 14]


EVENTS = st.lists(
    st.tuples(
        st.floats(0, 40),
        st.sampled_from(["limit", "late", "set"]),
        st.none() | st.floats(0, 100),
    ),
    max_size=8,
)


@given(st.floats(0.1, 5), EVENTS)
def test_no_start_breaks_the_pause_or_the_rate(
    per_second: float, events: list[tuple[float, str, float | None]]
) -> None:
    """Whatever happens, starts are an interval apart and none is inside a pause."""
    throttle, now = Throttle(per_second), 0.0
    starts: list[float] = []
    pauses: list[tuple[float, float]] = []
    for seconds, kind, value in events:
        starts += run(throttle, now, now + seconds)
        now += seconds
        if kind == "set":
            throttle.set(min(per_second, max(value or 1, 0.1)))
        else:
            throttle.rate_limited(now, value, began=now if kind == "limit" else -1.0)
            pauses.append((now, now + (value or 0)))
    assert all(after - before >= 1 / per_second - 1e-6 for before, after in pairwise(starts))
    assert not [start for start in starts for begin, end in pauses if begin < start < end - 1e-6]
