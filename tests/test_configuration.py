"""What a client is set up with, and everything that is refused before there is one."""

from typing import Any

import httpx
import pytest

from alphasms_async import AlphaSMS, ConfigurationError
from tests.doubles import KEY, PHONE, FakeGateway

pytestmark = pytest.mark.anyio


async def test_environment_sets_key_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments the key and the base URL come from the environment."""
    monkeypatch.setenv("ALPHASMS_API_KEY", f" {KEY}\n")
    monkeypatch.setenv("ALPHASMS_BASE_URL", "http://127.0.0.1:81/")
    gateway = FakeGateway()
    async with AlphaSMS(transport=gateway) as api:
        await api.status.get(1)
    (request,) = gateway.read
    assert request.url == "http://127.0.0.1:81/api/http.php"
    assert f"key={KEY}&".encode() in request.content


async def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is passed is used, whatever the environment says."""
    monkeypatch.setenv("ALPHASMS_API_KEY", "other")
    monkeypatch.setenv("ALPHASMS_BASE_URL", "ftp://nowhere")
    gateway = FakeGateway()
    async with AlphaSMS(KEY, base_url="https://alphasms.net", transport=gateway) as api:
        await api.status.get(1)
    (request,) = gateway.read
    assert (request.url.host, b"other" in request.content) == ("alphasms.net", False)


GOOD: dict[str, Any] = {"api_key": KEY}
BAD: dict[str, dict[str, Any]] = {
    "no key": {"api_key": None},
    "empty key": {"api_key": ""},
    "blank key": {"api_key": " \t"},
    "key of two lines": {"api_key": "a\r\nb"},
    "key with a space": {"api_key": "a b"},
    "key in Cyrillic": {"api_key": "ключ"},
    "key that is no text": {"api_key": 5},
    "http": {"base_url": "http://alphasms.ua"},
    "http to an address": {"base_url": "http://192.168.0.1"},
    "http that looks like loopback": {"base_url": "http://127.0.0.1.example"},
    "http to every address": {"base_url": "http://0.0.0.0:8000"},
    "no scheme": {"base_url": "alphasms.ua"},
    "other scheme": {"base_url": "ftp://alphasms.ua"},
    "no host": {"base_url": "https://"},
    "empty address": {"base_url": ""},
    "space in the address": {"base_url": "https://alphasms.ua /"},
    "password in the address": {"base_url": "https://user:pass@alphasms.ua"},
    "user in the address": {"base_url": "https://user@alphasms.ua"},
    "query": {"base_url": "https://alphasms.ua/?a=b"},
    "fragment": {"base_url": "https://alphasms.ua/#a"},
    "port too high": {"base_url": "https://alphasms.ua:65536"},
    "port zero": {"base_url": "https://alphasms.ua:0"},
    "port that is no number": {"base_url": "https://alphasms.ua:https"},
    "half an address": {"base_url": "https://[::1"},
    "timeout zero": {"timeout": 0},
    "timeout below zero": {"timeout": -1.0},
    "endless timeout": {"timeout": float("inf")},
    "timeout that is no number": {"timeout": float("nan")},
    "timeout that is text": {"timeout": "5"},
    "timeout that is true": {"timeout": True},
    "timeout of a phase zero": {"timeout": httpx.Timeout(5, read=0)},
    "repeats below zero": {"max_retries": -1},
    "half a repeat": {"max_retries": 1.5},
    "repeats that are true": {"max_retries": True},
    "repeats that are text": {"max_retries": "2"},
    "no such country": {"default_region": "XX"},
    "country in small letters": {"default_region": "ua"},
    "country that is no text": {"default_region": None},
    "proxy that is no URL": {"proxy": "nowhere"},
    "empty proxy": {"proxy": ""},
    "proxy of another kind": {"proxy": "ftp://127.0.0.1"},
    "proxy that is no text": {"proxy": 3128},
    "transport that is a client": {"transport": httpx.AsyncClient()},
    "transport for threads": {"transport": httpx.HTTPTransport()},
    "client for threads": {"http_client": httpx.Client()},
    "client that is a transport": {"http_client": FakeGateway()},
    "transport and client": {"transport": FakeGateway(), "http_client": httpx.AsyncClient()},
    "transport and proxy": {"transport": FakeGateway(), "proxy": "http://127.0.0.1:1"},
    "client and proxy": {"http_client": httpx.AsyncClient(), "proxy": "http://127.0.0.1:1"},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_cannot_work_is_refused_at_once(bad: dict[str, Any]) -> None:
    """Each bad setting is a `ConfigurationError` of one line, when the client is made."""
    with pytest.raises(ConfigurationError, match=r"\A[^\n]+\Z"):
        AlphaSMS(**(GOOD | bad))


@pytest.mark.parametrize("url", ["http://127.8.9.1:1", "http://localhost", "http://[::1]:8000/x/"])
def test_loopback_may_do_without_tls(url: str) -> None:
    """`http://` is taken for loopback, in each of its spellings."""
    assert repr(AlphaSMS(KEY, base_url=url)) == f"AlphaSMS(base_url='{url.rstrip('/')}')"


@pytest.mark.parametrize("bad", [0, -1, float("nan"), "5", True])
async def test_bad_timeout_of_one_call_sends_nothing(bad: Any) -> None:
    """A timeout that is none is refused by the call that has it, before anything is sent."""
    gateway = FakeGateway()
    async with AlphaSMS(KEY, transport=gateway) as api:
        with pytest.raises(ConfigurationError):
            await api.otp.call(PHONE, timeout=bad)
    assert gateway.asked == 0


async def test_proxy_password_is_not_shown() -> None:
    """A proxy that cannot be used is not quoted, for its URL may carry a password."""
    with pytest.raises(ConfigurationError) as caught:
        AlphaSMS(KEY, proxy="ftp://user:hunter2@127.0.0.1")
    assert "hunter2" not in repr(caught.value)
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)
