"""The default transport: one connection for each request in flight, no waiting in a pool.

A pool does work for every waiting request on every event, so its cost grows with the square of
what is in flight. Here a slot is one small transport that holds one connection; the slot used
last is used first, and all of them share one SSL context.
"""

import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx

from alphasms_async.checks import check_rate
from alphasms_async.transports.httpx.slot import Slot, Way
from alphasms_async.transports.httpx.slots import Slots
from alphasms_async.transports.options import (
    CLOSED,
    READ_CONNECTIONS,
    READ_REUSE_SECONDS,
    REPEATABLE,
    Misused,
    Trust,
    as_proxy,
)

if TYPE_CHECKING:
    from anyio.lowlevel import EventLoopToken

__all__ = ["SlotTransport"]


class SlotTransport(httpx.AsyncBaseTransport):
    """An `httpx.AsyncBaseTransport` on asyncio and trio that never queues a send.

    Args:
        reuse_seconds: How long a connection of a send is kept for the next one. `None`: not at
            all: that costs a TLS handshake for each call, and saves the unknowns that arise when
            the gateway closes a connection just as it is used again.
        proxy: The proxy all requests go through.
        ssl_context: The context of all connections, that to a proxy included unless the
            `httpx.Proxy` has one of its own. `None`: httpx's own default, made at the first
            connection that needs it.

    Raises:
        InvalidRequest: `reuse_seconds` is not a number above 0.
        ConfigurationError: The proxy is no URL of one.
        ImportError: The proxy is a SOCKS proxy, and the package for those is not installed.
    """

    def __init__(
        self,
        *,
        reuse_seconds: float | None = None,
        proxy: str | httpx.URL | httpx.Proxy | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._reuse_seconds = check_rate("reuse_seconds", reuse_seconds)
        self._way = Way(as_proxy(proxy), Trust(ssl_context))
        self._lane: _Lane | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request over a connection of its own; reads share a few."""
        if self._closed:
            raise Misused(CLOSED)
        lane = self._here()
        slots = lane.reads if request.extensions.get(REPEATABLE) else lane.sends
        slot = await slots.take(request.url)
        try:
            response = await slot.carry(request)
        except BaseException:
            # A slot that failed is not used again: a cancelled connection may never be free.
            await slots.discard(slot)
            raise
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - narrows httpx's union
        response.stream = _SlotStream(stream, slots, slot)
        return response

    async def aclose(self) -> None:
        """Close every connection but those of sends in flight, which close when these end."""
        self._closed = True
        lane = self._here()
        await lane.sends.close(cut=False)
        await lane.reads.close(cut=True)

    def _here(self) -> "_Lane":
        """Return the connections of the event loop that is running."""
        # Late: it takes longer to load than all of this, and whoever imports us may send nothing.
        from anyio.lowlevel import current_token

        loop = current_token()
        lane = self._lane
        if lane is None or lane.loop != loop:
            if lane is not None:
                lane.sends.forget()
                lane.reads.forget()
            lane = self._lane = _Lane(loop, self._way, self._reuse_seconds)
        return lane


class _Lane:
    """What a transport has in one event loop; in any other a connection of it is dead."""

    def __init__(self, loop: "EventLoopToken", way: Way, reuse_seconds: float | None) -> None:
        self.loop = loop
        self.sends = Slots(way, reuse_seconds)
        self.reads = Slots(way, READ_REUSE_SECONDS, READ_CONNECTIONS)


class _SlotStream(httpx.AsyncByteStream):
    """A response's body that gives its slot back when it is closed."""

    def __init__(self, stream: httpx.AsyncByteStream, slots: Slots, slot: Slot) -> None:
        self._stream = stream
        self._slots = slots
        self._slot = slot
        self._open = True

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        if not self._open:
            return
        self._open = False
        try:
            await self._stream.aclose()
        except BaseException:
            await self._slots.discard(self._slot)
            raise
        await self._slots.give_back(self._slot)
