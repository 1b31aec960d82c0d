"""The recording that is dialled with."""

from struct import pack

from alphasms_async import Recording

__all__ = ["RECORDING"]

_RATE = 8000
_SOUND_BYTES = 40_000


def _wav() -> bytes:
    """Return a WAV as the line wants it: 8000 Hz, mono, 16-bit PCM."""
    form = pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    sound = pack("<4sI", b"data", _SOUND_BYTES) + bytes(range(250)) * (_SOUND_BYTES // 250)
    return pack("<4sI4s", b"RIFF", 4 + len(form) + len(sound), b"WAVE") + form + sound


RECORDING: Recording = Recording.from_bytes(_wav())
"""Two and a half seconds of sound, 40 KB."""
