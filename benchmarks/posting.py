"""Whoever posts events to a receiver, one after the other on each of its connections.

It runs in a process of its own and knows bare streams only: what is measured is the receiver.

    python -m benchmarks.posting POSTS PORT CONNECTIONS

POSTS has a JSON pair of target and body on each line. Prints what was measured as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import anyio
from attrs import frozen

__all__ = ["Posted", "post_all", "write_posts"]

_END = b"\r\n\r\n"
_TAKEN = b"HTTP/1.1 200 "
_LENGTH = b"content-length:"


@frozen
class Posted:
    """What posting came to."""

    seconds: float
    """How long it took from the first request to the last answer."""
    waits: list[float]
    """How long each answer was waited for, in seconds."""


def write_posts(path: Path, posts: Iterable[tuple[str, str]]) -> None:
    """Write what is posted: for each event the target of its hook and its body, of JSON."""
    path.write_text("".join(f"{json.dumps(post)}\n" for post in posts), encoding="utf-8")


async def post_all(path: Path, port: int, connections: int) -> Posted:
    """Post everything once, from another process, to a receiver in this one.

    Args:
        path: What `write_posts` has written.
        port: Where the receiver listens, on loopback.
        connections: How many are kept open, 1 or more.
    """
    told = [str(path), str(port), str(connections)]
    done = await anyio.run_process([sys.executable, "-m", "benchmarks.posting", *told], stderr=None)
    return Posted(**json.loads(done.stdout))


async def _main(lines: Sequence[str], port: int, connections: int) -> dict[str, object]:
    requests = iter([_request(*json.loads(line)) for line in lines])
    waits: list[float] = []
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    began = time.perf_counter()
    await asyncio.gather(*(_post(requests, *stream, waits) for stream in streams))
    return {"seconds": time.perf_counter() - began, "waits": waits}


def _request(target: str, body: str) -> bytes:
    head = (
        f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def _post(
    requests: Iterator[bytes],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    waits: list[float],
) -> None:
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(_END)).lower()
        # Failing is fast, and is not to pass for being fast.
        if not head.startswith(_TAKEN.lower()):
            raise RuntimeError(f"an event was not taken: {head!r}")
        await reader.readexactly(int(head.partition(_LENGTH)[2].partition(b"\r")[0]))
        waits.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    posts = Path(sys.argv[1]).read_text("utf-8").splitlines()
    print(json.dumps(asyncio.run(_main(posts, *map(int, sys.argv[2:])))))
