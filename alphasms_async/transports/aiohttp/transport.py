"""The transport over aiohttp as it is given to a client."""

import ssl

import httpx

from alphasms_async.checks import check_rate
from alphasms_async.errors import ConfigurationError
from alphasms_async.extras import extra
from alphasms_async.transports.options import CLOSED, Misused, Trust, as_proxy

__all__ = ["AiohttpTransport"]


class AiohttpTransport(httpx.AsyncBaseTransport):
    """An `httpx.AsyncBaseTransport` on asyncio, over aiohttp, that never queues a send.

    It promises what `SlotTransport` promises, for a third to two thirds of the CPU. It needs the
    extra `aiohttp`. One of them serves one event loop after another, and only one at a time.

    Args:
        reuse_seconds: How long a connection of a send is kept for the next one. `None`: not at
            all: that costs a TLS handshake for each call, and saves the unknowns that arise when
            the gateway closes a connection just as it is used again.
        proxy: The proxy all requests go through, any but a SOCKS proxy.
        ssl_context: The context of all connections, that to a proxy included. `None`: httpx's
            own default, made at the first connection that needs it.

    Raises:
        InvalidRequest: `reuse_seconds` is not a number above 0.
        ConfigurationError: The proxy is no URL of one, or none that aiohttp can go through.
        ImportError: aiohttp is not installed, or is of a version that this cannot use.
    """

    def __init__(
        self,
        *,
        reuse_seconds: float | None = None,
        proxy: str | httpx.URL | httpx.Proxy | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        with extra("the aiohttp transport", '"alphasms-async[aiohttp]"', "aiohttp"):
            # Late: neither aiohttp nor asyncio is for programs that use neither.
            from alphasms_async.transports.aiohttp.versions import check_aiohttp

            check_aiohttp()
            from alphasms_async.transports.aiohttp.lane import Lane
        self._make_lane = Lane.open
        self._reuse_seconds = check_rate("reuse_seconds", reuse_seconds)
        self._proxy = _checked(as_proxy(proxy))
        self._trust = Trust(ssl_context)
        self._lane: Lane | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request over a connection of its own; a read over the reads' small pool."""
        if self._closed:
            raise Misused(CLOSED)
        lane = self._lane
        if lane is None or not lane.is_here():
            lane = self._lane = await self._make_lane(
                lane, self._reuse_seconds, self._proxy, self._trust
            )
        return await lane.carry(request)

    async def aclose(self) -> None:
        """Close every connection but those of sends in flight, which close when these end."""
        self._closed = True
        lane, self._lane = self._lane, None
        if lane is not None:
            await lane.aclose()


def _checked(proxy: httpx.Proxy | None) -> httpx.Proxy | None:
    if proxy is None:
        return None
    if proxy.url.scheme.startswith("socks"):
        raise ConfigurationError(
            "the aiohttp transport goes through no SOCKS proxy: use the default transport"
        )
    if proxy.ssl_context is not None:
        raise ConfigurationError(
            "the aiohttp transport has one SSL context, for a proxy too: pass it as ssl_context="
        )
    return proxy
