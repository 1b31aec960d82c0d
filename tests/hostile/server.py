"""A gateway on a loopback socket that misbehaves, and remembers exactly what it was sent."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from typing import Self

from .connection import PATIENCE_SECONDS, Connection
from .door import open_listener
from .record import Record
from .situation import Situation

_LONGEST_DRAIN_SECONDS = 10.0


class HostileServer:
    """A server that treats every client as its situation says.

    It runs in threads of its own, so asyncio, trio and plain tests use it alike:

        with HostileServer(situation) as server:
            ...                             # send one call to `server.url`, end the client
            await to_thread.run_sync(server.drain)
            assert server.deliveries <= situation.hops
    """

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        """What this server does to its clients."""
        self.records: list[Record] = []
        """One for each accepted connection, and one more for each further request on it."""
        self._port = 0
        self._sockets = ExitStack()
        self._threads: list[threading.Thread] = []
        self._client_is_done = threading.Event()

    def __enter__(self) -> Self:
        listener = open_listener(self.situation.door, self._sockets)
        self._port = listener.getsockname()[1]
        if self.situation.door.has_server:
            self._start(self._accept, listener)
        return self

    def __exit__(self, *_: object) -> None:
        with self._sockets:
            self.drain()

    @property
    def url(self) -> str:
        """The base URL to give to the client."""
        return self.situation.door.url.format(port=self._port)

    @property
    def proxy(self) -> str | None:
        """The proxy to give to the client. `None`: none."""
        proxy = self.situation.door.proxy
        return None if proxy is None else proxy.format(port=self._port)

    @property
    def deliveries(self) -> int:
        """How many requests the application has read whole: each may have rung a phone."""
        return sum(record.body_complete for record in self.records)

    @property
    def body_bytes(self) -> int:
        """How many bytes of bodies the application has read altogether."""
        return sum(record.body_bytes for record in self.records)

    def drain(self) -> None:
        """Let the application wake up and read all that the kernel holds for it; then it ends.

        To be called when the client is done and has closed its connections. Afterwards the
        records are final, and further clients are not served. It blocks for some hundredths
        of a second; async code calls it in a thread, so that its event loop can hand over
        what it still holds of a broken-off upload.

        Raises:
            RuntimeError: a thread did not end; a fault of this double.
        """
        self._client_is_done.set()
        deadline = time.monotonic() + _LONGEST_DRAIN_SECONDS
        # The list grows until its first thread, the one that accepts, has ended.
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise RuntimeError(f"{self.situation.name}: the server does not end")

    def _start(self, target: Callable[..., None], *args: object) -> None:
        # A daemon, so that even a thread that hangs cannot keep the interpreter from ending.
        name = f"hostile server, {self.situation.name}"
        thread = threading.Thread(target=target, args=args, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        if self.situation.door.opens == "late":
            self._client_is_done.wait(PATIENCE_SECONDS)
        number = 0
        while (sock := self._next_client(listener)) is not None:
            self._start(self._serve, sock, number)
            number += 1

    def _next_client(self, listener: socket.socket) -> socket.socket | None:
        """Return the next connection; `None` once the client is done and nobody is in line."""
        while True:
            was_done = self._client_is_done.is_set()
            try:
                return listener.accept()[0]
            except ConnectionAbortedError:
                continue  # On some systems, for a client that left while it stood in line.
            except TimeoutError:
                if was_done:
                    return None

    def _serve(self, sock: socket.socket, number: int) -> None:
        # A client that leaves is what most situations are about, hence no OSError counts.
        with sock, suppress(OSError):
            connection = Connection(
                sock, number=number, client_is_done=self._client_is_done, records=self.records
            )
            with closing(connection):
                while connection.is_open:
                    self.situation.behave(connection)
