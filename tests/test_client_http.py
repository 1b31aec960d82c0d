"""A client over an `httpx.AsyncClient` of the caller's."""

from typing import Any

import anyio
import httpx
import pytest

from alphasms_async import AlphaSMS, NotSent, OutcomeUnknown
from tests.doubles import KEY, PHONE, FakeGateway, accepted
from tests.loopback import Loopback, serving

pytestmark = pytest.mark.anyio


async def test_client_of_the_callers_stays_open() -> None:
    """Closing our client, by its block or by hand, leaves the caller's open."""
    gateway = FakeGateway()
    async with httpx.AsyncClient(transport=gateway) as client:
        async with AlphaSMS(KEY, http_client=client) as api:
            await api.otp.call(PHONE)
        await api.aclose()
        assert (client.is_closed, gateway.closed) == (False, 0)


async def test_closed_client_of_the_callers_is_not_sent() -> None:
    """A caller's client that is closed sends nothing, which is said as `NotSent`."""
    client = httpx.AsyncClient(transport=FakeGateway())
    await client.aclose()
    async with AlphaSMS(KEY, http_client=client) as api:
        with pytest.raises(NotSent, match="closed"):
            await api.otp.call(PHONE)


async def test_nothing_of_the_callers_client_is_added() -> None:
    """Its authentication, headers, cookies, parameters, base URL and timeout stay out of ours."""
    gateway = FakeGateway()
    client = httpx.AsyncClient(
        transport=gateway,
        auth=("user", "hunter2"),
        headers={"X-Secret": "hunter2", "User-Agent": "theirs"},
        cookies={"session": "hunter2"},
        params={"token": "hunter2"},
        base_url="https://elsewhere.example/api",
        timeout=0.001,
    )
    async with client, AlphaSMS(KEY, http_client=client) as api:
        await api.otp.call(PHONE)
    (request,) = gateway.read
    bare = FakeGateway()
    async with AlphaSMS(KEY, transport=bare) as api:
        await api.otp.call(PHONE)
    (expected,) = bare.read
    assert request.url == expected.url
    assert request.headers.keys() == expected.headers.keys()
    assert "hunter2" not in repr(request.headers.multi_items())
    assert request.extensions["timeout"]["read"] == 60


async def test_hooks_of_the_callers_client_are_called() -> None:
    """Its event hooks see our request and our answer, which they may read."""
    seen: list[Any] = []

    async def on_request(request: httpx.Request) -> None:
        seen.append(request.url.path)

    async def on_response(response: httpx.Response) -> None:
        seen.append(await response.aread())

    hooks: dict[str, list[Any]] = {"request": [on_request], "response": [on_response]}
    async with (
        serving(Loopback()) as server,
        httpx.AsyncClient(event_hooks=hooks) as client,
        AlphaSMS(KEY, base_url=server.url, http_client=client) as api,
    ):
        call = await api.otp.call(PHONE)
    assert call.id == 100500
    assert seen == ["/api/otp.php", b'{"id":100500,"code":471}']


async def test_hook_that_raises_before_the_body_is_not_sent() -> None:
    """A request hook that breaks is a request that did not leave."""

    async def on_request(request: httpx.Request) -> None:
        raise ZeroDivisionError

    gateway = FakeGateway()
    client = httpx.AsyncClient(transport=gateway, event_hooks={"request": [on_request]})
    async with client, AlphaSMS(KEY, http_client=client) as api:
        with pytest.raises(NotSent, match="ZeroDivisionError"):
            await api.otp.call(PHONE)
    assert gateway.asked == 0


async def test_hook_that_raises_for_the_status_is_unknown() -> None:
    """The usual hook that raises for each 4xx and 5xx turns our answer into an unknown."""

    async def on_response(response: httpx.Response) -> None:
        response.raise_for_status()

    gateway = FakeGateway(lambda _request: httpx.Response(502))
    client = httpx.AsyncClient(transport=gateway, event_hooks={"response": [on_response]})
    async with client, AlphaSMS(KEY, http_client=client) as api:
        with pytest.raises(OutcomeUnknown, match="HTTPStatusError"):
            await api.otp.call(PHONE)
    assert (gateway.asked, gateway.unclosed) == (1, 0)


async def test_cookies_of_the_gateway_do_not_come_back() -> None:
    """A cookie that the gateway sets is not sent with the next request."""

    def answer(request: httpx.Request) -> httpx.Response:
        told = accepted(request)
        told.headers["set-cookie"] = "session=1; Path=/"
        return told

    gateway = FakeGateway(answer)
    client = httpx.AsyncClient(transport=gateway)
    async with client, AlphaSMS(KEY, http_client=client) as api:
        await api.otp.call(PHONE)
        await api.otp.call(PHONE)
    assert "cookie" not in gateway.read[-1].headers


async def test_caller_client_over_a_socket_is_used_by_many_tasks() -> None:
    """A real `httpx.AsyncClient` with its own pool serves many calls at once."""
    async with serving(Loopback()) as server, httpx.AsyncClient() as client:
        async with (
            AlphaSMS(KEY, base_url=server.url, http_client=client) as api,
            anyio.create_task_group() as group,
        ):
            for _ in range(30):
                group.start_soon(api.otp.call, PHONE)
        assert len(server.taken) == 30
