import re

import pytest
from playwright.async_api import expect

from tests.sandbox.wire import OTHER_PHONE, PHONE

from .desks import Desk, shown
from .hearing import Hearing

pytestmark = pytest.mark.anyio


async def test_call_appears_is_answered_and_its_digit_reaches_the_program(
    desk: Desk, hook: str, hearing: Hearing
) -> None:
    """A call rings on the page without a reload; 7 is pressed, hung up, and the hook tells of 7."""
    await desk.mark()
    number = await desk.call(hook=hook, dtmf="true")
    await desk.rings()
    await desk.answer()
    await expect(desk.phone).to_contain_text(shown(PHONE))
    await desk.key("7").click()
    await expect(desk.pressed).to_have_text("7")
    assert hearing.hooks == []
    await desk.phone.get_by_role("button", name="Hang up").click()
    (told,) = await hearing.heard()
    assert (told["id"], told["status"], told["dtmf"]) == (number, "ANSWERED", "7")
    await expect(desk.row()).to_contain_text("Answered")
    await expect(desk.row()).to_contain_text("200")
    await desk.is_same_page()


async def test_hook_may_be_told_of_each_key(desk: Desk, hook: str, hearing: Hearing) -> None:
    """Set to each key, the hook is posted at the key, and once more when the call ends."""
    await desk.call(hook=hook, dtmf="true")
    await desk.row().click()
    timing = desk.page.get_by_role("combobox", name=re.compile("hook is posted"))
    await timing.select_option("key")
    await desk.key("4").click()
    assert [hook["dtmf"] for hook in await hearing.heard(1)] == ["4"]
    await desk.key("2").click()
    assert [hook["dtmf"] for hook in await hearing.heard(2)] == ["4", "42"]
    await desk.phone.get_by_role("button", name="Hang up").click()
    assert [hook["dtmf"] for hook in await hearing.heard(3)] == ["4", "42", "42"]


async def test_declining_in_the_row_is_busy(desk: Desk, hook: str, hearing: Hearing) -> None:
    """Decline in the row ends the call as BUSY, and the program is told so."""
    await desk.call(hook=hook)
    await desk.decline()
    assert [told["status"] for told in await hearing.heard()] == ["BUSY"]
    await expect(desk.row()).to_contain_text("Busy")


@pytest.mark.parametrize(
    ("button", "status"),
    [("Decline", "BUSY"), ("No answer", "NO ANSWER"), ("Fail", "FAILED")],
    ids=["busy", "no answer", "failed"],
)
async def test_call_may_end_otherwise(
    desk: Desk, hook: str, hearing: Hearing, button: str, status: str
) -> None:
    """The phone's other buttons end the call by their own word."""
    await desk.call(hook=hook)
    await desk.row().click()
    await desk.phone.get_by_role("button", name=button).click()
    assert [told["status"] for told in await hearing.heard()] == [status]


async def test_keyboard_answers_presses_and_hangs_up(
    desk: Desk, hook: str, hearing: Hearing
) -> None:
    """A answers what rings, digits are pressed, D hangs up: no mouse is needed."""
    await desk.call(hook=hook, dtmf="true")
    await desk.rings()
    await desk.page.keyboard.press("a")
    await expect(desk.row()).to_contain_text("In call")
    await desk.page.keyboard.press("1")
    await desk.page.keyboard.press("#")
    await expect(desk.pressed).to_have_text("1#")
    await desk.page.keyboard.press("d")
    (told,) = await hearing.heard()
    assert (told["status"], told["dtmf"]) == ("ANSWERED", "1#")


async def test_keyboard_hangs_up_what_is_in_hand(desk: Desk) -> None:
    """Is the open call talked in, D ends it and leaves alone what rings; pressed again, not."""
    await desk.call(PHONE)
    await desk.answer(PHONE)
    await desk.call(OTHER_PHONE)
    await desk.rings(OTHER_PHONE)
    await desk.page.keyboard.press("d")
    await expect(desk.row(PHONE)).to_contain_text("Answered")
    await desk.rings(OTHER_PHONE)
    await desk.page.keyboard.press("d")
    await expect(desk.row(OTHER_PHONE)).to_contain_text("Busy")


async def test_keyboard_declines(desk: Desk, hook: str, hearing: Hearing) -> None:
    """D declines the call that rings."""
    await desk.call(hook=hook)
    await desk.rings()
    await desk.page.keyboard.press("d")
    assert [told["status"] for told in await hearing.heard()] == ["BUSY"]


@pytest.mark.parametrize("how", ["in the row", "by the key"])
async def test_call_that_is_answered_is_the_one_in_hand(desk: Desk, how: str) -> None:
    """Whichever call was looked at before, digits go to the one that was just answered."""
    await desk.call(PHONE)
    await desk.decline(PHONE)
    await desk.row(PHONE).click()
    await desk.call(OTHER_PHONE, dtmf="true")
    await desk.rings(OTHER_PHONE)
    if how == "in the row":
        await desk.answer(OTHER_PHONE)
    else:
        await desk.page.keyboard.press("a")
    await expect(desk.phone).to_contain_text(shown(OTHER_PHONE))
    await desk.page.keyboard.press("7")
    await expect(
        desk.row(OTHER_PHONE).get_by_role("gridcell", name="7", exact=True)
    ).to_be_visible()


