"""What is inside a file that is called a WAV."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.errors import InvalidRecording
from alphasms_async.riff import Wav, read_wav
from tests.sounds import chunk, fmt, riff, wav

SOUND = chunk(b"data", bytes(1600))
RIGHT = wav(seconds=0.1)


def extensible(tag: int, *, rate: int = 8000, bits: int = 16, size: int = 40) -> bytes:
    """Return a format chunk of WAVE_FORMAT_EXTENSIBLE whose real codec is `tag`."""
    block = bits // 8
    body = struct.pack("<HHIIHHHHI", 0xFFFE, 1, rate, rate * block, block, bits, 22, bits, 4)
    guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
    return chunk(b"fmt ", (body + guid)[:size])


def packed(tag: int, *, byte_rate: int, block: int, channels: int = 1, bits: int = 4) -> bytes:
    """Return a format chunk of a codec that packs many samples into a block."""
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, 8000, byte_rate, block, bits))


# Each of these can be played, and has these facts.
ACCEPTED = {
    "pcm_8": (wav(seconds=0.5, bits=8), Wav("PCM", 1, 8000, 8, 0.5)),
    "pcm_16": (wav(seconds=0.5), Wav("PCM", 1, 8000, 16, 0.5)),
    "pcm_24": (wav(seconds=0.5, bits=24), Wav("PCM", 1, 8000, 24, 0.5)),
    "stereo": (wav(seconds=0.5, rate=44100, channels=2), Wav("PCM", 2, 44100, 16, 0.5)),
    "float": (wav(seconds=0.5, bits=32, codec=3), Wav("float", 1, 8000, 32, 0.5)),
    "a_law": (wav(seconds=0.5, bits=8, codec=6), Wav("A-law", 1, 8000, 8, 0.5)),
    "mu_law": (wav(seconds=0.5, bits=8, codec=7), Wav("µ-law", 1, 8000, 8, 0.5)),
    "one_sample": (riff(fmt(), chunk(b"data", b"\1\0")), Wav("PCM", 1, 8000, 16, 1 / 8000)),
    "extensible": (riff(extensible(1), SOUND), Wav("PCM", 1, 8000, 16, 0.1)),
    "extensible_float": (riff(extensible(3, bits=32), SOUND), Wav("float", 1, 8000, 32, 0.05)),
    "gsm": (
        riff(packed(0x31, byte_rate=1625, block=65, bits=0), chunk(b"data", bytes(1625))),
        Wav("GSM 6.10", 1, 8000, 0, 1.0),
    ),
    "ima_adpcm": (
        riff(packed(0x11, byte_rate=4064, block=256), chunk(b"data", bytes(256 * 4 + 7))),
        Wav("IMA ADPCM", 1, 8000, 0, 1024 / 4064),
    ),
    "undocumented": (
        riff(packed(0x1234, byte_rate=1600, block=2, bits=16), SOUND),
        Wav("format 0x1234", 1, 8000, 0, 1.0),
    ),
    "list_before_sound": (
        riff(fmt(), chunk(b"LIST", b"INFOISFT"), SOUND),
        Wav("PCM", 1, 8000, 16, 0.1),
    ),
    "junk_before_format": (
        riff(chunk(b"JUNK", bytes(28)), fmt(), SOUND),
        Wav("PCM", 1, 8000, 16, 0.1),
    ),
    "odd_chunk_with_pad": (
        riff(fmt(), chunk(b"LIST", b"odd"), SOUND),
        Wav("PCM", 1, 8000, 16, 0.1),
    ),
    "chunk_after_sound": (
        riff(fmt(), SOUND, chunk(b"LIST", b"INFO")),
        Wav("PCM", 1, 8000, 16, 0.1),
    ),
    "odd_sound_with_pad": (
        riff(fmt(bits=8), chunk(b"data", bytes(801))),
        Wav("PCM", 1, 8000, 8, 801 / 8000),
    ),
    "odd_sound_without_its_pad": (
        riff(fmt(bits=8), chunk(b"data", bytes(801)))[:-1],
        Wav("PCM", 1, 8000, 8, 801 / 8000),
    ),
    "half_a_sample_at_the_end": (
        riff(fmt(), chunk(b"data", bytes(1601))),
        Wav("PCM", 1, 8000, 16, 0.1),
    ),
    "bytes_after_the_file": (RIGHT + b"\0" * 7, Wav("PCM", 1, 8000, 16, 0.1)),
}

# Each of these is refused, and the words stand in the reason.
REFUSED = {
    "empty": (b"", "the file is empty"),
    "mp3_tagged": (b"ID3\x04" + bytes(60), "this is MP3, not a WAV"),
    "mp3_bare": (b"\xff\xfb\x90\x64" + bytes(60), "this is MP3, not a WAV"),
    "mp3_old": (b"\xff\xf3\x40\xc4" + bytes(60), "this is MP3, not a WAV"),
    "ogg": (b"OggS" + bytes(60), "this is Ogg, not a WAV"),
    "flac": (b"fLaC" + bytes(60), "this is FLAC, not a WAV"),
    "m4a": (b"\0\0\0\x20ftypM4A " + bytes(60), "this is M4A or MP4, not a WAV"),
    "aiff": (b"FORM\0\0\0\x2eAIFF", "this is AIFF, not a WAV"),
    "au": (b".snd" + bytes(60), "this is AU, not a WAV"),
    "caf": (b"caff" + bytes(60), "this is CAF, not a WAV"),
    "amr": (b"#!AMR\n" + bytes(60), "this is AMR, not a WAV"),
    "webm": (b"\x1a\x45\xdf\xa3" + bytes(60), "this is WebM or Matroska, not a WAV"),
    "zip": (b"PK\x03\x04" + bytes(60), "this is a ZIP archive, not a WAV"),
    "pdf": (b"%PDF-1.7\n", "this is PDF, not a WAV"),
    "html": (b"<!DOCTYPE html>\n<html>404", "this is HTML, perhaps the page of a failed download"),
    "html_bare": (b"  \n<html><body>", "this is HTML, perhaps the page of a failed download"),
    "html_marked": (b"\xef\xbb\xbf<HTML>", "this is HTML, perhaps the page of a failed download"),
    "xml": (b'<?xml version="1.0"?><Error/>', "this is XML or HTML, not a WAV"),
    "json": (b'{"error": "not found"}', "this is JSON, not a WAV"),
    "text": ("Привіт".encode() * 100, "this is text, not a WAV"),
    "zeros": (bytes(1000), "this is an unknown kind of file, not a WAV"),
    "rubbish": (b"\x80\x81\x82\x83" * 50, "this is an unknown kind of file, not a WAV"),
    "rifx": (b"RIFX" + RIGHT[4:], "this is RIFX, the big-endian kin of WAV, not a WAV"),
    "rf64": (b"RF64" + RIGHT[4:], "this is RF64, the WAV for files over 4 GB, not a WAV"),
    "avi": (b"RIFF\x04\0\0\0AVI ", "this is another kind of RIFF file, not a WAV"),
    "riff_alone": (b"RIFF", "this is a RIFF file that is cut short, not a WAV"),
    "riff_cut": (RIGHT[:11], "this is a RIFF file that is cut short, not a WAV"),
    "header_alone": (RIGHT[:12], "is cut short"),
    "cut_in_the_format": (RIGHT[:30], "is cut short"),
    "cut_before_the_sound": (RIGHT[:44], "is cut short"),
    "cut_in_half": (RIGHT[: len(RIGHT) // 2], "is cut short"),
    "cut_by_two_bytes": (RIGHT[:-2], "is cut short"),
    "cut_with_a_right_total": (
        riff(fmt(), chunk(b"data", bytes(800), size=1600)),
        "cut short: 800 of 1600 bytes of sound are there",
    ),
    "piped_ff": (
        riff(fmt(), chunk(b"data", bytes(1600), size=0xFFFFFFFF), size=0xFFFFFFFF),
        "was written to a pipe",
    ),
    "piped_7f": (
        riff(fmt(), chunk(b"data", bytes(1600), size=0x7FFFFFFF)),
        "was written to a pipe",
    ),
    "piped_zeros": (
        riff(fmt(), chunk(b"data", bytes(1600), size=0), size=0),
        "was written to a pipe",
    ),
    "total_too_small": (riff(fmt(), SOUND, size=100), "longer than the file says it is"),
    "total_too_large": (riff(fmt(), SOUND, size=99_999), "99999 bytes, 1636 are there"),
    "no_format": (riff(SOUND), "the WAV's sound comes before its format"),
    "sound_first": (riff(SOUND, fmt()), "the WAV's sound comes before its format"),
    "no_chunks": (riff(), "the WAV says nothing of its format"),
    "no_sound_chunk": (riff(fmt()), "its data chunk is missing"),
    "no_sound": (riff(fmt(), chunk(b"data", b"")), "there is no sound in this WAV"),
    "less_than_a_sample": (riff(fmt(), chunk(b"data", b"\1")), "there is no sound in this WAV"),
    "odd_chunk_without_pad": (
        riff(fmt(), b"LIST\x05\0\0\0abcde" + SOUND),
        "its data chunk is missing",
    ),
    "short_format": (riff(chunk(b"fmt ", bytes(14)), SOUND), "format chunk is cut short"),
    "no_channels": (riff(fmt(channels=0), SOUND), "channels or rate are zero"),
    "no_rate": (riff(fmt(rate=0), SOUND), "channels or rate are zero"),
    "no_bits": (riff(fmt(bits=0), SOUND), "channels or rate are zero"),
    "wrong_block": (
        riff(packed(1, byte_rate=32000, block=4, bits=16), SOUND),
        "1 channels of 16 bits at 8000 Hz are not 4 bytes a sample",
    ),
    "wrong_byte_rate": (
        riff(packed(1, byte_rate=8000, block=2, bits=16), SOUND),
        "wrong sizes in the header",
    ),
    "mp3_inside": (
        riff(packed(0x55, byte_rate=2000, block=1, bits=0), SOUND),
        "this is MP3 inside a WAV",
    ),
    "mp3_inside_extensible": (riff(extensible(0x55), SOUND), "this is MP3 inside a WAV"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_wav_has_these_facts(name: str) -> None:
    """A readable WAV tells codec, channels, rate, bits and length as they are."""
    data, facts = ACCEPTED[name]
    assert facts == read_wav(data)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_played_is_named(name: str) -> None:
    """A file that is no sound WAV is refused by what it is or lacks, in one line."""
    data, reason = REFUSED[name]
    with pytest.raises(InvalidRecording) as caught:
        read_wav(data)
    assert reason in str(caught.value)
    assert [str(caught.value)] == str(caught.value).splitlines()


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_what_would_be_right(name: str) -> None:
    """Each refusal tells what to do: which format is needed, or to make the file again."""
    with pytest.raises(InvalidRecording) as caught:
        read_wav(REFUSED[name][0])
    advice = ("a WAV is needed", "save", "again", "its data chunk is missing")
    assert any(words in str(caught.value) for words in advice)


def test_every_cut_of_a_wav_is_refused() -> None:
    """A recording that ends anywhere before its end is never taken for a whole one."""
    for length in range(len(RIGHT)):
        with pytest.raises(InvalidRecording):
            read_wav(RIGHT[:length])


def test_a_cut_that_loses_the_last_pad_byte_loses_nothing() -> None:
    """Many programs count the pad byte after an odd sound and do not write it."""
    data = riff(fmt(bits=8), chunk(b"data", bytes(801)))
    assert read_wav(data) == read_wav(data[:-1])


def read_or_refuse(data: bytes) -> None:
    """Read a file that has some sound in it, or is refused; any other error escapes."""
    with suppress(InvalidRecording):
        assert read_wav(data).seconds > 0


@given(st.binary(max_size=300))
def test_any_bytes_are_a_wav_or_refused(data: bytes) -> None:
    """Random bytes are refused, never a crash."""
    read_or_refuse(data)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"fmt ", b"data", b"LIST", b"\0\0\0\0"]),
            st.binary(max_size=40) | st.just(fmt()[8:]),
            st.none() | st.sampled_from([0, 1, 2, 15, 16, 17, 2**31 - 1, 2**31, 2**32 - 1]),
        ),
        max_size=4,
    ),
    st.none() | st.sampled_from([0, 1, 3, 4, 40, 2**31 - 1, 2**32 - 1]),
)
def test_any_chunks_are_a_wav_or_refused(
    chunks: list[tuple[bytes, bytes, int | None]], size: int | None
) -> None:
    """Chunks in any order, of any length, telling any size, are never a crash."""
    read_or_refuse(riff(*(chunk(name, body, size=told) for name, body, told in chunks), size=size))


@given(st.integers(0, len(RIGHT[:44]) - 1), st.integers(0, 255))
def test_any_wrong_byte_in_a_header_is_survived(place: int, value: int) -> None:
    """A header with any one byte changed is read or refused."""
    read_or_refuse(RIGHT[:place] + bytes([value]) + RIGHT[place + 1 :])


@given(
    st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000]),
    st.integers(1, 8),
    st.sampled_from([8, 16, 24, 32]),
    st.integers(1, 200),
)
def test_the_length_is_that_of_the_sound(rate: int, channels: int, bits: int, frames: int) -> None:
    """Seconds are the frames that are there by the rate, for any format."""
    sound = chunk(b"data", bytes(frames * channels * bits // 8))
    facts = read_wav(riff(fmt(rate, channels, bits), sound))
    assert Wav("PCM", channels, rate, bits, frames / rate) == facts
