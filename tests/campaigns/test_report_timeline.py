"""The timeline: attempts and spend in as many steps as a chart can show."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.records import AttemptRecord
from alphasms_async.campaigns.report.timeline import Timeline, TimelineDraft
from alphasms_async.campaigns.states import Verdict

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 6, 1, 6, 0, 0, tzinfo=UTC)
FIFTY_YEARS = 50 * 366 * 86_400


def attempt(
    at: datetime, verdict: Verdict | None = None, price: str | None = None
) -> AttemptRecord:
    return AttemptRecord(
        ref=Ref(1, 1),
        claimed_at=at,
        settled_at=None,
        verdict=verdict,
        price=None if price is None else Decimal(price),
        outcome=None,
        error=None,
    )


def timeline(*seconds: float, zone: ZoneInfo = KYIV, start: datetime = START) -> Timeline:
    """Return the timeline of attempts that began so many seconds after a start."""
    draft = TimelineDraft(zone)
    for one in seconds:
        draft.add(attempt(start + timedelta(seconds=one)))
    return draft.timeline()


def test_one_attempt_is_one_bucket() -> None:
    """One attempt has a bucket of a second."""
    line = timeline(0.25)
    (bucket,) = line.buckets
    assert (line.width_seconds, bucket.since, bucket.unsettled) == (1, START, 1)


@pytest.mark.parametrize(
    ("span", "width"),
    [
        (0, 1),
        (119, 1),
        (120, 2),
        (3600, 60),
        (7199, 60),
        (7200, 120),
        (4 * 3600, 300),
        (12 * 3600 - 1, 600),
        (86_399, 900),
        (5 * 86_400 - 1, 3600),
        (29 * 86_400, 21_600),
        (30 * 86_400, 43_200),
        (100 * 86_400, 86_400),
        (366 * 86_400, 7 * 86_400),
    ],
)
def test_width_is_chosen_from_the_span(span: int, width: int) -> None:
    """The width is a round one, whatever the length of the campaign."""
    assert timeline(0, span).width_seconds == width


@given(st.floats(30, FIFTY_YEARS))
def test_there_are_as_many_buckets_as_can_be_shown(span: float) -> None:
    """From half a minute to fifty years there are 30 to 120 buckets."""
    assert 30 <= len(timeline(0, span).buckets) <= 120


@given(
    st.lists(
        st.tuples(
            st.floats(0, 10**9),
            st.sampled_from([*Verdict, None]),
            st.none() | st.decimals(0, 100, places=2),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_nothing_is_lost_or_counted_twice(
    attempts: list[tuple[float, Verdict | None, Decimal | None]],
) -> None:
    """In whatever order attempts come, each is in one bucket, and their prices are all there."""
    draft = TimelineDraft(KYIV)
    for seconds, verdict, price in attempts:
        told = None if price is None else f"{price:f}"
        draft.add(attempt(START + timedelta(seconds=seconds), verdict, told))
    buckets = draft.timeline().buckets
    verdicts = sum((bucket.verdicts for bucket in buckets), Counter[Verdict]())
    assert Counter(one for _, one, _ in attempts if one) == verdicts
    assert [one for _, one, _ in attempts].count(None) == sum(one.unsettled for one in buckets)
    assert sum((price or Decimal(0) for _, _, price in attempts), Decimal(0)) == buckets[-1].spent


def test_buckets_have_no_gaps() -> None:
    """Steps in which nobody was dialled are there too, with what was spent before."""
    draft = TimelineDraft(KYIV)
    draft.add(attempt(START, Verdict.ACCEPTED, "0.40"))
    draft.add(attempt(START + timedelta(hours=2), Verdict.ACCEPTED, "0.55"))
    line = draft.timeline()
    starts = [bucket.since for bucket in line.buckets]
    width = timedelta(seconds=line.width_seconds)
    assert starts == [START + number * width for number in range(len(starts))]
    assert [one.attempts for one in line.buckets] == [1, *[0] * (len(starts) - 2), 1]
    spent = [Decimal("0.40")] * (len(starts) - 1)
    assert [one.spent for one in line.buckets] == [*spent, Decimal("0.95")]


def test_dense_attempts_are_put_together_while_they_come() -> None:
    """A campaign with an attempt every second for hours is kept in few cells, and is all there."""
    draft = TimelineDraft(KYIV)
    for second in range(30_000):
        draft.add(attempt(START + timedelta(seconds=second), Verdict.ACCEPTED))
    cells = draft._cells  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the bound is the claim
    assert len(cells) <= 4001
    line = draft.timeline()
    counts = {bucket.attempts for bucket in line.buckets}
    assert (line.width_seconds, len(line.buckets), counts) == (300, 100, {300})


def test_scattered_attempts_are_put_together_too() -> None:
    """Attempts an hour apart for years stay few cells, and each is in its week."""
    draft = TimelineDraft(KYIV)
    for hour in range(9000):
        draft.add(attempt(START + timedelta(hours=hour)))
    cells = draft._cells  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the bound is the claim
    assert len(cells) <= 4001
    assert sum(one.attempts for one in draft.timeline().buckets) == 9000


def test_days_begin_at_midnight_of_the_zone() -> None:
    """Buckets of days are days on the wall clock of the zone, not those of UTC."""
    buckets = timeline(0, 100 * 86_400).buckets
    assert {bucket.since.astimezone(KYIV).strftime("%H:%M") for bucket in buckets} == {"00:00"}


def test_zone_off_the_hour_has_its_own_hours() -> None:
    """A zone that is 45 minutes off has buckets on its own full hours."""
    zone = ZoneInfo("Asia/Kathmandu")
    line = timeline(0, 5 * 86_400 - 3600, zone=zone)
    assert line.width_seconds == 3600
    assert {bucket.since.astimezone(zone).minute for bucket in line.buckets} == {0}


def test_busiest_minute_is_one_of_the_clock() -> None:
    """The busiest minute is counted on the clock, however wide the buckets are."""
    seconds = [59.5, 60, 61, 119.9, 120, 50 * 86_400]
    assert timeline(*seconds).busiest_minute == 3


def test_clock_that_was_wrong_costs_a_few_buckets() -> None:
    """One attempt of 1970 among those of today makes no endless timeline."""
    draft = TimelineDraft(KYIV)
    draft.add(attempt(START))
    draft.add(attempt(datetime(1970, 1, 1, tzinfo=UTC)))
    line = draft.timeline()
    assert len(line.buckets) <= 120
    assert (line.first_at, line.last_at) == (datetime(1970, 1, 1, tzinfo=UTC), START)
