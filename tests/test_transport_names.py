"""Transports by their names, from an argument or from the environment."""

import sys
from typing import Any

import httpx
import pytest

from alphasms_async import AlphaSMS, ConfigurationError, SlotTransport
from alphasms_async.transports import TransportName, transport_named
from alphasms_async.transports.aiohttp import AiohttpTransport
from tests.doubles import KEY, PHONE, FakeGateway
from tests.loopback import Loopback, serving

MADE: dict[TransportName, type[httpx.AsyncBaseTransport]] = {
    "httpx": SlotTransport,
    "aiohttp": AiohttpTransport,
}


def refusal(**given: Any) -> str:
    """Return why a client is not made of these."""
    with pytest.raises(ConfigurationError) as caught:
        AlphaSMS(KEY, **given)
    assert [str(caught.value)] == str(caught.value).splitlines()
    return str(caught.value)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which transports were asked to carry something, by their names."""
    names: list[str] = []

    def watched(name: str, kind: type[httpx.AsyncBaseTransport]) -> Any:
        carry = kind.handle_async_request

        async def noted(self: Any, request: httpx.Request) -> httpx.Response:
            names.append(name)
            return await carry(self, request)

        return noted

    for name, kind in MADE.items():
        monkeypatch.setattr(kind, "handle_async_request", watched(name, kind))
    return names


@pytest.mark.parametrize("name", MADE)
@pytest.mark.asyncio
async def test_name_is_the_transport(name: TransportName, asked: list[str]) -> None:
    """A client with a transport's name sends through a new one of that name."""
    assert type(transport_named(name)) is MADE[name]
    async with (
        serving(Loopback()) as server,
        AlphaSMS(KEY, base_url=server.url, transport=name) as api,
    ):
        await api.otp.call(PHONE)
    assert asked == [name]


