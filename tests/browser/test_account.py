import re
from decimal import Decimal

import pytest
from playwright.async_api import Locator, expect

from tests.sandbox.wire import PHONE, voice_form

from .desks import Desk
from .hearing import Hearing
from .watching import Watch

pytestmark = pytest.mark.anyio


async def opened(desk: Desk) -> Locator:
    """Open the account's dialog."""
    await desk.page.get_by_role("button", name=re.compile("^Balance")).click()
    dialog = desk.page.get_by_role("dialog", name="Account")
    await expect(dialog).to_be_visible()
    return dialog


async def test_account_that_is_banned_answers_so(desk: Desk) -> None:
    """A switch of the account is met by the program, and the bar says that it is shut."""
    dialog = await opened(desk)
    await dialog.get_by_role("switch", name="Banned").press("Space")
    await desk.page.keyboard.press("Escape")
    flag = desk.page.get_by_role("button", name="banned")
    await expect(flag).to_be_visible()
    answer = await desk.client.post("/api/voice.php", files=voice_form())
    assert answer.json() == {"errors": ["Banned"]}
    desk.sandbox.banned = False
    await desk.page.reload()
    await expect(flag).to_have_count(0)


async def test_balance_is_shown_and_set(desk: Desk) -> None:
    """The balance goes down by a call, and a person may set another."""
    balance = desk.page.get_by_role("button", name=re.compile("^Balance"))
    await desk.call()
    await expect(balance).to_contain_text("249.60")
    dialog = await opened(desk)
    await dialog.get_by_role("textbox", name=re.compile("^Balance")).fill("0.10")
    await desk.page.keyboard.press("Enter")
    await expect(balance).to_contain_text("0.10")
    assert Decimal("0.10") == desk.sandbox.balance
    answer = await desk.client.post("/api/voice.php", files=voice_form())
    assert answer.json() == {"errors": ["Insufficient funds"]}


async def test_balance_is_well_read(desk: Desk) -> None:
    """However a program writes it, the balance has its thousands apart and two decimals."""
    desk.sandbox.balance = Decimal(100_000)
    balance = desk.page.get_by_role("button", name=re.compile("^Balance"))
    await expect(balance).to_have_text("Balance 100\u202f000.00 ₴")
    await desk.call()
    await expect(balance).to_have_text("Balance 99\u202f999.60 ₴")


async def test_refused_autopilot_moves_nothing(desk: Desk, watch: Watch) -> None:
    """Why an autopilot is none lies over the page; Escape takes both back."""
    watch.forgiven.append("status of 400")
    await desk.call()
    autopilot = desk.phone.get_by_role("combobox", name="Autopilot")
    panel = desk.page.get_by_role("tabpanel")
    before = [await one.bounding_box() for one in (desk.phone, panel)]
    await autopilot.fill("sing a song")
    await autopilot.press("Enter")
    await expect(desk.phone.get_by_role("alert")).to_be_in_viewport(ratio=1)
    assert [await one.bounding_box() for one in (desk.phone, panel)] == before
    await autopilot.press("Escape")
    await expect(autopilot).to_have_value("off")
    await expect(desk.phone.get_by_role("alert")).to_have_count(0)


async def test_autopilot_decides_what_nobody_does(
    desk: Desk, hook: str, hearing: Hearing, watch: Watch
) -> None:
    """What is typed as the autopilot becomes of the next call; what is no such text is refused."""
    watch.forgiven.append("status of 400")
    await desk.call()
    autopilot = desk.phone.get_by_role("combobox", name="Autopilot")
    await autopilot.fill("sing a song")
    await autopilot.press("Enter")
    await expect(desk.phone.get_by_role("alert")).to_contain_text("sing a song")
    await autopilot.fill("fail 0s")
    await autopilot.press("Enter")
    await expect(desk.phone.get_by_role("alert")).to_have_count(0)
    await desk.call("380671112233", hook=hook)
    assert [told["status"] for told in await hearing.heard()] == ["FAILED"]


async def test_made_up_call_may_be_told_what_becomes_of_it(
    desk: Desk, hook: str, hearing: Hearing
) -> None:
    """N asks for a phone, a hook and a fate, and rings it without a program."""
    await desk.page.keyboard.press("n")
    dialog = desk.page.get_by_role("dialog", name="Ring a made-up phone")
    await dialog.get_by_role("textbox", name="Number").fill(PHONE)
    await dialog.get_by_role("textbox", name=re.compile("^Hook")).fill(hook)
    await dialog.get_by_role("combobox", name=re.compile("^What becomes of it")).fill("busy 0s")
    await dialog.get_by_role("button", name="Ring").click()
    assert [told["status"] for told in await hearing.heard()] == ["BUSY"]
    await expect(desk.row(PHONE)).to_contain_text("Busy")


async def test_base_url_is_copied(desk: Desk) -> None:
    """The first thing one needs, the base URL, is in the clipboard by one press."""
    await desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await desk.page.get_by_role("button", name="Copy the base URL").click()
    assert await desk.page.evaluate("navigator.clipboard.readText()") == desk.url


async def test_escape_takes_back_what_was_typed(desk: Desk) -> None:
    """Escape in a field restores it and sends nothing; once more, it closes the dialog."""
    sent: list[str] = []
    desk.page.on("request", lambda request: sent.append(request.method))
    dialog = await opened(desk)
    field = dialog.get_by_role("textbox", name=re.compile("^Balance"))
    await field.fill("5")
    await field.press("Escape")
    await expect(field).to_have_value("250.00")
    await expect(dialog).to_be_visible()
    await field.press("Escape")
    await expect(dialog).to_have_count(0)
    assert ("PATCH" in sent, desk.sandbox.balance) == (False, Decimal("250.00"))


async def test_hook_that_is_refused_stays_until_it_is_mended(desk: Desk, watch: Watch) -> None:
    """What is no hook stays with its reason whatever else comes, until it is mended or escaped."""
    watch.forgiven.append("status of 400")
    dialog = await opened(desk)
    field = dialog.get_by_role("textbox", name=re.compile("^Hook"))
    reason = dialog.get_by_role("alert")
    for mended in (True, False):
        await field.fill("nope")
        await field.press("Enter")
        await expect(reason).to_contain_text("hook is a whole URL")
        left = desk.sandbox.balance - desk.sandbox.price
        await desk.call()
        await expect(desk.page.locator("#balance")).to_contain_text(f"{left}")
        await expect(field).to_have_value("nope")
        await expect(reason).to_be_visible()
        if mended:
            await field.fill("http://127.0.0.1:9/hooks")
            await field.press("Enter")
        else:
            await field.press("Escape")
        await expect(reason).to_have_count(0)
        await expect(field).to_have_value("http://127.0.0.1:9/hooks")
    assert desk.sandbox.hook == "http://127.0.0.1:9/hooks"
