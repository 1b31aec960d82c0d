"""What the tests of the sandbox put on the wire."""

import struct
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import httpx

from alphasms_async.sandbox import Sandbox

KEY = "sandbox-key"
PHONE = "380501234567"
OTHER_PHONE = "380671112233"


def wav(
    *,
    codec: int = 1,
    seconds: float = 1.0,
    channels: int = 1,
    before_data: bytes = b"",
    declared_bytes: int | None = None,
) -> bytes:
    """Return silence of 8,000 frames a second, 16 bits each, in a WAV file."""
    frame_bytes = 2 * channels
    sound = bytes(frame_bytes * int(8000 * seconds))
    shape = struct.pack("<HHIIHH", codec, channels, 8000, 8000 * frame_bytes, frame_bytes, 16)
    declared = len(sound) if declared_bytes is None else declared_bytes
    chunks = b"fmt " + struct.pack("<I", len(shape)) + shape + before_data
    chunks += b"data" + struct.pack("<I", declared) + sound
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def voice_form(
    *, sound: bytes | None = None, **fields: str | None
) -> dict[str, tuple[str | None, str | bytes]]:
    """Return the parts of a good voice.php form, with `fields` changed, or left out by None."""
    parts: dict[str, tuple[str | None, str | bytes]] = {
        "voice": ("audio.wav", wav() if sound is None else sound),
        "key": (None, KEY),
        "phone": (None, PHONE),
    }
    for name, value in fields.items():
        if value is None:
            del parts[name]
        else:
            parts[name] = (None, value)
    return parts


@contextmanager
def served_client(sandbox: Sandbox, timeout: float = 10) -> Generator[httpx.Client]:
    """Serve the sandbox and give a client that keeps its connections."""
    with (
        sandbox.serve() as url,
        httpx.Client(base_url=url, trust_env=False, timeout=timeout) as client,
    ):
        yield client


async def ask_json(
    client: httpx.AsyncClient, *objects: Mapping[str, object], key: str = KEY
) -> dict[str, object]:
    """Post request objects to json.php and return its answer."""
    answer = await client.post("/api/json.php", json={"auth": key, "data": list(objects)})
    assert answer.status_code == 200
    decoded: dict[str, object] = answer.json()
    return decoded
