"""Whole numbers, which clients send as numbers or as their digits."""

# Ids and phones have fewer; and int() itself refuses to read very long texts.
_MAX_DIGITS = 19


def whole_number(value: object) -> int | None:
    """Return `value` if it is a whole number or the digits of one, else None."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value) if len(value) <= _MAX_DIGITS else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
