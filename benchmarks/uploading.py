"""Whoever uploads recordings to a voice.php, one after the other on each of its connections.

It runs in a process of its own, on the last core, and knows bare streams only: what is measured is
the server.

    python -m benchmarks.uploading PORT CALLS CONNECTIONS

Prints what was measured as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator

import anyio
from attrs import frozen

from benchmarks.machine import run_on_core
from benchmarks.recordings import RECORDING

__all__ = ["KEY", "Uploaded", "upload_all"]

KEY = "sandbox-key"
"""The key of the account that is called through."""

_BOUNDARY = "------------------------a1b2c3d4e5f6"
_END = b"\r\n\r\n"
_TAKEN = b"HTTP/1.1 200 "
_LENGTH = b"content-length:"


@frozen
class Uploaded:
    """What uploading came to."""

    seconds: float
    """How long it took from the first request to the last answer."""
    waits: list[float]
    """How long each answer was waited for, in seconds."""


async def upload_all(port: int, calls: int, connections: int) -> Uploaded:
    """Upload the recording for each of `calls` phones, from a process of its own.

    Args:
        port: Where the server listens, on loopback.
        calls: How many calls, 1 or more.
        connections: How many are kept open, 1 or more.
    """
    told = [str(port), str(calls), str(connections)]
    command = [sys.executable, "-m", "benchmarks.uploading", *told]
    done = await anyio.run_process(command, stderr=None)
    return Uploaded(**json.loads(done.stdout))


async def _main(port: int, calls: int, connections: int) -> dict[str, object]:
    requests = iter([_request(f"38050{number:07}") for number in range(calls)])
    waits: list[float] = []
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    began = time.perf_counter()
    await asyncio.gather(*(_upload(requests, *stream, waits) for stream in streams))
    return {"seconds": time.perf_counter() - began, "waits": waits}


def _request(phone: str) -> bytes:
    fields = b"".join(
        _part(f'name="{name}"', value.encode())
        for name, value in {"key": KEY, "phone": phone, "dtmf": "true"}.items()
    )
    file = _part('name="voice"; filename="audio.wav"', RECORDING.data)
    body = fields + file + f"--{_BOUNDARY}--\r\n".encode()
    head = (
        "POST /api/voice.php HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _part(disposition: str, content: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


async def _upload(
    requests: Iterator[bytes],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    waits: list[float],
) -> None:
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(_END)).lower()
        length = int(head.partition(_LENGTH)[2].partition(b"\r")[0])
        answer = await reader.readexactly(length)
        # Failing is fast, and is not to pass for being fast.
        if not head.startswith(_TAKEN.lower()) or b'"id"' not in answer:
            raise RuntimeError(f"a call was not accepted: {head!r} {answer!r}")
        waits.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    run_on_core(-1)
    print(json.dumps(asyncio.run(_main(*map(int, sys.argv[1:])))))
