import struct

import pytest

from alphasms_async.sandbox.refusals import Refusal
from alphasms_async.sandbox.wire.wav import refusal_of

from .wire import wav

LIST_CHUNK = b"LIST" + struct.pack("<I", 3) + b"abc\0"
EXTENSIBLE = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4)
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def extensible(codec: int, *, cut: bool = False) -> bytes:
    """Return a second of sound whose codec stands in the extension of its format."""
    shape = EXTENSIBLE + struct.pack("<H", codec) + GUID_TAIL
    shape = shape[:18] if cut else shape
    chunks = b"fmt " + struct.pack("<I", len(shape)) + shape
    chunks += b"data" + struct.pack("<I", 16000) + bytes(16000)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(wav(), id="PCM"),
        pytest.param(wav(channels=2), id="stereo"),
        pytest.param(wav(codec=6), id="A-law"),
        pytest.param(wav(codec=7), id="mu-law"),
        pytest.param(wav(codec=3), id="float"),
        pytest.param(wav(before_data=LIST_CHUNK), id="odd chunk before"),
        pytest.param(wav(declared_bytes=0xFFFFFFFF), id="streamed"),
        pytest.param(wav(declared_bytes=0), id="streamed with 0"),
        pytest.param(wav()[:2000], id="cut"),
        pytest.param(extensible(1), id="extensible"),
    ],
)
def test_sound_is_played(sound: bytes) -> None:
    """Sound in a codec of telephony is taken, whatever its size fields claim."""
    assert refusal_of(sound) is None


@pytest.mark.parametrize(
    "sound",
    [
        b"",
        b"RIFF",
        wav()[:12],
        wav()[:30],
        wav()[:36],
        b"RIFX" + wav()[4:],
        wav(channels=0),
        wav().replace(struct.pack("<HH", 2, 16), struct.pack("<HH", 0, 16), 1),
        wav().replace(struct.pack("<HH", 2, 16), struct.pack("<HH", 3, 16), 1),
        wav().replace(b"fmt ", b"fmt_"),
        extensible(1, cut=True),
        b"<html>404</html>",
    ],
)
def test_what_is_no_wav_is_the_wrong_format(sound: bytes) -> None:
    """A file that is no RIFF WAVE, or whose format cannot be, is refused as such."""
    assert refusal_of(sound) == Refusal.INVALID_FILE_FORMAT


@pytest.mark.parametrize(
    "sound", [wav(codec=0x55), wav(codec=2), wav(codec=0x31), extensible(0x55)]
)
def test_codec_nobody_plays_is_unsupported(sound: bytes) -> None:
    """MP3, ADPCM and GSM inside a WAV are not played."""
    assert refusal_of(sound) == Refusal.UNSUPPORTED_AUDIO


@pytest.mark.parametrize("sound", [wav(seconds=0), wav(declared_bytes=1), wav()[:44]])
def test_sound_without_a_frame_has_no_duration(sound: bytes) -> None:
    """A file with less than one frame in it lasts no time."""
    assert refusal_of(sound) == Refusal.INVALID_DURATION
