"""Which phones were rung and how often, and what is said of it: masked, and in a line."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from alphasms_async.sandbox.entries import SandboxCall
from alphasms_async.sandbox.phones import is_international, masked

_SHOWN: Final = 10


def check_phone(phone: object) -> None:
    """Raise ValueError unless it is written as calls have it; it is not shown."""
    __tracebackhide__ = True
    if not (isinstance(phone, str) and is_international(phone)):
        raise ValueError("phone is international digits without a plus, like 380501234567.")


def check_to(to: str | None) -> None:
    """Raise ValueError unless it is a phone as calls have it, or None for any."""
    __tracebackhide__ = True
    if to is not None:
        check_phone(to)


def rings_in_words(calls: Sequence[SandboxCall]) -> str:
    """Return how many calls there are, and to whom, those with the most first."""
    if not calls:
        return "none was accepted"
    rings = Counter(call.phone for call in calls).most_common()
    told = [f"{times} to {masked(phone)}" for phone, times in rings]
    were = "call was" if len(calls) == 1 else "calls were"
    return f"{len(calls)} {were} accepted, {_few(told)}"


def assert_rang_once(calls: Sequence[SandboxCall]) -> None:
    """Raise AssertionError unless some phone was rung, and none more often than once."""
    rings = Counter(call.phone for call in calls)
    if not rings:
        raise AssertionError("no phone rang at all")
    often = [f"{masked(phone)} {times} times" for phone, times in rings.items() if times > 1]
    if often:
        raise AssertionError(f"rang more than once: {_few(often)}")


def assert_this_rang_once(calls: Sequence[SandboxCall], to: str) -> None:
    """Raise AssertionError unless the phone `to` was rung once."""
    __tracebackhide__ = True
    times = sum(call.phone == to for call in calls)
    if times > 1:
        raise AssertionError(f"{masked(to)} rang {times} times")
    if not times:
        raise AssertionError(f"{masked(to)} did not ring: {rings_in_words(calls)}")


def no_call(to: str | None) -> str:
    """Return that none has come, to the phone `to` or, where it is None, to any."""
    return "No call has come" if to is None else f"No call to {masked(to)} has come"


def too_late(to: str | None, seconds: float, calls: Sequence[SandboxCall]) -> TimeoutError:
    """Return the error of one who waited `seconds` for a call; it tells what had come."""
    given = any(to in {None, call.phone} for call in calls)
    more = "; those asked for were given before" if given else ""
    return TimeoutError(f"{no_call(to)} in {seconds:g} s: {rings_in_words(calls)}{more}.")


def _few(told: Sequence[str]) -> str:
    more = f" and {len(told) - _SHOWN} phones more" if len(told) > _SHOWN else ""
    return ", ".join(told[:_SHOWN]) + more
