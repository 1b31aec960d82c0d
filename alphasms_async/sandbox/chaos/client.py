"""The client of one request: what can be done to it, and to the connection it came over."""

import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import anyio
import attrs
import httpx
from starlette.types import Receive, Scope

from alphasms_async.sandbox.stopping import stopped
from alphasms_async.serving import Peer

_NO_LINGERING: Final = struct.pack("ii", 1, 0)


@attrs.frozen(eq=False)
class Client:
    """The client of one request.

    Without a connection, when the app is called by `httpx.ASGITransport`, what would break it is
    raised through the app instead, as the error of httpx that a client would see.
    """

    scope: Scope
    """The request."""
    receive: Receive
    """Gives what the client sends."""
    late_seconds: float = 0.0
    """How late it comes that the connection is broken."""

    async def wait(self, seconds: float) -> None:
        """Wait, no longer than the client stays and the server runs."""
        with anyio.move_on_after(seconds):
            await _first(self._leaves, self._stops)

    async def listen(self, enough_bytes: float | None = None) -> None:
        """Read what the client sends, and drop it.

        Args:
            enough_bytes: No more than this is waited for; None for all of it. Without a
                connection it is always all.
        """
        if self._peer is None:
            # Broken off, httpx leaves generators behind on trio.
            enough_bytes = None
        size = 0
        while True:
            message = await self.receive()
            size += len(message.get("body", b""))
            if not message.get("more_body") or (enough_bytes is not None and size >= enough_bytes):
                return

    async def reset(self) -> None:
        """Break the connection as a crash does, by a TCP RST.

        Raises:
            httpx.ReadError: There is no connection.
        """
        await self.wait(self.late_seconds)
        peer = self._peer
        if peer is None:
            raise httpx.ReadError("the sandbox broke the connection, by its chaos")
        sock = peer.transport.get_extra_info("socket")
        if not peer.transport.is_closing() and sock is not None:
            # Some systems refuse it once the client has broken the connection itself.
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        peer.transport.abort()
        # Before it is lost, uvicorn would miss the answer, and say so in its log.
        await peer.gone.wait()

    async def close(self) -> None:
        """Close the connection without an answer.

        Raises:
            httpx.RemoteProtocolError: There is no connection.
        """
        await self.wait(self.late_seconds)
        if self._peer is None:
            raise httpx.RemoteProtocolError("the sandbox sent no answer, by its chaos")
        await _close(self._peer)

    async def hang(self, seconds: float) -> None:
        """Read all and answer nothing until the client leaves, `seconds` at most; then close.

        Raises:
            httpx.ReadTimeout: There is no connection; at once, for no client of that kind would
                give up.
        """
        peer = self._peer
        if peer is None:
            await self.listen()
            raise httpx.ReadTimeout("the sandbox does not answer, by its chaos")
        with anyio.move_on_after(seconds):
            await _first(self._hear_out, self._leaves, self._stops)
        await _close(peer)

    @property
    def _peer(self) -> Peer | None:
        peer = self.scope.get("state", {}).get("peer")
        return peer if isinstance(peer, Peer) else None

    async def _hear_out(self) -> None:
        await self.listen()
        await anyio.sleep_forever()

    async def _leaves(self) -> None:
        if self._peer is None:
            await anyio.sleep_forever()
        else:
            await self._peer.gone.wait()

    async def _stops(self) -> None:
        await stopped(self.scope)


async def _close(peer: Peer) -> None:
    peer.transport.close()
    await peer.gone.wait()


async def _first(*events: Callable[[], Awaitable[None]]) -> None:
    """Wait for the first of several events."""
    async with anyio.create_task_group() as group:

        async def wait(event: Callable[[], Awaitable[None]]) -> None:
            await event()
            group.cancel_scope.cancel()

        for event in events:
            group.start_soon(wait, event)
