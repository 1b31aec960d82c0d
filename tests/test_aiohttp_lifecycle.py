"""The transport over aiohttp: from its first request to its end, in one event loop and another."""

import asyncio
import gc
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

import anyio
import httpx
import pytest
import trio
from anyio.abc import ByteStream

from alphasms_async import AlphaSMS, ConfigurationError
from alphasms_async.sandbox import Sandbox
from alphasms_async.transports.aiohttp import AiohttpTransport
from tests.blocking import in_another_thread
from tests.carrying import a_read, a_send, at_once, carry, ends_of_fifteen_reads
from tests.doubles import KEY, PHONE
from tests.hostile import server_context, trusting_context
from tests.leftovers import nothing_left_behind
from tests.loopback import Loopback, serving
from tests.sounds import wav

in_asyncio = pytest.mark.asyncio

# The shortest that is taken: it is over by the time of the next request.
AN_INSTANT = 0.00001


class Untouched(httpx.AsyncByteStream):
    """A body that nobody may read."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise AssertionError


class Knocking(Loopback):
    """Lets nobody in before its door is opened, by a handshake that it does not begin."""

    def __init__(self) -> None:
        super().__init__(tls=server_context())
        self.knock = anyio.Event()
        """Set when somebody is at the door."""
        self.door = anyio.Event()

    async def handle(self, stream: ByteStream) -> None:
        """Serve one connection, once the door is open."""
        self.knock.set()
        await self.door.wait()
        await super().handle(stream)


def an_untouched_send() -> httpx.Request:
    """Return a request whose body is never to be read."""
    headers = [(b"Host", b"there"), (b"Content-Length", b"4")]
    return httpx.Request("POST", "http://127.0.0.1:1", headers=headers, stream=Untouched())


async def in_a_thread(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run it in an event loop of its own, beside this one."""
    await asyncio.to_thread(asyncio.run, coroutine)


def test_another_event_loop_is_told_what_to_use() -> None:
    """On trio a call is not sent, and one line says why and what to use instead."""

    async def main() -> None:
        async with AlphaSMS(KEY, transport="aiohttp") as api:
            for ask in (api.otp.call(PHONE), api.account.balance()):
                with pytest.raises(ConfigurationError, match="works on asyncio alone: use the"):
                    await ask
            async with api.dial([PHONE], wav()) as results:
                assert [one.outcome async for one in results] == ["not_sent"]
            assert isinstance(results.summary.stopped, ConfigurationError)

    trio.run(main)


def test_no_event_loop_is_told_what_to_use() -> None:
    """Without an event loop nothing hangs either."""
    coroutine = AiohttpTransport().handle_async_request(an_untouched_send())
    with pytest.raises(RuntimeError, match="works on asyncio alone"):
        coroutine.send(None)


def test_one_event_loop_after_another() -> None:
    """A client that nobody closes works in one event loop after another, and nothing stays open."""
    gateway = Sandbox()
    with gateway.serve() as url:
        transport = AiohttpTransport(reuse_seconds=60)
        api = AlphaSMS(gateway.api_key, base_url=url, transport=transport)
        for number in range(1, 4):
            asyncio.run(api.otp.call(PHONE))
            asyncio.run(api.account.balance())
            # Of a connection that was left open, the garbage collector would warn.
            gc.collect()
            assert len(gateway.calls()) == number
        asyncio.run(transport.aclose())


def test_trio_after_asyncio() -> None:
    """A transport that was of use on asyncio is of none on trio, and is closed there."""
    gateway = Sandbox()

    async def main() -> None:
        with pytest.raises(RuntimeError, match="works on asyncio alone"):
            await transport.handle_async_request(an_untouched_send())
        await transport.aclose()

    with gateway.serve() as url:
        transport = AiohttpTransport(reuse_seconds=60)
        asyncio.run(AlphaSMS(gateway.api_key, base_url=url, transport=transport).otp.call(PHONE))
        trio.run(main)
    gc.collect()


