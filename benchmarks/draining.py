"""A gateway that only reads each request to its end and accepts it: faster than any client.

It runs in a process of its own, for what it costs is not to be counted as the client's.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count

__all__ = ["accepting", "draining"]

_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"
_ids = count(100_500)


def accepting() -> bytes:
    """Return the body of an answer that a call is queued, each time under an id of its own."""
    return b'{"id": %d, "price": 0.40}' % next(_ids)


class _Connection(asyncio.Protocol):
    """Counts the bytes of one request after another, and looks at none of the bodies."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._head = b""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - a TCP server's are
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._left:
            self._head += data
            head, end, body = self._head.partition(_END)
            if not end:
                return
            found = _LENGTH.search(head)
            self._head, self._left, data = b"", int(found[1]) if found else 0, body
        self._left -= len(data)
        if self._left <= 0:
            self._left = 0
            self._answer()

    def _answer(self) -> None:
        assert self._transport is not None  # noqa: S101 - data comes over a connection
        body = accepting()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)


@contextmanager
def draining() -> Generator[str]:
    """Run the gateway in another process, and give its base URL."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.draining"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
