"""A gateway that only reads each request to its end and accepts it: faster than any client.

    python -m benchmarks.draining [--certificate PEM] [--pause SECONDS]

It runs in a process of its own on the last core, for what it costs is not to be counted as the
client's. Prints its port, and ends when its standard input does.
"""

import asyncio
import re
import socket
import ssl
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from benchmarks.machine import allow_many_sockets, run_on_core

__all__ = ["accepting", "draining"]

_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
# What all bodies are read into, one piece over the other.
_SINK = memoryview(bytearray(256 * 1024))
_BACKLOG = 4096
# On loopback a packet has 64 KB and a socket takes megabytes before it waits for the other side.
# Of a reader with such packets and such a window it takes what it would on its way to a gateway.
_SLOW_PACKET_BYTES = 1_400
_SLOW_WINDOW_BYTES = 64 * 1024
_ids = count(100_500)


def accepting() -> bytes:
    """Return the body of an answer that a call is queued, each time under an id of its own."""
    return b'{"id": %d, "price": 0.40}' % next(_ids)


class _Gate:
    """Keeps connections from being read, all of them, until none has come for a while."""

    def __init__(self, quiet_seconds: float) -> None:
        self._quiet_seconds = quiet_seconds
        self._held: list[asyncio.Transport] = []
        self._opening: asyncio.TimerHandle | None = None

    def hold(self, transport: asyncio.Transport) -> None:
        transport.pause_reading()
        self._held.append(transport)
        if self._opening is not None:
            self._opening.cancel()
        self._opening = asyncio.get_running_loop().call_later(self._quiet_seconds, self._open)

    def _open(self) -> None:
        held, self._held = self._held, []
        for transport in held:
            transport.resume_reading()


class _Connection(asyncio.BufferedProtocol):
    """Counts the bytes of one request after another, and looks at none of the bodies.

    Args:
        gate: What holds it at first, if anything does.
    """

    def __init__(self, gate: _Gate | None) -> None:
        self._gate = gate
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP server's are
        self._transport = transport
        if self._gate is not None:
            self._gate.hold(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        del sizehint
        return _SINK

    def buffer_updated(self, nbytes: int) -> None:
        if not self._left:
            self._head += _SINK[:nbytes]
            end = self._head.find(_END)
            if end < 0:
                return
            self._left, nbytes = self._length(end), len(self._head) - end - len(_END)
            self._head = b""
        self._left -= nbytes
        if self._left <= 0:
            self._left = 0
            self._answer()

    def _length(self, end: int) -> int:
        """Return how long the body is after a head that ends there."""
        found = _LENGTH.search(self._head, 0, end)
        if found is None:
            # Answered before its body is read, it would be faster than it is.
            raise ValueError("a request does not say how long its body is")
        return int(found[1])

    def _answer(self) -> None:
        assert self._transport is not None  # noqa: S101 - data comes over a connection
        body = accepting()
        self._transport.write(_HEAD % len(body) + body)


@contextmanager
def draining(*, certificate: Path | None = None, pause_seconds: float = 0) -> Generator[str]:
    """Run the gateway in another process, and give its base URL.

    Args:
        certificate: The file with its certificate and key, to be spoken to over TLS. `None`: it
            is spoken to plainly.
        pause_seconds: How long no new connection must have come before it reads anything of the
            last ones, 0 or more. If more, its sockets take little too, as if it were far away.
    """
    command = [sys.executable, "-m", "benchmarks.draining", "--pause", str(pause_seconds)]
    if certificate is not None:
        command += ["--certificate", str(certificate)]
    with subprocess.Popen(  # noqa: S603 - this very module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - asked for above
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{int(process.stdout.readline())}"


def _listening(*, is_slow: bool) -> socket.socket:
    listening = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    if is_slow:
        # Each connection has what the listening socket has.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SLOW_WINDOW_BYTES)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SLOW_PACKET_BYTES)
    return listening


async def _serve(certificate: Path | None, pause_seconds: float) -> None:
    tls = None
    if certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    gate = _Gate(pause_seconds) if pause_seconds else None
    listening = _listening(is_slow=gate is not None)
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: _Connection(gate), sock=listening, backlog=_BACKLOG, ssl=tls)
    print(listening.getsockname()[1], flush=True)
    # Ends with whoever started it, however that ends.
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--pause", type=float, default=0)
    told = parser.parse_args()
    run_on_core(-1)
    allow_many_sockets()
    asyncio.run(_serve(told.certificate, told.pause))
