"""Spans of time as a person writes them."""

import re

__all__ = ["seconds_of"]

_SPAN = re.compile(
    r"(?:([0-9]{1,4})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?", re.IGNORECASE
)
_UNITS = (86_400, 3600, 60, 1)


def seconds_of(text: str) -> int | None:
    """Return the seconds of a span like `30s`, `1h30m` or `7d`. `None`: the text is none."""
    match = _SPAN.fullmatch(text)
    if match is None or not text:
        return None
    return sum(int(part or 0) * unit for part, unit in zip(match.groups(), _UNITS, strict=True))
