"""Cancellation of a send: it goes on as it is, and whether the body was begun is known."""

import logging
from collections.abc import AsyncIterator, Callable

import anyio
import anyio.lowlevel
import httpx
import pytest
from attrs import define, field

from alphasms_async.bodies import Delivery
from alphasms_async.exchange import Exchange
from alphasms_async.gateway import otp_php
from alphasms_async.gateway.wire import Answer
from alphasms_async.models import OtpCall
from tests.doubles import KEY, PHONE, Carrying, FakeGateway, ask, send
from tests.turns import MOST_TURNS, Cancel, cancel_scope_after, cancel_task_after

pytestmark = pytest.mark.anyio

CANCELLED = "OTP call to 380*****4567: cancelled after it began to leave, outcome unknown"

MakeTransport = Callable[[FakeGateway], httpx.AsyncBaseTransport]


def plain(gateway: FakeGateway) -> httpx.AsyncBaseTransport:
    return gateway


def connecting_twice(gateway: FakeGateway) -> httpx.AsyncBaseTransport:
    """Two attempts do not leave, the third does."""
    errors = iter([httpx.ConnectError("told"), httpx.ConnectTimeout("told")])

    async def carry(request: httpx.Request) -> httpx.Response:
        await anyio.lowlevel.checkpoint()
        for error in errors:
            raise error
        return await gateway.handle_async_request(request)

    return Carrying(carry)


def redirecting(gateway: FakeGateway) -> httpx.AsyncBaseTransport:
    """The first place says to go to another."""
    pages = iter([httpx.Response(307, headers={"location": "/moved/otp.php"})])
    other = FakeGateway(lambda _request: next(pages))

    async def carry(request: httpx.Request) -> httpx.Response:
        there = gateway if "moved" in request.url.path else other
        return await there.handle_async_request(request)

    # The body was begun when either had begun it.
    other.begun = gateway.begun
    return Carrying(carry)


@define
class Sending:
    """One send of one flash call, and what is known of it."""

    make_transport: MakeTransport
    gateway: FakeGateway = field(factory=FakeGateway)
    delivery: Delivery = field(factory=Delivery)

    async def run(self) -> OtpCall:
        """Send it."""
        transport = self.make_transport(self.gateway)
        exchange = Exchange(
            transport.handle_async_request,
            None,
            base_url="https://alphasms.ua",
            max_retries=2,
            timeout=None,
        )

        def read(answer: Answer) -> OtpCall:
            return otp_php.read_call(answer, PHONE)

        request = otp_php.call(KEY, PHONE)
        return await exchange.send(request, read, delivery=self.delivery)


BACKENDS = [
    pytest.param("asyncio", cancel_scope_after, id="asyncio"),
    pytest.param("trio", cancel_scope_after, id="trio"),
    pytest.param("asyncio", cancel_task_after, id="asyncio-task"),
]


@pytest.mark.parametrize(("anyio_backend", "cancel"), BACKENDS)
@pytest.mark.parametrize("make_transport", [plain, connecting_twice, redirecting])
async def test_cancelled_send_knows_whether_it_began(
    cancel: Cancel, make_transport: MakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    """Cancelled at any await, a send says rightly whether its body was begun, and logs it then."""
    seen: set[bool] = set()
    for turns in range(MOST_TURNS):
        sending = Sending(make_transport)
        caplog.clear()
        if await cancel(turns, sending.run):
            break
        seen.add(sending.delivery.began)
        assert bool(sending.gateway.begun) == sending.delivery.began
        assert [CANCELLED] * sending.delivery.began == [one.message for one in caplog.records]
        assert sending.gateway.unclosed == 0
    assert seen == {False, True}


@pytest.mark.parametrize(("anyio_backend", "cancel"), BACKENDS)
async def test_send_that_is_over_is_not_cancelled(
    cancel: Cancel, caplog: pytest.LogCaptureFixture
) -> None:
    """Cancelled after its end, a send has its result, and nothing is logged."""
    sending = Sending(plain)
    assert await cancel(MOST_TURNS, sending.run)
    assert not caplog.records


@pytest.mark.parametrize(("anyio_backend", "cancel"), BACKENDS)
async def test_cancelled_read_logs_nothing(
    cancel: Cancel, caplog: pytest.LogCaptureFixture
) -> None:
    """A read that is cancelled is nobody's loss, so nobody is told."""
    caplog.set_level(logging.DEBUG)
    turns = 0
    gateway = FakeGateway()
    while not await cancel(turns, lambda: ask(gateway)):
        turns += 1
        assert gateway.unclosed == 0
    assert not caplog.records


class _ClosingSlowly(httpx.AsyncByteStream):
    """A body that never comes, and whose connection takes a moment to close."""

    def __init__(self) -> None:
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await anyio.sleep_forever()
        yield b""

    async def aclose(self) -> None:
        """Close, after a moment."""
        await anyio.lowlevel.checkpoint()
        self.closed = True


async def test_cancelled_answer_is_closed_nevertheless() -> None:
    """A connection that takes a moment to close has that moment, though its task is cancelled."""
    body = _ClosingSlowly()

    async def carry(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(200, stream=body)

    assert not await cancel_scope_after(20, lambda: send(Carrying(carry)))
    assert body.closed
