"""What the page says of a recording: the facts, the verdict and its picture."""

import struct
from typing import Any

import httpx
import pytest

from alphasms_async.sandbox import Sandbox, SandboxCall
from alphasms_async.sandbox.page import sound as looking
from alphasms_async.sandbox.page.sound import Sounds
from tests.sandbox.wire import PHONE, wav

from .asking import got
from .sounds import sound

pytestmark = pytest.mark.anyio

QUIET, LOUD = 0.25, 1.0


async def facts_of(recording: bytes) -> dict[str, Any]:
    """Return the facts of a recording."""
    found = await Sounds().look_into(recording)
    assert found is not None
    facts: Any = found.facts
    return {**facts}


async def peaks_of(recording: bytes) -> list[float] | None:
    """Return the picture of a recording."""
    found = await Sounds().look_into(recording)
    assert found is not None
    peaks: Any = found.peaks
    return None if peaks is None else [*peaks]


async def test_what_a_line_carries_is_ready() -> None:
    """8 kHz, mono, 16 bits is what one sends, and all of it is told."""
    assert await facts_of(sound()) == {
        "codec": "PCM",
        "rate": 8000,
        "channels": 1,
        "bits": 16,
        "seconds": 1.0,
        "bytes": 16_044,
        "verdict": "ready for the line",
        "good": True,
        "playable": True,
    }


@pytest.mark.parametrize(
    ("recording", "verdict"),
    [
        (sound(rate=44_100), "44.1 kHz, not 8 kHz"),
        (sound(rate=16_000), "16 kHz, not 8 kHz"),
        (sound(channels=2), "stereo, not mono"),
        (sound(channels=4), "4 channels, not mono"),
        (sound(bits=8), "PCM 8-bit, not PCM 16-bit"),
        (sound(bits=24, samples=bytes(3000)), "PCM 24-bit, not PCM 16-bit"),
        (sound(codec=3, bits=32), "float 32-bit, not PCM 16-bit"),
        (sound(codec=6, bits=8), "A-law, not PCM 16-bit"),
        (sound(codec=7, bits=8), "µ-law, not PCM 16-bit"),
        (sound(bytes(16_000 * 61)), "longer than 60 s"),
        (
            sound(codec=7, bits=8, channels=2, rate=48_000),
            "µ-law, not PCM 16-bit; 48 kHz, not 8 kHz; stereo, not mono",
        ),
    ],
)
async def test_what_a_line_does_not_carry_is_warned_of(recording: bytes, verdict: str) -> None:
    """Each reason why a line would change the sound is named, and what would be right."""
    facts = await facts_of(recording)
    assert (facts["verdict"], facts["good"]) == (verdict, False)


async def test_sixty_seconds_are_not_too_long() -> None:
    """The longest that gateways are known to take is ready."""
    assert (await facts_of(sound(bytes(16_000 * 60))))["good"]


@pytest.mark.parametrize(
    ("recording", "playable"),
    [
        (sound(bits=8), True),
        (sound(bits=24, samples=bytes(3000)), True),
        (sound(bits=32), True),
        (sound(codec=3, bits=32), True),
        (sound(codec=6, bits=8), True),
        (sound(codec=7, bits=8, channels=2), True),
        (sound(codec=3, bits=64), False),
        (sound(codec=3, bits=16), False),
        (sound(bits=40, samples=bytes(5000)), False),
        (sound(codec=6, bits=16), False),
        (sound(rate=2_999), False),
        (sound(rate=768_001), False),
        (sound(channels=33), False),
    ],
)
async def test_what_browsers_play_is_told(recording: bytes, playable: object) -> None:
    """The page offers to play no more than browsers do."""
    assert (await facts_of(recording))["playable"] is playable


@pytest.mark.parametrize("recording", [b"", b"x", b"RIFF", wav()[:30], wav(codec=2), bytes(100)])
async def test_what_is_no_sound_has_no_facts(recording: bytes) -> None:
    """Whatever lies there, nothing is said of it that could not be known."""
    assert await Sounds().look_into(recording) is None


