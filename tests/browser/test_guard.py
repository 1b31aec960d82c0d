from collections.abc import AsyncGenerator, Generator
from decimal import Decimal

import pytest
from playwright.async_api import Page, expect

from alphasms_async.sandbox import Autopilot
from tests.sandbox.receiver import Receiver, served
from tests.sandbox.wire import KEY, PHONE, wav

from .desks import Desk
from .hearing import Hearing

pytestmark = pytest.mark.anyio

# Where it is made an element, it runs; where it is text, it is seen.
NASTY = '"><img src=x onerror=window.caught=1><script>window.caught=1</script>'
# Sent as a form of HTML is: the browser asks nobody before.
FORM = """async ([url, fields, sound]) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    if (sound) form.append("voice", new Blob([new Uint8Array(sound)]), "promo.wav");
    const sent = fetch(url, {method: "POST", mode: "no-cors", body: form});
    return sent.then(answer => answer.text(), () => "refused");
}"""

# How many marks that turn a text are shut up by themselves, and how many are not.
MARKS = """() => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = { shut: 0, loose: 0 };
    for (let node = walk.nextNode(); node; node = walk.nextNode())
        if (node.data.includes("\\u202e") && node.parentElement.checkVisibility()) {
            const isShut = node.data.length === 1 && node.parentElement.matches("bdi");
            found[isShut ? "shut" : "loose"] += 1;
        }
    return found;
}"""
# Where the texts within an element begin, in the order that they are written in.
PLACES = """place => {
    const walk = document.createTreeWalker(document.querySelector(place), NodeFilter.SHOW_TEXT);
    const places = [];
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const range = document.createRange();
        range.selectNodeContents(node);
        if (range.getBoundingClientRect().width) places.push(range.getBoundingClientRect().left);
    }
    return places;
}"""


@pytest.fixture
def elsewhere() -> Generator[str]:
    """Serve a page that is not the sandbox's, at another port of this machine."""
    with served(Receiver()) as url:
        yield url


@pytest.fixture(params=["127.0.0.1", "localhost", "evil.example"])
async def foreign(
    desk: Desk, elsewhere: str, request: pytest.FixtureRequest
) -> AsyncGenerator[Page]:
    """Open a foreign page, on the same host or on another, in a browser of its own."""
    browser = desk.context.browser
    assert browser is not None
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(elsewhere.replace("127.0.0.1", str(request.param)))
    yield page
    await context.close()


async def fetched(page: Page, url: str, options: str) -> str:
    """Return what a page is answered, or that it was not."""
    asked = f"fetch('{url}', {options}).then(a => a.text(), () => 'refused')"
    return str(await page.evaluate(asked))


async def test_strangers_texts_are_shown_as_text(desk: Desk) -> None:
    """What a client sends as hook, file name or text stands there as it is, and never runs."""
    files: dict[str, tuple[str | None, str | bytes]] = {
        "key": (None, "sandbox-key"),
        "phone": (None, PHONE),
        "hook": (None, f"http://127.0.0.1:9/{NASTY}"),
        "colour": (None, NASTY),
        "voice": (f"{NASTY}.wav", wav()),
    }
    await desk.client.post("/api/voice.php", files=files)
    sms = {"type": "sms", "id": 7, "phone": 380671112233, "sms_signature": "Shop"}
    await desk.json(**sms, sms_message=NASTY)
    await expect(desk.row("380671112233")).to_contain_text("<img src=x")
    await desk.row(PHONE).click()
    for tab in ("Webhooks", "Request", "Log"):
        await desk.page.get_by_role("tab", name=tab).click()
        await expect(desk.page.get_by_role("tabpanel")).to_be_visible()
    await expect(desk.page.get_by_role("region", name="Phone")).to_contain_text("<img src=x")
    await desk.row("380671112233").click()
    await expect(desk.page.get_by_role("region", name="Phone")).to_contain_text("<script>")
    assert await desk.page.evaluate("window.caught") is None
    assert await desk.page.locator("img").count() == 0


async def test_foreign_page_reads_nothing(desk: Desk, foreign: Page) -> None:
    """Another site's page gets neither the state, nor an event, nor a recording."""
    number = await desk.call()
    for path in ("state", "events", f"entries/{number}", f"entries/{number}/recording"):
        assert await fetched(foreign, f"{desk.url}/sandbox/{path}", "{}") == "refused"


