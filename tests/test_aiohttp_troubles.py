"""The transport over aiohttp among servers, bodies and versions that do what nobody expects."""

import asyncio
import select
import socket
import struct
import threading
from collections.abc import AsyncIterator

import aiohttp
import anyio
import httpx
import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.connector import BaseConnector

from alphasms_async import AlphaSMS, ConfigurationError
from alphasms_async.sandbox import Sandbox
from alphasms_async.transports.aiohttp import AiohttpTransport
from alphasms_async.transports.aiohttp.wires import Wire
from tests.blocking import in_another_thread
from tests.carrying import a_send, carry
from tests.doubles import PHONE
from tests.loopback import Loopback, serving
from tests.test_aiohttp_wire import OK, Body, Raw, a_post, told

pytestmark = pytest.mark.asyncio


async def a_wire() -> tuple[Wire, socket.socket]:
    """Return a connection that waits for an answer, and its other end."""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    _, wire = await loop.create_connection(lambda: Wire(loop), sock=ours)
    wire.expect(without_body=False, seconds=5)
    return wire, theirs


@pytest.mark.parametrize("said", [b"Connection: close\r\n\r\nbalance:2", b"\r\n"], ids=repr)
async def test_answer_that_is_reset_is_not_whole(said: bytes) -> None:
    """An answer without a length ends with its connection, but not with one that was reset."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + said)
        heard.wait(5)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    heard = threading.Event()
    with in_another_thread(answer) as url:
        async with AiohttpTransport() as transport:
            request = httpx.Request("GET", url, headers=[(b"Host", b"there")], stream=Body())
            response = await transport.handle_async_request(request)
            heard.set()
            with pytest.raises(httpx.ReadError):
                await response.aread()
            await response.aclose()


async def test_answer_that_is_reset_as_it_comes_is_not_whole() -> None:
    """What is lost before anybody has begun to read it is an error too, and no whole answer."""
    wire, theirs = await a_wire()
    with theirs:
        wire.data_received(b"HTTP/1.1 200 OK\r\n\r\nbalance:2")
        wire.connection_lost(ConnectionResetError())
        _, body = await wire.read()
        with pytest.raises(ConnectionResetError):
            await body.readany()


async def test_answer_of_known_length_is_whole_though_its_connection_is_reset() -> None:
    """What came to its end before the connection did is not lost with it."""
    wire, theirs = await a_wire()
    with theirs:
        wire.data_received(OK)
        wire.connection_lost(ConnectionResetError())
        _, body = await wire.read()
        assert await body.read() == b"hi"


async def test_aiohttp_that_lacks_a_name_rings_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version without what the transport is made of is refused before anything is sent."""
    monkeypatch.delattr(BaseProtocol, "writing_paused")
    gateway = Sandbox()
    lack = r"aiohttp from 3.12.14 .* lacks writing_paused"
    with gateway.serve() as url, pytest.raises(ConfigurationError, match=lack):
        async with AlphaSMS(gateway.api_key, base_url=url, transport="aiohttp") as api:
            await api.otp.call(PHONE)
    assert not gateway.calls()


async def test_connector_that_lacks_a_name_touches_no_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What only a connector that was made can lack is noticed before a body is read."""
    monkeypatch.setattr(BaseConnector, "__setattr__", _setting_all_but("_factory"), raising=False)
    body = Body(b"ring")
    async with serving(server := Raw()), AiohttpTransport() as transport:
        with pytest.raises(ImportError, match="lacks _factory"):
            await transport.handle_async_request(a_post(server, body=body))
    assert body.taken == 0


def _setting_all_but(left_out: str) -> object:
    def set_it(thing: object, name: str, value: object) -> None:
        if name != left_out:
            object.__setattr__(thing, name, value)

    return set_it


@pytest.mark.parametrize("version", ["3.11.18", "3.12.13", "4.0.0a1"])
async def test_version_of_aiohttp_that_is_not_known_is_refused(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says which versions there can be, and which one there is."""
    monkeypatch.setattr(aiohttp, "__version__", version)
    with pytest.raises(ImportError, match=f"from 3.12.14 to below 4, not {version}: pip install"):
        AiohttpTransport()


@pytest.mark.parametrize("news", [1, 2])
async def test_silence_after_news_is_noticed(news: int) -> None:
    """Answers of the hundreds do not stop the clock of the answer itself."""
    said = [b"HTTP/1.1 100 Continue\r\n\r\n"] * news
    async with serving(server := Raw(*said)), AiohttpTransport() as transport:
        with pytest.raises(httpx.ReadTimeout):
            await transport.handle_async_request(a_post(server, (b"Host", b"there"), read=0.05))


async def test_server_that_closes_within_the_last_of_an_upload_is_noticed() -> None:
    """What waits to be written holds up nobody once the other side has said its last word."""
    wire, theirs = await a_wire()
    with theirs:
        assert wire.transport is not None
        while not wire.transport.get_write_buffer_size():
            wire.transport.write(b"x" * 25_000)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await wire.read()


