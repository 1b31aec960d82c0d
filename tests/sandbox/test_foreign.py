"""Who may call the gateway's pages: every program, and no page of another site in a browser."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from alphasms_async import AlphaSMS
from alphasms_async.sandbox import Sandbox

from .wire import KEY, PHONE, voice_form

pytestmark = pytest.mark.anyio

SMS = {"type": "sms", "id": 1, "phone": int(PHONE), "sms_signature": "Shop", "sms_message": "Hi"}
XML = (
    f'<package key="{KEY}"><message><msg recipient="{PHONE}" sender="Shop">Hi</msg></message>'
    "</package>"
)
REQUESTS: dict[str, dict[str, Any]] = {
    "/api/voice.php": {"files": voice_form(hook="http://127.0.0.1:9/hooks")},
    "/api/otp.php": {"files": voice_form(voice=None)},
    "/api/json.php": {"json": {"auth": KEY, "data": [SMS]}},
    "/v1/json": {"json": {"auth": KEY, "data": [SMS]}},
    "/api/xml.php": {"content": XML},
    "/api/http.php": {"params": {"version": "http", "key": KEY, "command": "balance"}},
}


def called_at(sandbox: Sandbox, base_url: str) -> httpx.AsyncClient:
    """Return a raw client that calls the pages, in this process, by an address."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.app), base_url=base_url)


async def refusal(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> str:
    """Send what would be accepted, with `headers`, and return the line that refuses it."""
    answer = await client.post(path, headers=headers, **REQUESTS[path])
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (403, "text/plain")
    assert "\n" not in answer.text
    return answer.text


@pytest.mark.parametrize("path", REQUESTS)
async def test_programs_are_answered(client: httpx.AsyncClient, path: str) -> None:
    """What says nothing of a site, as no client does, is taken by each page."""
    answer = await client.post(path, **REQUESTS[path])
    assert (answer.status_code, "rror" in answer.text) == (200, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8026"},
        {"origin": "http://localhost:8025"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8025"},
    ],
)
@pytest.mark.parametrize("path", REQUESTS)
async def test_page_of_another_site_is_refused(
    sandbox: Sandbox, path: str, headers: dict[str, str]
) -> None:
    """A form that a stranger's page sends is told so in one line, and nothing has come of it."""
    async with called_at(sandbox, "http://127.0.0.1:8025") as client:
        assert "another site" in await refusal(client, path, headers)
    assert (sandbox.ledger.accepted, sandbox.balance) == (0, Decimal(250))


async def test_picture_of_another_site_asks_for_nothing(client: httpx.AsyncClient) -> None:
    """A mere GET of it is refused too."""
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    answer = await client.get("/api/http.php", headers=headers, **REQUESTS["/api/http.php"])
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "none"}, {"origin": "http://sandbox"}])
async def test_person_at_the_address_is_answered(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    """An address typed into a browser, and what is of the same origin, are nobody else's."""
    answer = await client.get("/api/http.php", headers=headers, **REQUESTS["/api/http.php"])
    assert answer.text == "balance:250.00"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8025",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "evil.example.",
        "127.1",
        "[::1",
        "::1",
    ],
)
@pytest.mark.parametrize("path", REQUESTS)
async def test_name_of_a_stranger_is_refused(sandbox: Sandbox, path: str, host: str) -> None:
    """A site that has its own name lead to this machine gets no code, and rings nobody."""
    async with called_at(sandbox, "http://127.0.0.1:8025") as client:
        assert "not at a public name" in await refusal(client, path, {"host": host})
    assert (sandbox.ledger.accepted, sandbox.balance) == (0, Decimal(250))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8025",
        "localhost",
        "LOCALHOST:8025",
        "[::1]:8025",
        "172.17.0.2:8025",
        "sandbox",
        "sandbox:8025",
        "host.docker.internal:8025",
        "Sandbox.Localhost",
        "gateway.test",
        "",
    ],
)
async def test_names_that_are_no_strangers_are_answered(
    client: httpx.AsyncClient, host: str
) -> None:
    """Addresses, names without a dot, and those that lead to nobody on the internet are let in."""
    answer = await client.post("/api/otp.php", files=voice_form(voice=None), headers={"host": host})
    assert answer.json()["id"] == 100500


@pytest.mark.parametrize("base_url", ["https://alphasms.ua", "https://gateway.example:8443"])
async def test_client_in_the_process_may_call_by_any_name(sandbox: Sandbox, base_url: str) -> None:
    """Without a socket the client's own address is what is served under."""
    transport = httpx.ASGITransport(sandbox.app)
    async with AlphaSMS(KEY, base_url=base_url, transport=transport) as alphasms:
        await alphasms.otp.call(PHONE)
    assert sandbox.rings(PHONE) == 1


def test_name_of_a_stranger_is_refused_on_a_socket(sandbox: Sandbox) -> None:
    """What stands on a socket is served under its address, not under what a client calls it."""
    with sandbox.serve() as url:
        answer = httpx.post(
            f"{url}/api/otp.php",
            files=voice_form(voice=None),
            headers={"host": "evil.example"},
            trust_env=False,
        )
    assert (answer.status_code, sandbox.calls()) == (403, [])


async def test_chaos_changes_nothing_of_it(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    """Where every request fails by will, a stranger's is refused as ever, and draws no chance."""
    sandbox.chaos.on("charged_no_reply")
    text = await refusal(client, "/api/otp.php", {"origin": "http://evil.example"})
    assert ("another site" in text, sandbox.calls()) == (True, [])


async def test_page_that_there_is_not_is_not_there_for_anybody(client: httpx.AsyncClient) -> None:
    """Elsewhere the gateway's web server answers, as it does everybody."""
    headers = {"origin": "http://evil.example"}
    assert (await client.post("/api/voice", headers=headers)).status_code == 404
