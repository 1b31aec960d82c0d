"""Sums of money without a rounding, whatever the program around them rounds to."""

from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

from alphasms_async.errors import InvalidRequest

__all__ = ["check_digits", "exact"]

P = ParamSpec("P")
T = TypeVar("T")

# Enough for every sum of amounts that `check_digits` lets pass, times how many those are.
_CONTEXT = Context(prec=1000)
_MOST_DIGITS = 300


def exact(function: Callable[P, T]) -> Callable[P, T]:
    """Have a function add and multiply money exactly."""

    # Not a context manager that decorates: each call would be three times as dear.
    @wraps(function)
    def exactly(*args: P.args, **kwargs: P.kwargs) -> T:
        with localcontext(_CONTEXT):
            return function(*args, **kwargs)

    return exactly


def check_digits(name: str, amount: Decimal) -> Decimal:
    """Return a finite amount, or raise `InvalidRequest` when it is absurdly large or fine."""
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - it is finite
    if exponent < -_MOST_DIGITS or amount.adjusted() > _MOST_DIGITS:
        raise InvalidRequest(f"{name} has more digits than money has: {amount:.3e}")
    return amount