@pytest.mark.parametrize("value", [*MADE, ""])
@pytest.mark.asyncio
async def test_environment_names_the_transport(
    value: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ALPHASMS_TRANSPORT` is the name where none is given, and the default where it is empty."""
    monkeypatch.setenv("ALPHASMS_TRANSPORT", value)
    async with serving(Loopback()) as server, AlphaSMS(KEY, base_url=server.url) as api:
        await api.otp.call(PHONE)
    assert asked == [value or "httpx"]


@pytest.mark.parametrize("value", ["aiohttp", "curl"])
@pytest.mark.asyncio
async def test_what_is_given_wins_over_the_environment(
    value: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name, a transport or a client that is given is taken, whatever the environment says."""
    monkeypatch.setenv("ALPHASMS_TRANSPORT", value)
    async with serving(Loopback()) as server, httpx.AsyncClient(transport=FakeGateway()) as client:
        gateway = FakeGateway()
        async with AlphaSMS(KEY, base_url=server.url, transport="httpx") as api:
            await api.otp.call(PHONE)
        async with AlphaSMS(KEY, transport=gateway) as api:
            await api.otp.call(PHONE)
        async with AlphaSMS(KEY, http_client=client) as api:
            await api.otp.call(PHONE)
        assert (asked, len(server.taken), len(gateway.read)) == (["httpx"], 1, 1)


def test_other_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is none is refused with those there are, and with where it stands."""
    assert refusal(transport="curl") == "transport is 'httpx' or 'aiohttp', not 'curl'"
    assert refusal(transport="") == "transport is 'httpx' or 'aiohttp', not ''"
    monkeypatch.setenv("ALPHASMS_TRANSPORT", "AIOHTTP")
    assert refusal() == "ALPHASMS_TRANSPORT is 'httpx' or 'aiohttp', not 'AIOHTTP'"


@pytest.mark.parametrize("kind", [AiohttpTransport, 5, b"aiohttp"])
def test_what_is_no_transport_is_refused(kind: object) -> None:
    """A class, a number and bytes are neither a name nor a transport."""
    told = refusal(transport=kind)
    assert told.startswith("transport is 'httpx', 'aiohttp' or an httpx.AsyncBaseTransport, not ")


@pytest.mark.parametrize("name", MADE)
@pytest.mark.asyncio
async def test_proxy_goes_with_a_name(name: TransportName) -> None:
    """A transport that is made by its name goes through the proxy that is given beside it."""
    async with (
        serving(Loopback()) as proxy,
        AlphaSMS(KEY, base_url="http://127.0.0.1:1", transport=name, proxy=proxy.url) as api,
    ):
        await api.otp.call(PHONE)
        assert [one.target for one in proxy.taken] == ["http://127.0.0.1:1/api/otp.php"]


@pytest.mark.asyncio
async def test_proxy_goes_with_the_name_in_the_environment(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy alone leaves the choice of the transport to the environment."""
    monkeypatch.setenv("ALPHASMS_TRANSPORT", "aiohttp")
    async with (
        serving(Loopback()) as proxy,
        AlphaSMS(KEY, base_url="http://127.0.0.1:1", proxy=proxy.url) as api,
    ):
        await api.otp.call(PHONE)
        assert (asked, len(proxy.taken)) == (["aiohttp"], 1)


@pytest.mark.parametrize(
    "given",
    [
        {"transport": FakeGateway(), "proxy": "http://127.0.0.1:1"},
        {"transport": FakeGateway(), "http_client": httpx.AsyncClient()},
        {"transport": "aiohttp", "http_client": httpx.AsyncClient()},
        {"proxy": "http://127.0.0.1:1", "http_client": httpx.AsyncClient()},
        {"transport": "httpx", "proxy": "http://127.0.0.1:1", "http_client": httpx.AsyncClient()},
    ],
    ids="+".join,
)
def test_other_ways_out_do_not_go_together(given: dict[str, Any]) -> None:
    """Only a transport's name and a proxy are given together."""
    assert "give one of transport=, http_client= and proxy=" in refusal(**given)


@pytest.mark.parametrize("proxy", ["ftp://user:hunter2@127.0.0.1", "nowhere", "", 3128])
@pytest.mark.parametrize("name", MADE)
def test_proxy_that_is_none_is_refused(name: str, proxy: object) -> None:
    """What is no proxy's URL is refused, and not quoted, for it may hold a password."""
    text = refusal(transport=name, proxy=proxy)
    assert text == "the proxy is a URL like http://127.0.0.1:3128"


def test_socks_proxy_is_for_the_default_transport() -> None:
    """There is no way through a SOCKS proxy by aiohttp, which is said when the client is made."""
    text = refusal(transport="aiohttp", proxy="socks5://user:hunter2@127.0.0.1:1080")
    assert text == "the aiohttp transport goes through no SOCKS proxy: use the default transport"


def test_missing_aiohttp_is_told_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without aiohttp its transport is refused, with the command that brings it."""
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    # Were it loaded already, it would not be loaded again.
    monkeypatch.delitem(sys.modules, "alphasms_async.transports.aiohttp.lane", raising=False)
    assert refusal(transport="aiohttp") == (
        "the aiohttp transport needs aiohttp, which is not installed: "
        'pip install "alphasms-async[aiohttp]"'
    )
    with pytest.raises(ImportError, match="alphasms-async"):
        AiohttpTransport()


@pytest.mark.parametrize("kind", [SlotTransport, AiohttpTransport])
@pytest.mark.parametrize("proxy", ["user:hunter2@127.0.0.1:3128", "ftp://user:hunter2@there", ""])
def test_proxy_of_a_transport_is_not_quoted_either(
    proxy: str, kind: type[SlotTransport | AiohttpTransport]
) -> None:
    """A transport that is made by hand refuses a proxy in the same words as a client."""
    with pytest.raises(ConfigurationError) as caught:
        kind(proxy=proxy)
    assert str(caught.value) == "the proxy is a URL like http://127.0.0.1:3128"
    assert caught.value.__suppress_context__
