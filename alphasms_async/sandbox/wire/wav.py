"""Whether an uploaded file is sound the gateway can play into a call."""

import struct
from collections.abc import Iterator

import attrs

from alphasms_async.sandbox.refusals import Refusal

_EXTENSIBLE = 0xFFFE
# PCM, IEEE float, A-law and mu-law: the codecs a telephone exchange plays by itself.
_PLAYED = frozenset({1, 3, 6, 7})
_PCM = 1
_FORMAT_BYTES = 16
_GUID_AT = 24


@attrs.frozen
class _Format:
    codec: int
    channels: int
    frames_per_second: int
    frame_bytes: int
    sample_bits: int

    @property
    def is_sound(self) -> bool:
        """Whether the numbers can belong to any sound at all."""
        if not (self.channels and self.frames_per_second and self.frame_bytes):
            return False
        return self.codec != _PCM or self.frame_bytes * 8 == self.channels * self.sample_bits


def refusal_of(sound: bytes) -> Refusal | None:
    """Return why the gateway would not play `sound`, or None when it would."""
    if sound[:4] != b"RIFF" or sound[8:12] != b"WAVE":
        return Refusal.INVALID_FILE_FORMAT
    shape: _Format | None = None
    for name, start, size in _chunks(sound):
        if name == b"fmt ":
            shape = _format(sound[start : start + size])
        if name != b"data":
            continue
        if shape is None or not shape.is_sound:
            return Refusal.INVALID_FILE_FORMAT
        if shape.codec not in _PLAYED:
            return Refusal.UNSUPPORTED_AUDIO
        return None if size >= shape.frame_bytes else Refusal.INVALID_DURATION
    return Refusal.INVALID_FILE_FORMAT


def _chunks(sound: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Walk the RIFF chunks as (name, where its content starts, bytes of it really there)."""
    header = 12
    while header + 8 <= len(sound):
        name, declared = struct.unpack_from("<4sI", sound, header)
        start = header + 8
        present = len(sound) - start
        # A program that writes into a pipe cannot go back and fill in the length: it leaves 0 or
        # FFFFFFFF, and players take everything that follows.
        streamed = name == b"data" and declared == 0
        yield name, start, present if streamed else min(declared, present)
        header = start + declared + declared % 2


def _format(content: bytes) -> _Format | None:
    if len(content) < _FORMAT_BYTES:
        return None
    codec, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", content)
    if codec == _EXTENSIBLE:
        if len(content) < _GUID_AT + 2:
            return None
        (codec,) = struct.unpack_from("<H", content, _GUID_AT)
    return _Format(codec, channels, rate, frame_bytes, bits)
