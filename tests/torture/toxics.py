"""A proxy in front of a gateway that spoils a share of its connections, in one of fourteen ways."""

import select
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random

import anyio
import anyio.abc
from attrs import frozen

from tests.torture.carries import (
    bandwidth,
    corrupt,
    latency,
    limit_data,
    reset_peer,
    slicer,
    slow_close,
    timeout,
)
from tests.torture.line import Carry, Line, carry, reset_on_close

__all__ = ["TOXICS", "Toxic", "ToxicProxy", "toxic_proxy"]

_HOST = "127.0.0.1"


@frozen
class Toxic:
    """What happens to a connection that is hit."""

    name: str
    """A word for test ids, unique in `TOXICS`."""
    what: str
    """What it does, in one sentence."""
    up: Carry = carry
    """What it does to what the client sends."""
    down: Carry = carry
    """What it does to what the server sends."""
    refuses: bool = False
    """Whether the client is hung up on with RST at once, and the server never hears of it."""


# The delays are above a client's timeout of 0.25 s, the limits below any request and any answer.
TOXICS: dict[str, Toxic] = {
    toxic.name: toxic
    for toxic in (
        Toxic("none", "Passes everything on."),
        Toxic("down", "Resets the connection before a byte has passed.", refuses=True),
        Toxic("latency_up", "The request comes 0.3 s late.", up=latency(0.3)),
        Toxic("latency_down", "The answer comes 0.3 s late.", down=latency(0.3)),
        Toxic("bandwidth", "The answer trickles in, 200 bytes a second.", down=bandwidth(200)),
        Toxic("slow_close", "The server's hanging up is seen 0.3 s late.", down=slow_close(0.3)),
        Toxic("timeout_up", "The request goes nowhere and nobody hangs up.", up=timeout),
        Toxic("timeout_down", "The answer goes nowhere and nobody hangs up.", down=timeout),
        Toxic("reset_peer_up", "Resets when the request comes, unpassed.", up=reset_peer),
        Toxic("reset_peer_down", "Resets when the answer comes, unpassed.", down=reset_peer),
        Toxic("slicer", "The answer comes in slices of 1 to 16 bytes.", down=slicer(16, 0.001)),
        Toxic("limit_data_up", "Hangs up after 100 bytes of the request.", up=limit_data(100)),
        Toxic("limit_data_down", "Hangs up after 60 bytes of the answer.", down=limit_data(60)),
        Toxic("corrupt_down", "Flips a bit in a fiftieth of the answer.", down=corrupt(0.02)),
    )
}
"""Each toxic by its name.

How `slow_close` and `slicer` fare with a client that uses each connection once is that client's
setting, and so no toxic of its own."""


class ToxicProxy:
    """A proxy that `toxic_proxy` has opened."""

    def __init__(
        self, listener: socket.socket, upstream_port: int, toxic: Toxic, share: float, seed: int
    ) -> None:
        self.connections = 0
        """How many connections were accepted."""
        self.hit = 0
        """How many of them were toxic."""
        self.open = 0
        """How many of them are still carried to either side."""
        self.port: int = listener.getsockname()[1]
        """The port to connect to."""
        self._listener = listener
        self._upstream_port = upstream_port
        self._toxic = toxic
        self._share = share
        self._rng = Random(seed)  # noqa: S311 - chance that can be had again
        self._news = anyio.Event()

    @property
    def url(self) -> str:
        """The base URL to give to the client."""
        return f"http://{_HOST}:{self.port}"

    async def drain(self) -> None:
        """Wait until every connection is over, and what was held back has arrived.

        To be called when the client has closed its connections.
        """
        while self.open or select.select([self._listener], [], [], 0)[0]:
            await self._news.wait()

    async def serve(self, group: anyio.abc.TaskGroup) -> None:
        """Accept clients; which of them are hit depends on nothing but the seed and their order."""
        while True:
            client = await _accept(self._listener)
            self.connections += 1
            self.open += 1
            is_hit = self._rng.random() < self._share
            self.hit += is_hit
            rng = Random(self._rng.random())  # noqa: S311 - likewise
            group.start_soon(self._handle, client, self._toxic if is_hit else TOXICS["none"], rng)

    async def _handle(self, client: socket.socket, toxic: Toxic, rng: Random) -> None:
        try:
            with client:
                if toxic.refuses:
                    reset_on_close(client)
                else:
                    await self._join(client, toxic, rng)
        finally:
            self.open -= 1
            self._news.set()
            self._news = anyio.Event()

    async def _join(self, client: socket.socket, toxic: Toxic, rng: Random) -> None:
        with socket.socket() as server:
            try:
                await _connect(server, self._upstream_port)
            except ConnectionError:
                reset_on_close(client)
                return
            await Line(client, server, rng).run(toxic.up, toxic.down)


async def _accept(listener: socket.socket) -> socket.socket:
    while True:
        await anyio.wait_readable(listener)
        try:
            sock = listener.accept()[0]
        except (BlockingIOError, ConnectionAbortedError):
            continue  # The client left while it stood in line.
        _prepare(sock)
        return sock


async def _connect(sock: socket.socket, port: int) -> None:
    _prepare(sock)
    try:
        sock.connect((_HOST, port))
    except BlockingIOError:
        await anyio.wait_writable(sock)
        if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise ConnectionError(error) from None


def _prepare(sock: socket.socket) -> None:
    sock.settimeout(0)
    # A slice must leave by itself, not wait until the last one is acknowledged.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@asynccontextmanager
async def toxic_proxy(
    upstream_port: int, toxic: Toxic, *, share: float = 0.3, seed: int = 0
) -> AsyncGenerator[ToxicProxy]:
    """Stand in front of a server on loopback while the block lasts.

    Args:
        upstream_port: The server's port.
        toxic: What happens to the connections that are hit.
        share: How many of them are, from 0.0 for none to 1.0 for all.
        seed: Decides which.

    Yields:
        The proxy, to which clients may connect.
    """
    with socket.create_server((_HOST, 0), backlog=1024) as listener:
        listener.settimeout(0)
        proxy = ToxicProxy(listener, upstream_port, toxic, share, seed)
        async with anyio.create_task_group() as group:
            group.start_soon(proxy.serve, group)
            yield proxy
            group.cancel_scope.cancel()
