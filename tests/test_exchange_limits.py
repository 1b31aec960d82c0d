"""What bounds a request: one reading of its body, one deadline, one length of answer."""

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import httpx
import pytest
from trio.testing import MockClock

from alphasms_async import (
    AlphaSMSError,
    GatewayUnavailable,
    NotSent,
    OutcomeUnknown,
    exchange,
)
from tests.doubles import PHONE, Carrying, FakeGateway, ask, send

pytestmark = pytest.mark.anyio

PAUSE: Callable[[int], float] = vars(exchange)["_pause"]
"""The real one, taken before a fixture puts none in its place."""


async def test_transport_that_sends_again_is_refused() -> None:
    """A transport below that repeats by itself cannot read the body a second time."""
    transport = FakeGateway()

    async def carry_twice(request: httpx.Request) -> httpx.Response:
        await (await transport.handle_async_request(request)).aclose()
        return await transport.handle_async_request(request)

    with pytest.raises(OutcomeUnknown, match="a body is sent once"):
        await send(Carrying(carry_twice))
    assert transport.rings == {PHONE: 1}


async def test_two_readers_of_one_body_are_refused() -> None:
    """The second reader is refused also when the first has not begun."""

    async def carry(request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        readers = aiter(request.stream), aiter(request.stream)
        raise AssertionError(readers)

    with pytest.raises(NotSent, match="a body is sent once"):
        await send(Carrying(carry))


async def test_answer_that_drips_meets_the_deadline() -> None:
    """A server that always has another byte in time is given up at the total deadline."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await anyio.sleep(0.01)

    async def carry(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(200, content=drip())

    with anyio.fail_after(5), pytest.raises(OutcomeUnknown, match="total deadline"):
        await send(Carrying(carry), timeout=0.25)


async def test_connection_that_never_comes_meets_the_deadline() -> None:
    """A connection that is still being made at the deadline is `NotSent`."""
    transport = FakeGateway(pause=anyio.sleep_forever)
    with anyio.fail_after(5), pytest.raises(NotSent, match="total deadline"):
        await send(transport, timeout=0.02)
    assert transport.asked == 1


@pytest.mark.parametrize("call", [send, ask])
async def test_deadline_holds_over_the_repeats(
    call: Callable[[httpx.AsyncBaseTransport, float], Awaitable[object]],
) -> None:
    """The deadline is one for a request and its repeats together, and the reason is kept."""
    failures = iter([httpx.ConnectTimeout("told")])

    async def carry(request: httpx.Request) -> httpx.Response:
        for failure in failures:
            raise failure
        await anyio.sleep_forever()
        raise AssertionError

    with anyio.fail_after(5), pytest.raises(AlphaSMSError, match="ConnectTimeout: told"):
        await call(Carrying(carry), 0.1)


@pytest.mark.parametrize("call", [send, ask])
async def test_failure_while_being_given_up_stays_ours(
    call: Callable[[httpx.AsyncBaseTransport, float], Awaitable[object]],
) -> None:
    """A transport that breaks as the deadline cancels it still ends in an error of ours."""

    async def break_down() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise OSError("told")

    async def carry(request: httpx.Request) -> httpx.Response:
        await request.aread()
        async with anyio.create_task_group() as group:
            group.start_soon(break_down)
            await anyio.sleep_forever()
        raise AssertionError

    with anyio.fail_after(5), pytest.raises((OutcomeUnknown, GatewayUnavailable)):
        await call(Carrying(carry), 0.02)


async def test_endless_answer_is_given_up() -> None:
    """An answer longer than any of the gateway's is not gathered without end."""
    transport = FakeGateway(lambda _request: httpx.Response(200, content=b" " * (5 << 20)))
    with pytest.raises(OutcomeUnknown, match="longer than"):
        await send(transport)


async def test_answer_that_cannot_be_decompressed_is_unknown() -> None:
    """An answer that says it is gzip and is not was an answer to something that left."""
    bad = httpx.Response(200, stream=httpx.ByteStream(b"{}"), headers={"content-encoding": "gzip"})

    async def carry(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return bad

    with pytest.raises(OutcomeUnknown, match="gzip"):
        await send(Carrying(carry))


@pytest.mark.parametrize(
    "anyio_backend", [pytest.param(("trio", {"clock": MockClock(autojump_threshold=0)}), id="trio")]
)
@pytest.mark.parametrize("call", [send, ask])
async def test_repeats_wait_for_their_turn(
    call: Callable[[httpx.AsyncBaseTransport], Awaitable[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each repeat there is a pause, and none before the first attempt or after the last."""
    attempts: list[float] = []

    def pause(repeats: int) -> float:
        return 1.0 + repeats

    async def carry(request: httpx.Request) -> httpx.Response:
        attempts.append(anyio.current_time() - before)
        raise httpx.ConnectError("told")

    monkeypatch.setattr("alphasms_async.exchange._pause", pause)
    before = anyio.current_time()
    with pytest.raises(AlphaSMSError):
        await call(Carrying(carry))
    assert [*attempts, anyio.current_time() - before] == [0, 1, 3, 3]


def test_pause_is_drawn_below_a_ceiling_that_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeats wait anything up to half a second, one, two, …, at most eight."""

    def longest(low: float, high: float) -> float:
        return high

    monkeypatch.setattr("random.uniform", longest)
    assert [PAUSE(attempt) for attempt in range(6)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
