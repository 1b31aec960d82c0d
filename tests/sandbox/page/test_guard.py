"""Who is let in: the sandbox's own page, and nobody else's."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from alphasms_async.sandbox import Fate, Sandbox
from tests.sandbox.receiver import accept_call
from tests.sandbox.wire import voice_form

from .asking import problem

pytestmark = pytest.mark.anyio

HERE = "127.0.0.1:8025"
PAGES = ["/", "/ready", "/static/page.css", "/sandbox/state", "/sandbox/events", "/sandbox/nope"]
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:8025", "[::1]", "[::1]:65535"]
)
async def test_this_machine_is_let_in(page: httpx.AsyncClient, host: str) -> None:
    """The page answers by every name of this machine, at any port."""
    for path in ("/ready", "/sandbox/state"):
        answer = await page.get(path, headers={"host": host, "origin": f"http://{host}"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8025",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "localhost.",
        "127.0.0.2",
        "sandbox",
        "127.0.0.1@evil.example",
        "127.0.0.1:x",
        "127.0.0.1:123456",
        "[::1",
        "[::2]",
        "",
    ],
)
@pytest.mark.parametrize("path", PAGES)
async def test_other_names_that_lead_here_are_refused(
    page: httpx.AsyncClient, host: str, path: str
) -> None:
    """A site that has its own name lead to this machine sees nothing of the page."""
    status, reason = problem(await page.get(path, headers={"host": host}))
    assert (status, "127.0.0.1 and localhost alone" in reason) == (403, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1"},
        {"origin": "http://127.0.0.1:8026"},
        {"origin": "http://localhost:8025"},
        {"origin": f"https://{HERE}"},
        {"origin": f"http://{HERE}.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "x"},
        {"sec-fetch-site": "cross-site", "origin": f"http://{HERE}"},
    ],
)
async def test_other_sites_are_refused(
    sandbox: Sandbox, page: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    """Another page in the same browser can neither read the API nor have anything done."""
    accept_call(sandbox)
    for method, path in (
        ("GET", "/sandbox/state"),
        ("GET", "/sandbox/events"),
        ("GET", "/sandbox/entries/100500/recording"),
        ("POST", "/sandbox/entries/100500/answer"),
        ("POST", "/sandbox/reset"),
        ("PATCH", "/sandbox/account"),
        ("OPTIONS", "/sandbox/account"),
    ):
        for content in ("{}", None):
            sent = headers if content is None else {**headers, "content-type": "application/json"}
            answer = await page.request(method, path, content=content, headers=sent)
            assert problem(answer)[0] == 403
            assert "access-control-allow-origin" not in answer.headers
    assert sandbox.calls()[0].phase.value == "queued"


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_own_page_is_let_in(page: httpx.AsyncClient, site: str) -> None:
    """What the page itself asks, and a person who types an address, is answered."""
    headers = {"sec-fetch-site": site, "origin": f"http://{HERE}"}
    assert (await page.get("/sandbox/state", headers=headers)).status_code == 200
    assert (await page.post("/sandbox/reset", json={}, headers=headers)).status_code == 200


async def test_link_on_another_site_leads_to_the_page(page: httpx.AsyncClient) -> None:
    """A person may follow a link to the page itself, wherever it stands."""
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert (await page.get("/ready", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
async def test_what_a_form_of_another_site_could_send_is_refused(
    sandbox: Sandbox, page: httpx.AsyncClient, content_type: str | None
) -> None:
    """Nothing is done for a request whose body is not JSON, not even one that needs no body."""
    accept_call(sandbox)
    headers = {} if content_type is None else {"content-type": content_type}
    for method, path in (
        ("POST", "/sandbox/reset"),
        ("POST", "/sandbox/entries/100500/answer"),
        ("PATCH", "/sandbox/account"),
        ("DELETE", "/sandbox/account"),
    ):
        answer = await page.request(method, path, content='{"banned":true}', headers=headers)
        assert problem(answer) == (
            415,
            "Send JSON, with the header content-type: application/json.",
        )
    assert (len(sandbox.calls()), sandbox.banned) == (1, False)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_request_without_a_body_needs_no_type(
    sandbox: Sandbox, page: httpx.AsyncClient, content_type: str | None
) -> None:
    """What is asked for by the address alone is done, as `curl -X POST` asks for it."""
    sandbox.end_call(accept_call(sandbox, hook="http://127.0.0.1:9/hook"), Fate())
    accept_call(sandbox)
    headers = {} if content_type is None else {"content-type": content_type}
    for path in (
        "/sandbox/entries/100500/resend",
        "/sandbox/entries/100501/answer",
        "/sandbox/entries/100501/hang-up",
        "/sandbox/chaos/off",
        "/sandbox/reset",
    ):
        answer = await page.post(path, headers=headers)
        assert answer.status_code == 200, answer.text
    assert problem(await page.post("/sandbox/calls", headers=headers))[0] == 400


async def test_body_that_comes_in_pieces_is_a_body(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A body whose length nobody tells needs its type all the same."""

    async def pieces() -> AsyncGenerator[bytes]:
        yield b"{}"

    accept_call(sandbox)
    assert problem(await page.post("/sandbox/reset", content=pieces()))[0] == 415
    assert len(sandbox.calls()) == 1


