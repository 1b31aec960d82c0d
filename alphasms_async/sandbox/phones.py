"""Phone numbers as the wire writes them: international digits without a plus sign."""

import re

# E.164 allows 15 digits at most; the shortest numbers in use have 8 with their country code.
_INTERNATIONAL = re.compile(r"[1-9][0-9]{7,14}", re.ASCII)
_LONG_ENOUGH_TO_SHOW_ENDS = 10


def is_international(phone: str) -> bool:
    """Say whether `phone` is what the gateway's documents show: `380501234567`."""
    return _INTERNATIONAL.fullmatch(phone) is not None


def masked(phone: str) -> str:
    """Return `phone` for people's eyes, its middle hidden: `380*****4567`."""
    if len(phone) < _LONG_ENOUGH_TO_SHOW_ENDS:
        return f"*****{phone[-2:]}"
    return f"{phone[:3]}*****{phone[-4:]}"