@pytest.mark.parametrize("fails", [True, False], ids=["select fails", "select works"])
async def test_connections_are_reused_where_there_is_no_poll(
    *, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system without poll asks select; a connection that cannot be asked is closed, not used."""

    def refuse(*_: object) -> None:
        raise ValueError

    async with serving(Loopback()) as server, AiohttpTransport(reuse_seconds=60) as transport:
        await carry(transport, a_send(server))
        with monkeypatch.context() as lacking:
            lacking.delattr(select, "poll")
            if fails:
                lacking.setattr(select, "select", refuse)
            await carry(transport, a_send(server))
        await server.until(lambda: server.open == 1)
        assert server.connections == (2 if fails else 1)


@pytest.mark.parametrize("lines", [130, 5_000])
async def test_many_headers_of_an_answer_are_read(lines: int) -> None:
    """An answer may have as many headers as it likes, as with httpx."""
    many = b"".join(b"X-%d: a\r\n" % number for number in range(lines))
    said = b"HTTP/1.1 200 OK\r\n" + many + b"Content-Length: 2\r\n\r\nhi"
    async with serving(server := Raw(said)), AiohttpTransport() as transport:
        response = await transport.handle_async_request(a_post(server, (b"Host", b"there")))
        assert (len(response.headers), await told(response)) == (lines + 1, b"hi")


@pytest.mark.parametrize(
    "said",
    [OK + b"HTTP/1.1 408 T\r\nX: ", OK + b"H"],
    ids=["half a head", "one letter"],
)
async def test_half_a_head_that_nobody_asked_for_ends_the_connection(said: bytes) -> None:
    """A connection on which another answer has begun is not used for the next request."""
    async with serving(server := Raw(said)), AiohttpTransport(reuse_seconds=60) as transport:
        for number in (1, 2):
            response = await transport.handle_async_request(a_post(server, (b"Host", b"there")))
            assert await told(response) == b"hi"
            assert server.connections == number


async def test_half_a_head_that_comes_later_is_noticed_too() -> None:
    """A connection is between answers until the first letter of another one has come."""
    wire, theirs = await a_wire()
    with theirs:
        wire.data_received(OK)
        await wire.read()
        assert wire.is_between_answers()
        wire.data_received(b"H")
        assert not wire.is_between_answers()


@pytest.mark.parametrize(
    "header",
    [
        *[(b"X", b"a\rb: c"), (b"X\rY", b"a"), (b"X:Y", b"a"), (b"X: Y", b"a"), (b" X", b"a")],
        *[(b"X ", b"a"), (b"", b"a"), (b"X", b" a"), (b"X", b"a\t"), (b"X", b"a\x0bb")],
        (b"Transfer-Encoding", b"identity"),
    ],
    ids=repr,
)
async def test_header_that_is_none_is_refused(header: tuple[bytes, bytes]) -> None:
    """What h11 would not let out is refused before there is a connection."""
    body = Body(b"ring")
    async with serving(server := Raw()), AiohttpTransport() as transport:
        with pytest.raises(httpx.LocalProtocolError):
            await transport.handle_async_request(a_post(server, header, body=body))
        assert (server.connections, body.taken) == (0, 0)


@pytest.mark.parametrize("method", ["", "GET /x", "GE\rT", "ҐET"])
async def test_method_that_is_none_is_refused(method: str) -> None:
    """A method is one word, or nothing leaves."""
    async with serving(server := Raw()), AiohttpTransport() as transport:
        with pytest.raises(httpx.LocalProtocolError):
            await transport.handle_async_request(httpx.Request(method, server.url))
        assert server.connections == 0


@pytest.mark.parametrize("value", [b"", b"a:  b", b"\xd0\x90 b", b"a\tb"], ids=repr)
async def test_odd_header_goes_out_all_the_same(value: bytes) -> None:
    """An empty value, blanks within one and letters of any kind are headers like others."""
    async with serving(server := Raw()), AiohttpTransport() as transport:
        await told(await transport.handle_async_request(a_post(server, (b"X", value))))
    assert b"\r\nX: " + value + b"\r\n" in server.heard


async def test_body_that_cancels_itself_is_noticed() -> None:
    """A body that ends so once it has waited for the server ends its request as any error does."""

    class Ending(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for _ in range(200):
                yield b"x" * 50_000
            raise asyncio.CancelledError

    def take(connection: socket.socket) -> None:
        while connection.recv(1_000_000):
            pass

    with in_another_thread(take) as url:
        async with AiohttpTransport() as transport:
            headers = [(b"Host", b"there"), (b"Content-Length", b"20000000")]
            request = httpx.Request("POST", url, headers=headers, stream=Ending())
            with pytest.raises(asyncio.CancelledError):
                await transport.handle_async_request(request)
        # The event loop closes a socket one turn after it is told to.
        await anyio.wait_all_tasks_blocked()


async def test_origins_do_not_pile_up() -> None:
    """Of ever new origins only so many are remembered, and connections are kept all the same."""
    async with serving(Loopback()) as server, AiohttpTransport(reuse_seconds=60) as transport:
        await carry(transport, a_send(server))
        for port in range(1, 200):
            request = httpx.Request("POST", f"http://127.0.0.1:{port}0000")
            with pytest.raises(httpx.TransportError):
                await transport.handle_async_request(request)
        await carry(transport, a_send(server))
        assert server.connections == 1


async def test_host_that_can_be_none_is_told_so() -> None:
    """A name with a part of more than 63 letters is refused in words."""
    request = httpx.Request("POST", f"http://{'a' * 64}.invalid/", stream=Body())
    async with AiohttpTransport() as transport:
        with pytest.raises(httpx.ConnectError, match=r"no host has such a name|leads nowhere"):
            await transport.handle_async_request(request)
