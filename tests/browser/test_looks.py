import re
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from alphasms_async.sandbox import Fate
from tests.sandbox.receiver import accept_call
from tests.sandbox.wire import OTHER_PHONE, PHONE

from .desks import Desk
from .hearing import Hearing

pytestmark = pytest.mark.anyio

WIDE: Final = ViewportSize(width=1280, height=800)
NARROW: Final = ViewportSize(width=390, height=844)
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
    await desk.page.set_viewport_size(NARROW)
    await is_narrow_enough(desk)
    await desk.page.set_viewport_size(WIDE)
    await fill_desk(desk, hook)
    await desk.page.set_viewport_size(NARROW)
    await is_narrow_enough(desk)
    await desk.page.screenshot(path=pictures / "narrow-list.png")
    await desk.row(PHONE).click()
    await expect(desk.pressed).to_be_visible()
    await is_narrow_enough(desk)
    await desk.page.screenshot(path=pictures / "narrow-call.png")
    await desk.page.get_by_role("button", name="All calls").click()
    await expect(desk.row(OTHER_PHONE)).to_be_visible()


async def test_answer_in_a_row_leads_to_the_phone(desk: Desk) -> None:
    """Where there is room for one alone, who answers has the phone in hand, and hangs up there."""
    await desk.page.set_viewport_size(NARROW)
    await desk.call(dtmf="true")
    await desk.row().get_by_role("button", name=re.compile("^Answer")).click()
    await desk.key("7").click()
    await expect(desk.pressed).to_have_text("7")
    await desk.phone.get_by_role("button", name="Hang up").click()
    await desk.page.go_back()
    await expect(desk.row()).to_contain_text("Answered")


async def lines_of(*shown: Locator) -> int:
    """Return on how many lines these stand."""
    boxes = [await one.bounding_box() for one in shown]
    middles = sorted(box["y"] + box["height"] / 2 for box in boxes if box is not None)
    assert len(middles) == len(shown)
    return 1 + sum(after - before > 5 for before, after in pairwise(middles))


async def test_narrow_page_breaks_no_line_for_a_button(desk: Desk, hook: str) -> None:
    """What belongs together stands on one line, whatever is on, and no moment is cut."""
    await desk.page.set_viewport_size(NARROW)
    desk.sandbox.balance = Decimal(100_000)
    desk.sandbox.banned = desk.sandbox.ip_denied = True
    desk.sandbox.chaos.on("latency=@1ms", "http_503=0%", "slow_read")
    button = partial(desk.page.get_by_role, "button")
    flag = button(name="chaos on · 3")
    names = ("banned · IP denied", re.compile("^Balance"), re.compile("^Theme"))
    await expect(flag).to_be_visible()
    assert await lines_of(flag, *(button(name=name) for name in names)) == 1
    chaos = desk.page.get_by_role("region", name="Chaos")
    assert await lines_of(chaos.get_by_role("heading"), button(name="All off")) == 1
    await is_narrow_enough(desk)
    accept_call(desk.sandbox, hook=hook)
    desk.sandbox.calls()[0].answer()
    await desk.row().click()
    tabs = desk.page.get_by_role("tab")
    curl, resend = button(name="Copy as curl"), button(name="Resend")
    assert await lines_of(tabs.first, tabs.last, curl, resend) == 1
    moment = desk.phone.get_by_text(re.compile("answered [0-9:]+$"))
    assert await moment.evaluate("it => it.scrollWidth <= it.parentElement.clientWidth")
    await is_narrow_enough(desk)


async def test_hook_that_is_slow_is_seen_waiting(desk: Desk, hook: str, hearing: Hearing) -> None:
    """A hook that is to be tried again says when, and then how it went."""
    desk.sandbox.hook_pauses = (30.0,)
    hearing.statuses = [500]
    number = await desk.call(hook=hook)
    desk.sandbox.end_call(number, Fate("BUSY"))
    await expect(desk.row()).to_contain_text("2 of 2")


async def test_states_are_told_in_a_persons_own_colours(
    desk: Desk, hook: str, pictures: Path
) -> None:
    """Where the system's colours replace the page's, what is on, chosen and open is told apart."""
    await desk.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    await fill_desk(desk, hook)
    await desk.page.get_by_role("switch", name="HTTP 503").press("Space")
    await expect(desk.page.get_by_role("button", name=re.compile("chaos on"))).to_be_visible()
    looks = await desk.page.evaluate(
        """pairs => pairs.map(pair => pair.map(place => {
            const look = getComputedStyle(document.querySelector(place));
            return [look.backgroundColor, look.borderBottomColor, look.outlineStyle].join(" ");
        }))""",
        [
            [f"#chaos input:{state}" for state in ("checked", "not(:checked)")],
            [f"#filters [aria-pressed={state}]" for state in ("true", "false")],
            ["#chaos-api", "#chaos-hooks"],
            [f"#rows [aria-selected={state}]" for state in ("true", "false")],
            ["#tab-hooks", "#tab-log"],
        ],
    )
    assert [one for one, other in looks if one == other] == []
    switch = desk.page.get_by_role("switch", name="Latency")
    assert await switch.evaluate("it => getComputedStyle(it).borderTopWidth") == "1px"
    await desk.page.screenshot(path=pictures / "forced-colours.png")
