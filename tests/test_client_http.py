"""A client over an `httpx.AsyncClient` of the caller's, and over a proxy."""

import ssl
from typing import Any

import anyio
import httpx
import pytest
import trustme

from alphasms_async import AlphaSMS, ConfigurationError, NotSent, OutcomeUnknown, SlotTransport
from tests.doubles import KEY, PHONE, FakeGateway, accepted
from tests.loopback import Loopback, Proxy, serving

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


async def test_forward_proxy_is_asked_for_the_gateway() -> None:
    """Plain HTTP goes to the proxy with its whole address, and nowhere else."""
    async with serving(Loopback()) as gateway, serving(Loopback()) as proxy:
        async with AlphaSMS(KEY, base_url=gateway.url, proxy=proxy.url) as api:
            await api.otp.call(PHONE)
            await api.status.get(1)
        targets = [one.target for one in proxy.taken]
        assert targets == [f"{gateway.url}/api/otp.php", f"{gateway.url}/api/http.php"]
        assert gateway.connections == 0


async def test_connect_proxy_carries_tls_to_the_gateway() -> None:
    """HTTPS goes through a tunnel of the proxy: the gateway gets it, the proxy its address only."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Its types name pyOpenSSL's context too, which is not installed.
    authority.issue_cert("127.0.0.1").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)  # pyright: ignore[reportUnknownMemberType]
    async with serving(Loopback(tls=context)) as gateway, serving(Proxy()) as proxy:
        transport = SlotTransport(proxy=proxy.url, ssl_context=trusting)
        async with AlphaSMS(KEY, base_url=gateway.url, transport=transport) as api:
            await api.otp.call(PHONE)
        assert [one.target for one in proxy.taken] == [f"127.0.0.1:{gateway.port}"]
        assert [one.target for one in gateway.taken] == ["/api/otp.php"]


@pytest.mark.parametrize("status", [403, 407, 502])
async def test_proxy_that_refuses_is_not_sent(status: int) -> None:
    """A proxy that opens no tunnel has seen no body: `NotSent`, after every repeat."""
    async with serving(Proxy(status)) as proxy:
        async with AlphaSMS(KEY, base_url="https://127.0.0.1:1", proxy=proxy.url) as api:
            with pytest.raises(NotSent, match=f"ProxyError: {status}"):
                await api.otp.call(PHONE)
        assert len(proxy.taken) == 3


async def test_proxy_that_is_not_there_is_not_sent() -> None:
    """A proxy that cannot be reached is `NotSent`, for plain HTTP and for HTTPS."""
    async with serving(Loopback()) as closed:
        nowhere = closed.url
    for scheme in ("http", "https"):
        async with AlphaSMS(KEY, base_url=f"{scheme}://127.0.0.1:1", proxy=nowhere) as api:
            with pytest.raises(NotSent, match="ConnectError"):
                await api.otp.call(PHONE)


async def test_proxy_gets_its_own_password_and_not_the_key() -> None:
    """A proxy's user and password go to the proxy; the API key does not, over a tunnel."""
    async with serving(Proxy(407)) as proxy:
        url = proxy.url.replace("://", "://user:hunter2@")
        async with AlphaSMS(KEY, base_url="https://127.0.0.1:1", proxy=url) as api:
            with pytest.raises(NotSent) as caught:
                await api.otp.call(PHONE)
    assert proxy.taken[0].headers["proxy-authorization"] == "Basic dXNlcjpodW50ZXIy"
    assert "hunter2" not in str(caught.value)


async def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only `proxy=` sets a proxy: a variable of the machine must not see the key."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with serving(Loopback()) as gateway:
        async with AlphaSMS(KEY, base_url=gateway.url) as api:
            await api.otp.call(PHONE)
        assert len(gateway.taken) == 1


@pytest.mark.parametrize("kind", [str, httpx.URL, httpx.Proxy])
async def test_proxy_is_taken_in_each_of_its_forms(kind: Any) -> None:
    """A proxy may be a text, an `httpx.URL` or an `httpx.Proxy`."""
    async with serving(Loopback()) as gateway, serving(Loopback()) as proxy:
        async with AlphaSMS(KEY, base_url=gateway.url, proxy=kind(proxy.url)) as api:
            await api.otp.call(PHONE)
        assert len(proxy.taken) == 1


async def test_socks_proxy_needs_its_package() -> None:
    """A SOCKS proxy without the package that it needs is refused with what to install."""
    with pytest.raises(ConfigurationError, match=r"httpx\[socks\]"):
        AlphaSMS(KEY, proxy="socks5://127.0.0.1:1")