LEVELS = {
    "PCM 8": sound(bytes([128 + 32] * 650 + [0] * 650), bits=8),
    "PCM 16": sound(struct.pack("<650h", *[-8192] * 325, *[-32768] * 325)),
    "PCM 24": sound((b"\x00\x00\x20" * 325) + (b"\xff\xff\x7f" * 325), bits=24),
    "PCM 32": sound(struct.pack("<650i", *[2**29] * 325, *[-(2**31)] * 325), bits=32),
    "float 32": sound(struct.pack("<650f", *[-0.25] * 325, *[1.5] * 325), codec=3, bits=32),
    # Codes by the tables of the standard: a quarter of the loudest, and the loudest there is.
    "mu-law": sound(b"\xa0" * 650 + b"\x80" * 650, codec=7, bits=8),
    "A-law": sound(b"\x8a" * 650 + b"\xaa" * 650, codec=6, bits=8),
    "stereo": sound(struct.pack("<1300h", *[0, 8192] * 325, *[32767, 0] * 325), channels=2),
}


@pytest.mark.parametrize("name", LEVELS)
async def test_picture_shows_how_loud_it_is(name: str) -> None:
    """A quarter of the loudest in the first half, the loudest in the second, in every codec."""
    peaks = await peaks_of(LEVELS[name])
    assert peaks is not None
    assert len(peaks) == 130
    assert peaks[:64] == pytest.approx([QUIET] * 64, abs=0.01)
    assert peaks[66:] == pytest.approx([LOUD] * 64, abs=0.01)


async def test_silence_is_flat() -> None:
    """Where nothing is heard nothing is drawn."""
    assert await peaks_of(sound()) == [0.0] * 130
    assert await peaks_of(sound(b"\x80" * 1000, bits=8)) == [0.0] * 130
    assert await peaks_of(sound(b"\xff" * 1000, codec=7, bits=8)) == [0.0] * 130
    assert await peaks_of(sound(b"\xd5" * 1000, codec=6, bits=8)) == [0.0] * 130


async def test_few_samples_have_as_many_bars() -> None:
    """A sound of three samples has a picture of three."""
    assert await peaks_of(sound(struct.pack("<3h", 0, -32768, 16384))) == [0.0, 1.0, 0.5]


async def test_numbers_that_are_none_are_silence() -> None:
    """A float that is no number, or endless, makes no picture that nobody could draw."""
    recording = sound(struct.pack("<3f", float("nan"), float("inf"), 0.5), codec=3, bits=32)
    assert await peaks_of(recording) == [0.0, 0.0, 0.5]


@pytest.mark.parametrize(
    "recording", [sound(codec=3, bits=64), sound(codec=6, bits=16), sound(codec=3, bits=16)]
)
async def test_what_cannot_be_read_has_no_picture(recording: bytes) -> None:
    """Samples of a width nobody expects are not drawn."""
    assert await peaks_of(recording) is None


async def test_five_megabytes_are_looked_at_here_and_there() -> None:
    """The longest recording has the picture of any."""
    recording = sound(struct.pack("<h", 16384) * 2_600_000)
    assert await peaks_of(recording) == [0.5] * 130


async def test_recording_is_looked_into_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked into is remembered by the very bytes, the last few of them."""
    looked: list[bytes] = []

    def look(recording: bytes) -> None:
        looked.append(recording)

    monkeypatch.setattr(looking, "_look_into", look)
    recordings = [sound(bytes(length)) for length in (2, 4, 6, 8, 10)]
    sounds = Sounds()
    for recording in (*recordings[:4], *recordings[:4]):
        await sounds.look_into(recording)
    assert looked == recordings[:4]
    await sounds.look_into(recordings[4])
    await sounds.look_into(recordings[0])
    assert looked == [*recordings, recordings[0]]


async def test_detail_of_what_is_no_sound(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A call whose recording is none, or that has none, is shown without."""
    for audio in (None, b"x"):
        sandbox.accept(SandboxCall(kind="voice", phone=PHONE, price=sandbox.price, audio=audio))
        detail = await got(page, f"/sandbox/entries/{sandbox.calls()[-1].id}")
        assert (detail["sound"], detail["peaks"]) == (None, None)
