"""The transport over aiohttp: what goes over its connections, and what it makes of what comes."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Sequence

import aiohttp
import anyio
import httpx
import pytest
from aiohttp.http_exceptions import BadStatusLine
from anyio.abc import ByteStream

from alphasms_async import ConfigurationError
from alphasms_async.transports.aiohttp import AiohttpTransport
from alphasms_async.transports.aiohttp.troubles import not_connected, raise_told
from tests.blocking import in_another_thread
from tests.hostile import server_context, trusting_context
from tests.loopback import Loopback, Proxy, serving

pytestmark = pytest.mark.asyncio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Raw(Loopback):
    """Notes what comes, byte for byte, and says what it is told to.

    Args:
        said: What is said when a request ends, or begins to come, in pieces.
        ends: What a request ends with; empty for one that need not come to its end.
        tls: Serve TLS with this. `None`: plain TCP.
        closes: Whether the connection ends with what is said.
    """

    def __init__(
        self,
        *said: bytes,
        ends: bytes = b"\r\n\r\n",
        tls: ssl.SSLContext | None = None,
        closes: bool = False,
    ) -> None:
        super().__init__(tls=tls)
        self.heard = b""
        self._said = said or (OK,)
        self._ends = ends
        self._closes = closes

    async def _serve(self, stream: ByteStream, number: int) -> None:
        while True:
            while True:
                self.heard += await stream.receive()
                if self.heard.endswith(self._ends):
                    break
            for piece in self._said:
                await stream.send(piece)
                await anyio.wait_all_tasks_blocked()
            if self._closes:
                return


class Body(httpx.AsyncByteStream):
    """A body of these pieces, which knows how many were taken."""

    def __init__(self, *pieces: bytes) -> None:
        self.taken = 0
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece


def a_post(
    server: Loopback, *headers: tuple[bytes, bytes], body: Body | None = None, read: float = 5
) -> httpx.Request:
    """Return a request with just these headers."""
    return httpx.Request(
        "POST",
        f"{server.url}/api/voice.php?x=%2f&y=1",
        headers=headers,
        stream=body or Body(),
        extensions={"timeout": {"connect": 5, "write": 5, "read": read, "pool": 5}},
    )


async def told(response: httpx.Response) -> bytes:
    """Return the body of a response, read and closed."""
    await response.aread()
    await response.aclose()
    return response.content


async def pieces_of(response: httpx.Response) -> list[bytes]:
    """Return the body of a response as it comes out of the connection."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    pieces = [piece async for piece in response.stream]
    await response.aclose()
    return pieces


async def test_headers_go_out_as_they_are() -> None:
    """Exactly the request's own headers leave, in their order and their letters, and no others."""
    async with serving(server := Raw(ends=b"ring")) as _, AiohttpTransport() as transport:
        host = f"127.0.0.1:{server.port}".encode()
        headers = [
            (b"X-First", b"1"),
            (b"host", host),
            (b"CONTENT-length", b"4"),
            (b"x-first", b"2"),
        ]
        response = await transport.handle_async_request(
            a_post(server, *headers, body=Body(b"ring"))
        )
        assert await told(response) == b"hi"
    assert server.heard == (
        b"POST /api/voice.php?x=%2f&y=1 HTTP/1.1\r\nX-First: 1\r\nhost: " + host + b"\r\n"
        b"CONTENT-length: 4\r\nx-first: 2\r\n\r\nring"
    )


async def test_request_without_a_body_is_a_head_alone() -> None:
    """A GET has no length, no type and no body, and its answer is read all the same."""
    async with serving(server := Raw()), AiohttpTransport() as transport:
        request = httpx.Request("GET", server.url, headers=[(b"Host", b"there")], stream=Body())
        assert await told(await transport.handle_async_request(request)) == b"hi"
    assert server.heard == b"GET / HTTP/1.1\r\nHost: there\r\n\r\n"


async def test_answer_to_head_has_no_body() -> None:
    """A length that is told to a HEAD is not waited for."""
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    async with serving(server := Raw(said)), AiohttpTransport(reuse_seconds=60) as transport:
        for _ in range(2):
            request = httpx.Request(
                "HEAD", server.url, headers=[(b"Host", b"there")], stream=Body()
            )
            assert await told(await transport.handle_async_request(request)) == b""
        assert server.connections == 1


