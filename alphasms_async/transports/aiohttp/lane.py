"""What a transport has in one event loop: its connections, and the way a request goes over one."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any, Self

import aiohttp
import httpx
from aiohttp.http import RawResponseMessage

from alphasms_async.transports.aiohttp.answers import Arriving
from alphasms_async.transports.aiohttp.pools import Pool
from alphasms_async.transports.aiohttp.routes import Route, route_to
from alphasms_async.transports.aiohttp.troubles import raise_told
from alphasms_async.transports.aiohttp.uploads import Upload, head_of
from alphasms_async.transports.aiohttp.versions import check_names
from alphasms_async.transports.aiohttp.wires import Wire
from alphasms_async.transports.options import (
    READ_CONNECTIONS,
    READ_REUSE_SECONDS,
    REPEATABLE,
    Misused,
    Trust,
)

__all__ = ["Lane"]

# How many origins are remembered: requests go to one of them, redirects to a few more.
_ORIGINS = 64


class Lane:
    """The connections of one transport in one event loop.

    Args:
        reuse_seconds: How long a connection of a send is kept. `None`: not at all.
        proxy: The proxy all connections lead to. `None`: straight to the origin.
        trust: The SSL context of all connections.
    """

    def __init__(
        self, reuse_seconds: float | None, proxy: httpx.Proxy | None, trust: Trust
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._proxy = proxy
        self._trust = trust
        self._routes: dict[tuple[str, bytes], Route] = {}
        # The resolver of the system, as httpx has it, whatever else is installed.
        connector: Any = aiohttp.TCPConnector(limit=0, resolver=aiohttp.ThreadedResolver())
        check_names(connector, "_factory")
        check_names(Wire(self._loop), "_parser", "_payload")
        # There is no public way to say what reads its connections.
        connector._factory = partial(Wire, self._loop)  # noqa: SLF001 - checked above
        self._sends = Pool(connector, reuse_seconds)
        self._reads = Pool(connector, READ_REUSE_SECONDS, READ_CONNECTIONS)
        self._end = _closing(self._sends, self._reads)

    @classmethod
    async def open(
        cls,
        before: "Lane | None",
        reuse_seconds: float | None,
        proxy: httpx.Proxy | None,
        trust: Trust,
    ) -> Self:
        """Return a lane of the event loop that is running.

        Raises:
            Misused: It is not asyncio's, or another one is still in use.
            ImportError: This aiohttp lacks what the transport is made of.
        """
        if _running_loop() is None:
            raise Misused("the aiohttp transport works on asyncio alone: use the default transport")
        if before is not None and not before.is_over():
            raise Misused(
                "this transport is in use in another event loop: make one for each of them"
            )
        lane = cls(reuse_seconds, proxy, trust)
        await anext(lane._end)
        return lane

    def is_over(self) -> bool:
        """Return whether its event loop is closed."""
        return self._loop.is_closed()

    def is_here(self) -> bool:
        """Return whether this is the event loop that is running."""
        return _running_loop() is self._loop

    async def carry(self, request: httpx.Request) -> httpx.Response:
        """Send one request, and return the response once its head has come.

        Raises:
            httpx.TransportError: None came.
        """
        limits = request.extensions.get("timeout", {})
        stream = request.stream
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - narrows httpx's union
        route = self._route(request.url)
        head = head_of(request, route)
        pool = self._reads if request.extensions.get(REPEATABLE) else self._sends
        loan = await pool.lend(route, limits.get("connect"))
        upload = Upload(loan, head, stream, limits.get("write"))
        try:
            loan.wire.expect(without_body=request.method == "HEAD", seconds=limits.get("read"))
            await upload.begin()
            message, body = await loan.wire.read()
            while 100 <= message.code < 200 and message.code != 101:
                message, body = await _after_news(upload, limits.get("read"))
            return _response(message, body, upload)
        except BaseException as error:  # noqa: BLE001 - raised again, as what it was
            upload.end(is_answered=False)
            raise_told(error)

    async def aclose(self) -> None:
        """Close every connection but those of sends in flight, which close when these end."""
        if self._loop is _running_loop():
            self._reads.close(cut=True)
            await self._end.aclose()

    def _route(self, url: httpx.URL) -> Route:
        origin = url.scheme, url.netloc
        route = self._routes.get(origin)
        if route is None:
            if len(self._routes) >= _ORIGINS:
                self._routes.clear()
            route = self._routes[origin] = route_to(url, self._proxy, self._trust)
        return route


async def _after_news(
    upload: Upload, seconds: float | None
) -> tuple[RawResponseMessage, aiohttp.StreamReader]:
    """Return what comes after an answer of the hundreds, which stops aiohttp's own clock."""
    try:
        async with asyncio.timeout(seconds if upload.is_whole else None):
            return await upload.loan.wire.read()
    except TimeoutError as error:
        raise httpx.ReadTimeout("no answer came in time") from error


def _response(
    message: RawResponseMessage, body: aiohttp.StreamReader, upload: Upload
) -> httpx.Response:
    # Here to its end already, as short ones are.
    is_whole = body.is_eof() and body.exception() is None
    response = httpx.Response(
        message.code,
        headers=message.raw_headers,
        stream=httpx.ByteStream(body.read_nowait()) if is_whole else Arriving(body, upload),
        extensions={
            "http_version": b"HTTP/%d.%d" % message.version,
            "reason_phrase": message.reason.encode("latin-1", "replace"),
        },
    )
    if is_whole:
        upload.end(is_answered=True)
    else:
        upload.answer = body
    return response


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _closing(*pools: Pool) -> AsyncGenerator[None]:
    """Close what is idle when the event loop ends, or when nobody has it any more.

    An event loop sees to it that the generators that were begun in it come to their end.
    """
    try:
        yield
    finally:
        for pool in pools:
            pool.close(cut=False)
