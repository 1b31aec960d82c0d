"""Every transport of ours: one connection for each request in flight, and none left behind."""

import gc
import gzip
import ssl
from collections.abc import Callable, Generator
from typing import get_args

import anyio
import h11
import httpx
import pytest
from anyio.abc import ByteStream

from alphasms_async import AlphaSMS, GatewayUnavailable, InvalidRequest, OtpCall
from alphasms_async.transports import TransportName
from tests.carrying import a_read, a_send, at_once, carry
from tests.doubles import KEY, PHONE
from tests.hostile import server_context, trusting_context
from tests.leftovers import nothing_left_behind
from tests.loopback import Loopback, Taken, serving
from tests.methods import METHODS
from tests.turns import Cancel, cancel_scope_after, cancel_task_after
from tests.ways import WAYS, Way, every_way

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", autouse=True)
def nothing_unclosed() -> Generator[None]:
    """Have whoever warns of what was never closed do so here, where a warning is an error."""
    yield
    gc.collect()


over_both = pytest.mark.parametrize("tls", [None, server_context()], ids=["http", "https"])


def test_every_transport_has_a_way() -> None:
    """Whatever transport of ours can be named is looked at here."""
    assert {way.name for way in WAYS} == set(get_args(TransportName))


@every_way
async def test_each_request_in_flight_has_its_connection(way: Way) -> None:
    """Two hundred sends at once are two hundred connections, and nobody waits for another."""
    async with serving(Loopback()) as server, way.open() as transport:
        await at_once(200, lambda: carry(transport, a_send(server)), server)
        assert server.connections == 200


@every_way
@over_both
async def test_connection_of_a_send_is_not_used_again(tls: ssl.SSLContext | None, way: Way) -> None:
    """By default each send has a fresh connection, closed after its answer."""
    transport = way.open(ssl_context=trusting_context())
    async with serving(Loopback(tls=tls)) as server, transport:
        for number in range(1, 6):
            await carry(transport, a_send(server))
            await server.until(lambda: server.open == 0)
            assert server.connections == number


@every_way
@over_both
async def test_reuse_keeps_the_connection(tls: ssl.SSLContext | None, way: Way) -> None:
    """With `reuse_seconds` sends in turn share one connection."""
    transport = way.open(reuse_seconds=60, ssl_context=trusting_context())
    async with serving(Loopback(tls=tls)) as server, transport:
        for _ in range(5):
            await carry(transport, a_send(server))
        assert server.connections == 1


@every_way
async def test_connection_that_is_too_old_is_not_used_again(way: Way) -> None:
    """A connection that was kept for longer than `reuse_seconds` is replaced."""
    async with serving(Loopback()) as server, way.open(reuse_seconds=0.01) as transport:
        for number in range(1, 3):
            await carry(transport, a_send(server))
            assert server.connections == number
            await anyio.sleep(0.05)


@every_way
async def test_connection_used_last_is_used_first(way: Way) -> None:
    """Sends in turn keep one connection warm, and leave the others to grow old."""
    async with serving(Loopback()) as server, way.open(reuse_seconds=60) as transport:
        await at_once(4, lambda: carry(transport, a_send(server)), server)
        for _ in range(5):
            await carry(transport, a_send(server))
        assert server.connections == 4
        assert len({one.connection for one in server.taken[4:]}) == 1


@every_way
@over_both
async def test_connection_closed_meanwhile_is_replaced(
    tls: ssl.SSLContext | None, way: Way
) -> None:
    """A kept connection that the gateway has closed is not used for the next send."""
    transport = way.open(reuse_seconds=60, ssl_context=trusting_context())
    async with serving(Loopback(tls=tls)) as server, transport:
        server.hang_up = True
        for number in range(1, 4):
            await carry(transport, a_send(server))
            await server.until(lambda: server.open == 0)
            assert server.connections == number


class Numbering(Loopback):
    """Answers with the number of the request, and then says something that nobody asked for.

    Args:
        pieces: In how many pieces it says both, 1 or 2.
    """

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.said = 0
        """How many answers and what follows them were said."""
        self._pieces = pieces

    async def _reply(self, stream: ByteStream, connection: h11.Connection, taken: Taken) -> None:
        said = [_numbered(len(self.taken)), _numbered(666)]
        for part in said if self._pieces == len(said) else [b"".join(said)]:
            await stream.send(part)
        self.said += 1
        self._tell()
        # Kept open until the client has closed it, or says more over it, which is a mistake.
        await stream.receive()