async def test_body_of_unknown_length_goes_out_in_chunks() -> None:
    """A body whose length nobody tells is sent in chunks, empty pieces left out."""
    async with serving(server := Raw(ends=b"0\r\n\r\n")), AiohttpTransport() as transport:
        body = Body(b"ring", b"", b"r" * 16)
        request = a_post(server, (b"Transfer-Encoding", b"chunked"), body=body)
        assert await told(await transport.handle_async_request(request)) == b"hi"
    assert server.heard.endswith(b"\r\n\r\n4\r\nring\r\n10\r\nrrrrrrrrrrrrrrrr\r\n0\r\n\r\n")


@pytest.mark.parametrize("first", [1, 100_000, 200_000])
async def test_pieces_of_any_size_arrive_in_order(first: int) -> None:
    """Whether the first piece is sent with the head or after it, all pieces arrive in order."""
    pieces = [b"a" * first, b"b" * 70_000, b"c", b"d" * 300_000]
    length = str(sum(map(len, pieces))).encode()
    async with serving(server := Raw(ends=b"d" * 300_000)), AiohttpTransport() as transport:
        request = a_post(server, (b"Content-Length", length), body=Body(*pieces))
        assert await told(await transport.handle_async_request(request)) == b"hi"
    assert server.heard.partition(b"\r\n\r\n")[2] == b"".join(pieces)


@pytest.mark.parametrize(
    "header",
    [
        (b"X", b"1\r\nHost: elsewhere"),
        (b"X", b"1\nHost: elsewhere"),
        (b"X\r\nY", b"1"),
        (b"X", b"\0"),
        (b"Content-Length", b"-4"),
        (b"Content-Length", b"many"),
    ],
    ids=repr,
)
async def test_what_is_no_header_is_refused(header: tuple[bytes, bytes]) -> None:
    """A header that would end its line is refused before there is a connection."""
    body = Body(b"ring")
    async with serving(server := Raw()), AiohttpTransport() as transport:
        with pytest.raises(httpx.LocalProtocolError):
            await transport.handle_async_request(a_post(server, header, body=body))
        assert (server.connections, body.taken) == (0, 0)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "http://127.0.0.1:70000/", f"http://{'a' * 64}.invalid/"]
)
async def test_url_that_leads_nowhere_is_refused(url: str) -> None:
    """A URL of another kind, and one without a possible address, touch no body."""
    body = Body(b"ring")
    request = httpx.Request("POST", url, headers=[(b"Content-Length", b"4")], stream=body)
    async with AiohttpTransport() as transport:
        with pytest.raises((httpx.UnsupportedProtocol, httpx.ConnectError)):
            await transport.handle_async_request(request)
    assert body.taken == 0


