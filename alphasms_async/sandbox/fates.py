"""What becomes of accepted calls, and who decides it."""

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from threading import Lock
from types import MappingProxyType
from typing import TypeAlias

import attrs

from alphasms_async.sandbox.entries import SandboxCall
from alphasms_async.sandbox.fate import Fate

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
    ringing_seconds: tuple[float, float] | None = None,
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
        ringing_seconds: How long a call rings, the shortest and the longest, and an answered one
            then lasts as long as is talked in it, in place of `after_seconds`; None for that.

    Returns:
        A function of the call. What it counts it counts for good: make a new one to begin anew.
    """
    return _Mix(
        seed=Random(seed).getrandbits(64),  # noqa: S311 made-up fates guard nothing
        words=words,
        keys=keys,
        pressing=pressing,
        talk_seconds=talk_seconds,
        after_seconds=ringing_seconds or after_seconds,
        is_talked_out=ringing_seconds is not None,
    )


@attrs.frozen(kw_only=True, eq=False)
class _Mix:
    seed: int
    words: Mapping[str, float]
    keys: Mapping[str, float]
    pressing: float
    talk_seconds: tuple[int, int]
    after_seconds: tuple[float, float]
    is_talked_out: bool
    _rings: Counter[str] = attrs.field(factory=Counter[str], init=False, repr=False)
    _lock: Lock = attrs.field(factory=Lock, init=False, repr=False)

    def __call__(self, call: SandboxCall) -> Fate:
        chance = Random(f"{self.seed} {call.phone} {self._ring(call)}")  # noqa: S311 as above
        word = _drawn(chance, self.words)
        after_seconds = chance.uniform(*self.after_seconds)
        # A flash call is there to be seen, not to be taken.
        if word != "ANSWERED" or call.code is not None:
            return Fate(word, after_seconds=after_seconds)
        talk_seconds = chance.randint(*self.talk_seconds)
        return Fate(
            word,
            after_seconds=after_seconds + talk_seconds * self.is_talked_out,
            talk_seconds=talk_seconds,
            digits=self._digits(chance) if call.listens else None,
        )

    def _ring(self, call: SandboxCall) -> int:
        with self._lock:
            self._rings[call.phone] += 1
            return self._rings[call.phone]

    def _digits(self, chance: Random) -> str | None:
        return _drawn(chance, self.keys) if chance.random() < self.pressing else None


def _drawn(chance: Random, weights: Mapping[str, float]) -> str:
    return chance.choices(tuple(weights), tuple(weights.values()))[0]
