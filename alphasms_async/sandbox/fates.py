"""What becomes of accepted calls and messages: how each ends, and who decides it."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from threading import Lock
from types import MappingProxyType
from typing import TypeAlias

import attrs

from alphasms_async.sandbox.entries import SandboxCall
from alphasms_async.sandbox.states import State

# The words for calls beside ANSWERED are documented by nobody; these are what one expects. Those
# for messages are the JSON interface's own.
_STATES: Mapping[str, State] = {
    **{state.json_word: state for state in State},
    "ANSWERED": State.DELIVERED,
    "NO ANSWER": State.EXPIRED,
    "BUSY": State.UNDELIVERABLE,
    "FAILED": State.UNDELIVERABLE,
    "CANCEL": State.DELETED,
}
_KEYS = re.compile(r"[0-9*#]+", re.ASCII)


def _meaning(word: str) -> State:
    if word not in _STATES:
        raise ValueError(
            f"{word!r} is no word for an end that we know: take ANSWERED, NO ANSWER, BUSY, FAILED, "
            "CANCEL or one of json.php's, or give the state that goes with it: "
            f"Fate({word!r}, state=State.UNDELIVERABLE)."
        )
    return _STATES[word]


@attrs.frozen
class Fate:
    """How one call or message ends."""

    word: str = "ANSWERED"
    """The hook's status: ANSWERED, NO ANSWER, BUSY, FAILED or CANCEL for a call; a word of the
    JSON interface, such as DELIVERED, for a message; any other with a `state`."""
    after_seconds: float = attrs.field(default=0.0, kw_only=True)
    """How long after it was accepted it ends, from 0 up. At 0 its hook may come before the answer
    to its request."""
    talk_seconds: int = attrs.field(default=0, kw_only=True)
    """How long was talked, from 0 up; a call's `duration`."""
    digits: str | None = attrs.field(default=None, kw_only=True)
    """The keys pressed: digits, `*` and `#`. None for none."""
    state: State = attrs.field(
        default=attrs.Factory(lambda fate: _meaning(fate.word), takes_self=True), kw_only=True
    )
    """What the status interfaces say afterwards; by default what the word means."""

    def __attrs_post_init__(self) -> None:
        if not (math.isfinite(self.after_seconds) and self.after_seconds >= 0):
            raise ValueError(f"after_seconds is a number from 0 up, not {self.after_seconds}.")
        if self.talk_seconds < 0:
            raise ValueError(f"talk_seconds is a whole number from 0 up, not {self.talk_seconds}.")
        if self.digits is not None and not _KEYS.fullmatch(self.digits):
            raise ValueError("digits are the keys pressed: 0 to 9, * and #, at least one.")


Fates: TypeAlias = Callable[[SandboxCall], Fate | None]
"""Decides what becomes of a call; None leaves it accepted, until it is ended by hand."""

_SHARES: Mapping[str, float] = MappingProxyType(
    {"ANSWERED": 60, "NO ANSWER": 25, "BUSY": 10, "FAILED": 5}
)
_KEY_SHARES: Mapping[str, float] = MappingProxyType({"1": 6, "2": 3, "9": 1})


def mixed(
    seed: int | None = None,
    *,
    words: Mapping[str, float] = _SHARES,
    keys: Mapping[str, float] = _KEY_SHARES,
    pressing: float = 0.8,
    talk_seconds: tuple[int, int] = (3, 45),
    after_seconds: tuple[float, float] = (0.0, 0.0),
) -> Fates:
    """Return fates as a campaign meets them, to be given to `Sandbox(fates=...)`.

    With the same seed a phone's first call has the same fate every time, its second another, in
    whatever order the calls come.

    Args:
        seed: Makes the fates repeatable; None leaves them to chance.
        words: The weight of each way to end.
        keys: The weight of each key, for answered calls that wait for one.
        pressing: How many of those press a key at all, from 0 to 1.
        talk_seconds: The shortest and the longest an answered call lasts.
        after_seconds: The soonest and the latest a call ends after it was accepted.

    Returns:
        A function of the call. What it counts it counts for good: make a new one to begin anew.
    """
    return _Mix(
        seed=Random(seed).getrandbits(64),  # noqa: S311 made-up fates guard nothing
        words=words,
        keys=keys,
        pressing=pressing,
        talk_seconds=talk_seconds,
        after_seconds=after_seconds,
    )


@attrs.frozen(kw_only=True, eq=False)
class _Mix:
    seed: int
    words: Mapping[str, float]
    keys: Mapping[str, float]
    pressing: float
    talk_seconds: tuple[int, int]
    after_seconds: tuple[float, float]
    _rings: Counter[str] = attrs.field(factory=Counter[str], init=False, repr=False)
    _lock: Lock = attrs.field(factory=Lock, init=False, repr=False)

    def __call__(self, call: SandboxCall) -> Fate:
        chance = Random(f"{self.seed} {call.phone} {self._ring(call)}")  # noqa: S311 as above
        word = _drawn(chance, self.words)
        after_seconds = chance.uniform(*self.after_seconds)
        # A flash call is there to be seen, not to be taken.
        if word != "ANSWERED" or call.code is not None:
            return Fate(word, after_seconds=after_seconds)
        return Fate(
            word,
            after_seconds=after_seconds,
            talk_seconds=chance.randint(*self.talk_seconds),
            digits=self._digits(chance) if call.dtmf else None,
        )

    def _ring(self, call: SandboxCall) -> int:
        with self._lock:
            self._rings[call.phone] += 1
            return self._rings[call.phone]

    def _digits(self, chance: Random) -> str | None:
        return _drawn(chance, self.keys) if chance.random() < self.pressing else None


def _drawn(chance: Random, weights: Mapping[str, float]) -> str:
    return chance.choices(tuple(weights), tuple(weights.values()))[0]
