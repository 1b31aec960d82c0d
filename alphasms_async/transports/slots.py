"""The default transport: one connection for each request in flight, no waiting in a pool.

A pool does work for every waiting request on every event, so its cost grows with the square of
what is in flight. Here a slot is one small transport that holds one connection; the slot used
last is used first, and all of them share one SSL context.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.util import find_spec
from types import TracebackType
from typing import Self

import anyio
import httpx

from alphasms_async.checks import check_rate

__all__ = ["REPEATABLE", "SlotTransport"]

REPEATABLE = "alphasms_repeatable"
"""The request extension that marks a read, which may share and reuse connections freely."""

_READ_CONNECTIONS = 10
_READ_REUSE_SECONDS = 5.0
_CLOSE_SECONDS = 1.0


class SlotTransport(httpx.AsyncBaseTransport):
    """An `httpx.AsyncBaseTransport` on asyncio and trio that never queues a send.

    Args:
        reuse_seconds: How long a connection of a send is kept for the next one. `None`: not at
            all: that costs a TLS handshake for each call, and saves the unknowns that arise when
            the gateway closes a connection just as it is used again.
        proxy: The proxy all requests go through.
        ssl_context: The context of all connections. `None`: httpx's own default, made at the
            first request.

    Raises:
        InvalidRequest: `reuse_seconds` is not a number above 0.
        ImportError: The proxy is a SOCKS proxy, and the package for those is not installed.
    """

    def __init__(
        self,
        *,
        reuse_seconds: float | None = None,
        proxy: str | httpx.URL | httpx.Proxy | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        reuse = check_rate("reuse_seconds", reuse_seconds)
        self._send_limits = httpx.Limits(
            max_connections=1,
            max_keepalive_connections=0 if reuse is None else 1,
            keepalive_expiry=reuse,
        )
        self._proxy = (
            proxy if proxy is None or isinstance(proxy, httpx.Proxy) else httpx.Proxy(proxy)
        )
        if self._proxy is not None and self._proxy.url.scheme.startswith("socks"):
            _require_socksio()
        self._ssl_context = ssl_context
        self._idle: list[httpx.AsyncHTTPTransport] = []
        self._reads: httpx.AsyncHTTPTransport | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request over a connection of its own; a read over the reads' small pool."""
        if self._closed:
            raise RuntimeError("this transport is closed")
        if request.extensions.get(REPEATABLE):
            return await self._pool().handle_async_request(request)
        slot = self._idle.pop() if self._idle else self._open(self._send_limits)
        try:
            response = await slot.handle_async_request(request)
        except BaseException:
            # A slot that failed is not used again: a cancelled connection may never be free.
            await _discard(slot)
            raise
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - narrows httpx's union
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_SlotStream(stream, lambda: self._release(slot), lambda: _discard(slot)),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection but those of sends in flight, which close when these end."""
        self._closed = True
        idle, self._idle = self._idle, []
        for slot in idle:
            await _discard(slot)
        if self._reads is not None:
            await _discard(self._reads)

    def _open(self, limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
        if self._ssl_context is None:
            self._ssl_context = httpx.create_ssl_context()
        # No retries, no HTTP/2: both would send what nobody here has counted.
        return httpx.AsyncHTTPTransport(
            verify=self._ssl_context, limits=limits, proxy=self._proxy, http2=False, retries=0
        )

    def _pool(self) -> httpx.AsyncHTTPTransport:
        if self._reads is None:
            self._reads = self._open(
                httpx.Limits(
                    max_connections=_READ_CONNECTIONS, keepalive_expiry=_READ_REUSE_SECONDS
                )
            )
        return self._reads

    async def _release(self, slot: httpx.AsyncHTTPTransport) -> None:
        if self._closed:
            await _discard(slot)
        else:
            self._idle.append(slot)


class _SlotStream(httpx.AsyncByteStream):
    """A response's body that gives its slot back when it is closed."""

    def __init__(
        self,
        stream: httpx.AsyncByteStream,
        release: Callable[[], Awaitable[None]],
        discard: Callable[[], Awaitable[None]],
    ) -> None:
        self._stream = stream
        self._release = release
        self._discard = discard
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
            await self._discard()
            raise
        await self._release()


def _require_socksio() -> None:
    """Refuse what the first request would fail with, over and over."""
    if find_spec("socksio") is None:
        raise ImportError('a SOCKS proxy needs a package more: pip install "httpx[socks]"')


async def _discard(transport: httpx.AsyncHTTPTransport) -> None:
    """Close a transport even while cancelled, and never longer than a moment."""
    with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
        await transport.aclose()
