"""What a setting may be; anything else is refused in one line, where it is given."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import attrs

from alphasms_async.checks import is_number, is_whole

LARGEST_SEED: Final = 2**53
"""What every program that reads JSON can hold."""

MOST_SECONDS: Final = 10 * 365 * 86_400
"""The longest span of time there is here: ten years, far from where dates end."""

_SHOWN: Final = 40
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)


def shown(value: object) -> str:
    """Return `value` as code, as much of it as fits into a line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _always(_: object) -> bool:
    return True


@attrs.frozen
class Allowed:
    """What a value may be. It is an attrs validator too."""

    like: str
    """What is right, in words that follow `is`."""
    is_kind: Callable[[Any], bool]
    """Says whether a value is of the right type at all."""
    fits: Callable[[Any], bool] = _always
    """Says whether one that is of the type is right."""
    is_secret: bool = attrs.field(default=False, kw_only=True)
    """Whether what was given must not be shown."""

    def __call__(self, _: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        """Check the value of a field of a class."""
        self.check(attribute.alias or attribute.name, value)

    def check(self, name: str, value: object) -> None:
        """Refuse `value` unless it is right.

        Args:
            name: What it is called where it is given.
            value: What was given.

        Raises:
            TypeError: It is of another type.
            ValueError: It is of that type, and not right.
        """
        is_kind = self.is_kind(value)
        if is_kind and self.fits(value):
            return
        given = "" if self.is_secret else f", not {shown(value)}"
        error = ValueError if is_kind else TypeError
        raise error(f"{name} is {self.like}{given}.")

    @property
    def or_none(self) -> "Allowed":
        """The same, and None."""
        return Allowed(
            f"{self.like}, or None",
            lambda value: value is None or self.is_kind(value),
            lambda value: value is None or self.fits(value),
            is_secret=self.is_secret,
        )


def is_span(seconds: float) -> bool:
    """Return whether a number of seconds is a span of time, and not too long a one."""
    return 0 <= seconds <= MOST_SECONDS


def whole(least: int) -> Allowed:
    """Return what whole numbers from `least` up are."""
    return Allowed(f"a whole number from {least} up", is_whole, lambda number: number >= least)


def one_of(*words: str) -> Allowed:
    """Return what several words are, and nothing else is."""
    *others, last = map(repr, words)
    like = f"{', '.join(others)} or {last}"
    return Allowed(like, lambda value: isinstance(value, str), words.__contains__)


def instance(kind: type, example: str) -> Allowed:
    """Return what the values of a class are, such as `example`, which is code."""
    return Allowed(f"a {kind.__name__}, like {example}", lambda value: isinstance(value, kind))


def function(like: str) -> Allowed:
    """Return what functions are."""
    return Allowed(like, callable)


SECRET_TEXT: Final = Allowed(
    "a text that is not empty", lambda value: isinstance(value, str), bool, is_secret=True
)
"""A text that must not be shown."""
TRUTH: Final = Allowed("True or False", lambda value: isinstance(value, bool))
"""A switch."""
SECONDS: Final = Allowed(
    "seconds from 0 up to ten years, like 2.5",
    lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    lambda number: is_number(number) and is_span(number),
)
"""A span of time."""
SEED: Final = Allowed(
    "a whole number, like 42", is_whole, lambda seed: abs(seed) <= LARGEST_SEED
).or_none
"""What makes chance repeatable; None leaves it to chance."""
PRICE: Final = Allowed(
    "an amount of money from 0 up, a Decimal like Decimal('0.40')",
    lambda value: isinstance(value, Decimal),
    lambda amount: amount.is_finite() and amount >= 0,
)
"""What something costs."""
BALANCE: Final = Allowed(
    "an amount of money, a Decimal like Decimal('250.00')",
    lambda value: isinstance(value, Decimal),
    Decimal.is_finite,
)
"""What there is, or is owed."""
CURRENCY: Final = Allowed(
    "three capital letters, like 'UAH'",
    lambda value: isinstance(value, str),
    lambda text: _CURRENCY.fullmatch(text) is not None,
)
"""The name of a currency."""
HOOK: Final = Allowed(
    "a whole URL, like http://127.0.0.1:8000/hooks",
    lambda value: isinstance(value, str),
    lambda url: url.startswith(("http://", "https://")),
    is_secret=True,
).or_none
"""Where something is told; None for nowhere."""
PAUSES: Final = Allowed(
    "seconds from 0 up to ten years in a tuple, like (1, 5, 25)",
    lambda value: isinstance(value, tuple | list),
    lambda pauses: all(is_number(pause) and is_span(pause) for pause in pauses),
)
"""Spans of time, one after another."""
BEGINNINGS: Final = Allowed(
    "a set of how phones begin, like {'38067'}",
    lambda value: isinstance(value, set),
    lambda beginnings: all(isinstance(one, str) for one in beginnings),
)
"""How some phones begin."""
