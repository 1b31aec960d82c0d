import re

import httpx
import pytest
from playwright.async_api import Locator, expect

from tests.sandbox.wire import OTHER_PHONE, PHONE

from .desks import Desk

pytestmark = pytest.mark.anyio


async def test_chaos_is_switched_on_seen_and_off(desk: Desk) -> None:
    """A rule switched on here is met by the program, cannot be overlooked, and ends with one."""
    chaos = desk.page.get_by_role("region", name="Chaos")
    flag = desk.page.get_by_role("button", name=re.compile("chaos on", re.IGNORECASE))
    await expect(flag).to_have_count(0)
    desk.sandbox.chaos.change({"rules": {"http_503": {"share": 1.0}}})
    await chaos.get_by_role("switch", name="HTTP 503").press("Space")
    await expect(flag).to_contain_text("1")
    assert (await desk.client.post("/api/voice.php")).status_code == 503
    await chaos.get_by_role("button", name="All off").click()
    await expect(flag).to_have_count(0)
    assert (await desk.client.post("/api/voice.php")).status_code == 200


async def test_chaos_that_a_program_switches_on_is_seen(desk: Desk) -> None:
    """What a test does to the chaos shows on the page at once."""
    desk.sandbox.chaos.on("latency=100%@50ms", "http_503=20%")
    flag = desk.page.get_by_role("button", name=re.compile("chaos on", re.IGNORECASE))
    await expect(flag).to_contain_text("2")
    await expect(desk.page.get_by_role("switch", name="HTTP 503")).to_be_checked()
    desk.sandbox.chaos.off()
    await expect(flag).to_have_count(0)


def panel_of(desk: Desk) -> Locator:
    """Return the panel in which things are made to go wrong."""
    return desk.page.get_by_role("region", name="Chaos")


@pytest.mark.parametrize(
    ("typed", "said", "share"),
    [
        ("150", "the most is 100 %", 1.0),
        ("often", "write it like 20 %", 0.2),
        ("5 s", "write it like 20 %", 0.2),
    ],
)
async def test_number_that_cannot_be_is_said_to_be_none(
    desk: Desk, typed: str, said: str, share: float
) -> None:
    """What is typed and is no share, or beyond the most, is not made another in silence."""
    field = panel_of(desk).get_by_label("HTTP 503: how often")
    await field.fill(typed)
    await field.press("Enter")
    await expect(desk.page.get_by_text(f"HTTP 503: how often: {said}")).to_be_visible()
    await expect(field).to_have_value(f"{share * 100:g}")
    assert desk.sandbox.chaos.rules["http_503"].share == share


async def test_amount_is_typed_with_a_unit(desk: Desk) -> None:
    """A number goes in the unit that stands there, or in the one that is typed."""
    field = panel_of(desk).get_by_label("Latency: how much")
    for typed, seconds in {"50": 0.05, "2 s": 2, "1 min": 60, "250 ms": 0.25}.items():
        await field.fill(typed)
        async with desk.page.expect_response("**/sandbox/chaos"):
            await field.press("Enter")
        assert desk.sandbox.chaos.rules["latency"].amount == seconds


async def test_what_is_on_is_copied_for_the_command_line(desk: Desk) -> None:
    """The rules that are on are options to copy, by their names, and mean the same there."""
    await desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    texts = ["latency=100%@300ms", "http_503=20%", "slow_read=100%@64KB/s", "hook_delay=50%@2s"]
    desk.sandbox.chaos.on(*texts)
    await panel_of(desk).get_by_role("button", name=re.compile("^Copy what is on")).click()
    await expect(panel_of(desk).get_by_text("✓")).to_be_visible()
    copied: str = await desk.page.evaluate("navigator.clipboard.readText()")
    options = copied.split("--chaos ")
    assert sorted(one.strip() for one in options[1:-1]) == sorted(texts[:-1])
    assert options[-1] == f"{texts[-1]} --chaos-seed 1"
    await panel_of(desk).get_by_role("button", name="All off").click()
    await expect(panel_of(desk)).to_contain_text("what goes wrong")
    await expect(panel_of(desk).get_by_role("button", name=re.compile("^Copy"))).to_have_count(0)


async def test_rule_is_known_by_its_name(desk: Desk) -> None:
    """Each rule says what programs call it, and how often it has happened."""
    desk.sandbox.chaos.on("http_503=100%")
    for _ in range(3):
        await desk.client.post("/api/voice.php")
    panel = panel_of(desk)
    switch = panel.get_by_role("switch", name="HTTP 503")
    await expect(switch).to_have_accessible_description(re.compile("hit 3 times"))
    await panel.get_by_role("button", name=re.compile("more")).click()
    for rule in desk.sandbox.chaos.rules.values():
        if rule.side == "api":
            await expect(panel.get_by_text(rule.name, exact=True)).to_be_visible()


async def test_each_side_says_what_is_on(desk: Desk) -> None:
    """The rules shown are those for the API or for the webhooks; either says how many are on."""
    desk.sandbox.chaos.on("latency=@1ms", "hook_drop", "hook_delay")
    shown = panel_of(desk).get_by_role("group", name="Rules for")
    await expect(shown.get_by_role("button", name=re.compile("API"))).to_contain_text("1")
    hooks = shown.get_by_role("button", name=re.compile("Webhooks"))
    await expect(hooks).to_contain_text("2")
    await hooks.click()
    await expect(hooks).to_have_attribute("aria-pressed", "true")
    await expect(panel_of(desk).get_by_role("switch", name="Drop")).to_be_checked()


async def test_call_whose_reply_was_lost_is_marked(desk: Desk) -> None:
    """A call that its program may not know of says so, and is looked for under Trouble."""
    desk.sandbox.chaos.on("charged_no_reply")
    with pytest.raises(httpx.RemoteProtocolError):
        await desk.call(PHONE)
    desk.sandbox.chaos.off()
    await desk.call(OTHER_PHONE)
    await expect(desk.row(PHONE)).to_contain_text("⚡ reply lost")
    await desk.row(PHONE).click()
    await expect(desk.phone).to_contain_text("⚡ reply lost")
    choice = desk.page.get_by_role("group", name="Show", exact=True)
    await choice.get_by_role("button", name=re.compile("^Trouble")).click()
    await expect(desk.row(OTHER_PHONE)).to_have_count(0)
    await expect(desk.row(PHONE)).to_be_visible()


async def test_page_itself_meets_no_chaos(desk: Desk) -> None:
    """However bad the wire is, the page stays live and its buttons work."""
    desk.sandbox.chaos.on("hang=100%", "http_503=100%")
    await desk.page.reload()
    await desk.is_live()
    await desk.page.get_by_role("button", name="All off").click()
    await expect(desk.page.get_by_role("button", name=re.compile("chaos on"))).to_have_count(0)
