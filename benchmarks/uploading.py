"""Whoever uploads recordings to a voice.php, one after the other on each of its connections.

It runs in a process of its own, on the last core, and knows bare streams only: what is measured is
the server.

    python -m benchmarks.uploading PORT CALLS CONNECTIONS

Prints what was measured as JSON.
"""

import asyncio
import json
import sys

import anyio
from attrs import asdict

from benchmarks.asking import Asked, ask_all
from benchmarks.machine import run_on_core
from benchmarks.recordings import RECORDING

__all__ = ["KEY", "upload_all"]

KEY = "sandbox-key"
"""The key of the account that is called through."""

_BOUNDARY = "------------------------a1b2c3d4e5f6"


async def upload_all(port: int, calls: int, connections: int) -> Asked:
    """Upload the recording for each of `calls` phones, from a process of its own.

    Args:
        port: Where the server listens, on loopback.
        calls: How many calls, 1 or more.
        connections: How many are kept open, 1 or more.
    """
    told = [str(port), str(calls), str(connections)]
    command = [sys.executable, "-m", "benchmarks.uploading", *told]
    done = await anyio.run_process(command, stderr=None)
    return Asked(**json.loads(done.stdout))


async def _main(port: int, calls: int, connections: int) -> dict[str, object]:
    requests = [_request(f"38050{number:07}") for number in range(calls)]
    return asdict(await ask_all(requests, port, connections, proof=b'"id"'))


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


if __name__ == "__main__":
    run_on_core(-1)
    print(json.dumps(asyncio.run(_main(*map(int, sys.argv[1:])))))
