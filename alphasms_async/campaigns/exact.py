"""Sums of money without a rounding, whatever the program around them rounds to."""

from collections.abc import Generator
from contextlib import contextmanager
from decimal import Context, Decimal, localcontext

from alphasms_async.errors import InvalidRequest

__all__ = ["check_digits", "exact"]

# Enough for every sum of amounts that `check_digits` lets pass, times how many those are.
_CONTEXT = Context(prec=1000)
_MOST_DIGITS = 300


@contextmanager
def exact() -> Generator[None]:
    """Add and multiply money exactly inside a `with`, or a function that this decorates."""
    with localcontext(_CONTEXT):
        yield


def check_digits(name: str, amount: Decimal) -> Decimal:
    """Return a finite amount, or raise `InvalidRequest` when it is absurdly large or fine."""
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - it is finite
    if exponent < -_MOST_DIGITS or amount.adjusted() > _MOST_DIGITS:
        raise InvalidRequest(f"{name} has more digits than money has: {amount:.3e}")
    return amount