def _numbered(number: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n%03d" % number


# Not of httpx's: httpcore answers the next request with what is left in its buffer.
@every_way
@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("request_of", [a_send, a_read])
async def test_what_nobody_asked_for_answers_no_later_request(
    request_of: Callable[[Loopback], httpx.Request], pieces: int, way: Way
) -> None:
    """A second answer that came over a kept connection is not taken for the next request's."""
    told: list[bytes] = []
    async with serving(server := Numbering(pieces)), way.open(reuse_seconds=60) as transport:
        for number in (1, 2, 3):
            response = await transport.handle_async_request(request_of(server))
            told.append(await response.aread())
            await response.aclose()
            await server.until(lambda: server.said == number)  # noqa: B023 - waited for
    assert told == [b"001", b"002", b"003"]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("bad", [0, -1, float("nan"), True, "5"])
def test_bad_reuse_is_refused(bad: float, way: Way) -> None:
    """`reuse_seconds` is a number above 0."""
    with pytest.raises(InvalidRequest, match="reuse_seconds"):
        way.open(reuse_seconds=bad)


class Squeezing(Loopback):
    """Gives an answer whose body is compressed, and one of whose headers comes twice."""

    body = gzip.compress(b"told")
    headers = (("x-one", "1"), ("content-encoding", "gzip"), ("x-one", "2"))

    async def _reply(self, stream: ByteStream, connection: h11.Connection, taken: Taken) -> None:
        lines = [f"{name}: {value}" for name, value in self.headers]
        head = "\r\n".join(["HTTP/1.1 418 Said", *lines, "", ""])
        await stream.send(head.encode() + self.body)
        raise anyio.EndOfStream


@every_way
async def test_answer_is_handed_on_as_it_came(way: Way) -> None:
    """Status, headers and body of an answer are those on the wire, and not decompressed."""
    async with serving(server := Squeezing()), way.open() as transport:
        response = await transport.handle_async_request(a_send(server))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        body = b"".join([piece async for piece in response.stream])
        await response.aclose()
    assert (response.status_code, response.reason_phrase) == (418, "Said")
    assert response.headers.multi_items() == list(server.headers)
    assert body == server.body


@every_way
async def test_reads_share_a_small_pool(way: Way) -> None:
    """Reads in turn share one connection, and forty at once share ten."""
    async with serving(Loopback()) as server, way.open() as transport:
        for _ in range(5):
            await carry(transport, a_read(server))
        assert server.connections == 1

        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(carry, transport, a_read(server))
        assert len(server.taken) == 45
        assert server.connections <= 10


@every_way
async def test_reads_do_not_hold_up_a_send(way: Way) -> None:
    """A send goes out while every connection of the reads is waiting for its answer."""
    async with serving(Loopback()) as server, way.open() as transport:
        server.gate = anyio.Event()
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(carry, transport, a_read(server))
            await server.until(lambda: len(server.taken) == 10)
            group.start_soon(carry, transport, a_send(server))
            await server.until(lambda: len(server.taken) == 11)
            assert server.taken[-1].target == "/api/otp.php"
            server.gate.set()


@every_way
async def test_send_and_read_keep_out_of_each_others_connections(way: Way) -> None:
    """A connection that reads share, and may have been closed just now, carries no send."""
    async with serving(Loopback()) as server, way.open(reuse_seconds=60) as transport:
        for request in (a_read, a_send, a_read, a_send):
            await carry(transport, request(server))
        assert [one.connection for one in server.taken] == [1, 2, 1, 2]


@every_way
@pytest.mark.parametrize("request_of", [a_send, a_read])
async def test_answer_left_half_read_closes_its_connection(
    request_of: Callable[[Loopback], httpx.Request], way: Way
) -> None:
    """An answer that is closed before its end keeps no connection, closed twice or not."""
    async with serving(Loopback()) as server, way.open(reuse_seconds=60) as transport:
        server.gate = anyio.Event()
        server.bytes_before_gate = 90
        for _ in range(3):
            response = await transport.handle_async_request(request_of(server))
            await response.aclose()
            await response.aclose()
            await server.until(lambda: server.open == 0)
        assert server.connections == 3


@every_way
@pytest.mark.parametrize("bytes_of_answer", [0, 90], ids=["waiting", "reading"])
@pytest.mark.parametrize("request_of", [a_send, a_read])
async def test_cancelled_request_closes_its_connection(
    request_of: Callable[[Loopback], httpx.Request], bytes_of_answer: int, way: Way
) -> None:
    """A send or a read that is cancelled before its answer is whole leaves no connection behind."""
    async with serving(Loopback()) as server, way.open(reuse_seconds=60) as transport:
        server.gate = anyio.Event()
        server.bytes_before_gate = bytes_of_answer
        async with anyio.create_task_group() as group:
            group.start_soon(carry, transport, request_of(server))
            await server.until(lambda: len(server.taken) == 1)
            group.cancel_scope.cancel()
        await server.until(lambda: server.open == 0)


@every_way
@pytest.mark.parametrize("name", ["otp.call", "status.get"])
async def test_cancelled_at_any_turn_leaves_room_for_all(name: str, way: Way) -> None:
    """However far a request got before it was cancelled, ten more find their connections."""
    cancels: list[Cancel] = [cancel_scope_after]
    if way.backend == "asyncio":
        cancels.append(cancel_task_after)
    with nothing_left_behind():
        async with serving(Loopback()) as server:
            transport = way.open(reuse_seconds=60)
            async with AlphaSMS(KEY, base_url=server.url, transport=transport) as api:
                ends = [
                    [await cancel(turns, lambda: METHODS[name](api)) for turns in range(40)]
                    for cancel in cancels
                ]
                assert len(server.taken) <= 40 * len(cancels)
                server.taken.clear()
                await at_once(10, lambda: METHODS[name](api), server)
            await server.until(lambda: server.open == 0)
    assert all({False, True} == set(ended) for ended in ends)


@every_way
async def test_nothing_leaks_after_many_mixed_calls(way: Way) -> None:
    """Two hundred calls that end in every way leave no connection, no file and no task behind."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"x" * 5000)

    async def call(number: int, transport: httpx.AsyncBaseTransport, server: Loopback) -> None:
        request = (a_send, a_read)[number % 2](server)
        with anyio.CancelScope() as scope:
            if number % 3 == 1:
                scope.cancel()
            response = await transport.handle_async_request(request)
            with anyio.CancelScope(shield=True):
                if number % 3 == 0:
                    await response.aread()
                await response.aclose()

    with nothing_left_behind():
        async with serving(Loopback(answer)) as server:
            async with (
                way.open(reuse_seconds=60) as transport,
                anyio.create_task_group() as group,
            ):
                for number in range(200):
                    group.start_soon(call, number, transport, server)
            await server.until(lambda: server.open == 0)


@every_way
async def test_send_in_flight_outlives_the_closing(way: Way) -> None:
    """Closing the transport lets a send in flight come to its end, and then its connection."""
    async with serving(Loopback()) as server:
        transport = way.open(reuse_seconds=60)
        server.gate = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(carry, transport, a_send(server))
            await server.until(lambda: len(server.taken) == 1)
            await transport.aclose()
            assert server.open == 1
            server.gate.set()
        await server.until(lambda: server.open == 0)


@every_way
async def test_call_in_flight_outlives_the_client(way: Way) -> None:
    """Closing the client lets a call in flight have its answer."""
    calls: list[OtpCall] = []
    async with serving(Loopback()) as server:
        api = AlphaSMS(KEY, base_url=server.url, transport=way.open())
        server.gate = anyio.Event()

        async def call() -> None:
            calls.append(await api.otp.call(PHONE))

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await server.until(lambda: len(server.taken) == 1)
            await api.aclose()
            server.gate.set()
    assert [call.id for call in calls] == [100500]


@every_way
async def test_read_in_flight_is_cut_off_with_the_client(way: Way) -> None:
    """Closing the client ends a read in flight: it can be asked again, by another client."""
    async with serving(Loopback()) as server:
        api = AlphaSMS(KEY, base_url=server.url, transport=way.open())
        server.gate = anyio.Event()
        async with anyio.create_task_group() as group:

            async def ask() -> None:
                with pytest.raises(GatewayUnavailable):
                    await api.status.get(1)

            group.start_soon(ask)
            await server.until(lambda: len(server.taken) == 1)
            await api.aclose()
        await server.until(lambda: server.open == 0)


@every_way
@pytest.mark.parametrize("request_of", [a_send, a_read])
async def test_closed_transport_sends_nothing(
    request_of: Callable[[Loopback], httpx.Request], way: Way
) -> None:
    """A closed transport refuses sends and reads, used before or not, and may be closed again."""
    async with serving(Loopback()) as server:
        for uses in (0, 1):
            transport = way.open()
            for _ in range(uses):
                await carry(transport, request_of(server))
            await transport.aclose()
            await transport.aclose()
            with pytest.raises(RuntimeError, match="closed"):
                await transport.handle_async_request(request_of(server))
            assert len(server.taken) == uses


@every_way
async def test_context_is_made_for_tls_alone_and_once(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SSL context is made at the first https request, and all connections share it."""
    made = 0

    def counted() -> ssl.SSLContext:
        nonlocal made
        made += 1
        return trusting_context()

    monkeypatch.setattr("httpx.create_ssl_context", counted)
    async with (
        serving(Loopback()) as plain,
        serving(Loopback(tls=server_context())) as secure,
        way.open() as transport,
    ):
        await carry(transport, a_send(plain))
        await carry(transport, a_read(plain))
        assert made == 0
        await at_once(5, lambda: carry(transport, a_send(secure)), secure)
        await carry(transport, a_read(secure))
    assert made == 1
