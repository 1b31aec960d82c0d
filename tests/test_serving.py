import signal

import anyio
import httpx
import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from alphasms_async.serving import address_of, listening_socket, served

pytestmark = pytest.mark.asyncio

HOST = "127.0.0.1"


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url)


async def test_app_is_served_beside_the_program() -> None:
    """It answers in the program's own event loop, and the port is free again afterwards."""
    with listening_socket("a test", HOST, 0) as listener:
        url = address_of(listener)
        async with served(hello, listener):
            assert (await get(url)).text == "hello"
    with pytest.raises(httpx.ConnectError):
        await get(url)


async def test_stopping_waits_for_nobody_where_nobody_asks() -> None:
    """With no request to answer, and a client that keeps its connection, it ends at once."""
    took: list[float] = []
    for _ in range(5):
        with listening_socket("a test", HOST, 0) as listener:
            async with httpx.AsyncClient(trust_env=False) as client:
                async with served(hello, listener):
                    await client.get(address_of(listener))
                    begun = anyio.current_time()
                took.append(anyio.current_time() - begun)
    # uvicorn by itself sleeps a tenth of a second, twice.
    assert min(took) < 0.1


async def test_both_families_have_an_address() -> None:
    """An address of the sixth version stands in brackets."""
    try:
        listener = listening_socket("a test", "::1", 0)
    except OSError:
        pytest.skip("this machine has no such address")
    with listener:
        assert address_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"


async def test_taken_port_is_one_clear_line() -> None:
    """Who wanted it, which it is, and why it cannot be had."""
    with listening_socket("a test", HOST, 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(OSError, match="in use") as caught:
            listening_socket("another", HOST, port)
    assert caught.value.strerror == f"another cannot listen on {HOST}, port {port}: it is in use"


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
async def test_fault_beside_it_comes_out_as_it_is(kind: type[BaseException]) -> None:
    """What the program raises is wrapped by nobody, and ends the server."""
    url = ""
    with pytest.raises(kind), listening_socket("a test", HOST, 0) as listener:  # noqa: PT012 - the server lives as long as the block
        url = address_of(listener)
        async with served(hello, listener):
            raise kind
    with pytest.raises(httpx.ConnectError):
        await get(url)


async def test_cancelled_program_answers_what_it_has_taken() -> None:
    """A request that is being answered when the end comes gets its answer."""
    entered = anyio.Event()
    answers: list[Response | httpx.Response] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await anyio.lowlevel.checkpoint()
        await hello(scope, receive, send)

    async def ask(url: str) -> None:
        answers.append(await get(url))

    async with anyio.create_task_group() as group:
        with listening_socket("a test", HOST, 0) as listener, anyio.CancelScope() as scope:
            async with served(slow, listener):
                group.start_soon(ask, address_of(listener))
                await entered.wait()
                scope.cancel()
                await anyio.sleep_forever()
    assert [answer.status_code for answer in answers] == [200]


async def test_signals_stay_with_the_program() -> None:
    """Serving changes no handler: the program has more to end than a server."""
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with listening_socket("a test", HOST, 0) as listener:
        async with served(hello, listener):
            during = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    assert before == during


async def test_addresses_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At no level: tokens stand in them."""
    for name in ("", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        caplog.set_level(1, name)
    with listening_socket("a test", HOST, 0) as listener:
        async with served(hello, listener):
            await get(f"{address_of(listener)}/?token=b6589fc6")
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("http")]
    assert not [line for line in ours if "b6589fc6" in line]
