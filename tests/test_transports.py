"""The default transport: one connection for each request in flight, and none left behind."""

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import httpx
import pytest

from alphasms_async import AlphaSMS, GatewayUnavailable, InvalidRequest, OtpCall, SlotTransport
from alphasms_async.transports import REPEATABLE
from tests.doubles import KEY, PHONE
from tests.loopback import Loopback, serving

pytestmark = pytest.mark.anyio


class Counted(httpx.AsyncHTTPTransport):
    """httpx's own transport, counted."""

    made = 0
    closed = 0

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as it is
        type(self).made += 1

    async def aclose(self) -> None:
        """Count, and close."""
        type(self).closed += 1
        await super().aclose()


@pytest.fixture(autouse=True)
def slots(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    """The slots that a transport makes, counted."""

    class Slots(Counted):
        pass

    monkeypatch.setattr("httpx.AsyncHTTPTransport", Slots)
    return Slots


async def body() -> AsyncIterator[bytes]:
    yield b'name="phone"\r\n\r\n380501234567'


def a_send(server: Loopback) -> httpx.Request:
    return httpx.Request("POST", f"{server.url}/api/otp.php", content=body())


def a_read(server: Loopback) -> httpx.Request:
    url = f"{server.url}/api/http.php"
    return httpx.Request("POST", url, content=b"command=receive", extensions={REPEATABLE: True})


async def carry(transport: SlotTransport, request: httpx.Request) -> None:
    """Send one request and read its answer."""
    response = await transport.handle_async_request(request)
    await response.aread()
    await response.aclose()


async def at_once(count: int, work: Callable[[], Awaitable[object]], server: Loopback) -> None:
    """Do the work so many times at once, each of them waiting for its answer together."""
    server.gate = anyio.Event()

    async def run() -> None:
        await work()

    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(run)
        await server.until(lambda: len(server.taken) >= count)
        server.gate.set()


async def test_each_request_in_flight_has_its_connection() -> None:
    """Fifty sends at once are fifty connections, and nobody waits for another."""
    async with serving(Loopback()) as server, SlotTransport() as transport:
        await at_once(50, lambda: carry(transport, a_send(server)), server)
        assert server.connections == 50


async def test_connection_of_a_send_is_not_used_again() -> None:
    """By default each send has a fresh connection, closed after its answer."""
    async with serving(Loopback()) as server, SlotTransport() as transport:
        for number in range(1, 6):
            await carry(transport, a_send(server))
            await server.until(lambda: server.open == 0)
            assert server.connections == number


async def test_slot_is_used_again(slots: type[Counted]) -> None:
    """Though connections are not kept, the slot is: a hundred sends in turn make one."""
    async with serving(Loopback()) as server, SlotTransport() as transport:
        for _ in range(100):
            await carry(transport, a_send(server))
    assert (slots.made, slots.closed) == (1, 1)


async def test_reuse_keeps_the_connection() -> None:
    """With `reuse_seconds` sends in turn share one connection."""
    async with serving(Loopback()) as server, SlotTransport(reuse_seconds=60) as transport:
        for _ in range(5):
            await carry(transport, a_send(server))
        assert server.connections == 1


async def test_slot_used_last_is_used_first() -> None:
    """Sends in turn keep one connection warm, and leave the others to grow old."""
    async with serving(Loopback()) as server, SlotTransport(reuse_seconds=60) as transport:
        await at_once(4, lambda: carry(transport, a_send(server)), server)
        for _ in range(5):
            await carry(transport, a_send(server))
        assert server.connections == 4
        assert len({one.connection for one in server.taken[4:]}) == 1


async def test_connection_closed_meanwhile_is_replaced() -> None:
    """A kept connection that the gateway has closed is not used for the next send."""
    async with serving(Loopback()) as server, SlotTransport(reuse_seconds=60) as transport:
        server.hang_up = True
        for number in range(1, 4):
            await carry(transport, a_send(server))
            await server.until(lambda: server.open == 0)
            assert server.connections == number


@pytest.mark.parametrize("bad", [0, -1, float("nan"), True, "5"])
def test_bad_reuse_is_refused(bad: float) -> None:
    """`reuse_seconds` is a number above 0."""
    with pytest.raises(InvalidRequest, match="reuse_seconds"):
        SlotTransport(reuse_seconds=bad)


async def test_reads_share_a_small_pool() -> None:
    """Reads in turn share one connection, and forty at once share ten."""
    async with serving(Loopback()) as server, SlotTransport() as transport:
        for _ in range(5):
            await carry(transport, a_read(server))
        assert server.connections == 1

        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(carry, transport, a_read(server))
        assert len(server.taken) == 45
        assert server.connections <= 10


async def test_reads_do_not_hold_up_a_send() -> None:
    """A send goes out while every connection of the reads is waiting for its answer."""
    async with serving(Loopback()) as server, SlotTransport() as transport:
        server.gate = anyio.Event()
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(carry, transport, a_read(server))
            await server.until(lambda: len(server.taken) == 10)
            group.start_soon(carry, transport, a_send(server))
            await server.until(lambda: len(server.taken) == 11)
            assert server.taken[-1].target == "/api/otp.php"
            server.gate.set()


async def test_answer_left_half_read_closes_its_connection(slots: type[Counted]) -> None:
    """An answer that is closed before its end gives its slot back and keeps no connection."""
    async with serving(Loopback()) as server, SlotTransport(reuse_seconds=60) as transport:
        server.gate = anyio.Event()
        server.bytes_before_gate = 100
        for _ in range(3):
            response = await transport.handle_async_request(a_send(server))
            await response.aclose()
            await response.aclose()
            await server.until(lambda: server.open == 0)
        assert server.connections == 3
    assert slots.made == slots.closed


async def test_cancelled_request_closes_its_connection(slots: type[Counted]) -> None:
    """A send or a read that is cancelled while it waits leaves no connection behind."""
    async with serving(Loopback()) as server, SlotTransport(reuse_seconds=60) as transport:
        server.gate = anyio.Event()
        for request in (a_send, a_read):
            async with anyio.create_task_group() as group:
                taken = len(server.taken)
                group.start_soon(carry, transport, request(server))
                await server.until(lambda: len(server.taken) > taken)  # noqa: B023
                group.cancel_scope.cancel()
            await server.until(lambda: server.open == 0)
    assert slots.made == slots.closed


async def test_slot_that_failed_is_not_used_again(slots: type[Counted]) -> None:
    """A server that is not there costs a slot, which is closed at once and made anew."""
    async with serving(Loopback()) as server:
        nowhere = Loopback()
        nowhere.port = server.port
    async with SlotTransport() as transport:
        for number in range(1, 4):
            with pytest.raises(httpx.ConnectError):
                await carry(transport, a_send(nowhere))
            assert (slots.made, slots.closed) == (number, number)
        with pytest.raises(httpx.ConnectError):
            await carry(transport, a_read(nowhere))
    assert slots.made == slots.closed


async def test_nothing_leaks_after_many_mixed_calls(slots: type[Counted]) -> None:
    """Two hundred calls that end in every way leave no connection open and no slot unclosed."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"x" * 5000)

    async def call(number: int, transport: SlotTransport, server: Loopback) -> None:
        request = (a_send, a_read)[number % 2](server)
        with anyio.CancelScope() as scope:
            if number % 3 == 1:
                scope.cancel()
            response = await transport.handle_async_request(request)
            with anyio.CancelScope(shield=True):
                if number % 3 == 0:
                    await response.aread()
                await response.aclose()

    async with serving(Loopback(answer)) as server:
        async with SlotTransport(reuse_seconds=60) as transport, anyio.create_task_group() as group:
            for number in range(200):
                group.start_soon(call, number, transport, server)
        await server.until(lambda: server.open == 0)
    assert slots.made == slots.closed


async def test_send_in_flight_outlives_the_closing(slots: type[Counted]) -> None:
    """Closing the transport lets a send in flight come to its end, and then closes its slot."""
    async with serving(Loopback()) as server:
        transport = SlotTransport(reuse_seconds=60)
        server.gate = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(carry, transport, a_send(server))
            await server.until(lambda: len(server.taken) == 1)
            await transport.aclose()
            assert slots.closed == 0
            server.gate.set()
        await server.until(lambda: server.open == 0)
    assert (slots.made, slots.closed) == (1, 1)


async def test_call_in_flight_outlives_the_client() -> None:
    """Closing the client lets a call in flight have its answer."""
    calls: list[OtpCall] = []
    async with serving(Loopback()) as server:
        api = AlphaSMS(KEY, base_url=server.url)
        server.gate = anyio.Event()

        async def call() -> None:
            calls.append(await api.otp.call(PHONE))

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await server.until(lambda: len(server.taken) == 1)
            await api.aclose()
            server.gate.set()
    assert [call.id for call in calls] == [100500]


async def test_read_in_flight_is_cut_off_with_the_client() -> None:
    """Closing the client ends a read in flight: it can be asked again, by another client."""
    async with serving(Loopback()) as server:
        api = AlphaSMS(KEY, base_url=server.url)
        server.gate = anyio.Event()
        async with anyio.create_task_group() as group:

            async def ask() -> None:
                with pytest.raises(GatewayUnavailable):
                    await api.status.get(1)

            group.start_soon(ask)
            await server.until(lambda: len(server.taken) == 1)
            await api.aclose()
        await server.until(lambda: server.open == 0)


@pytest.mark.parametrize("request_of", [a_send, a_read])
async def test_closed_transport_sends_nothing(
    request_of: Callable[[Loopback], httpx.Request],
) -> None:
    """A closed transport refuses sends and reads, and may be closed again."""
    async with serving(Loopback()) as server:
        transport = SlotTransport()
        await transport.aclose()
        await transport.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await transport.handle_async_request(request_of(server))
        assert server.connections == 0


async def test_all_connections_share_one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SSL context is made at the first request, once."""
    made = 0
    make = httpx.create_ssl_context

    def counted() -> object:
        nonlocal made
        made += 1
        return make()

    monkeypatch.setattr("httpx.create_ssl_context", counted)
    async with serving(Loopback()) as server, SlotTransport() as transport:
        assert made == 0
        await at_once(5, lambda: carry(transport, a_send(server)), server)
        await carry(transport, a_read(server))
    assert made == 1
