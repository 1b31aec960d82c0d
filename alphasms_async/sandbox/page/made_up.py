"""A call that nobody asked for, to try the page without a client."""

import math
import struct
from decimal import Decimal
from functools import cache
from typing import Final

from alphasms_async.sandbox.entries import SandboxCall

_RATE: Final = 8_000
_SECONDS: Final = 2.0
# The tone that a telephone gives when the line is free.
_HERTZ: Final = 425
_LOUDNESS: Final = 12_000


def made_up_call(phone: str, price: Decimal, *, hook: str | None, dtmf: bool) -> SandboxCall:
    """Return a call to `phone` as voice.php would take it, with a recording of some beeps."""
    return SandboxCall(
        kind="voice",
        phone=phone,
        price=price,
        audio=_beeps(),
        filename="beeps.wav",
        hook=hook,
        dtmf=dtmf,
    )


@cache
def _beeps() -> bytes:
    """Return three beeps, each dying away: 8 kHz, mono, PCM of 16 bits."""
    samples = [_sample(place / _RATE) for place in range(int(_RATE * _SECONDS))]
    sound = struct.pack(f"<{len(samples)}h", *samples)
    shape = struct.pack("<HHIIHH", 1, 1, _RATE, 2 * _RATE, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(shape)) + shape
    chunks += b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def _sample(second: float) -> int:
    place = second * 1.5 % 1
    loudness = _LOUDNESS * (1 - place) ** 2
    return round(loudness * math.sin(2 * math.pi * _HERTZ * second))