async def test_head_of_the_answer_is_told_as_it_came() -> None:
    """Status, reason, version and headers are the server's, repeated ones and all."""
    said = (
        b"HTTP/1.0 207 Quite so\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    )
    async with serving(server := Raw(said)), AiohttpTransport() as transport:
        response = await transport.handle_async_request(a_post(server, (b"Host", b"there")))
    assert (response.status_code, response.reason_phrase) == (207, "Quite so")
    assert response.http_version == "HTTP/1.0"
    assert response.headers.raw[:2] == [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2")]


async def test_compressed_answer_stays_as_it_came() -> None:
    """An answer is not unpacked here: how much of it there may be is not known here."""
    said = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8bxyz"
    async with serving(server := Raw(said)), AiohttpTransport() as transport:
        response = await transport.handle_async_request(a_post(server, (b"Host", b"there")))
        assert await pieces_of(response) == [b"\x1f\x8bxyz"]


async def test_news_before_the_answer_is_passed_over() -> None:
    """Answers of the hundreds are none: the one after them is."""
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    said = (b"HTTP/1.1 100 Continue\r\n\r\n" + early, early, OK)
    async with serving(server := Raw(*said)), AiohttpTransport() as transport:
        response = await transport.handle_async_request(a_post(server, (b"Host", b"there")))
        assert (response.status_code, await told(response)) == (200, b"hi")


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 6\r\n", (b"one", b"two")),
        (b"Transfer-Encoding: chunked\r\n", (b"3\r\none\r\n3\r\n", b"two\r\n0\r\n\r\n")),
        (b"", (b"one", b"two")),
    ],
    ids=["length", "chunks", "to the end"],
)
async def test_answer_comes_in_pieces(head: bytes, body: Sequence[bytes]) -> None:
    """However its end is told, an answer is read as it comes, to its end."""
    said = (b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", *body)
    async with serving(server := Raw(*said, closes=True)), AiohttpTransport() as transport:
        response = await transport.handle_async_request(a_post(server, (b"Host", b"there")))
        assert b"".join(await pieces_of(response)) == b"onetwo"


async def test_long_head_of_an_answer_is_read() -> None:
    """A header of 90 KB is read, as httpx reads it."""
    said = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 90_000 + b"\r\nContent-Length: 2\r\n\r\nhi"
    async with serving(server := Raw(said)), AiohttpTransport() as transport:
        response = await transport.handle_async_request(a_post(server, (b"Host", b"there")))
        assert (len(response.headers["x"]), await told(response)) == (90_000, b"hi")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ((), httpx.RemoteProtocolError),
        ((b"HTTP/1.1 2",), httpx.RemoteProtocolError),
        (
            (b"key=5d41402abc4b2a76b9719d911017c592 380501234567\r\n\r\n",),
            httpx.RemoteProtocolError,
        ),
    ],
    ids=["nothing", "half a head", "no HTTP"],
)
async def test_what_is_no_answer_is_an_error_of_httpx(
    said: Sequence[bytes], error: type[Exception]
) -> None:
    """A server that closes, or does not speak HTTP, is told so, without what it said."""
    async with serving(server := Raw(*said, b"", closes=True)), AiohttpTransport() as transport:
        with pytest.raises(error) as caught:
            await transport.handle_async_request(a_post(server, (b"Host", b"there")))
    assert "5d41" not in str(caught.value)
    assert "3805" not in str(caught.value)


