"""A client behind a proxy, over every transport of ours."""

from typing import Any

import httpx
import pytest

from alphasms_async import AlphaSMS, ConfigurationError, NotSent
from tests.doubles import KEY, PHONE
from tests.hostile import server_context, trusting_context
from tests.loopback import Loopback, Proxy, serving
from tests.ways import Way, every_way

pytestmark = pytest.mark.anyio


@every_way
async def test_forward_proxy_is_asked_for_the_gateway(way: Way) -> None:
    """Plain HTTP goes to the proxy with its whole address, and nowhere else."""
    async with serving(Loopback()) as gateway, serving(Loopback()) as proxy:
        transport = way.open(proxy=proxy.url)
        async with AlphaSMS(KEY, base_url=gateway.url, transport=transport) as api:
            await api.otp.call(PHONE)
            await api.status.get(1)
        targets = [one.target for one in proxy.taken]
        assert targets == [f"{gateway.url}/api/otp.php", f"{gateway.url}/api/http.php"]
        assert gateway.connections == 0


@every_way
async def test_forward_proxy_gets_its_password(way: Way) -> None:
    """A proxy that plain HTTP goes through is told its user and password in each request."""
    async with serving(Loopback()) as proxy:
        transport = way.open(proxy=proxy.url.replace("://", "://user:hunter2@"))
        async with AlphaSMS(KEY, base_url="http://127.0.0.1:1", transport=transport) as api:
            await api.otp.call(PHONE)
    (taken,) = proxy.taken
    assert taken.headers["proxy-authorization"] == "Basic dXNlcjpodW50ZXIy"
    assert taken.headers["host"] == "127.0.0.1:1"


@every_way
async def test_proxy_over_tls_is_trusted_by_the_one_context(way: Way) -> None:
    """A proxy that is itself spoken to over TLS is trusted by the context of all connections."""
    async with serving(Loopback(tls=server_context())) as proxy:
        transport = way.open(proxy=proxy.url, ssl_context=trusting_context())
        async with AlphaSMS(KEY, base_url="http://127.0.0.1:1", transport=transport) as api:
            await api.otp.call(PHONE)
        assert [one.target for one in proxy.taken] == ["http://127.0.0.1:1/api/otp.php"]


@every_way
async def test_connect_proxy_carries_tls_to_the_gateway(way: Way) -> None:
    """HTTPS goes through a tunnel of the proxy: the gateway gets it, the proxy its address only."""
    async with serving(Loopback(tls=server_context())) as gateway, serving(Proxy()) as proxy:
        transport = way.open(proxy=proxy.url, ssl_context=trusting_context())
        async with AlphaSMS(KEY, base_url=gateway.url, transport=transport) as api:
            await api.otp.call(PHONE)
            await api.status.get(1)
        assert [one.target for one in proxy.taken] == [f"127.0.0.1:{gateway.port}"] * 2
        assert [one.target for one in gateway.taken] == ["/api/otp.php", "/api/http.php"]


@every_way
async def test_tunnel_is_made_for_each_send_and_kept_for_reads(way: Way) -> None:
    """Through a proxy too each send has a connection of its own, and reads share one."""
    async with serving(Loopback(tls=server_context())) as gateway, serving(Proxy()) as proxy:
        transport = way.open(proxy=proxy.url, ssl_context=trusting_context())
        async with AlphaSMS(KEY, base_url=gateway.url, transport=transport) as api:
            for _ in range(3):
                await api.otp.call(PHONE)
            assert (proxy.connections, gateway.connections) == (3, 3)
            for _ in range(3):
                await api.status.get(1)
        assert (proxy.connections, gateway.connections) == (4, 4)
        await proxy.until(lambda: proxy.open == 0)
        await gateway.until(lambda: gateway.open == 0)


@every_way
@pytest.mark.parametrize("status", [403, 407, 502])
async def test_proxy_that_refuses_is_not_sent(status: int, way: Way) -> None:
    """A proxy that opens no tunnel has seen no body: `NotSent`, after every repeat."""
    async with serving(Proxy(status)) as proxy:
        transport = way.open(proxy=proxy.url)
        async with AlphaSMS(KEY, base_url="https://127.0.0.1:1", transport=transport) as api:
            with pytest.raises(NotSent, match=f"ProxyError: {status}"):
                await api.otp.call(PHONE)
        assert len(proxy.taken) == 3
        await proxy.until(lambda: proxy.open == 0)


@every_way
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_proxy_that_is_not_there_is_not_sent(scheme: str, way: Way) -> None:
    """A proxy that cannot be reached is `NotSent`, for plain HTTP and for HTTPS."""
    async with serving(Loopback()) as closed:
        nowhere = closed.url
    transport = way.open(proxy=nowhere)
    async with AlphaSMS(KEY, base_url=f"{scheme}://127.0.0.1:1", transport=transport) as api:
        with pytest.raises(NotSent, match="ConnectError"):
            await api.otp.call(PHONE)


@every_way
async def test_proxy_gets_its_own_password_and_not_the_key(way: Way) -> None:
    """A proxy's user and password go to the proxy; the API key does not, over a tunnel."""
    async with serving(Proxy(407)) as proxy:
        transport = way.open(proxy=proxy.url.replace("://", "://user:hunter2@"))
        async with AlphaSMS(KEY, base_url="https://127.0.0.1:1", transport=transport) as api:
            with pytest.raises(NotSent) as caught:
                await api.otp.call(PHONE)
    assert proxy.taken[0].headers["proxy-authorization"] == "Basic dXNlcjpodW50ZXIy"
    assert "hunter2" not in str(caught.value)
    assert KEY not in repr(proxy.taken)


@every_way
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_proxy_of_the_environment_is_not_used(
    scheme: str, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only `proxy=` sets a proxy: a variable of the machine must not see the key."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:1")
    server = Loopback(tls=server_context() if scheme == "https" else None)
    async with serving(server) as gateway:
        transport = way.open(ssl_context=trusting_context())
        async with AlphaSMS(KEY, base_url=gateway.url, transport=transport) as api:
            await api.otp.call(PHONE)
            await api.status.get(1)
        assert len(gateway.taken) == 2


@every_way
@pytest.mark.parametrize("kind", [str, httpx.URL, httpx.Proxy])
async def test_proxy_is_taken_in_each_of_its_forms(kind: Any, way: Way) -> None:
    """A proxy may be a text, an `httpx.URL` or an `httpx.Proxy`, with a transport named or not."""
    async with serving(Loopback()) as gateway, serving(Loopback()) as proxy:
        for name in (None, way.name):
            async with AlphaSMS(
                KEY, base_url=gateway.url, transport=name, proxy=kind(proxy.url)
            ) as api:
                await api.otp.call(PHONE)
        assert (len(proxy.taken), gateway.connections) == (2, 0)


@every_way
async def test_password_of_a_proxy_object_is_told(way: Way) -> None:
    """An `httpx.Proxy` may have its user and password beside its URL."""
    async with serving(Loopback()) as proxy:
        transport = way.open(proxy=httpx.Proxy(proxy.url, auth=("user", "hunter2")))
        async with AlphaSMS(KEY, base_url="http://127.0.0.1:1", transport=transport) as api:
            await api.otp.call(PHONE)
    assert proxy.taken[0].headers["proxy-authorization"] == "Basic dXNlcjpodW50ZXIy"


def test_socks_proxy_needs_its_package() -> None:
    """A SOCKS proxy without the package that it needs is refused with what to install."""
    with pytest.raises(ConfigurationError, match=r"httpx\[socks\]"):
        AlphaSMS(KEY, proxy="socks5://127.0.0.1:1")
