"""asyncio's streams and nothing else: a floor, for it knows one answer of one gateway only."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from benchmarks.loads import Load
from benchmarks.rivals import Caller
from benchmarks.rivals.forms import AFTER_AUDIO, CONTENT_TYPE, before_audio
from benchmarks.sounds import wav

__all__ = ["one_connection_each"]

_PIECE_BYTES = 256 * 1024
_END = b"\r\n\r\n"
_TAKEN = b"HTTP/1.1 200 "
_LENGTH = b"Content-Length:"


@asynccontextmanager
async def one_connection_each(load: Load) -> AsyncGenerator[Sequence[Caller]]:
    """Place calls over a kept connection for each worker."""
    gateway, audio = urlsplit(load.url), wav(load.sound_bytes)
    pieces = [audio[at : at + _PIECE_BYTES] for at in range(0, len(audio), _PIECE_BYTES)]
    connections = [
        await asyncio.open_connection(gateway.hostname, gateway.port) for _ in range(load.in_flight)
    ]
    try:
        yield [_caller(gateway.netloc, pieces, *connection) for connection in connections]
    finally:
        for _, writer in connections:
            writer.close()


def _caller(
    host: str, pieces: Sequence[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Caller:
    audio_bytes = sum(map(len, pieces))

    async def call(phone: str) -> int:
        before = before_audio(phone)
        writer.write(_head(host, len(before) + audio_bytes + len(AFTER_AUDIO)) + before)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.write(AFTER_AUDIO)
        head = await reader.readuntil(_END)
        length = int(head.partition(_LENGTH)[2].partition(b"\r")[0])
        content = await reader.readexactly(length)
        if not head.startswith(_TAKEN):
            raise RuntimeError(f"a call was not taken: {head!r}")
        placed: int = json.loads(content)["id"]
        return placed

    return call


def _head(host: str, length: int) -> bytes:
    return (
        f"POST /api/voice.php HTTP/1.1\r\nHost: {host}\r\nContent-Type: {CONTENT_TYPE}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()
