"""Numbers, sums and times as people read them."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

__all__ = ["amount", "counted", "day", "duration", "moment", "number", "share", "span"]

_NO_BREAK = "\N{NARROW NO-BREAK SPACE}"
_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
# Not strftime's, which speaks the machine's language.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(count: int) -> str:
    """Return `9,412`."""
    return f"{count:,}"


def counted(count: int, thing: str) -> str:
    """Return `1 outcome` or `2 outcomes`."""
    return f"{number(count)} {thing}" if count == 1 else f"{number(count)} {thing}s"


def amount(money: Decimal, currency: str | None = None) -> str:
    """Return a sum with two decimals, and as many more as it really has: `3,764.80 UAH`."""
    whole, _, decimals = f"{money:,f}".partition(".")
    unit = f"{_NO_BREAK}{currency}" if currency else ""
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}{unit}"


def share(part: int, whole: int) -> str:
    """Return `94.1 %`; never 0 for somebody, nor 100 for not quite everybody."""
    if not whole:
        return "–"
    if part in {0, whole}:
        return f"{100 if part else 0}{_NO_BREAK}%"
    rounded = min(max(round(100 * part / whole, 1), 0.1), 99.9)
    return f"{rounded:.1f}{_NO_BREAK}%"


def duration(seconds: float) -> str:
    """Return `4 h 42 min`: the two largest units that matter."""
    left = round(seconds)
    parts: list[str] = []
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{_NO_BREAK}{unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or f"0{_NO_BREAK}s"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return `2 Jun 2026, 09:15:02`, on the zone's wall clock."""
    local = at.astimezone(zone)
    return f"{day(local)}, {local:%H:%M:%S}"


def span(first: datetime, last: datetime, zone: ZoneInfo) -> str:
    """Return `2 Jun 2026, 09:00–13:42`, on the zone's wall clock."""
    start, end = first.astimezone(zone), last.astimezone(zone)
    if start.date() != end.date():
        return f"{day(start)}, {start:%H:%M} – {day(end)}, {end:%H:%M}"
    begun, ended = f"{start:%H:%M}", f"{end:%H:%M}"
    return f"{day(start)}, {begun}" if begun == ended else f"{day(start)}, {begun}–{ended}"


def day(local: datetime, *, with_year: bool = True) -> str:
    """Return `2 Jun 2026`, or `2 Jun`, of a time on a wall clock."""
    short = f"{local.day} {_MONTHS[local.month - 1]}"
    return f"{short} {local.year}" if with_year else short
