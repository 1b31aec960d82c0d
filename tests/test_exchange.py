"""Three answers: what decides is whether the body was begun, not which exception came back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

import anyio
import h11
import httpx
import pytest

from alphasms_async import (
    AlphaSMS,
    AlphaSMSError,
    GatewayUnavailable,
    NotSent,
    OutcomeUnknown,
    UnexpectedAnswer,
    VoiceStep,
)
from tests.doubles import KEY, PHONE, Carrying, FakeGateway, accepted, ask, saying, send

pytestmark = pytest.mark.anyio

Phase = Literal["before", "during", "after", "answer", "close"]
BEGUN: tuple[Phase, ...] = ("during", "after", "answer")
PHASES: tuple[Phase, ...] = ("before", *BEGUN)
ATTEMPTS = 3

REQUEST = httpx.Request("POST", "https://alphasms.ua")
ODD_ARGUMENTS: dict[str, Callable[[], Exception]] = {
    "HTTPStatusError": lambda: httpx.HTTPStatusError(
        "told", request=REQUEST, response=httpx.Response(500)
    ),
    "StreamConsumed": httpx.StreamConsumed,
    "StreamClosed": httpx.StreamClosed,
    "ResponseNotRead": httpx.ResponseNotRead,
    "RequestNotRead": httpx.RequestNotRead,
}
FOREIGN: dict[str, Callable[[], Exception]] = {
    "h11.LocalProtocolError": lambda: h11.LocalProtocolError("Too little data"),
    "h11.RemoteProtocolError": lambda: h11.RemoteProtocolError("told"),
    "OSError": lambda: ConnectionResetError(104, "Connection reset by peer"),
    "ExceptionGroup": lambda: ExceptionGroup("told", [OSError("one"), ValueError("two")]),
    "UnicodeEncodeError": lambda: UnicodeEncodeError("ascii", "ї", 0, 1, "ordinal not in range"),
    "RuntimeError": lambda: RuntimeError("told"),
    "TimeoutError": TimeoutError,
    "StopAsyncIteration": StopAsyncIteration,
    "anyio.ClosedResourceError": anyio.ClosedResourceError,
}


def error_of(name: str) -> Exception:
    """Make the error of httpx, or the foreign one, that has this name."""
    if name in FOREIGN:
        return FOREIGN[name]()
    if name in ODD_ARGUMENTS:
        return ODD_ARGUMENTS[name]()
    error = getattr(httpx, name)("told")
    assert isinstance(error, Exception)
    return error


HTTPX_ERRORS = sorted(
    name
    for name, kind in vars(httpx).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
)
ERRORS = pytest.mark.parametrize("name", [*HTTPX_ERRORS, *FOREIGN])


class Failing(httpx.AsyncBaseTransport):
    """Fails in one phase of every request."""

    def __init__(self, phase: Phase, error: Exception) -> None:
        self.attempts = 0
        self._phase: Phase = phase
        self._error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Go as far as the phase, then fail."""
        self.attempts += 1
        if self._phase == "before":
            raise self._error
        assert isinstance(request.stream, httpx.AsyncByteStream)
        async for _ in request.stream:
            if self._phase == "during":
                raise self._error
        if self._phase == "after":
            raise self._error
        return httpx.Response(200, stream=_FailingBody(self._phase, self._error))


class _FailingBody(httpx.AsyncByteStream):
    def __init__(self, phase: Phase, error: Exception) -> None:
        self._phase: Phase = phase
        self._error = error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"id": 100500, '
        if self._phase == "answer":
            raise self._error
        yield b'"code": 471}'

    async def aclose(self) -> None:
        raise self._error


@ERRORS
async def test_error_before_the_body_is_not_sent(name: str) -> None:
    """Any error before the body is begun is `NotSent`, after every repeat."""
    transport = Failing("before", error_of(name))
    with pytest.raises(NotSent):
        await send(transport)
    assert transport.attempts == ATTEMPTS


@pytest.mark.parametrize("phase", BEGUN)
@ERRORS
async def test_error_once_the_body_is_begun_is_unknown(name: str, phase: Phase) -> None:
    """Any error once the body is begun is `OutcomeUnknown`, and nothing is repeated."""
    transport = Failing(phase, error_of(name))
    with pytest.raises(OutcomeUnknown):
        await send(transport)
    assert transport.attempts == 1


@pytest.mark.parametrize("phase", PHASES)
@ERRORS
async def test_read_is_repeated_on_any_error(name: str, phase: Phase) -> None:
    """A read is repeated on any error in any phase, and then unavailable."""
    transport = Failing(phase, error_of(name))
    with pytest.raises(GatewayUnavailable):
        await ask(transport)
    assert transport.attempts == ATTEMPTS


