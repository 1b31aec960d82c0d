"""The marks on a chart's axes: round numbers, and round times on a wall clock."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from alphasms_async.campaigns.page.figures import day, number

__all__ = ["CountAxis", "Mark", "count_axis", "time_marks"]

_MINUTE, _DAY = 60, 86_400
_STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600),
    *(43_200, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 84 * _DAY, 182 * _DAY, 364 * _DAY),
)
_MOST_COUNTS, _MOST_TIMES = 4, 8
_LARGE = 100_000


@frozen
class Mark:
    """One mark of an axis."""

    at: float
    """Where it is, 0 at the beginning of the axis and 1 at its end."""
    label: str
    """The number, the time or the day."""
    day: str = ""
    """The day, for the first mark of time in it."""


@frozen
class CountAxis:
    """An axis of numbers, from 0 on."""

    top: int
    """The number at its end, 1 or more."""
    marks: tuple[Mark, ...]
    """From 0 to `top`, at equal distances."""


def count_axis(highest: float) -> CountAxis:
    """Return an axis that reaches to the round number at or next above `highest`, 0 or more."""
    step = _round_number(max(highest, 1) / _MOST_COUNTS)
    steps = max(1, math.ceil(highest / step))
    marks = (Mark(one / steps, _short(one * step)) for one in range(steps + 1))
    return CountAxis(steps * step, tuple(marks))


def time_marks(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[Mark, ...]:
    """Return marks at round times of a zone's wall clock, 9 at most.

    Args:
        since: Where the axis begins.
        until: Where it ends, later than that.
        zone: The zone of the wall clock.
    """
    length = (until - since).total_seconds()
    step = _round_seconds(length / _MOST_TIMES)
    marks: list[Mark] = []
    shown: datetime | None = None
    for moment in _round_times(since, until, zone, step):
        local, at = moment.astimezone(zone), (moment - since).total_seconds() / length
        is_new = shown is None or local.date() != shown.date()
        today = day(local, with_year=shown is not None and local.year != shown.year)
        if step >= _DAY:
            marks.append(Mark(at, today))
        else:
            clock = f"{local:%H:%M:%S}" if step < _MINUTE else f"{local:%H:%M}"
            marks.append(Mark(at, clock, today if is_new else ""))
        shown = local
    return tuple(marks)


def _round_number(least: float) -> int:
    """Return the next of 1, 2, 5, 10, 20, 50 and so on."""
    power = int(10 ** max(0, math.floor(math.log10(least))))
    return next(one * power for one in (1, 2, 5, 10) if one * power >= least)


def _short(count: int) -> str:
    """Return a round number that has room beside a chart: `1,500`, `150k`, `1.5M`."""
    if count < _LARGE:
        return number(count)
    return f"{count // 1000}k" if count < 10 * _LARGE else f"{count / 1_000_000:g}M"


def _round_seconds(least: float) -> int:
    for step in _STEPS:
        if step >= least:
            return step
    return _STEPS[-1] * math.ceil(least / _STEPS[-1])


def _round_times(since: datetime, until: datetime, zone: ZoneInfo, step: int) -> Iterator[datetime]:
    """Give the moments that are round on the wall clock, counted from the first day's midnight."""
    first = since.astimezone(zone).replace(tzinfo=None)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = math.ceil((first - midnight).total_seconds() / step)
    wall, before = midnight + timedelta(seconds=passed * step), since - timedelta(seconds=1)
    while (moment := wall.replace(tzinfo=zone).astimezone(UTC)) <= until:
        # A clock that is put forward has two names for one moment, and one put back goes back.
        if moment > before and moment >= since:
            yield moment
        before = max(before, moment)
        wall += timedelta(seconds=step)
