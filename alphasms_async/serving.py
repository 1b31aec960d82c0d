"""An ASGI app on a socket of its own, inside an event loop of asyncio that has other work too.

Needs uvicorn, which is in the extras `sandbox` and `webhooks`.
"""

import asyncio
import errno
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio
import attrs
import uvicorn
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Peer", "Server", "address_of", "listening_socket", "served"]

_BACKLOG = 1024
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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        self.access_log = False
        self._peer = Peer(transport)
        # Each connection is given the server's own, which is that of all others too.
        self.app_state = {**self.app_state, "peer": self._peer}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._peer.gone.set()


class _Config(uvicorn.Config):
    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            app,
            http=_Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            backlog=_BACKLOG,
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
        await super().startup(sockets)
        self._status.started()

    async def main_loop(self) -> None:
        """Do what uvicorn does ten times a second, but end as soon as it is told to."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % _TICKS_A_DAY
            with anyio.move_on_after(_TICK_SECONDS):
                await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop as uvicorn does, but without its pause where there is nothing to wait for."""
        for server in self.servers:
            server.close()
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
