"""What becomes of calls when no person acts, said in a line of text that a person can type."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from alphasms_async.sandbox.entries import SandboxCall
from alphasms_async.sandbox.fate import Fate
from alphasms_async.sandbox.fates import Fates, mixed

MAGIC: Final[Mapping[str, Fate]] = MappingProxyType(
    {
        "0001": Fate("BUSY", after_seconds=2),
        "0002": Fate("NO ANSWER", after_seconds=30),
        "0003": Fate("FAILED", after_seconds=1),
    }
)
"""The phones, by their last digits, whose calls end in the same way under every autopilot."""

_SECONDS = r"(\d{1,4}(?:\.\d{1,3})?) ?s"
_THEN = r" ?[·,] ?"
_ANSWER = re.compile(
    rf"answer {_SECONDS}(?:{_THEN}press ([0-9*#]{{1,32}}))?{_THEN}hangup ([1-9]\d{{0,3}}) ?s",
    re.ASCII,
)
_OTHER_END = re.compile(rf"(busy|no answer|fail) {_SECONDS}", re.ASCII)
_WORDS: Mapping[str, str] = {"busy": "BUSY", "no answer": "NO ANSWER", "fail": "FAILED"}
_SHOWN = 40


@attrs.frozen
class Autopilot:
    """Decides what becomes of calls, by a text; given to `Sandbox(fates=...)`.

    Phones that end in 0001 are busy after 2 s, those in 0002 do not answer for 30 s, and those in
    0003 fail after 1 s, whatever the text. It says what becomes of the others, in seconds from
    when they begin to ring:

    - `mixed`: as in life, each rings 2 to 6 s; then most answer, and of those whose call waits for
      a key most press one. It is `mixed(seed, ringing_seconds=(2, 6))`.
    - `off`: each rings 30 s for a person to answer it, then ends as NO ANSWER.
    - `answer 2s · press 7 · hangup 12s`: each rings 2 s and is talked in for 12 s, and ends as
      ANSWERED. The keys are pressed evenly spread over the talk, where the call waits for keys;
      `press` may be left out, and a comma stand for the dot.
    - `busy 2s`, `no answer 30s`, `fail 1s`: each rings so long and ends as BUSY, NO ANSWER, FAILED.

    A flash call is there to be seen and not to be taken: under `answer` it rings its seconds,
    under `off` 5 s, and counts as reached, ANSWERED with nothing talked. The others end it as any
    call. Of written messages no autopilot is asked; `message_fate` is for them.

    Args:
        text: One of the above. Case and the width of spaces do not matter.
        seed: Makes `mixed` repeatable; None leaves it to chance. The others need none.

    Raises:
        ValueError: The text is none of them.
    """

    text: str
    seed: int | None = attrs.field(default=None, kw_only=True)
    _fates: Fates = attrs.field(
        default=attrs.Factory(lambda self: _read(self.text, self.seed), takes_self=True),
        init=False,
        repr=False,
        eq=False,
    )

    def __call__(self, call: SandboxCall) -> Fate | None:
        """Return what becomes of `call`, by the last digits of its phone or by the text."""
        return MAGIC.get(call.phone[-4:]) or self._fates(call)

    def __str__(self) -> str:
        return self.text

    def fate_of(self, call: SandboxCall) -> Fate | None:
        """Return what the text alone says of `call`, for a script that names the phone itself."""
        return self._fates(call)


def as_fates(fates: Fates | str | None, seed: int | None) -> Fates | None:
    """Return `fates`, a text as the `Autopilot` that it is of, with `seed`.

    Raises:
        ValueError: It is a text, and of none.
    """
    return Autopilot(fates, seed=seed) if isinstance(fates, str) else fates


def _read(text: str, seed: int | None) -> Fates:
    words = " ".join(text.split()).lower() if isinstance(text, str) else ""
    if words == "mixed":
        return mixed(seed, ringing_seconds=(2, 6))
    if words == "off":
        return _Plain(Fate("NO ANSWER", after_seconds=30), flash_seconds=5)
    if found := _ANSWER.fullmatch(words):
        rings, keys, talks = found.groups()
        after_seconds, talk_seconds = float(rings) + int(talks), int(talks)
        return _Plain(
            Fate(after_seconds=after_seconds, talk_seconds=talk_seconds, digits=keys),
            flash_seconds=float(rings),
        )
    if found := _OTHER_END.fullmatch(words):
        word, rings = found.groups()
        return _Plain(Fate(_WORDS[word], after_seconds=float(rings)))
    raise ValueError(
        "An autopilot is one of mixed, off, answer 2s · press 7 · hangup 12s, busy 2s, no answer "
        f"30s and fail 1s, not {text if not isinstance(text, str) else text[:_SHOWN]!r}."
    )


@attrs.frozen
class _Plain:
    fate: Fate
    """What becomes of a call that waits for keys."""
    flash_seconds: float | None = None
    """How long a flash call rings before it counts as reached; None ends it as any call."""

    def __call__(self, call: SandboxCall) -> Fate:
        if call.code is not None and self.flash_seconds is not None:
            return Fate(after_seconds=self.flash_seconds)
        # Nobody listens for keys in the others.
        return self.fate if call.listens else attrs.evolve(self.fate, digits=None)