async def test_answer_read_whole_outlives_its_connection() -> None:
    """An answer that was read whole counts, also when its connection cannot be closed."""
    call = await send(Failing("close", httpx.CloseError("told")))
    assert (call.id, call.code) == (100500, "0471")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_what_ends_the_program_is_not_caught(error: type[BaseException]) -> None:
    """An exception that is no `Exception` goes on as it is."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(error):
        await send(FakeGateway(answer))


async def test_send_is_repeated_until_it_leaves() -> None:
    """A send that did not leave twice and then does is one delivery and one result."""
    transport = FakeGateway()
    tries = iter([httpx.ConnectError("told"), httpx.PoolTimeout("told"), None])

    async def carry(request: httpx.Request) -> httpx.Response:
        error = next(tries)
        if error is not None:
            raise error
        return await transport.handle_async_request(request)

    await send(Carrying(carry))
    assert list(transport.rings.elements()) == [PHONE]


async def test_send_is_not_repeated_after_one_that_left() -> None:
    """Not sent, then unknown: the repeats that were left over are not made."""
    before = Failing("before", httpx.ConnectError("told"))
    after = Failing("after", httpx.ReadError("told"))
    transports = iter([before, after])

    async def carry(request: httpx.Request) -> httpx.Response:
        return await next(transports).handle_async_request(request)

    with pytest.raises(OutcomeUnknown, match="ReadError"):
        await send(Carrying(carry))
    assert (before.attempts, after.attempts) == (1, 1)


async def test_no_repeats_when_none_are_wanted() -> None:
    """`max_retries=0` makes one attempt."""
    transport = Failing("before", httpx.ConnectError("told"))
    async with AlphaSMS(KEY, transport=transport, max_retries=0) as api:
        with pytest.raises(NotSent):
            await api.otp.call(PHONE)
    assert transport.attempts == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 200, 204, 301])
async def test_answer_that_settles_nothing_is_unknown(status: int) -> None:
    """An HTML page, whatever its status says of success or of failure, is an unknown."""
    transport = FakeGateway(lambda _request: httpx.Response(status, html="<h1>Oops</h1>"))
    with pytest.raises(UnexpectedAnswer) as caught:
        await send(transport)
    assert (status, 1) == (caught.value.status_code, transport.asked)


async def test_read_is_repeated_on_an_unreadable_answer() -> None:
    """A read that gets a page it cannot read asks again, and takes the answer that comes then."""
    pages = iter([httpx.Response(502), httpx.Response(200, text="<html>")])
    transport = FakeGateway(lambda request: next(pages, None) or accepted(request))
    await ask(transport)
    assert transport.asked == ATTEMPTS


async def test_error_tells_what_was_asked_and_what_happened() -> None:
    """The text names the request, the number masked, and the error below."""
    with pytest.raises(NotSent) as caught:
        await send(Failing("before", httpx.ConnectError("[Errno 111] Connection refused")))
    expected = (
        "OTP call to 380*****4567: not sent: ConnectError: [Errno 111] Connection refused. "
        "Sending it again is safe."
    )
    assert expected == str(caught.value)


@pytest.mark.parametrize("call", [send, ask])
async def test_error_below_is_the_cause(call: Any) -> None:
    """The transport's own error is chained, with its traceback, when it quotes nothing."""
    error = httpx.ConnectError("[Errno 111] Connection refused")
    with pytest.raises(AlphaSMSError) as caught:
        await call(Failing("before", error))
    assert caught.value.__cause__ is error


async def test_error_raised_again_and_again_is_told_once() -> None:
    """An error that stands below itself, as one that is raised again may, ends nothing up."""
    error, other = httpx.ConnectError("told"), OSError("told")
    error.__cause__, other.__cause__ = other, error
    with pytest.raises(NotSent, match="ConnectError: told"):
        await send(Failing("before", error))


TRACKED: dict[str, Callable[[AlphaSMS], Awaitable[object]]] = {
    "voice.say": lambda api: api.voice.say(PHONE, "Код", client_id=7),
    "otp.call_tracked": lambda api: api.otp.call_tracked(PHONE, client_id=7),
    "voice_sms.send": lambda api: api.voice_sms.send(PHONE, "Код", client_id=7),
    "sms.send": lambda api: api.sms.send(PHONE, "Код", sender="MyShop", client_id=7),
    "pipeline.send": lambda api: api.pipeline.send(PHONE, [VoiceStep("Код")], client_id=7),
}


@pytest.mark.parametrize("broken", ["no answer", "unreadable answer"])
@pytest.mark.parametrize("name", TRACKED)
async def test_unknown_tells_the_id_to_ask_with(name: str, broken: str) -> None:
    """A message whose outcome is unknown can be asked for by the id of ours that it carried."""
    lost = Failing("after", httpx.ReadTimeout("told"))
    transport = lost if broken == "no answer" else FakeGateway(saying(502))
    async with AlphaSMS(KEY, transport=transport) as api:
        with pytest.raises(OutcomeUnknown) as caught:
            await TRACKED[name](api)
    assert caught.value.client_id == 7
