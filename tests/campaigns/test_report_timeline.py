"""The timeline: attempts and spend in as many steps as a chart can show."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.campaigns.records import Span
from alphasms_async.campaigns.report.timeline import Bucket, Steps, Timeline, steps_of, timeline_of
from alphasms_async.campaigns.sqlite import MemoryJournal
from alphasms_async.campaigns.states import Verdict
from tests.campaigns.journals import Time, staged

pytestmark = pytest.mark.anyio

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 6, 1, 6, 0, 0, tzinfo=UTC)
YEAR = 366 * 86_400
FIFTY_YEARS = 50 * YEAR


@frozen
class Attempt:
    """An attempt that began so many seconds after the start."""

    seconds: float
    verdict: Verdict | None = None
    price: Decimal | None = None

    @property
    def at(self) -> datetime:
        """When it began."""
        return START + timedelta(seconds=self.seconds)


def steps(span: float, *, zone: ZoneInfo = KYIV, start: datetime = START) -> Steps:
    """Return the steps of attempts that began in so many seconds."""
    return steps_of(Span(start, start + timedelta(seconds=span), 1), zone)


async def made(*attempts: Attempt) -> Timeline:
    """Return the timeline that a journal makes of these attempts, one after the other."""
    time = Time()
    async with MemoryJournal(clock=time) as journal:
        stage = await staged(journal, time, len(attempts))
        for one in attempts:
            time.now = one.at
            ref = (await stage.claim()).ref
            if one.verdict is not None:
                await stage.settle(ref, one.verdict, price=one.price, rest_seconds=10**10)
        return await timeline_of(journal, stage.campaign, KYIV)


async def of_seconds(*seconds: float) -> Timeline:
    return await made(*map(Attempt, seconds))


def counted_one_by_one(attempts: Sequence[Attempt]) -> Timeline:
    """Return the same, one attempt after the other, as simply as that can be done."""
    first, last = (edge(one.at for one in attempts) for edge in (min, max))
    shift = first.astimezone(KYIV).utcoffset() or timedelta()
    marks = steps_of(Span(first, last, 1), KYIV)
    buckets = [
        Bucket(
            since=since,
            verdicts=Counter(
                one.verdict for one in attempts if one.verdict and since <= one.at < until
            ),
            unsettled=sum(not one.verdict and since <= one.at < until for one in attempts),
            spent=sum((one.price or Decimal(0) for one in attempts if one.at < until), Decimal(0)),
        )
        for number in range(marks.count)
        for since in [marks.since + timedelta(seconds=number * marks.seconds)]
        for until in [since + timedelta(seconds=marks.seconds)]
    ]
    assert not ((marks.since + shift).timestamp() % marks.seconds)
    return Timeline(
        width_seconds=marks.seconds,
        buckets=tuple(buckets),
        first_at=first,
        last_at=last,
        busiest_minute=max(Counter(one.at.timestamp() // 60 for one in attempts).values()),
    )


def attempt_of(seconds: float, verdict: Verdict | None, price: Decimal | None) -> Attempt:
    return Attempt(seconds, verdict, price if verdict is Verdict.ACCEPTED else None)


ATTEMPTS = st.sampled_from([10, 1000, 10**5, 10**7, 10**9]).flatmap(
    lambda span: st.lists(
        st.builds(
            attempt_of,
            st.floats(0, span),
            st.sampled_from([*Verdict, None]),
            st.none() | st.decimals(0, 100, places=2),
        ),
        min_size=1,
        max_size=40,
    )
)


@settings(max_examples=60)
@given(ATTEMPTS)
async def test_a_timeline_is_what_counting_one_by_one_comes_to(attempts: list[Attempt]) -> None:
    """In whatever order attempts begin, each is in its bucket, and all sums are exact."""
    counted = counted_one_by_one(attempts)
    assert counted == await made(*attempts)
    assert len(attempts) == sum(bucket.attempts for bucket in counted.buckets)


async def test_nobody_dialled_makes_no_timeline() -> None:
    """Without attempts there are neither buckets nor times."""
    empty = Timeline(width_seconds=1, buckets=(), first_at=None, last_at=None, busiest_minute=0)
    assert empty == await made()


async def test_one_attempt_is_one_bucket() -> None:
    """One attempt has a bucket of a second."""
    line = await of_seconds(0.25)
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
    assert steps(span).seconds == width


@given(st.floats(30, FIFTY_YEARS))
def test_there_are_as_many_buckets_as_can_be_shown(span: float) -> None:
    """From half a minute to fifty years there are 30 to 120 buckets."""
    assert 30 <= steps(span).count <= 120


@given(st.floats(0, 1000 * YEAR))
def test_steps_hold_the_span_and_no_more(span: float) -> None:
    """The first attempt is in the first step, the latest in the last, however long it took."""
    marks, width = steps(span), timedelta(seconds=steps(span).seconds)
    last = marks.since + (marks.count - 1) * width
    assert marks.since <= START < marks.since + width
    assert last <= START + timedelta(seconds=span) < last + width


async def test_buckets_have_no_gaps() -> None:
    """Steps in which nobody was dialled are there too, with what was spent before."""
    line = await made(
        Attempt(0, Verdict.ACCEPTED, Decimal("0.40")),
        Attempt(7200, Verdict.ACCEPTED, Decimal("0.55")),
    )
    starts = [bucket.since for bucket in line.buckets]
    width = timedelta(seconds=line.width_seconds)
    assert starts == [START + number * width for number in range(len(starts))]
    assert [one.attempts for one in line.buckets] == [1, *[0] * (len(starts) - 2), 1]
    spent = [Decimal("0.40")] * (len(starts) - 1)
    assert [one.spent for one in line.buckets] == [*spent, Decimal("0.95")]


def test_days_begin_at_midnight_of_the_zone() -> None:
    """Buckets of days are days on the wall clock of the zone, not those of UTC."""
    marks = steps(100 * 86_400)
    assert (marks.seconds, f"{marks.since.astimezone(KYIV):%H:%M}") == (86_400, "00:00")


def test_zone_off_the_hour_has_its_own_hours() -> None:
    """A zone that is 45 minutes off has buckets on its own full hours."""
    zone = ZoneInfo("Asia/Kathmandu")
    marks = steps(5 * 86_400 - 3600, zone=zone)
    assert (marks.seconds, marks.since.astimezone(zone).minute) == (3600, 0)


async def test_busiest_minute_is_one_of_the_clock() -> None:
    """The busiest minute is counted on the clock, however wide the buckets are."""
    line = await of_seconds(59.5, 60, 61, 119.9, 120, 50 * 86_400)
    assert line.busiest_minute == 3


async def test_clock_that_was_wrong_costs_a_few_buckets() -> None:
    """One attempt of 1970 among those of today makes no endless timeline."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    line = await of_seconds(0, (epoch - START).total_seconds())
    assert len(line.buckets) <= 120
    assert (line.first_at, line.last_at) == (epoch, START)


async def test_what_began_meanwhile_is_left_to_the_next_report() -> None:
    """A run that goes on while it is reported of neither breaks the report nor widens it."""
    time = Time()
    async with MemoryJournal(clock=time) as journal:
        stage = await staged(journal, time)
        await stage.claim()
        span = await journal.span(stage.campaign)

        async def as_it_was(_campaign: int) -> Span | None:
            return span

        time.forward(86_400)
        await stage.claim()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(journal, "span", as_it_was)
            line = await timeline_of(journal, stage.campaign, KYIV)
    assert [bucket.attempts for bucket in line.buckets] == [1]
