"""One accepted connection, in the words the misbehaviours are written with."""

import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Self, TypeVar

from .record import Record

# How long one call to the kernel may block before it looks whether the client is done.
TICK_SECONDS = 0.02
# How long anything waits for a test that never says that its client is done.
PATIENCE_SECONDS = 30.0

_ResultT = TypeVar("_ResultT")


class Connection:
    """A client's connection; behaviours read, send, wait and hang up through it.

    Whatever they do ends by itself soon after the client is done: waits return, and what
    blocks in the kernel raises `TimeoutError` after one tick of silence.
    """

    def __init__(
        self, sock: socket.socket, *, number: int, client_is_done: Event, records: list[Record]
    ) -> None:
        # A drip must leave byte by byte, not wait until the last one is acknowledged.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(TICK_SECONDS)
        self.number = number
        """How many connections the server accepted before this one."""
        self.port: int = sock.getsockname()[1]
        """The server's own port, to build redirects with."""
        self.requests = 0
        """How many heads were read from this connection."""
        self.record = Record()
        """What is known of the request that is being read."""
        self._sock = sock
        self._client_is_done = client_is_done
        self._records = records
        records.append(self.record)

    @property
    def is_open(self) -> bool:
        """Whether this side still holds the connection."""
        return self._sock.fileno() != -1

    @property
    def client_is_done(self) -> bool:
        """Whether the test has said that its client gave up or got what it wanted."""
        return self._client_is_done.is_set()

    def read_head(self) -> Self:
        """Read one request's head and not a byte more.

        Raises:
            ConnectionError: the client left without a further request.
        """
        # Byte by byte, so that `body_bytes` stays 0 for an application that wants no body.
        head = self.read_some(at_most=1)
        if self.requests > 0:
            self.record = Record()
            self._records.append(self.record)
        self.requests += 1
        self.record.head = head
        while not self.record.head.endswith(b"\r\n\r\n"):
            self.record.head += self.read_some(at_most=1)
        return self

    def read_body(self, at_most: int = sys.maxsize) -> int:
        """Read what is missing of the body, or `at_most` bytes of it; return how many came."""
        start = self.record.body_bytes
        while wanted := min(self.record.wanted, start + at_most - self.record.body_bytes):
            data = self._try(partial(self._sock.recv, wanted))
            if not data:
                break
            self.record.take(data)
        return self.record.body_bytes - start

    def read_request(self) -> Self:
        """Read a head and the whole body that belongs to it."""
        self.read_head().read_body()
        return self

    def read_some(self, at_most: int = 65_536) -> bytes:
        """Read whatever comes, HTTP or not.

        Raises:
            ConnectionError: the client hung up.
        """
        data = self._try(partial(self._sock.recv, at_most))
        if not data:
            raise ConnectionError("the client hung up")
        return data

    def peek(self) -> bytes:
        """Return the first byte that waits, without taking it."""
        return self._try(partial(self._sock.recv, 1, socket.MSG_PEEK))

    def send(self, data: bytes) -> None:
        """Hand all of `data` to the kernel."""
        rest = memoryview(data)
        while rest:
            sent = self._try(partial(self._sock.send, rest))
            self.record.answer_bytes += sent
            rest = rest[sent:]

    def pause(self, seconds: float) -> None:
        """Let time pass, but none once the client is done."""
        self._client_is_done.wait(seconds)

    def wait_for_client(self) -> None:
        """Neither read nor send until the client is done."""
        self._client_is_done.wait(PATIENCE_SECONDS)

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Answer the client's TLS handshake with the certificate of `context`."""
        sock = context.wrap_socket(self._sock, server_side=True, do_handshake_on_connect=False)
        self._sock = sock
        self._try(sock.do_handshake)

    def half_close(self) -> None:
        """Say that nothing more will be sent (FIN), and stay able to read."""
        self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up: with FIN, or by the kernel's own rule with RST if bytes were left unread."""
        self._sock.close()

    def reset(self) -> None:
        """Hang up with RST."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def _try(self, action: Callable[[], _ResultT]) -> _ResultT:
        """Repeat what blocks in the kernel until it succeeds or the client is done."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            # Looked at before the call: data that arrive together with the end are still read.
            is_last = self.client_is_done or time.monotonic() > deadline
            try:
                return action()
            except TimeoutError:
                if is_last:
                    raise