async def test_digits_in_the_search_are_no_keys(desk: Desk) -> None:
    """What is typed into a field reaches no phone."""
    await desk.call(dtmf="true")
    await desk.rings()
    await desk.page.keyboard.press("a")
    await expect(desk.row()).to_contain_text("In call")
    await desk.search.fill("7")
    await desk.search.press("5")
    (call,) = desk.sandbox.calls()
    assert call.digits is None


async def test_call_that_listens_for_no_keys_takes_none(desk: Desk) -> None:
    """A key pressed in a call placed without dtmf is said to be heard by nobody."""
    await desk.call()
    await desk.rings()
    await desk.page.keyboard.press("a")
    await expect(desk.row()).to_contain_text("In call")
    await desk.page.keyboard.press("7")
    await expect(desk.page.get_by_text("listens for no keys")).to_be_visible()
    (call,) = desk.sandbox.calls()
    assert call.digits is None


async def test_title_counts_what_rings(desk: Desk) -> None:
    """The tab's title says how many phones ring, so that it is seen from another tab."""
    await desk.call(PHONE)
    await desk.call(OTHER_PHONE)
    await expect(desk.page).to_have_title(re.compile(r"\(2\)"))
    await desk.page.keyboard.press("d")
    await expect(desk.page).to_have_title(re.compile(r"\(1\)"))


async def test_flash_call_shows_its_code(desk: Desk) -> None:
    """A flash call's row is marked as one, and its code stands in the phone."""
    files = {"key": (None, "sandbox-key"), "phone": (None, PHONE)}
    await desk.client.post("/api/otp.php", files=files)
    (call,) = desk.sandbox.calls()
    await expect(desk.row()).to_contain_text("OTP")
    await desk.row().click()
    await expect(desk.phone).to_contain_text(str(call.code))


async def test_failed_hook_is_seen_and_resent(desk: Desk, hook: str, hearing: Hearing) -> None:
    """A hook that was not taken shows its status; sent again by hand, it shows that it was."""
    desk.sandbox.hook_pauses = ()
    hearing.statuses = [500]
    await desk.call(hook=hook)
    await desk.decline()
    await expect(desk.row()).to_contain_text("500")
    await desk.row().click()
    panel = desk.page.get_by_role("tabpanel")
    await expect(panel).to_contain_text("500")
    await desk.page.get_by_role("button", name=re.compile("^Resend")).click()
    await hearing.heard(2)
    await expect(panel).to_contain_text("200")
    await expect(desk.row()).to_contain_text("200")
    attempts = panel.get_by_role("button")
    await expect(attempts).to_have_text(
        [re.compile("attempt 1.*500"), re.compile("sent again.*200")]
    )


async def test_made_up_call_needs_no_program(desk: Desk) -> None:
    """From an empty page one rings a phone by a button, to look around."""
    await desk.page.get_by_role("button", name="Ring a made-up phone").click()
    await expect(desk.page.get_by_role("row").filter(has_text="Ringing")).to_be_visible()


async def test_reset_forgets_everything(desk: Desk) -> None:
    """Reset, said yes to, empties the list here and in the sandbox."""
    await desk.call()
    await expect(desk.row()).to_be_visible()
    await desk.page.get_by_role("button", name="Reset", exact=True).click()
    await desk.page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    await expect(desk.row()).to_have_count(0)
    await expect(desk.page.get_by_text("Nobody has called yet")).to_be_visible()
    assert desk.sandbox.calls() == []


async def test_all_that_was_done_is_offered_as_a_test(desk: Desk) -> None:
    """One copy gives the lines of all that was done; the last are seen, and nothing grows."""
    await desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await desk.call(dtmf="true")
    await desk.rings()
    lines = desk.phone.get_by_role("group", name="What was done, as lines of a test")
    await expect(lines).to_contain_text("wait_for_call")
    height = await desk.phone.evaluate("it => it.clientHeight")
    await desk.page.keyboard.press("a")
    await expect(lines).to_contain_text("call.answer()")
    await desk.key("7").click()
    await expect(lines).to_contain_text('call.press("7")')
    await desk.page.keyboard.press("d")
    await expect(lines.get_by_text("call.hang_up()")).to_be_in_viewport()
    assert await desk.phone.evaluate("it => it.clientHeight") == height
    await desk.phone.get_by_role("button", name="Copy the lines of the test").click()
    await expect(desk.phone.get_by_text("✓", exact=True)).to_be_visible()
    assert await desk.page.evaluate("navigator.clipboard.readText()") == (
        f'call = sandbox.wait_for_call(to="{PHONE}")\n'
        'call.answer()\ncall.press("7")\ncall.hang_up()'
    )
