"""The sandbox on a real loopback socket, in a thread of its own."""

import asyncio
import errno
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import uvicorn
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus
from anyio.from_thread import start_blocking_portal
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HOST: Final = "127.0.0.1"

_BACKLOG = 1024
# How long requests still being answered at the end are waited for.
_STOP_SECONDS = 1


@contextmanager
def serve(app: ASGIApp, port: int) -> Generator[str]:
    """Serve `app` on loopback while the context is open.

    The server has its own thread and event loop, so callers may be synchronous or run on asyncio
    or trio.

    Args:
        app: What to serve.
        port: The port, 0 for a free one.

    Yields:
        The address: `http://127.0.0.1:PORT`.

    Raises:
        OSError: The port is taken or may not be used.
    """
    with listening_socket(port) as listener, start_blocking_portal() as portal:
        server = _Server(_Config(app))
        stopped, _ = portal.start_task(server.run_on, listener)
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            stopped.result()


def listening_socket(port: int) -> socket.socket:
    """Return a socket that listens on loopback; raise OSError, in one clear line, if it cannot."""
    # asyncio switches Nagle's algorithm off only for sockets that say they are TCP; left on, it
    # costs each request on a kept connection 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A restart would have to wait for the last run's connections to be forgotten.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        reason = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise OSError(
            error.errno, f"The sandbox cannot listen on {HOST}, port {port}: {reason}"
        ) from error
    return listener


class _Connection(H11Protocol):
    """A connection that is not written into uvicorn's access log.

    Keys and phones stand in http.php's addresses. The setting of the same purpose would silence
    the log of every other uvicorn in the process too.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        self.access_log = False


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
        """Leave the logging of the program the sandbox runs in as it is."""

    def load(self) -> None:
        """Load the app alone: at its finest level uvicorn wraps it to log addresses."""
        super().load()
        self.loaded_app = self.app


class _Server(uvicorn.Server):
    _status: TaskStatus[None] = TASK_STATUS_IGNORED

    async def run_on(
        self, listener: socket.socket, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED
    ) -> None:
        """Serve until told to stop; the task counts as started once requests are taken."""
        self._status = task_status
        await self.serve(sockets=[listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so, which uvicorn leaves to be polled for."""
        await super().startup(sockets)
        self._status.started()
