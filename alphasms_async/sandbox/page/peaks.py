"""How loud a recording is from one moment to the next, for its picture."""

import math
import sys
from array import array
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from alphasms_async.sandbox.wire.wav import A_LAW, FLOAT, MU_LAW, PCM, Wav

_BARS: Final = 130
# Of a long recording not every sample is looked at.
_LOOKS: Final = 400

_Loudness: TypeAlias = Callable[[bytes, int], float]
"""Returns the loudest of some samples, 0 to 1, looking at each so-many-th of them."""


def peaks_of(recording: bytes, wav: Wav) -> list[float] | None:
    """Return the loudest moment of each of some 130 parts, 0 to 1; None for samples unheard of."""
    shape = wav.format
    width, rest = divmod(shape.frame_bytes, shape.channels)
    loudness = _LOUDNESS.get((shape.codec, width))
    if loudness is None or rest:
        return None
    samples = wav.size // shape.frame_bytes * shape.channels
    bars = min(_BARS, samples)
    # An odd step meets every channel.
    step = samples // bars // _LOOKS | 1
    edges = [wav.start + width * (bar * samples // bars) for bar in range(bars + 1)]
    return [
        round(min(1.0, loudness(recording[edges[bar] : edges[bar + 1]], step)), 3)
        for bar in range(bars)
    ]


def _whole(code: str) -> _Loudness:
    def loudness(content: bytes, step: int) -> float:
        samples = _samples(code, content)[::step]
        least, most = min(samples), max(samples)
        return max(most, -least) / (1 << (8 * samples.itemsize - 1))

    return loudness


def _whole_8(content: bytes, step: int) -> float:
    samples = content[::step]
    return max(max(samples) - 128, 128 - min(samples)) / 128


def _whole_24(content: bytes, step: int) -> float:
    # The two upper bytes of the three say enough.
    upper = bytearray(len(content) // 3 * 2)
    upper[0::2] = content[1::3]
    upper[1::2] = content[2::3]
    return _whole("h")(bytes(upper), step)


def _float_32(content: bytes, step: int) -> float:
    samples = _samples("f", content)[::step]
    return max((abs(one) for one in samples if math.isfinite(one)), default=0.0)


def _by_table(table: bytes) -> _Loudness:
    def loudness(content: bytes, step: int) -> float:
        return max(content[::step].translate(table)) / 255

    return loudness


def _samples(code: str, content: bytes) -> "array[int]":
    samples: array[int] = array(code, content)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _a_law(code: int) -> int:
    """Return how loud an A-law code is, 0 to 255."""
    segment, steps = divmod((code ^ 0x55) & 0x7F, 16)
    level = steps * 16 + 8
    if segment:
        level = (level + 256) << (segment - 1)
    return level * 255 // 32_256


def _mu_law(code: int) -> int:
    """Return how loud a mu-law code is, 0 to 255."""
    segment, steps = divmod(~code & 0x7F, 16)
    level = ((steps * 8 + 132) << segment) - 132
    return level * 255 // 32_124


_LOUDNESS: Final[Mapping[tuple[int, int], _Loudness]] = {
    (PCM, 1): _whole_8,
    (PCM, 2): _whole("h"),
    (PCM, 3): _whole_24,
    (PCM, 4): _whole("i"),
    (FLOAT, 4): _float_32,
    (A_LAW, 1): _by_table(bytes(_a_law(code) for code in range(256))),
    (MU_LAW, 1): _by_table(bytes(_mu_law(code) for code in range(256))),
}
