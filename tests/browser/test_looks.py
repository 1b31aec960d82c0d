import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import expect

from alphasms_async.sandbox import Fate
from tests.sandbox.wire import OTHER_PHONE, PHONE

from .desks import Desk
from .hearing import Hearing

pytestmark = pytest.mark.anyio

# What a person acts on, or reads a state from.
CONTROLS: Final = frozenset(
    {
        *("button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "switch"),
        *("slider", "spinbutton", "tab", "radio", "menuitem", "grid", "dialog", "region", "group"),
    }
)


async def fill_desk(desk: Desk, hook: str) -> None:
    """Have a call in progress, and others that ended well and ill."""
    for last, word in enumerate(("ANSWERED", "BUSY", "NO ANSWER", "FAILED")):
        number = await desk.call(f"38063901772{last}", hook=hook)
        desk.sandbox.end_call(number, Fate(word, talk_seconds=23, digits="1"))
    files = {"key": (None, "sandbox-key"), "phone": (None, "380682223109")}
    await desk.client.post("/api/otp.php", files=files)
    sms = {"type": "sms", "id": 7, "phone": 380936041877, "sms_signature": "Shop"}
    await desk.json(**sms, sms_message="Замовлення №7781 у дорозі")
    await desk.call(PHONE, hook=hook, dtmf="true")
    await desk.answer(PHONE)
    await desk.row(PHONE).click()
    await desk.key("7").click()
    await desk.call(OTHER_PHONE, hook=hook)
    await expect(desk.page).to_have_title(re.compile("ringing"))
    await expect(desk.pressed).to_have_text("7")


async def nameless(desk: Desk) -> list[str]:
    """Return the roles of the controls that have no name."""
    session: Any = await desk.context.new_cdp_session(desk.page)
    tree = await session.send("Accessibility.getFullAXTree")
    roles = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree["nodes"]
        if not node["ignored"]
    ]
    assert len(roles) > 50, roles
    return [role for role, name in roles if role in CONTROLS and not name.strip()]


async def is_narrow_enough(desk: Desk) -> None:
    """Refuse a page that is wider than what it is seen through."""
    wide, seen = await desk.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= seen


async def test_every_control_has_a_name(desk: Desk, hook: str) -> None:
    """All that can be acted on has a name for those who cannot see it, dialogs included."""
    assert await nameless(desk) == []
    await fill_desk(desk, hook)
    assert await nameless(desk) == []
    for name in ("Webhooks", "Request", "Log"):
        await desk.page.get_by_role("tab", name=name).click()
        assert await nameless(desk) == []
    await desk.page.keyboard.press("?")
    await expect(desk.page.get_by_role("dialog")).to_be_visible()
    assert await nameless(desk) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_page_looks_like_itself(desk: Desk, hook: str, pictures: Path, scheme: Any) -> None:
    """Both schemes are drawn without a scroll bar of the page's; the pictures are kept."""
    await desk.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await desk.page.screenshot(path=pictures / f"empty-{scheme}.png")
    await fill_desk(desk, hook)
    await is_narrow_enough(desk)
    await desk.page.screenshot(path=pictures / f"desk-{scheme}.png")
    shade = await desk.page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(shade.partition("(")[2].partition(",")[0])
    assert (red < 128) == (scheme == "dark")


async def test_theme_is_changed_by_hand(desk: Desk) -> None:
    """The button in the bar changes the scheme, and a reload keeps the choice."""
    background = "getComputedStyle(document.body).backgroundColor"
    seen = {await desk.page.evaluate(background)}
    for _ in range(2):
        await desk.page.get_by_role("button", name=re.compile("^Theme")).click()
        seen.add(await desk.page.evaluate(background))
    assert len(seen) == 2
    last = await desk.page.evaluate(background)
    await desk.page.reload()
    assert await desk.page.evaluate(background) == last


async def test_narrow_page_does_not_scroll_sideways(desk: Desk, hook: str, pictures: Path) -> None:
    """On a phone of 390 pixels nothing is wider than the screen, list and call alike."""
    await desk.page.set_viewport_size({"width": 390, "height": 844})
    await is_narrow_enough(desk)
    await fill_desk(desk, hook)
    await is_narrow_enough(desk)
    await desk.page.screenshot(path=pictures / "narrow-call.png")
    await desk.page.get_by_role("button", name="All calls").click()
    await expect(desk.row(OTHER_PHONE)).to_be_visible()
    await is_narrow_enough(desk)
    await desk.page.screenshot(path=pictures / "narrow-list.png")


async def test_hook_that_is_slow_is_seen_waiting(desk: Desk, hook: str, hearing: Hearing) -> None:
    """A hook that is to be tried again says when, and then how it went."""
    desk.sandbox.hook_pauses = (30.0,)
    hearing.statuses = [500]
    number = await desk.call(hook=hook)
    desk.sandbox.end_call(number, Fate("BUSY"))
    await expect(desk.row()).to_contain_text("2 of 2")
