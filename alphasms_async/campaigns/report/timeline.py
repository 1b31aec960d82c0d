"""Attempts and spend over time, in as many steps as a chart can show, however long it took."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from attrs import Factory, define, frozen

from alphasms_async.campaigns.records import AttemptRecord
from alphasms_async.campaigns.states import Verdict

__all__ = ["Bucket", "Timeline", "TimelineDraft"]

_DAY = 86_400
_MINUTE = 60
_MOST_BUCKETS = 120
# Each is at most 3.5 times the one before, so that there are 30 buckets or more wherever the
# span is long enough for them.
_WIDTHS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200),
    *(_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 84 * _DAY, 168 * _DAY, 364 * _DAY),
)
# What is kept while attempts are read. Each divides the next one, and all widths that the span of
# so many cells can come to.
_MOST_CELLS = 4000
_FINE_WIDTHS = (1, 5, 15, 60, 300, 900, 3600, 21_600, _DAY, 7 * _DAY)


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


@define
class _Cell:
    verdicts: Counter[Verdict] = Factory(Counter[Verdict])
    unsettled: int = 0
    price: Decimal = Decimal(0)

    def add(self, other: "_Cell") -> None:
        self.verdicts.update(other.verdicts)
        self.unsettled += other.unsettled
        self.price += other.price


class TimelineDraft:
    """Takes attempts one by one, in any order, and keeps only what a timeline needs.

    Args:
        zone: The zone whose hours and days the buckets begin with, as they are at the first
            attempt taken: over a clock change they go on as before.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offset: int | None = None
        self._width = _FINE_WIDTHS[0]
        self._cells: dict[int, _Cell] = {}
        self._minutes = Counter[int]()
        self._first: datetime | None = None
        self._last: datetime | None = None

    def add(self, attempt: AttemptRecord) -> None:
        """Count one attempt."""
        began = attempt.claimed_at
        self._first = began if self._first is None else min(self._first, began)
        self._last = began if self._last is None else max(self._last, began)
        second = int(began.timestamp() // 1)
        self._minutes[second // _MINUTE] += 1
        cell = self._cell((second + self._offset_at(began)) // self._width)
        if attempt.verdict is None:
            cell.unsettled += 1
        else:
            cell.verdicts[attempt.verdict] += 1
        if attempt.price is not None:
            cell.price += attempt.price

    def timeline(self) -> Timeline:
        """Return what the attempts taken so far come to."""
        width = self._fitting_width()
        return Timeline(
            width_seconds=width,
            buckets=tuple(self._buckets(width)),
            first_at=self._first,
            last_at=self._last,
            busiest_minute=max(self._minutes.values(), default=0),
        )

    def _offset_at(self, began: datetime) -> int:
        if self._offset is None:
            offset = began.astimezone(self._zone).utcoffset()
            self._offset = 0 if offset is None else int(offset.total_seconds())
        return self._offset

    def _cell(self, number: int) -> _Cell:
        cell = self._cells.get(number)
        if cell is None:
            # Counted as they come, so a wrong clock that makes one jump costs no memory.
            if len(self._cells) >= _MOST_CELLS:
                wider = next(_wider(self._width, _FINE_WIDTHS))
                number = number * self._width // wider
                self._cells, self._width = _merged(self._cells, self._width, wider), wider
            cell = self._cells.setdefault(number, _Cell())
        return cell

    def _fitting_width(self) -> int:
        """Return the least width with which there are not too many buckets."""
        if not self._cells:
            return _WIDTHS[0]
        first, last = (edge(self._cells) * self._width for edge in (min, max))
        width = _WIDTHS[0]
        wider = _wider(width, _WIDTHS)
        # A width that the cells do not divide cannot be, for they stand for no single second.
        while last // width - first // width >= _MOST_BUCKETS or width % self._width:
            width = next(wider)
        return width

    def _buckets(self, width: int) -> Iterator[Bucket]:
        cells = _merged(self._cells, self._width, width)
        spent = Decimal(0)
        for number in range(min(cells), max(cells) + 1) if cells else ():
            cell = cells.get(number, _Cell())
            spent += cell.price
            yield Bucket(
                since=datetime.fromtimestamp(number * width - (self._offset or 0), UTC),
                verdicts=cell.verdicts,
                unsettled=cell.unsettled,
                spent=spent,
            )


def _wider(width: int, widths: tuple[int, ...]) -> Iterator[int]:
    """Give the widths above one, without end."""
    yield from (one for one in widths if one > width)
    width = max(width, widths[-1])
    while True:
        width *= 2
        yield width


def _merged(cells: dict[int, _Cell], width: int, wider: int) -> dict[int, _Cell]:
    merged: dict[int, _Cell] = {}
    for number, cell in cells.items():
        merged.setdefault(number * width // wider, _Cell()).add(cell)
    return merged