@pytest.mark.parametrize("body", ["", """, body: '{"balance": "1.00"}'"""], ids=["bare", "body"])
@pytest.mark.parametrize("mode", ["cors", "no-cors"])
async def test_foreign_page_changes_nothing(
    desk: Desk, foreign: Page, mode: str, body: str
) -> None:
    """Another site's page cannot answer a call, spend the money or forget what there was.

    Nor can it by a request without a body, which needs no type and asks no leave.
    """
    desk.sandbox.chaos.on("http_503=0%")
    number = await desk.call()
    for method, path in (
        ("POST", f"entries/{number}/answer"),
        ("POST", "reset"),
        ("POST", "chaos/off"),
        ("PATCH", "account"),
    ):
        options = f"{{mode: '{mode}', method: '{method}'{body}}}"
        await fetched(foreign, f"{desk.url}/sandbox/{path}", options)
    (call,) = desk.sandbox.calls()
    assert (call.line.answered_at, desk.sandbox.balance) == (None, Decimal("249.60"))
    assert desk.sandbox.chaos.on_count == 1


async def test_foreign_page_rings_nobody(
    desk: Desk, foreign: Page, hook: str, hearing: Hearing
) -> None:
    """Another site's form, the key in it that all know, is not taken by the gateway's pages."""
    desk.sandbox.fates = Autopilot("busy 0s")
    fields = {"key": KEY, "phone": PHONE, "hook": hook}
    answer = await foreign.evaluate(
        FORM, [f"{desk.url}/api/voice.php", fields, list(wav(seconds=0.1))]
    )
    # Not for such a page to read, whatever it says.
    assert answer == ""
    await foreign.evaluate(FORM, [f"{desk.url}/api/otp.php", fields, None])
    await foreign.evaluate(
        "url => new Promise(done => { const it = new Image(); it.onerror = done; it.src = url; })",
        f"{desk.url}/api/http.php?version=http&key={KEY}&command=balance",
    )
    assert (desk.sandbox.calls(), desk.sandbox.balance) == ([], Decimal("250.00"))
    # What a program sends is taken, and only its hook is posted.
    await desk.call(hook=hook)
    assert [hook["id"] for hook in await hearing.heard()] == [100500]


async def test_stranger_whose_name_leads_here_reads_no_code(desk: Desk, foreign: Page) -> None:
    """A page that the browser takes for the sandbox's own is told so in one line."""
    port = desk.url.rpartition(":")[2]
    await foreign.goto(f"http://evil.example:{port}/nowhere")
    fields = {"key": KEY, "phone": PHONE}
    answer = await foreign.evaluate(FORM, [f"http://evil.example:{port}/api/otp.php", fields, None])
    assert "not at a public name" in answer
    assert desk.sandbox.calls() == []


async def test_page_cannot_be_framed(desk: Desk, foreign: Page) -> None:
    """Another site's page cannot put the sandbox's in a frame and have it clicked."""
    await foreign.evaluate(
        """async url => {
            const frame = document.createElement("iframe");
            frame.src = url;
            document.body.append(frame);
            await new Promise(done => frame.onload = frame.onerror = done);
        }""",
        desk.url,
    )
    assert "alphasms" not in await foreign.frames[1].title()


async def test_strangers_texts_turn_nothing_but_themselves(desk: Desk) -> None:
    """A mark by which text runs from right to left, in a name, a hook or an SMS, turns nothing.

    It is seen where it stands, and what follows it stays behind it.
    """
    turned = "a\u202evaw.exe"
    files: dict[str, tuple[str | None, str | bytes]] = {
        "key": (None, KEY),
        "phone": (None, PHONE),
        "hook": (None, f"http://127.0.0.1:9/{turned}"),
        "voice": (turned, wav()),
    }
    await desk.client.post("/api/voice.php", files=files)
    sms = {"type": "sms", "id": 7, "phone": 380671112233, "sms_signature": "Shop"}
    await desk.json(**sms, sms_message=f"{turned} order")
    await expect(desk.row("380671112233")).to_contain_text("order")
    await desk.row(PHONE).click()
    await expect(desk.phone).to_contain_text("exe")
    seen = await desk.page.evaluate(MARKS)
    assert [seen["loose"], seen["shut"] >= 2] == [0, True]
    places = await desk.page.evaluate(PLACES, "#about")
    assert (len(places) > 3, places) == (True, sorted(places))
    for tab in ("Webhooks", "Request", "Log"):
        await desk.page.get_by_role("tab", name=tab).click()
        await expect(desk.page.get_by_role("tabpanel")).to_contain_text(
            "accepted" if tab == "Log" else "exe"
        )
        assert (await desk.page.evaluate(MARKS))["loose"] == 0
