from collections.abc import AsyncGenerator, Generator
from decimal import Decimal

import pytest
from playwright.async_api import Page, expect

from tests.sandbox.receiver import Receiver, served
from tests.sandbox.wire import PHONE, wav

from .desks import Desk

pytestmark = pytest.mark.anyio

# Where it is made an element, it runs; where it is text, it is seen.
NASTY = '"><img src=x onerror=window.caught=1><script>window.caught=1</script>'


@pytest.fixture
def elsewhere() -> Generator[str]:
    """Serve a page that is not the sandbox's, at another port of this machine."""
    with served(Receiver()) as url:
        yield url


@pytest.fixture(params=["127.0.0.1", "localhost"])
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


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
async def test_foreign_page_changes_nothing(desk: Desk, foreign: Page, mode: str) -> None:
    """Another site's page cannot answer a call, spend the money or forget what there was."""
    number = await desk.call()
    body = '{"balance": "1.00"}'
    for method, path in (
        ("POST", f"entries/{number}/answer"),
        ("POST", "reset"),
        ("POST", "chaos/off"),
        ("PATCH", "account"),
    ):
        options = f"{{mode: '{mode}', method: '{method}', body: '{body}'}}"
        await fetched(foreign, f"{desk.url}/sandbox/{path}", options)
    (call,) = desk.sandbox.calls()
    assert (call.line.answered_at, desk.sandbox.balance) == (None, Decimal("249.60"))


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
