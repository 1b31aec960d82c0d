"""Long lists in pieces of what one request may carry."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

__all__ = ["chunked"]

T = TypeVar("T")


def chunked(items: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield the items in order, `size` at a time; the last piece may be shorter."""
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])