@in_asyncio
async def test_two_event_loops_at_once_are_refused() -> None:
    """While one event loop has it, another is told to make its own, and the first goes on."""

    async def elsewhere() -> None:
        with pytest.raises(RuntimeError, match="in use in another event loop: make one for each"):
            await transport.handle_async_request(an_untouched_send())

    async with serving(Loopback()) as server, AiohttpTransport(reuse_seconds=60) as transport:
        await carry(transport, a_send(server))
        await in_a_thread(elsewhere())
        await carry(transport, a_send(server))
        assert server.connections == 1


@in_asyncio
async def test_closed_from_another_event_loop() -> None:
    """Closed elsewhere, it is closed in its own event loop, where its connections are."""
    async with serving(Loopback()) as server:
        transport = AiohttpTransport(reuse_seconds=60)
        await carry(transport, a_send(server))
        await carry(transport, a_read(server))
        await in_a_thread(transport.aclose())
        await server.until(lambda: server.open == 0)
        with pytest.raises(RuntimeError, match="closed"):
            await carry(transport, a_send(server))


@in_asyncio
async def test_transport_that_nobody_has_any_more_is_closed() -> None:
    """What is thrown away without being closed closes its connections, and nobody is warned."""
    with nothing_left_behind():
        async with serving(Loopback()) as server:
            transport = AiohttpTransport(reuse_seconds=60)
            await carry(transport, a_send(server))
            await carry(transport, a_read(server))
            del transport
            gc.collect()
            await server.until(lambda: server.open == 0)


@in_asyncio
async def test_response_that_nobody_closes_gives_its_connection_up() -> None:
    """What is thrown away unread is closed, in whichever thread, and nobody is warned."""

    async def begin() -> httpx.Response:
        return await transport.handle_async_request(a_send(server))

    async with serving(Loopback()) as server, AiohttpTransport(reuse_seconds=60) as transport:
        server.gate = anyio.Event()
        server.bytes_before_gate = 90
        await begin()
        await server.until(lambda: server.connections == 1 and server.open == 0)
        responses = [await begin()]
        await asyncio.to_thread(responses.clear)
        await server.until(lambda: server.connections == 2 and server.open == 0)


@in_asyncio
async def test_transport_that_was_never_used_is_closed() -> None:
    """Closing is for whoever made one, used or not, once or more often."""
    transport = AiohttpTransport()
    await transport.aclose()
    await transport.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await transport.handle_async_request(an_untouched_send())


@in_asyncio
async def test_call_that_is_connecting_outlives_the_closing() -> None:
    """A send that is still in its handshake when the transport is closed comes to its end."""
    server = Knocking()
    async with serving(server):
        transport = AiohttpTransport(reuse_seconds=60, ssl_context=trusting_context())
        async with anyio.create_task_group() as group:
            group.start_soon(carry, transport, a_send(server))
            await server.knock.wait()
            await transport.aclose()
            server.door.set()
        assert len(server.taken) == 1
        await server.until(lambda: server.open == 0)


@in_asyncio
async def test_read_that_is_connecting_ends_with_the_closing() -> None:
    """A read that is still in its handshake when the transport is closed sends nothing."""
    ended: list[BaseException] = []

    async def ask() -> None:
        with pytest.raises(RuntimeError, match="closed") as caught:
            await carry(transport, a_read(server))
        ended.append(caught.value)

    server = Knocking()
    async with serving(server):
        transport = AiohttpTransport(ssl_context=trusting_context())
        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await server.knock.wait()
            await transport.aclose()
            server.door.set()
        await server.until(lambda: server.open == 0)
    assert (len(ended), server.taken) == (1, [])


@in_asyncio
async def test_reads_that_wait_in_line_end_with_the_closing() -> None:
    """Reads at work are broken off, reads in line refused, and none of them is cancelled."""
    async with serving(Loopback()) as server:
        ended = await ends_of_fifteen_reads(AiohttpTransport(), server)
        await server.until(lambda: server.open == 0)
    assert sorted(type(one).__name__ for one in ended) == [
        *["Misused"] * 5,
        *["RemoteProtocolError"] * 10,
    ]