async def test_json_may_name_its_charset(page: httpx.AsyncClient) -> None:
    """What stands behind the type does not matter, nor does its case."""
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    answer = await page.post("/sandbox/reset", content="{}", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", PAGES[1:])
async def test_every_answer_tells_the_browser_what_it_may_do(
    page: httpx.AsyncClient, path: str
) -> None:
    """The page, its JSON and its refusals all bear the headers that keep other code out."""
    for answer in (
        await page.head(path),
        await page.head(path, headers={"host": "evil.example"}),
        await page.head(path, headers={"sec-fetch-site": "cross-site"}),
    ):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.headers["cache-control"] in {"no-store", "no-cache"}


async def test_json_is_kept_by_nobody(page: httpx.AsyncClient) -> None:
    """No cache keeps what the API answers."""
    answer = await page.get("/sandbox/state")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/sandbox/state"),
        ("POST", "/sandbox/events"),
        ("PATCH", "/sandbox/entries"),
        ("POST", "/sandbox/entries/100500"),
        ("POST", "/sandbox/chaos"),
        ("PATCH", "/sandbox/chaos/off"),
        ("GET", "/sandbox/account"),
        ("GET", "/sandbox/calls"),
        ("GET", "/sandbox/reset"),
        ("GET", "/sandbox/entries/100500/answer"),
    ],
)
async def test_other_methods_are_not_for_these_addresses(
    page: httpx.AsyncClient, method: str, path: str
) -> None:
    """A method that an address does not have is named in the refusal."""
    headers = {"content-type": "application/json"}
    answer = await page.request(method, path, content="{}", headers=headers)
    assert problem(answer) == (405, f"{method} is not for this address.")
    assert answer.headers["allow"]


@pytest.mark.parametrize("path", ["/sandbox/nope", "/sandbox/", "/sandbox/entries/1/2/3"])
async def test_what_is_not_there_is_said_in_json(page: httpx.AsyncClient, path: str) -> None:
    """Below the API's address an unknown one is a line of JSON."""
    assert problem(await page.get(path)) == (404, "There is nothing here.")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/sandbox", "/nope", "/index.html", "/static", "/api/")),
        *(("POST", path) for path in ("/", "/ready", "/static/page.css", "/sandbox")),
    ],
)
async def test_elsewhere_there_is_the_gateway(
    page: httpx.AsyncClient, method: str, path: str
) -> None:
    """An address that is not the page's is answered as the gateway's web server does."""
    answer = await page.request(method, path)
    assert (answer.status_code, "nginx" in answer.text) == (404, True)


async def test_pages_of_the_gateway_answer_as_the_gateway(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A client may call it by the name of its container, and is told nothing of the page's."""
    headers = {"host": "sandbox:8025"}
    answer = await page.post("/api/voice.php", files=voice_form(), headers=headers)
    assert (answer.json()["id"], len(sandbox.calls())) == (100500, 1)
    assert "content-security-policy" not in answer.headers
