"""The keys of a phone: the one that a campaign gives a meaning, and those that were pressed."""

from typing import Self

from attrs import frozen

from alphasms_async.campaigns.records import Tally
from alphasms_async.checks import is_key
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome

__all__ = ["Pressed", "check_key", "is_keys"]

_MOST_KEYS = 12


def check_key(key: str | None) -> str | None:
    """Return the key to opt out with, or raise `InvalidRequest` when it is not one key."""
    if key is not None and not is_key(key):
        raise InvalidRequest(f"the key to opt out with is one of 0-9 * #, not {key!r}")
    return key


def is_keys(text: str) -> bool:
    """Return whether a text is keys and nothing else, one or more."""
    return bool(text) and all(map(is_key, text))


@frozen
class Pressed:
    """In how many calls which keys were pressed, as it is shown: of all that were answered."""

    most: tuple[tuple[str, int], ...]
    """The keys of a call as a whole, and in how many calls; the most frequent, at most 12."""
    others: int
    """In how many calls it was others."""
    silent: int
    """In how many answered calls it was none."""

    @classmethod
    def of(cls, tally: Tally) -> Self:
        """Return what a campaign's counts say of it."""
        ordered = sorted(tally.digits.items(), key=lambda one: (-one[1], one[0]))
        return cls(
            tuple(ordered[:_MOST_KEYS]),
            sum(count for _, count in ordered[_MOST_KEYS:]),
            max(0, tally.outcomes[CallOutcome.ANSWERED] - tally.digits.total()),
        )
