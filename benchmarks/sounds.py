"""WAVs as the line wants them, of any size; who does without the package can have them too."""

from struct import pack
from typing import Final

__all__ = ["UNITS", "size_name", "wav"]

UNITS: Final = {"KB": 1_000, "MB": 1_000_000}
"""What sizes are told in, and how many bytes that is."""


_RATE = 8000
_LOOP = bytes(range(250))


def size_name(sound_bytes: int) -> str:
    """Return how a size is called: `40 KB`."""
    unit = "MB" if sound_bytes >= UNITS["MB"] else "KB"
    return f"{sound_bytes / UNITS[unit]:g} {unit}"


def wav(sound_bytes: int) -> bytes:
    """Return a WAV of 8000 Hz, mono, 16-bit PCM.

    Args:
        sound_bytes: How much sound there is in it, an even number, 2 or more.
    """
    form = pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    loops = -(-sound_bytes // len(_LOOP))
    sound = pack("<4sI", b"data", sound_bytes) + (_LOOP * loops)[:sound_bytes]
    return pack("<4sI4s", b"RIFF", 4 + len(form) + len(sound), b"WAVE") + form + sound
