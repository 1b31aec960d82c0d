import re

import pytest
from playwright.async_api import expect

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


async def test_page_itself_meets_no_chaos(desk: Desk) -> None:
    """However bad the wire is, the page stays live and its buttons work."""
    desk.sandbox.chaos.on("hang=100%", "http_503=100%")
    await desk.page.reload()
    await desk.is_live()
    await desk.page.get_by_role("button", name="All off").click()
    await expect(desk.page.get_by_role("button", name=re.compile("chaos on"))).to_have_count(0)
