"""Connections that are lent to one request at a time; the one used last is used first."""

import asyncio
import select
import socket
from collections import defaultdict, deque
from functools import lru_cache

import aiohttp
import httpx
from aiohttp.connector import Connection

from alphasms_async.transports.aiohttp.routes import Route
from alphasms_async.transports.aiohttp.troubles import not_connected
from alphasms_async.transports.aiohttp.wires import Wire
from alphasms_async.transports.options import CLOSED, Misused
from alphasms_async.transports.room import Room

__all__ = ["Loan", "Pool"]

# How much of a body waits in the event loop, besides the piece that is being written. Over TLS
# it would be eight times as much.
_BUFFERED_BYTES = 64 * 1024


class Loan:
    """A connection while one request has it.

    Args:
        pool: Whose connection it is.
        route: Where it leads.
        connection: aiohttp's own.

    Raises:
        httpx.ConnectError: It is closed already.
    """

    __slots__ = ("_pool", "connection", "route", "transport", "wire")

    def __init__(self, pool: "Pool", route: Route, connection: Connection) -> None:
        wire, transport = connection.protocol, connection.transport
        if not isinstance(wire, Wire) or transport is None or transport.is_closing():
            connection.close()
            raise httpx.ConnectError("the connection was closed as soon as it was made")
        self._pool = pool
        self.route: Route = route
        self.connection: Connection = connection
        self.wire: Wire = wire
        self.transport: asyncio.Transport = transport

    def end(self, *, keep: bool) -> None:
        """Give it back, once.

        Args:
            keep: Whether all was sent and all was read that belongs to the request.
        """
        self._pool.take_back(self, keep=keep)


class Pool:
    """The connections of one kind of request in one event loop.

    aiohttp's own pool stays empty: it takes the connection that was used longest ago, does not
    look whether the server has just closed it, and cannot be closed without what is in flight.

    Args:
        connector: What opens them.
        reuse_seconds: How long one is kept for the next request. `None`: not at all.
        most: How many may be lent at a time; other requests wait. `None`: any number.
    """

    def __init__(
        self, connector: aiohttp.TCPConnector, reuse_seconds: float | None, most: int | None = None
    ) -> None:
        self._connector = connector
        self._reuse_seconds = reuse_seconds
        self._room = None if most is None else Room(most)
        self._time = asyncio.get_running_loop().time
        self._idle: defaultdict[str, deque[tuple[float, Connection]]] = defaultdict(deque)
        self._lent: set[Loan] = set()
        self._keeps = True
        self._lends = True

    async def lend(self, route: Route, connect_seconds: float | None) -> Loan:
        """Return a connection that nobody else has, and that is given back in the end.

        Raises:
            httpx.TransportError: None came about.
            Misused: The pool was closed meanwhile.
        """
        if self._room is not None:
            await self._room.enter()
        try:
            connection = self._kept(route) or await self._opened(route, connect_seconds)
            loan = Loan(self, route, connection)
        except BaseException:
            self._make_room()
            raise
        self._lent.add(loan)
        if not self._lends:
            loan.end(keep=False)
            raise Misused(CLOSED)
        return loan

    def take_back(self, loan: Loan, *, keep: bool) -> None:
        """Keep a connection for the next request, or close it."""
        self._lent.discard(loan)
        self._make_room()
        seconds = self._reuse_seconds if self._keeps else None
        if not keep or seconds is None or loan.wire.should_close:
            _close(loan.connection)
            return
        now = self._time()
        self._idle[loan.route.origin].append((now + seconds, loan.connection))
        self._close_old(now)

    def close(self, *, cut: bool) -> None:
        """Close what is idle, and what is lent as soon as it is given back.

        Args:
            cut: Whether what is lent is closed at once, and nothing is lent any more.
        """
        self._keeps = False
        for idle in self._idle.values():
            while idle:
                _close(idle.pop()[1])
        if cut:
            self._lends = False
            for loan in self._lent:
                loan.wire.cut(httpx.ReadError(CLOSED))

    def _kept(self, route: Route) -> Connection | None:
        idle = self._idle.get(route.origin)
        while idle:
            until, connection = idle.pop()
            if until >= self._time() and _is_usable(connection):
                return connection
            _close(connection)
        return None

    def _close_old(self, now: float) -> None:
        for origin, idle in list(self._idle.items()):
            while idle and idle[0][0] < now:
                _close(idle.popleft()[1])
            if not idle:
                del self._idle[origin]

    async def _opened(self, route: Route, seconds: float | None) -> Connection:
        try:
            connection = await self._connector.connect(route.asked, [], _limit(seconds))
        except aiohttp.ClientHttpProxyError as error:
            refusal = httpx.ProxyError(f"{error.status} {error.message}")
        except Exception as error:
            raise not_connected(error) from error
        else:
            if connection.transport is not None:
                connection.transport.set_write_buffer_limits(_BUFFERED_BYTES)
            return connection
        # Not chained: aiohttp's own error carries what the proxy was told, its password too.
        raise refusal

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.leave()


@lru_cache(maxsize=64)
def _limit(seconds: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(connect=seconds)


def _is_usable(connection: Connection) -> bool:
    """Return whether nothing came over an idle connection, be it only that it was closed.

    The socket itself is asked: the event loop may not have come round to telling.
    """
    wire, transport = connection.protocol, connection.transport
    if not isinstance(wire, Wire) or transport is None or transport.is_closing():
        return False
    try:
        return wire.is_between_answers() and not _has_news(transport.get_extra_info("socket"))
    except (OSError, ValueError):
        return False


def _has_news(connected: socket.socket) -> bool:
    # Not everywhere is there a poll, and select cannot ask a socket of a high number.
    if not hasattr(select, "poll"):
        return bool(select.select([connected], [], [], 0)[0])
    news = select.poll()
    news.register(connected, select.POLLIN)
    return bool(news.poll(0))


def _close(connection: Connection) -> None:
    # Closing alone would wait for the other side to take what is left, and to say goodbye.
    if connection.transport is not None:
        connection.transport.abort()
    connection.close()
