"""One connection through a proxy: two sockets, and a way in each direction between them.

Bare sockets, not the streams of an event loop: those keep bytes of their own, and close with a FIN
before the RST that a reset peer must be.
"""

import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

import anyio

__all__ = ["Carry", "Line", "Way", "carry", "reset_on_close"]

_RESETS = struct.pack("ii", 1, 0)


class Way:
    """One direction of a line: what comes from one side and is due at the other."""

    def __init__(self, line: "Line", source: socket.socket, target: socket.socket) -> None:
        self.line = line
        """The line it is a direction of."""
        self.is_over = anyio.Event()
        """Whether its source has said that it sends no more, or is gone."""
        self._source = source
        self._target = target

    async def read(self) -> bytes:
        """Return what has come next; nothing once the source sends no more."""
        while True:
            await anyio.wait_readable(self._source)
            try:
                data = self._source.recv(65_536)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self.is_over.set()
            return data

    async def send(self, data: bytes) -> None:
        """Hand all of it to the kernel; what the target does not want any more is lost."""
        rest = memoryview(data)
        with suppress(ConnectionError):
            while rest:
                await anyio.wait_writable(self._target)
                with suppress(BlockingIOError):
                    rest = rest[self._target.send(rest) :]

    def end(self) -> None:
        """Tell the target that nothing more will come (FIN)."""
        with suppress(OSError):
            self._target.shutdown(socket.SHUT_WR)


Carry = Callable[[Way], Awaitable[None]]
"""Carries one direction until its source sends no more; the target is told so afterwards."""


async def carry(way: Way) -> None:
    """Pass everything on as it comes."""
    while data := await way.read():
        await way.send(data)


class Line:
    """A client's connection and the one to the server that belongs to it.

    Args:
        client: The accepted socket.
        server: The connected one.
        rng: What is left to chance on this line.
    """

    def __init__(self, client: socket.socket, server: socket.socket, rng: Random) -> None:
        self.rng = rng
        """What is left to chance on this line."""
        self.up = Way(self, client, server)
        """From the client to the server."""
        self.down = Way(self, server, client)
        """From the server to the client."""
        self._sockets = (client, server)
        self._scope = anyio.CancelScope()

    async def run(self, up: Carry, down: Carry) -> None:
        """Carry both ways to their ends, then close."""
        with self._scope:
            async with anyio.create_task_group() as group:
                group.start_soon(_carry, self.up, up)
                group.start_soon(_carry, self.down, down)

    async def hang_up(self) -> None:
        """Close to both sides, and carry nothing any more."""
        self._scope.cancel()
        await anyio.sleep_forever()

    async def reset(self) -> None:
        """Close to both sides with RST, and carry nothing any more."""
        for sock in self._sockets:
            reset_on_close(sock)
        await self.hang_up()


def reset_on_close(sock: socket.socket) -> None:
    """Make a socket close with RST in place of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETS)


async def _carry(way: Way, how: Carry) -> None:
    await how(way)
    way.end()
