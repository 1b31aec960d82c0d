"""Whether an uploaded file is sound the gateway can play into a call."""

import struct
from collections.abc import Iterator

import attrs

from alphasms_async.sandbox.refusals import Refusal, RefusedError

PCM = 1
FLOAT = 3
A_LAW = 6
MU_LAW = 7

_EXTENSIBLE = 0xFFFE
# The codecs a telephone exchange plays by itself.
_PLAYED = frozenset({PCM, FLOAT, A_LAW, MU_LAW})
_FORMAT_BYTES = 16
_GUID_AT = 24


@attrs.frozen
class Format:
    """How the samples of a file are written."""

    codec: int
    channels: int
    frames_per_second: int
    frame_bytes: int
    """Bytes of one sample of every channel."""
    sample_bits: int

    @property
    def is_sound(self) -> bool:
        """Whether the numbers can belong to any sound at all."""
        if not (self.channels and self.frames_per_second and self.frame_bytes):
            return False
        return self.codec != PCM or self.frame_bytes * 8 == self.channels * self.sample_bits


@attrs.frozen
class Wav:
    """Where the samples of a file are, and how they are written."""

    format: Format
    start: int
    """Where the first byte of them is."""
    size: int
    """How many bytes of them are really there, at least those of one frame."""


def refusal_of(sound: bytes) -> Refusal | None:
    """Return why the gateway would not play `sound`, or None when it would."""
    try:
        read_wav(sound)
    except RefusedError as error:
        return error.refusal
    return None


def read_wav(sound: bytes) -> Wav:
    """Return where the samples of `sound` are.

    Raises:
        RefusedError: The gateway would not play it.
    """
    if sound[:4] != b"RIFF" or sound[8:12] != b"WAVE":
        raise RefusedError(Refusal.INVALID_FILE_FORMAT)
    shape: Format | None = None
    for name, start, size in _chunks(sound):
        if name == b"fmt ":
            shape = _format(sound[start : start + size])
        if name != b"data":
            continue
        if shape is None or not shape.is_sound:
            raise RefusedError(Refusal.INVALID_FILE_FORMAT)
        if shape.codec not in _PLAYED:
            raise RefusedError(Refusal.UNSUPPORTED_AUDIO)
        if size < shape.frame_bytes:
            raise RefusedError(Refusal.INVALID_DURATION)
        return Wav(shape, start, size)
    raise RefusedError(Refusal.INVALID_FILE_FORMAT)


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


def _format(content: bytes) -> Format | None:
    if len(content) < _FORMAT_BYTES:
        return None
    codec, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", content)
    if codec == _EXTENSIBLE:
        if len(content) < _GUID_AT + 2:
            return None
        (codec,) = struct.unpack_from("<H", content, _GUID_AT)
    return Format(codec, channels, rate, frame_bytes, bits)
