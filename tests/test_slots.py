"""The default transport's slots: each is used again and again, and closed in the end."""

import anyio
import httpx
import pytest

from alphasms_async import SlotTransport
from tests.carrying import a_read, a_send, at_once, carry, ends_of_fifteen_reads
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


async def test_slot_is_used_again(slots: type[Counted]) -> None:
    """Though connections are not kept, the slot is: a hundred sends in turn make one."""
    async with serving(Loopback()) as server, SlotTransport() as transport:
        for _ in range(100):
            await carry(transport, a_send(server))
    assert (slots.made, slots.closed) == (1, 1)


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


async def test_slot_that_was_cancelled_is_closed(slots: type[Counted]) -> None:
    """A slot whose request was cancelled is not used again, and not forgotten."""
    async with serving(Loopback()) as server, SlotTransport(reuse_seconds=60) as transport:
        server.gate = anyio.Event()
        for number in range(1, 4):
            async with anyio.create_task_group() as group:
                group.start_soon(carry, transport, a_send(server))
                await server.until(lambda: len(server.taken) == number)  # noqa: B023 - waited for
                group.cancel_scope.cancel()
            assert (slots.made, slots.closed) == (number, number)


async def test_slot_of_an_answer_left_half_read_is_kept(slots: type[Counted]) -> None:
    """An answer that is closed before its end gives its slot back once, closed twice or not."""
    async with serving(Loopback()) as server, SlotTransport(reuse_seconds=60) as transport:
        server.gate = anyio.Event()
        server.bytes_before_gate = 90
        for _ in range(3):
            response = await transport.handle_async_request(a_send(server))
            await response.aclose()
            await response.aclose()
    assert (slots.made, slots.closed) == (1, 1)


async def test_slot_in_flight_outlives_the_closing(slots: type[Counted]) -> None:
    """Closing the transport closes the slot of a send in flight when that has ended."""
    async with serving(Loopback()) as server:
        transport = SlotTransport(reuse_seconds=60)
        server.gate = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(carry, transport, a_send(server))
            await server.until(lambda: len(server.taken) == 1)
            await transport.aclose()
            assert slots.closed == 0
            server.gate.set()
    assert (slots.made, slots.closed) == (1, 1)


async def test_reads_in_line_are_not_sent_after_the_closing() -> None:
    """Reads that wait for one of the ten slots are refused when the transport is closed."""
    async with serving(Loopback()) as server:
        ended = await ends_of_fifteen_reads(SlotTransport(), server)
        assert len(server.taken) == 10
    assert [isinstance(one, RuntimeError) for one in ended].count(True) == 5


async def test_slots_that_grew_old_are_closed(
    slots: type[Counted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of slots that were needed once, all but the ones in use are closed when their time is up."""
    now = 0.0
    monkeypatch.setattr("alphasms_async.transports.httpx.slots.current_time", lambda: now)
    async with serving(Loopback()) as server, SlotTransport(reuse_seconds=60) as transport:
        await at_once(4, lambda: carry(transport, a_send(server)), server)
        assert slots.closed == 0
        now = 61.0
        await carry(transport, a_send(server))
        assert slots.closed == 3
        await server.until(lambda: server.open == 1)


async def test_slot_whose_parser_is_not_found_is_not_kept(
    slots: type[Counted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that cannot be looked into for what nobody asked for is used once."""
    monkeypatch.delattr("httpcore.AsyncConnectionPool.connections")
    async with serving(Loopback()) as server, SlotTransport(reuse_seconds=60) as transport:
        for _ in range(3):
            await carry(transport, a_send(server))
    assert (slots.made, slots.closed) == (3, 3)
