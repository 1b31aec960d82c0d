"""aiohttp handed the whole body as bytes, which are joined for each call: its own fastest way."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp

from benchmarks.loads import Load
from benchmarks.rivals import Caller
from benchmarks.rivals.forms import AFTER_AUDIO, CONTENT_TYPE, before_audio
from benchmarks.sounds import wav

__all__ = ["not_reused", "reused"]


def reused(load: Load) -> AbstractAsyncContextManager[Sequence[Caller]]:
    """Place calls over connections that are kept."""
    return _bare(load, is_reusing=True)


def not_reused(load: Load) -> AbstractAsyncContextManager[Sequence[Caller]]:
    """Place each call over a connection of its own."""
    return _bare(load, is_reusing=False)


@asynccontextmanager
async def _bare(load: Load, *, is_reusing: bool) -> AsyncGenerator[Sequence[Caller]]:
    audio, url = wav(load.sound_bytes), f"{load.url}/api/voice.php"
    connector = aiohttp.TCPConnector(limit=load.in_flight, force_close=not is_reusing)
    headers = {"Content-Type": CONTENT_TYPE}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def call(phone: str) -> int:
            body = b"".join((before_audio(phone), audio, AFTER_AUDIO))
            async with session.post(url, data=body) as response:
                content = await response.read()
            if response.status != 200:
                raise RuntimeError(f"a call was not taken: {response.status}")
            placed: int = json.loads(content)["id"]
            return placed

        yield [call] * load.in_flight