@in_asyncio
async def test_answer_without_a_length_is_not_whole_when_it_is_cut_off() -> None:
    """What was read of an answer when its transport was closed is not taken for all of it."""

    class Endless(Loopback):
        async def _serve(self, stream: ByteStream, number: int) -> None:
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\n\r\nstatus:Deli")
            await stream.receive()

    server = Endless()
    async with serving(server):
        transport = AiohttpTransport()
        response = await transport.handle_async_request(a_read(server))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        pieces = aiter(response.stream)
        assert await anext(pieces) == b"status:Deli"
        await transport.aclose()
        with pytest.raises(httpx.ReadError):
            await anext(pieces)
        await response.aclose()
        await server.until(lambda: server.open == 0)


@in_asyncio
@pytest.mark.parametrize("request_of", [a_send, a_read])
async def test_connection_that_was_kept_too_long_is_not_used(
    request_of: Callable[[Loopback], httpx.Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time a kept connection is closed, and a new one is made."""
    monkeypatch.setattr("alphasms_async.transports.aiohttp.lane.READ_REUSE_SECONDS", AN_INSTANT)
    async with (
        serving(Loopback()) as server,
        AiohttpTransport(reuse_seconds=AN_INSTANT) as transport,
    ):
        for number in range(1, 4):
            await carry(transport, request_of(server))
            assert server.connections == number
        await server.until(lambda: server.open == 1)


@in_asyncio
async def test_connections_that_nobody_needs_any_more_do_not_pile_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a crowd's connections those are closed that were kept too long, while one is in use."""
    loop = asyncio.get_running_loop()
    clock, late = loop.time, 0.0
    monkeypatch.setattr(loop, "time", lambda: clock() + late)
    async with serving(Loopback()) as server, AiohttpTransport(reuse_seconds=2) as transport:
        await at_once(3, lambda: carry(transport, a_send(server)), server)
        late = 1.5
        await carry(transport, a_send(server))
        late = 3.0
        await carry(transport, a_send(server))
        await server.until(lambda: server.open == 1)
        assert server.connections == 3


@in_asyncio
async def test_cancelled_upload_leaves_nothing_behind() -> None:
    """A call that is cancelled while its body is stuck leaves no task and no connection."""
    begun = anyio.Event()

    class Huge(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            begun.set()
            yield b"x" * 64_000_000

    transport = AiohttpTransport()
    with socket.create_server(("127.0.0.1", 0)) as deaf, nothing_left_behind():
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        headers = [(b"Host", b"there"), (b"Content-Length", b"64000000")]
        request = httpx.Request("POST", url, headers=headers, stream=Huge())
        async with anyio.create_task_group() as group:
            group.start_soon(transport.handle_async_request, request)
            await begun.wait()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    await transport.aclose()


@in_asyncio
async def test_answered_upload_leaves_nothing_behind() -> None:
    """A body that is answered before it has come to its end is waited for no more."""
    size, begun, reading = 32_000_000, anyio.Event(), threading.Event()

    class Halting(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            begun.set()
            yield b"x" * size
            await anyio.sleep_forever()

    def answer(connection: socket.socket) -> None:
        heard = 0
        reading.wait(10)
        while heard < size:
            heard += len(connection.recv(1_000_000))
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        with suppress(ConnectionError):
            connection.recv(1)

    async def send() -> None:
        response = await transport.handle_async_request(request)
        assert response.status_code == 413

    with nothing_left_behind(), in_another_thread(answer) as url:
        headers = [(b"Host", b"there"), (b"Content-Length", b"40000000")]
        request = httpx.Request("POST", url, headers=headers, stream=Halting())
        async with AiohttpTransport() as transport, anyio.create_task_group() as group:
            group.start_soon(send)
            await begun.wait()
            # Not before the connection takes no more, else the body would be waited for at once.
            await anyio.wait_all_tasks_blocked()
            reading.set()
        await anyio.wait_all_tasks_blocked()
