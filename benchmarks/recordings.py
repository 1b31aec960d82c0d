"""The recording that is dialled with."""

from alphasms_async import Recording
from benchmarks.sounds import wav

__all__ = ["RECORDING"]

RECORDING: Recording = Recording.from_bytes(wav(40_000))
"""Two and a half seconds of sound, 40 KB."""
