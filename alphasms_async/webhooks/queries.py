"""Query strings, as whoever glued them together left them."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

__all__ = ["pairs_of"]

# A hook has its own query already. Not everybody who adds fields to it looks, and so the second
# question mark parts fields as the ampersand does.
_BETWEEN = re.compile(r"[&?]")


def pairs_of(query: str | bytes) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each field, decoded, in their order; never an error."""
    text = query if isinstance(query, str) else query.decode("utf-8", "replace")
    for part in _BETWEEN.split(text):
        name, _, value = part.partition("=")
        if name:
            yield unquote_plus(name), unquote_plus(value)
