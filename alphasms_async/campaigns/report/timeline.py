"""Attempts and spend over time, in as many steps as a chart can show, however long it took."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from math import floor
from zoneinfo import ZoneInfo

from attrs import frozen

from alphasms_async.campaigns.exact import exact
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import Began, Span
from alphasms_async.campaigns.states import Verdict

__all__ = ["Bucket", "Steps", "Timeline", "steps_of", "timeline_of"]

_DAY = 86_400
_MOST_BUCKETS = 120
# Each is at most 3.5 times the one before, so that there are 30 buckets or more wherever the
# span is long enough for them.
_WIDTHS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200),
    *(_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 84 * _DAY, 168 * _DAY, 364 * _DAY),
)


@frozen(kw_only=True)
class Bucket:
    """The attempts that began in one step of time."""

    since: datetime
    """Its first moment."""
    verdicts: Counter[Verdict]
    """How those ended that are known to have ended."""
    unsettled: int
    """How many of them nobody knows an end of."""
    spent: Decimal
    """What all attempts cost that began up to its end."""

    @property
    def attempts(self) -> int:
        """How many attempts began in it."""
        return self.verdicts.total() + self.unsettled


@frozen(kw_only=True)
class Timeline:
    """All attempts in steps of one width, without gaps, the first and last not empty."""

    width_seconds: int
    """How long a bucket is, in whole seconds."""
    buckets: tuple[Bucket, ...]
    """At most 120, and 30 or more where the span has as many seconds; none without attempts."""
    first_at: datetime | None
    """When the first attempt began. `None` without attempts."""
    last_at: datetime | None
    """When the latest attempt began. `None` without attempts."""
    busiest_minute: int
    """The most attempts that began in one minute of the clock."""


@frozen
class Steps:
    """Steps of one width, the first attempt in the first of them and the latest in the last."""

    since: datetime
    """When the first begins."""
    seconds: int
    """How long each is."""
    count: int
    """How many they are, 1 to 120."""


def steps_of(span: Span, zone: ZoneInfo) -> Steps:
    """Return the shortest steps of which there are not too many.

    They begin with the hours and days of the zone, as they are at the first attempt: over a clock
    change they go on as before.
    """
    offset = span.first.astimezone(zone).utcoffset() or timedelta()
    shift = int(offset.total_seconds())
    first, last = (floor(at.timestamp()) + shift for at in (span.first, span.last))
    width = next(one for one in _widths() if last // one - first // one < _MOST_BUCKETS)
    since = datetime.fromtimestamp(first // width * width - shift, UTC)
    return Steps(since, width, last // width - first // width + 1)


async def timeline_of(journal: Journal, campaign: int, zone: ZoneInfo) -> Timeline:
    """Have the journal count a campaign's attempts, step by step.

    Args:
        journal: The journal, entered.
        campaign: The campaign's `id`.
        zone: The zone whose hours and days the buckets begin with.
    """
    span = await journal.span(campaign)
    if span is None:
        return Timeline(
            width_seconds=_WIDTHS[0], buckets=(), first_at=None, last_at=None, busiest_minute=0
        )
    steps = steps_of(span, zone)
    began = await journal.began(campaign, since=steps.since, seconds=steps.seconds)
    return Timeline(
        width_seconds=steps.seconds,
        buckets=_buckets(steps, began),
        first_at=span.first,
        last_at=span.last,
        busiest_minute=span.busiest_minute,
    )


def _widths() -> Iterator[int]:
    """Give all widths there are, the shortest first, without end."""
    yield from _WIDTHS
    yield from (_WIDTHS[-1] << doublings for doublings in count(1))


@exact
def _buckets(steps: Steps, began: Iterable[Began]) -> tuple[Bucket, ...]:
    inside = defaultdict[int, list[Began]](list)
    for one in began:
        inside[one.step].append(one)
    buckets: list[Bucket] = []
    spent = Decimal(0)
    # What began after the last step, while this was read, is for the next report.
    for step in range(steps.count):
        verdicts, unsettled = Counter[Verdict](), 0
        for one in inside[step]:
            spent += (one.price or Decimal(0)) * one.count
            if one.verdict is None:
                unsettled += one.count
            else:
                verdicts[one.verdict] += one.count
        since = steps.since + step * timedelta(seconds=steps.seconds)
        buckets.append(Bucket(since=since, verdicts=verdicts, unsettled=unsettled, spent=spent))
    return tuple(buckets)
