"""Requests sent one after the other on each of several kept connections, over bare streams."""

import asyncio
import time
from collections.abc import Iterable, Iterator

from attrs import frozen

__all__ = ["Asked", "ask_all"]

_END = b"\r\n\r\n"
_TAKEN = b"http/1.1 200 "
_LENGTH = b"content-length:"


@frozen
class Asked:
    """What asking came to."""

    seconds: float
    """How long it took from the first request to the last answer."""
    waits: list[float]
    """How long each answer was waited for, in seconds."""


async def ask_all(
    requests: Iterable[bytes], port: int, connections: int, *, proof: bytes = b""
) -> Asked:
    """Send each request once, whichever connection is free.

    Args:
        requests: What is sent, heads and bodies.
        port: Where the server listens, on loopback.
        connections: How many are kept open, 1 or more.
        proof: What the body of a good answer holds.

    Raises:
        RuntimeError: An answer is not good.
    """
    left, waits = iter(requests), list[float]()
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    began = time.perf_counter()
    await asyncio.gather(*(_ask(left, *stream, waits, proof) for stream in streams))
    return Asked(time.perf_counter() - began, waits)


async def _ask(
    requests: Iterator[bytes],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    waits: list[float],
    proof: bytes,
) -> None:
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(_END)).lower()
        length = int(head.partition(_LENGTH)[2].partition(b"\r")[0])
        answer = await reader.readexactly(length)
        # Failing is fast, and is not to pass for being fast.
        if not head.startswith(_TAKEN) or proof not in answer:
            raise RuntimeError(f"a request was not taken: {head!r} {answer!r}")
        waits.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()