@pytest.mark.parametrize("closes", [True, False])
async def test_half_an_answer_is_an_error_of_httpx(*, closes: bool) -> None:
    """An answer that breaks off, or falls silent, is no answer."""
    said = (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", b"hi")
    async with serving(server := Raw(*said, closes=closes)), AiohttpTransport() as transport:
        request = a_post(server, (b"Host", b"there"), read=5 if closes else 0.1)
        response = await transport.handle_async_request(request)
        with pytest.raises(httpx.RemoteProtocolError if closes else httpx.ReadTimeout):
            await response.aread()
        await response.aclose()
        await server.until(lambda: server.open == 0)


async def test_early_answer_is_an_answer() -> None:
    """A server that wants no more of a body is heard before all of it is sent."""
    said = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
    body = Body(*[b"x" * 1_000_000] * 200)
    async with (
        serving(server := Raw(said, ends=b"")),
        AiohttpTransport(reuse_seconds=60) as transport,
    ):
        request = a_post(server, (b"Content-Length", b"200000000"), body=body)
        response = await transport.handle_async_request(request)
        assert (response.status_code, await told(response)) == (413, b"no")
        await server.until(lambda: server.open == 0)
    assert 0 < body.taken < 200


async def test_upload_that_stalls_behind_an_early_answer_is_told() -> None:
    """When the answer has begun, and its end waits for a body that the server does not take."""

    def answer(connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        over.wait(5)

    over = threading.Event()
    body = Body(*[b"x" * 1_000_000] * 200)
    with in_another_thread(answer) as url:
        async with AiohttpTransport() as transport:
            headers = [(b"Host", b"there"), (b"Content-Length", b"200000000")]
            limits = {"connect": 5, "read": 5, "write": 0.1}
            request = httpx.Request(
                "POST", url, headers=headers, stream=body, extensions={"timeout": limits}
            )
            response = await transport.handle_async_request(request)
            with pytest.raises(httpx.WriteTimeout):
                await response.aread()
            await response.aclose()
        over.set()


async def test_error_of_the_body_itself_is_raised_as_it_is() -> None:
    """What the body raises while it is read is no trouble of the network's."""

    class Broken(Body):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"ri"
            raise ZeroDivisionError

    async with serving(server := Raw()), AiohttpTransport(reuse_seconds=60) as transport:
        with pytest.raises(ZeroDivisionError):
            await transport.handle_async_request(
                a_post(server, (b"Content-Length", b"4"), body=Broken())
            )
        await server.until(lambda: server.open == 0)


def every_error() -> list[Exception]:
    """Return one of each error that aiohttp names, and of those that come from below it."""
    errors: list[Exception] = [
        kind.__new__(kind)
        for kind in vars(aiohttp).values()
        if isinstance(kind, type) and issubclass(kind, aiohttp.ClientError)
    ]
    assert len(errors) > 20
    reset = OSError(104, "Connection reset")
    return [*errors, BadStatusLine("x"), TimeoutError(), reset, ConnectionError()]


@pytest.mark.parametrize("error", every_error(), ids=lambda one: type(one).__name__)
async def test_every_error_is_one_of_httpx(error: Exception) -> None:
    """After a request began to leave, no error says that it did not; before, each does."""
    with pytest.raises(httpx.TransportError) as caught:
        raise_told(error)
    assert not isinstance(caught.value, httpx.ConnectError | httpx.ConnectTimeout)
    assert caught.value.__cause__ is error
    if not isinstance(error, aiohttp.ClientConnectorError):  # made with what broke
        before = not_connected(error)
        assert isinstance(before, httpx.ConnectError | httpx.ConnectTimeout)


async def test_cancellation_is_never_told_as_anything_else() -> None:
    """What cancels a request goes on as it is."""
    cancelled = anyio.get_cancelled_exc_class()()
    with pytest.raises(type(cancelled)) as caught:
        raise_told(cancelled)
    assert caught.value is cancelled


async def test_only_one_protocol_is_offered() -> None:
    """A server that knows HTTP/2 too is spoken to in HTTP/1.1, whatever the context says."""
    chosen: list[str | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        writer.close()

    knowing, trusting = server_context(), trusting_context()
    knowing.set_alpn_protocols(["h2", "http/1.1"])
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    server = await asyncio.start_server(answer, "127.0.0.1", ssl=knowing)
    async with server, AiohttpTransport(ssl_context=trusting) as transport:
        port = server.sockets[0].getsockname()[1]
        request = httpx.Request("GET", f"https://127.0.0.1:{port}", stream=Body())
        assert await told(await transport.handle_async_request(request)) == b"hi"
    assert chosen == ["http/1.1"]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_proxy_is_told_its_own_headers(scheme: str) -> None:
    """The headers of an `httpx.Proxy` go to the proxy, over a tunnel to it alone."""
    kind, tls = (Loopback, None) if scheme == "http" else (Proxy, server_context())
    async with serving(Loopback(tls=tls)) as gateway, serving(kind()) as server:
        proxy = httpx.Proxy(server.url, auth=("user", "hunter2"), headers={"X-Who": "me"})
        async with AiohttpTransport(proxy=proxy, ssl_context=trusting_context()) as transport:
            request = a_post(gateway, (b"Host", b"there"), (b"Content-Length", b"0"))
            await told(await transport.handle_async_request(request))
        (asked,) = server.taken
        assert asked.headers["x-who"] == "me"
        assert asked.headers["proxy-authorization"] == "Basic dXNlcjpodW50ZXIy"
        assert [dict(one.headers) for one in gateway.taken] == (
            [] if scheme == "http" else [{"host": "there", "content-length": "0"}]
        )


async def test_refusal_of_a_proxy_carries_no_password() -> None:
    """The error of a proxy that refuses stands alone: aiohttp's own holds what it was told."""
    async with serving(Proxy(407)) as proxy:
        url = proxy.url.replace("://", "://user:hunter2@")
        async with AiohttpTransport(proxy=url) as transport:
            with pytest.raises(httpx.ProxyError, match="407 Said") as caught:
                await transport.handle_async_request(httpx.Request("GET", "https://127.0.0.1:1"))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


async def test_proxy_with_another_context_is_refused() -> None:
    """There is one context for all of a way, which is said when the transport is made."""
    proxy = httpx.Proxy("https://127.0.0.1:1", ssl_context=trusting_context())
    with pytest.raises(ConfigurationError, match="pass it as ssl_context="):
        AiohttpTransport(proxy=proxy)
