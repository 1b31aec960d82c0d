"""When it is allowed to dial: the hours of some days, on the wall clock of one time zone."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from attrs import frozen

from alphasms_async.errors import InvalidRequest

__all__ = ["Window"]

_ENGLISH = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UKRAINIAN = ("пн", "вт", "ср", "чт", "пт", "сб", "нд")
_DAYS = {name: day for names in (_ENGLISH, _UKRAINIAN) for day, name in enumerate(names)}
_EVERY_DAY = frozenset(range(7))
_MIDNIGHT = time(0)
_CLOCK = r"([0-9]{1,2})(?::([0-9]{2}))?"
_HOURS = re.compile(rf"\s*{_CLOCK}\s*[-–—]\s*{_CLOCK}\s*")
_DASH = re.compile(r"\s*[-–—]\s*")
_MINUTE = timedelta(minutes=1)
# A day of the week is at most 7 days away, and a clock change can take one such day's window
# away, never that of two weeks in a row.
_SEARCHED = timedelta(days=15)
_LONGEST_SHOWN = 40


@frozen
class Window:
    """The hours in which phones may ring. Make one with `Window.parse`."""

    start: time
    """The first minute that is open, on the zone's wall clock."""
    end: time
    """The first minute that is closed again. Not after `start`: on the following day. 00:00 is the
    midnight at the day's end, so 00:00 to 00:00 is the whole day."""
    days: frozenset[int] = _EVERY_DAY
    """The days on which it opens, 0 is Monday and 6 Sunday; at least one. What passes midnight
    belongs to the day it began on."""
    zone: str = "Europe/Kyiv"
    """The name of the time zone, as the tz database has it."""

    def __attrs_post_init__(self) -> None:
        if self.start == self.end != _MIDNIGHT:
            raise InvalidRequest(
                f"the hours begin and end at {self.start:%H:%M}: "
                "write 09:00-20:00, or 00:00-24:00 for the whole day"
            )
        if any(one != time(one.hour, one.minute) for one in (self.start, self.end)):
            raise InvalidRequest("the hours are whole minutes of a wall clock, like 09:00-20:00")
        if not self.days or not self.days <= _EVERY_DAY:
            raise InvalidRequest("the days are numbers from 0, Monday, to 6, Sunday, at least one")
        _check_zone(self.zone)

    @classmethod
    def parse(
        cls, hours: str = "09:00-20:00", days: str | None = None, zone: str = "Europe/Kyiv"
    ) -> Self:
        """Read a window as a person writes it.

        Args:
            hours: Like `09:00-20:00` or `9-20`. `21:00-03:00` passes midnight, `00:00-24:00` is
                the whole day.
            days: Like `mon-fri`, `mon,wed,sat` or `пн-пт`. `None`: every day.
            zone: The time zone of the hours, like `Europe/Kyiv`.

        Raises:
            InvalidRequest: One of the three cannot be read, or the hours begin when they end.
        """
        start, end = _read_hours(hours)
        return cls(start, end, _EVERY_DAY if days is None else _read_days(days), zone)

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Return the window that `as_json` wrote down.

        Raises:
            InvalidRequest: `as_json` never wrote this.
        """
        hours, days, zone = (facts.get(name) for name in ("hours", "days", "zone"))
        if not (isinstance(hours, str) and isinstance(days, str) and isinstance(zone, str)):
            raise InvalidRequest("a written window holds three texts: hours, days and zone")
        return cls.parse(hours, days, zone)

    def as_json(self) -> dict[str, str]:
        """Return the window as JSON can carry it, for `from_json`."""
        days = ",".join(_ENGLISH[day] for day in sorted(self.days))
        return {"hours": self._hours(), "days": days, "zone": self.zone}

    def describe(self) -> str:
        """Return the window for a person, like `09:00-20:00 Europe/Kyiv, Mon-Fri`."""
        days = "every day" if self.days == _EVERY_DAY else ", ".join(_name_days(self.days))
        return f"{self._hours()} {self.zone}, {days}"

    def is_open(self, at: datetime) -> bool:
        """Tell whether phones may ring at this moment.

        Args:
            at: The moment, in any time zone.

        Raises:
            InvalidRequest: `at` has no time zone.
        """
        local = _in_utc(at).astimezone(ZoneInfo(self.zone))
        clock, today = local.time(), local.weekday()
        if self.start < self.end:
            return today in self.days and self.start <= clock < self.end
        if clock >= self.start:
            return today in self.days
        return clock < self.end and (today - 1) % 7 in self.days

    def next_opening(self, at: datetime) -> datetime:
        """Return when phones may ring next, in UTC: `at` itself when they may now.

        Args:
            at: The moment to begin with, in any time zone.

        Raises:
            InvalidRequest: `at` has no time zone, or the window does not open within 15 days, which
                no clock change that ever was can bring about.
        """
        opening = self._first(at, is_open=True)
        if opening is None:
            raise InvalidRequest(f"the window {self.describe()} does not open within 15 days")
        return opening

    def next_closing(self, at: datetime) -> datetime | None:
        """Return when phones may ring no more, in UTC: `at` itself when they may not now.

        Args:
            at: The moment to begin with, in any time zone.

        Returns:
            The moment. `None` when the window is the whole of every day, and so never closes.

        Raises:
            InvalidRequest: `at` has no time zone.
        """
        if self.start == self.end and self.days == _EVERY_DAY:
            return None
        return self._first(at, is_open=False)

    def _first(self, at: datetime, *, is_open: bool) -> datetime | None:
        """Return the first moment from `at` on, then at a whole minute, that is open or closed.

        It asks minute by minute instead of calculating: a wall clock skips hours and repeats
        them, so only the clock itself knows.
        """
        moment = _in_utc(at)
        last = moment + _SEARCHED
        while self.is_open(moment) is not is_open:
            moment = moment.replace(second=0, microsecond=0) + _MINUTE
            if moment > last:
                return None
        return moment

    def _hours(self) -> str:
        end = "24:00" if self.end == _MIDNIGHT else f"{self.end:%H:%M}"
        return f"{self.start:%H:%M}-{end}"


def _in_utc(at: datetime) -> datetime:
    # The machine's own zone, which Python would take here, is not a thing to guess by.
    if at.utcoffset() is None:
        raise InvalidRequest("a moment has a time zone: write datetime.now(UTC), not now()")
    return at.astimezone(UTC)


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        # A folder of the database is an OSError, a path out of it a ValueError.
        raise InvalidRequest(
            f"unknown time zone {_shown(zone)}: write a name of the tz database, like Europe/Kyiv"
        ) from None


def _read_hours(hours: str) -> tuple[time, time]:
    match = _HOURS.fullmatch(hours)
    if match is None:
        raise _wrong_hours(hours)
    first, first_minute, last, last_minute = (int(part or 0) for part in match.groups())
    whole_day = (last, last_minute) == (24, 0)
    if not whole_day and (first, first_minute) == (last, last_minute) == (0, 0):
        raise InvalidRequest(
            "the hours begin and end at 00:00: write 09:00-20:00, or 00:00-24:00 for the whole day"
        )
    try:
        return time(first, first_minute), time(0 if whole_day else last, last_minute)
    except ValueError:
        raise _wrong_hours(hours) from None


def _wrong_hours(hours: str) -> InvalidRequest:
    return InvalidRequest(f"the hours cannot be read: {_shown(hours)}: write 09:00-20:00 or 9-20")


def _read_days(days: str) -> frozenset[int]:
    return frozenset(day for part in days.split(",") for day in _read_span(part, days))


def _read_span(span: str, days: str) -> Iterator[int]:
    """Give the days of `mon` or of `fri-mon`, which passes Sunday."""
    names = _DASH.split(span.strip().lower())
    if len(names) > 2 or any(name not in _DAYS for name in names):
        raise InvalidRequest(
            f"the days cannot be read: {_shown(days)}: write mon-fri, mon,wed,sat or пн-пт, of "
            f"{' '.join(_ENGLISH)} or {' '.join(_UKRAINIAN)}"
        )
    first, last = _DAYS[names[0]], _DAYS[names[-1]]
    return ((first + more) % 7 for more in range((last - first) % 7 + 1))


def _name_days(days: Iterable[int]) -> Iterator[str]:
    """Give `Mon-Fri` for three days in a row or more, and any others by themselves."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    for run in runs:
        names = [_ENGLISH[day].capitalize() for day in run]
        yield from [f"{names[0]}-{names[-1]}"] if len(names) > 2 else names


def _shown(text: str) -> str:
    """Return what a person wrote, on one line and not longer than it can be read."""
    return repr(text[:_LONGEST_SHOWN])
