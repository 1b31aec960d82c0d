"""What is inside a WAV: a reader that walks the RIFF chunks and trusts no size it is told.

The standard library's `wave` is not used on purpose: it knows PCM only, and it believes the
header, so that a recording cut in half or written to a pipe gets a length it does not have.
"""

import codecs
import struct
from collections.abc import Iterator
from typing import NoReturn

from attrs import frozen

from alphasms_async.errors import InvalidRecording

__all__ = ["Wav", "read_wav"]

_PCM, _EXTENSIBLE, _MP3 = 0x0001, 0xFFFE, 0x0055
_CODECS = {
    _PCM: "PCM",
    0x0002: "MS ADPCM",
    0x0003: "float",
    0x0006: "A-law",
    0x0007: "µ-law",
    0x0011: "IMA ADPCM",
    0x0031: "GSM 6.10",
}
_SAMPLE_CODECS = frozenset({"PCM", "float", "A-law", "µ-law"})

# (offset, magic, what it is), asked in this order.
_OTHERS = (
    (0, b"ID3", "MP3"),
    (0, b"OggS", "Ogg"),
    (0, b"fLaC", "FLAC"),
    (4, b"ftyp", "M4A or MP4"),
    (0, b"RIFX", "RIFX, the big-endian kin of WAV"),
    (0, b"RF64", "RF64, the WAV for files over 4 GB"),
    (0, b"FORM", "AIFF"),
    (0, b".snd", "AU"),
    (0, b"caff", "CAF"),
    (0, b"#!AMR", "AMR"),
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"%PDF", "PDF"),
)
_RIGHT = "a WAV is needed, best 8000 Hz, mono, 16-bit PCM"
_STREAMED = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF})


@frozen
class Wav:
    """The facts of a WAV whose header tells the truth."""

    codec: str
    """`PCM`, `A-law`, `µ-law`, `float`, …; `format 0x…` for a tag nobody documented."""
    channels: int
    """1 for mono, 2 for stereo."""
    sample_rate: int
    """Samples a second, in Hz."""
    bits: int
    """Bits a sample; 0 for codecs that have no such number."""
    seconds: float
    """The length of the sound, always more than 0."""


@frozen(eq=False, repr=False)
class _Format:
    codec: str
    channels: int
    sample_rate: int
    byte_rate: int
    block_bytes: int
    bits: int


def read_wav(data: bytes) -> Wav:
    """Return what the WAV in `data` holds.

    Raises:
        InvalidRecording: It is another kind of file (named), is cut short, has no sound in it,
            or its header tells sizes that are not so.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        _refuse_other(data)
    _check_riff_size(data)
    found: _Format | None = None
    for name, start, size in _chunks(data):
        if name == b"fmt ":
            found = _format(data[start : start + size])
        elif name == b"data":
            if found is None:
                raise InvalidRecording("the WAV's sound comes before its format: save it again")
            return _sound(found, data, start, size)
    if found is None:
        raise InvalidRecording("the WAV says nothing of its format: save it again")
    raise InvalidRecording("there is no sound in this WAV: its data chunk is missing")


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 12
    while at + 8 <= len(data):
        size = int(struct.unpack_from("<I", data, at + 4)[0])
        yield data[at : at + 4], at + 8, size
        at += 8 + size + size % 2


def _check_riff_size(data: bytes) -> None:
    told = int(struct.unpack_from("<I", data, 4)[0])
    held = len(data) - 8
    if told in _STREAMED or told > held + 1:
        # One byte is allowed: many programs count the last pad byte and do not write it.
        what = "was written to a pipe" if told in _STREAMED else "is cut short"
        raise InvalidRecording(
            f"wrong sizes in the header: the WAV {what} "
            f"(it tells of {told} bytes, {held} are there): save it to a file again"
        )


def _format(body: bytes) -> _Format:
    if len(body) < 16:
        raise InvalidRecording("the WAV's format chunk is cut short: save the recording again")
    tag, channels, sample_rate, byte_rate, block_bytes, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]
    if tag == _MP3:
        raise InvalidRecording(f"this is MP3 inside a WAV: {_RIGHT}")
    codec = _CODECS.get(tag, f"format 0x{tag:04X}")
    if not channels or not sample_rate or not block_bytes or not byte_rate:
        raise InvalidRecording(
            "wrong sizes in the header: channels or rate are zero: save it again"
        )
    if codec in _SAMPLE_CODECS and (
        block_bytes * 8 != channels * bits or byte_rate != sample_rate * block_bytes
    ):
        raise InvalidRecording(
            f"wrong sizes in the header: {channels} channels of {bits} bits at {sample_rate} Hz "
            f"are not {block_bytes} bytes a sample and {byte_rate} a second: save it again"
        )
    return _Format(codec, channels, sample_rate, byte_rate, block_bytes, bits)


def _sound(found: _Format, data: bytes, start: int, size: int) -> Wav:
    held = len(data) - start
    riff_end = 8 + int(struct.unpack_from("<I", data, 4)[0])
    if size in _STREAMED and size:
        raise InvalidRecording(
            "wrong sizes in the header: the WAV was written to a pipe and never told its length: "
            "save it to a file again"
        )
    if size < found.block_bytes:
        raise InvalidRecording("there is no sound in this WAV: record it again")
    if size > held:
        raise InvalidRecording(
            f"the recording is cut short: {held} of {size} bytes of sound are there: "
            "copy or download it again"
        )
    if start + size > riff_end + 1:
        raise InvalidRecording(
            "wrong sizes in the header: the sound is longer than the file says it is: save it again"
        )
    return Wav(
        codec=found.codec,
        channels=found.channels,
        sample_rate=found.sample_rate,
        bits=found.bits if found.codec in _SAMPLE_CODECS else 0,
        seconds=(size - size % found.block_bytes) / found.byte_rate,
    )


def _refuse_other(data: bytes) -> NoReturn:
    if not data:
        raise InvalidRecording(f"the file is empty: {_RIGHT}")
    raise InvalidRecording(f"this is {_kind(data)}, not a WAV: {_RIGHT}")


def _kind(data: bytes) -> str:
    for offset, magic, kind in _OTHERS:
        if data[offset : offset + len(magic)] == magic:
            return kind
    if data[:4] == b"RIFF":
        return "a RIFF file that is cut short" if len(data) < 12 else "another kind of RIFF file"
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2:
        return "MP3"  # a frame of layer III without tags before it
    return _kind_of_text(data[:1024])


def _kind_of_text(data: bytes) -> str:
    try:
        # Incremental, for the last byte may stand in the middle of a character.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(data)
    except UnicodeDecodeError:
        text = "\0"
    head = text.lstrip().lower()
    if "\0" in text:
        kind = "an unknown kind of file"
    elif head.startswith(("<!doctype html", "<html", "<head", "<body")):
        kind = "HTML, perhaps the page of a failed download"
    elif head.startswith("<"):
        kind = "XML or HTML"
    else:
        kind = "JSON" if head.startswith(("{", "[")) else "text"
    return kind
