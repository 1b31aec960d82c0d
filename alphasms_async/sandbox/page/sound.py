"""A recording as the page shows it: the facts, whether a telephone line likes it, its shape."""

from collections import deque

import attrs
from anyio import to_thread

from alphasms_async.sandbox.page.answers import Json
from alphasms_async.sandbox.page.peaks import peaks_of
from alphasms_async.sandbox.refusals import RefusedError
from alphasms_async.sandbox.wire.wav import A_LAW, FLOAT, MU_LAW, PCM, Format, read_wav

_NAMES = {PCM: "PCM", FLOAT: "float", A_LAW: "A-law", MU_LAW: "µ-law"}
_LAWS = frozenset({A_LAW, MU_LAW})
# What browsers play.
_PCM_BITS = frozenset({8, 16, 24, 32})
_RATES = range(3_000, 768_001)
_MOST_CHANNELS = 32
# What a telephone line carries, and the longest that gateways are known to take.
_LINE_RATE = 8_000
_LINE_BITS = 16
_LINE_SECONDS = 60
_KEPT = 4


@attrs.frozen
class Sound:
    """One recording, looked into."""

    facts: Json
    peaks: Json


class Sounds:
    """Looks into recordings, and remembers the last few of them."""

    def __init__(self) -> None:
        self._known: deque[tuple[bytes, Sound | None]] = deque(maxlen=_KEPT)

    async def look_into(self, recording: bytes) -> Sound | None:
        """Return what `recording` is, None when it is no sound."""
        for known, sound in tuple(self._known):
            if known is recording:
                return sound
        sound = await to_thread.run_sync(_look_into, recording)
        self._known.append((recording, sound))
        return sound


def _look_into(recording: bytes) -> Sound | None:
    try:
        wav = read_wav(recording)
    except RefusedError:
        return None
    shape = wav.format
    seconds = wav.size // shape.frame_bytes / shape.frames_per_second
    warnings = _warnings(shape, seconds)
    facts: dict[str, Json] = {
        "codec": _NAMES[shape.codec],
        "rate": shape.frames_per_second,
        "channels": shape.channels,
        "bits": _bits(shape),
        "seconds": round(seconds, 3),
        "bytes": len(recording),
        "verdict": "; ".join(warnings) or "ready for the line",
        "good": not warnings,
        "playable": _is_playable(shape),
    }
    return Sound(facts, peaks_of(recording, wav))


def _bits(shape: Format) -> int:
    return 8 if shape.codec in _LAWS else shape.sample_bits


def _warnings(shape: Format, seconds: float) -> list[str]:
    bits = "" if shape.codec in _LAWS else f" {shape.sample_bits}-bit"
    channels = "stereo" if shape.channels == 2 else f"{shape.channels} channels"
    found = (
        (
            (shape.codec, _bits(shape)) != (PCM, _LINE_BITS),
            f"{_NAMES[shape.codec]}{bits}, not PCM {_LINE_BITS}-bit",
        ),
        (
            shape.frames_per_second != _LINE_RATE,
            f"{shape.frames_per_second / 1000:g} kHz, not {_LINE_RATE // 1000} kHz",
        ),
        (shape.channels != 1, f"{channels}, not mono"),
        (seconds > _LINE_SECONDS, f"longer than {_LINE_SECONDS} s"),
    )
    return [text for applies, text in found if applies]


def _is_playable(shape: Format) -> bool:
    bits = _bits(shape)
    known = {PCM: bits in _PCM_BITS, FLOAT: bits == 32}.get(shape.codec, True)
    fits = shape.frame_bytes * 8 == shape.channels * bits
    return known and fits and shape.frames_per_second in _RATES and shape.channels <= _MOST_CHANNELS
