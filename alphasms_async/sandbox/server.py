"""The sandbox on a real loopback socket, in a thread of its own."""

import socket
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Final, TypeAlias

from anyio import TASK_STATUS_IGNORED, create_task_group, sleep_forever
from anyio.abc import TaskStatus
from anyio.from_thread import start_blocking_portal
from starlette.types import ASGIApp

from alphasms_async.sandbox.stopping import Stopping
from alphasms_async.serving import Server, address_of, listening_socket

HOST: Final = "127.0.0.1"

_Task: TypeAlias = Callable[[], Coroutine[None, None, None]]


@contextmanager
def serve(app: ASGIApp, port: int, beside: _Task) -> Generator[str]:
    """Serve `app` on loopback while the context is open.

    The server has its own thread and event loop, so callers may be synchronous or run on asyncio
    or trio.

    Args:
        app: What to serve.
        port: The port, 0 for a free one.
        beside: What runs on the server's event loop meanwhile; it is cancelled at the end.

    Yields:
        The address: `http://127.0.0.1:PORT`.

    Raises:
        OSError: The port is taken or may not be used.
    """
    listening = listening_socket("The sandbox", HOST, port)
    with listening as listener, start_blocking_portal() as portal:
        serving = portal.call(_Serving, app)
        stopped, _ = portal.start_task(serving.run, listener, beside)
        try:
            yield address_of(listener)
        finally:
            portal.call(serving.stop)
            stopped.result()


class _Serving:
    """A server with what runs beside it; all of it on one event loop."""

    def __init__(self, app: ASGIApp) -> None:
        self._stopping = Stopping(app)
        self._server = Server(self._stopping)

    def stop(self) -> None:
        """Have it end."""
        self._stopping.begin()
        self._server.stop()

    async def run(
        self,
        listener: socket.socket,
        beside: _Task,
        *,
        task_status: TaskStatus[None] = TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until `stop`, until it is cancelled, or until what runs beside it fails."""
        async with create_task_group() as group:
            group.start_soon(beside)
            group.start_soon(self._stop_when_cancelled)
            await self._server.run_on(listener, task_status=task_status)
            group.cancel_scope.cancel()

    async def _stop_when_cancelled(self) -> None:
        # The server lets nobody cancel it, and Ctrl-C may come before anybody could stop it.
        try:
            await sleep_forever()
        finally:
            self.stop()
