"""A gateway on a loopback socket, in the event loop of the test itself, that counts connections."""

import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import h11
import httpx
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSStream
from attrs import frozen

from tests.doubles import Answer, accepted

_ENDED = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, ssl.SSLError)


@frozen
class Taken:
    """A request that was read whole."""

    connection: int
    """The connection it came over: 1 for the first one."""
    method: str
    target: str
    headers: httpx.Headers
    body: bytes


class Loopback:
    """Serves HTTP/1.1 and keeps connections open.

    Args:
        answer: What to say to each request.
        tls: Serve TLS with this. `None`: plain HTTP.
    """

    def __init__(
        self,
        answer: Answer = accepted,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = 0
        self.connections = 0
        """How many connections were made."""
        self.open = 0
        """How many of them are open."""
        self.taken: list[Taken] = []
        self.gate = anyio.Event()
        """Answers wait until it is set, which it is unless a test puts a closed one here."""
        self.gate.set()
        self.bytes_before_gate = 0
        """How much of each answer does not wait."""
        self.hang_up = False
        """Whether to close each connection after one answer, without saying so before."""
        self._answer = answer
        self._tls = tls
        self._news = anyio.Event()

    @property
    def url(self) -> str:
        """The base URL to give to a client."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    async def until(self, claim: Callable[[], bool]) -> None:
        """Wait until something has happened here that makes the claim true."""
        while not claim():
            await self._news.wait()

    async def handle(self, stream: ByteStream) -> None:
        """Serve one connection to its end."""
        self.connections += 1
        self.open += 1
        number = self.connections
        try:
            async with stream:
                await self._serve(stream, number)
        except _ENDED:
            pass
        finally:
            self.open -= 1
            self._tell()

    async def _serve(self, stream: ByteStream, number: int) -> None:
        if self._tls is not None:
            stream = await TLSStream.wrap(
                stream, server_side=True, ssl_context=self._tls, standard_compatible=False
            )
        connection = h11.Connection(h11.SERVER)
        while True:
            taken = await _read(stream, connection, number)
            self.taken.append(taken)
            self._tell()
            await self._reply(stream, connection, taken)
            if self.hang_up or connection.our_state is not h11.DONE:
                return
            connection.start_next_cycle()

    async def _reply(self, stream: ByteStream, connection: h11.Connection, taken: Taken) -> None:
        # A proxy is told the whole address, a server only its path.
        url = httpx.URL(self.url).join(taken.target)
        request = httpx.Request("POST", url, content=taken.body)
        response = self._answer(request)
        events = (
            h11.Response(
                status_code=response.status_code, headers=list(response.headers.raw), reason=b"Said"
            ),
            h11.Data(data=response.content),
            h11.EndOfMessage(),
        )
        told = b"".join(connection.send(event) or b"" for event in events)
        if not self.gate.is_set():
            await stream.send(told[: self.bytes_before_gate])
            told = told[self.bytes_before_gate :]
            await self._wait(stream)
        await stream.send(told)

    async def _wait(self, stream: ByteStream) -> None:
        """Wait for the gate, or for the client to close the connection."""
        left = False

        async def watch() -> None:
            nonlocal left
            try:
                await stream.receive()
            except _ENDED:
                left = True
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            await self.gate.wait()
            group.cancel_scope.cancel()
        if left:
            raise anyio.EndOfStream

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()


class Proxy(Loopback):
    """A proxy that opens tunnels.

    Args:
        status: What to answer to CONNECT in place of opening one. `None`: open it.
    """

    def __init__(self, status: int | None = None) -> None:
        super().__init__()
        self._status = status

    async def _reply(self, stream: ByteStream, connection: h11.Connection, taken: Taken) -> None:
        if self._status is not None:
            await stream.send(f"HTTP/1.1 {self._status} Said\r\nContent-Length: 0\r\n\r\n".encode())
            raise anyio.EndOfStream
        host, _, port = taken.target.rpartition(":")
        async with await anyio.connect_tcp(host, int(port)) as there:
            await stream.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with anyio.create_task_group() as group:
                group.start_soon(_pump, stream, there)
                await _pump(there, stream)
                group.cancel_scope.cancel()
        raise anyio.EndOfStream


async def _pump(source: ByteStream, target: ByteStream) -> None:
    with suppress(*_ENDED):
        async for data in source:
            await target.send(data)
    await target.aclose()


async def _read(stream: ByteStream, connection: h11.Connection, number: int) -> Taken:
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event: Any = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive())
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            headers = httpx.Headers(list(head.headers))
            return Taken(number, head.method.decode(), head.target.decode(), headers, bytes(body))
        else:
            raise anyio.EndOfStream


@asynccontextmanager
async def serving(server: Loopback) -> AsyncGenerator[Loopback]:
    """Serve while the block lasts."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as group:
        server.port = listener.listeners[0].extra(SocketAttribute.local_port)  # noqa: S610 - anyio's
        group.start_soon(listener.serve, server.handle)
        yield server
        group.cancel_scope.cancel()
