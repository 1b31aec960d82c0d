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
