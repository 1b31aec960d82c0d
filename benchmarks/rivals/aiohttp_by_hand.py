"""`aiohttp.ClientSession.post(data=FormData)`, with one session for all."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from benchmarks.loads import KEY, Load
from benchmarks.rivals import Caller
from benchmarks.sounds import wav

__all__ = ["one_session"]

_TIMEOUT = aiohttp.ClientTimeout(total=60)


@asynccontextmanager
async def one_session(load: Load) -> AsyncGenerator[Sequence[Caller]]:
    """Place calls with one session, whose connections are as many as there are calls in flight."""
    audio = wav(load.sound_bytes)
    connector = aiohttp.TCPConnector(limit=load.in_flight)
    async with aiohttp.ClientSession(load.url, connector=connector, timeout=_TIMEOUT) as session:

        async def call(phone: str) -> int:
            form = aiohttp.FormData({"key": KEY, "phone": phone})
            form.add_field("voice", audio, filename="audio.wav", content_type="audio/wav")
            async with session.post("/api/voice.php", data=form) as response:
                response.raise_for_status()
                placed: int = (await response.json())["id"]
                return placed

        yield [call] * load.in_flight
