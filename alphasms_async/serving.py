"""An ASGI app on a socket of its own, inside an event loop of asyncio that has other work too.

Needs uvicorn, which is in the extras `sandbox` and `webhooks`.
"""

import asyncio
import errno
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

import anyio
import attrs
import h11
import uvicorn
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from alphasms_async.accepting import Acceptor

__all__ = ["Peer", "Server", "address_of", "listening_socket", "served"]

_BACKLOG = 1024
# How long a client may take to send the head of a request; for its body it has all the time.
_HEAD_SECONDS = 10.0
# How long requests still being answered at the end are waited for.
_STOP_SECONDS = 1
_TICK_SECONDS = 0.1
_TICKS_A_DAY = 864_000
_STEPS = 3


def listening_socket(whose: str, host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Args:
        whose: Who is to listen there, for the error.
        host: The address, of either family, or a name of this machine.
        port: The port, 0 for a free one.

    Raises:
        OSError: It cannot; one clear line says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only for sockets that say they are TCP; left on, it
    # costs each request on a kept connection 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A restart would have to wait for the last run's connections to be forgotten.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        reason = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise OSError(
            error.errno, f"{whose} cannot listen on {host}, port {port}: {reason}"
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Return where a socket listens, as a URL without a path."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def served(app: ASGIApp, listener: socket.socket) -> AsyncGenerator[None]:
    """Serve `app` in the running event loop while the context is open; asyncio only.

    At the end requests still being answered get a second more. Signals stay with the program.

    Who sends no whole head of a request in 10 seconds is hung up on; for its body there is all the
    time. Where files become scarce, connections over which nothing is asked make room for others.

    Args:
        app: What to serve.
        listener: A socket that listens; it is closed at the end.
    """
    server = Server(app)
    failure: BaseException | None = None
    async with anyio.create_task_group() as group:
        await group.start(server.run_on, listener)
        try:
            yield
        except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - raised again
            # Not in here: the group would wrap it, and nobody outside would know it any more.
            failure = error
        finally:
            server.stop()
    if failure is not None:
        raise failure


@attrs.frozen(eq=False)
class Peer:
    """The other end of a connection; the app finds it as `scope["state"]["peer"]`."""

    transport: asyncio.Transport
    """What carries the bytes."""
    gone: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    """Set once the connection is lost; from then on uvicorn misses no answer."""


class _Connection(H11Protocol):
    """A connection that tells the app of its peer, and is not written into uvicorn's access log.

    Keys, tokens and phones stand in addresses. The setting of the same purpose would silence the
    log of every other uvicorn in the process too.
    """

    _peer: Peer
    _head_timer: asyncio.TimerHandle | None = None
    idle_since: float = 0.0
    """When something was last answered over it, or else it was made, by the event loop's clock."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked over it, half a head apart, and all answers are on their way."""
        return self._lacks_head and not self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        self.access_log = False
        self._peer = Peer(transport)
        # Each connection is given the server's own, which is that of all others too.
        self.app_state = {**self.app_state, "peer": self._peer}
        self.idle_since = self.loop.time()
        self._time_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._time_head()

    def on_response_complete(self) -> None:
        self.idle_since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_timing()
        self._peer.gone.set()

    @property
    def _lacks_head(self) -> bool:
        return self.conn.their_state is h11.IDLE and not self.transport.is_closing()

    def _time_head(self) -> None:
        """Give a head that is not whole its time, once, however slowly it comes."""
        if not self._lacks_head:
            self._stop_timing()
        elif self._head_timer is None:
            # As uvicorn closes a connection that is kept too long.
            close = self.timeout_keep_alive_handler
            self._head_timer = self.loop.call_later(_HEAD_SECONDS, close)

    def _stop_timing(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class _Config(uvicorn.Config):
    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            app,
            http=_Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )

    def configure_logging(self) -> None:
        """Leave the logging of the program it runs in as it is."""

    def load(self) -> None:
        """Load the app alone: at its finest level uvicorn wraps it to log addresses."""
        super().load()
        self.loaded_app = self.app


class Server(uvicorn.Server):
    """A server for one app, which runs as a task among others.

    Args:
        app: What to serve.
    """

    _status: TaskStatus[None] = TASK_STATUS_IGNORED

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(_Config(app))
        self._stopping = asyncio.Event()
        self._acceptor = Acceptor(self._connection, self._make_room)
        self._listeners: list[socket.socket] = []

    def stop(self) -> None:
        """Have it end; called on the event loop it runs on."""
        self.should_exit = True
        self._stopping.set()

    async def run_on(
        self, listener: socket.socket, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED
    ) -> None:
        """Serve until `stop`; the task counts as started once requests are taken."""
        self._status = task_status
        # A program that is cancelled still answers what it has taken, or the other side sees a
        # broken connection and cannot tell whether it was heard.
        with anyio.CancelScope(shield=True):
            await self.serve(sockets=[listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so, which uvicorn leaves to be polled for."""
        # With no sockets: it would have asyncio take their connections.
        await super().startup([])
        self._listeners = sockets or []
        self._status.started()

    async def main_loop(self) -> None:
        """Take connections, and do what uvicorn does ten times a second, until it is to end."""
        async with anyio.create_task_group() as group:
            for listener in self._listeners:
                group.start_soon(self._acceptor.accept, listener)
            await self._tick_until_told()
            group.cancel_scope.cancel()

    async def _tick_until_told(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % _TICKS_A_DAY
            with anyio.move_on_after(_TICK_SECONDS):
                await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop as uvicorn does, but without its pause where there is nothing to wait for."""
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # A connection that has nothing to say any more is lost one step after it is closed.
        for _ in range(_STEPS):
            await anyio.lowlevel.checkpoint()
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to the program, which has more to end than a server."""
        yield

    @property
    def _connections(self) -> set[_Connection]:
        # Of uvicorn's many protocols this server makes one alone.
        return cast("set[_Connection]", self.server_state.connections)

    def _connection(self) -> asyncio.Protocol:
        return _Connection(self.config, self.server_state, self.lifespan.state)

    def _make_room(self) -> bool:
        """Close the connection over which nothing was asked for the longest, if there is one."""
        idle = (one for one in self._connections if one.is_idle)
        oldest = min(idle, key=lambda one: one.idle_since, default=None)
        if oldest is None:
            return False
        oldest.transport.abort()
        return True
