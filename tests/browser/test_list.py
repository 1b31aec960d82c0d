import re
from decimal import Decimal

import anyio
import pytest
from playwright.async_api import Locator, Route, expect

from alphasms_async.sandbox import Fate
from tests.sandbox.receiver import accept_call
from tests.sandbox.wire import OTHER_PHONE, PHONE

from .desks import Desk, shown

pytestmark = pytest.mark.anyio

THIRD_PHONE = "380931234500"
# Keeps what the page was told, by its kind.
HEARING = """
    window.heard = [];
    window.SharedWorker = class extends SharedWorker {
        constructor(...given) {
            super(...given);
            this.port.addEventListener("message", ({ data }) => window.heard.push(data.type));
        }
    };
"""


def shown_as(desk: Desk, name: str) -> Locator:
    """Return one of the buttons that choose what is shown."""
    choice = desk.page.get_by_role("group", name="Show")
    return choice.get_by_role("button", name=re.compile(rf"^{name}"))


async def fill_list(desk: Desk) -> None:
    """Have one call, one flash call, one SMS, and a hook in trouble."""
    await desk.call(PHONE, hook="http://127.0.0.1:9/hooks")
    files = {"key": (None, "sandbox-key"), "phone": (None, OTHER_PHONE)}
    await desk.client.post("/api/otp.php", files=files)
    sms = {"type": "sms", "id": 7, "phone": int(THIRD_PHONE), "sms_signature": "Shop"}
    await desk.json(**sms, sms_message="Замовлення 7781 у дорозі")
    await expect(desk.row(THIRD_PHONE)).to_contain_text("7781")


async def is_shown(desk: Desk, *phones: str) -> None:
    """Wait until these phones, of the three, are shown and no others."""
    for phone in (PHONE, OTHER_PHONE, THIRD_PHONE):
        await expect(desk.row(phone)).to_have_count(1 if phone in phones else 0)


async def test_filters_show_one_kind(desk: Desk) -> None:
    """All, calls, codes and messages are each shown by themselves."""
    await fill_list(desk)
    for name, phones in {
        "Calls": [PHONE],
        "OTP": [OTHER_PHONE],
        "SMS": [THIRD_PHONE],
        "All": [PHONE, OTHER_PHONE, THIRD_PHONE],
    }.items():
        await shown_as(desk, name).click()
        await expect(shown_as(desk, name)).to_have_attribute("aria-pressed", "true")
        await is_shown(desk, *phones)


async def test_trouble_shows_what_failed(desk: Desk) -> None:
    """The filter Trouble leaves what did not go well: here a hook nobody takes."""
    desk.sandbox.hook_pauses = ()
    await fill_list(desk)
    desk.sandbox.end_call(100500, Fate("BUSY"))
    await expect(desk.row(PHONE)).to_contain_text("gave up")
    await shown_as(desk, "Trouble").click()
    await is_shown(desk, PHONE)


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("0501234567", PHONE),
        ("50 123 45", PHONE),
        ("100501", OTHER_PHONE),
        ("дорозі", THIRD_PHONE),
        ("ДОРОЗІ", THIRD_PHONE),
    ],
    ids=["digits", "spaces", "id", "text", "capitals"],
)
async def test_search_finds(desk: Desk, typed: str, phone: str) -> None:
    """A number however written, an id and a text are found as they are typed."""
    await fill_list(desk)
    await desk.page.keyboard.press("/")
    await expect(desk.search).to_be_focused()
    await desk.page.keyboard.type(typed)
    await is_shown(desk, phone)
    await desk.search.fill("")
    await is_shown(desk, PHONE, OTHER_PHONE, THIRD_PHONE)


async def test_search_may_find_nothing(desk: Desk) -> None:
    """A search without a find says so, and offers to show all again."""
    await fill_list(desk)
    await desk.search.fill("nobody")
    await expect(desk.page.get_by_text("Nothing here matches.")).to_be_visible()
    await desk.page.get_by_role("button", name="Show all").click()
    await is_shown(desk, PHONE, OTHER_PHONE, THIRD_PHONE)


async def test_call_that_is_hidden_by_a_filter_still_arrives(desk: Desk) -> None:
    """What comes while a filter hides it is there when the filter is off."""
    await fill_list(desk)
    await shown_as(desk, "SMS").click()
    accept_call(desk.sandbox, "380501110000")
    await shown_as(desk, "All").click()
    await expect(desk.row("380501110000")).to_be_visible()


async def test_keys_move_in_the_list(desk: Desk) -> None:
    """J and K choose the next and the previous one, and the phone follows."""
    await fill_list(desk)
    await desk.row(THIRD_PHONE).click()
    await expect(desk.row(THIRD_PHONE)).to_have_attribute("aria-selected", "true")
    await desk.page.keyboard.press("j")
    await expect(desk.row(OTHER_PHONE)).to_have_attribute("aria-selected", "true")
    await desk.page.keyboard.press("k")
    await expect(desk.row(THIRD_PHONE)).to_have_attribute("aria-selected", "true")


async def test_address_names_the_call_that_is_opened(desk: Desk) -> None:
    """A page opened for one call shows it, whatever happens to others while it is read."""
    number = await desk.call(PHONE)
    other = await desk.call(OTHER_PHONE)
    is_told = anyio.Event()

    async def state(route: Route) -> None:
        await is_told.wait()
        await route.continue_()

    page = await desk.context.new_page()
    await page.add_init_script(HEARING)
    await page.route("**/sandbox/state", state)
    await page.goto(f"{desk.url}#{number}")
    await page.wait_for_function("() => window.heard.includes('open')")
    desk.sandbox.desk.answer(other)
    await page.wait_for_function("() => window.heard.includes('rows')")
    is_told.set()
    await expect(desk.row(PHONE, page)).to_have_attribute("aria-selected", "true")


async def test_thousands_of_calls_are_all_reached(desk: Desk) -> None:
    """Two thousand calls stay quick: the first one of all is found at the end of the list."""
    desk.sandbox.balance = Decimal(10_000)
    first = "380500000001"
    accept_call(desk.sandbox, first)
    for number in range(2_000):
        accept_call(desk.sandbox, f"38067{number:07}")
    await expect(desk.row("380670001999")).to_be_visible()
    await desk.search.fill(first)
    await expect(desk.row(first)).to_be_visible()


async def test_tab_key_meets_the_buttons_of_one_call_alone(desk: Desk) -> None:
    """However many calls ring, the list is passed by three presses of Tab."""
    phones = [PHONE, OTHER_PHONE, THIRD_PHONE]
    for phone in phones:
        await desk.call(phone)
        await desk.rings(phone)
    await desk.row(PHONE).click()
    focused = desk.page.locator(":focus")
    grid = desk.page.get_by_role("grid")
    for phone in phones:
        await expect(desk.row(phone)).to_have_attribute("aria-selected", "true")
        await grid.focus()
        for word in ("Answer", "Decline"):
            await desk.page.keyboard.press("Tab")
            await expect(focused).to_have_accessible_name(f"{word} {shown(phone)}")
        await desk.page.keyboard.press("Tab")
        assert await grid.locator(":focus").count() == 0
        await desk.page.keyboard.press("k")
    buttons = grid.get_by_role("button", name=re.compile("^(Answer|Decline) "))
    await expect(buttons).to_have_count(2 * len(phones))


async def test_long_price_is_read_in_full(desk: Desk) -> None:
    """A price of hundreds fits its place, and is under the pointer as well."""
    desk.sandbox.balance = Decimal(1_000)
    desk.sandbox.price = Decimal("261.60")
    await desk.call()
    await desk.decline()
    price = desk.row().get_by_role("gridcell", name="261.60")
    await expect(price).to_have_attribute("title", re.compile("^261.60"))
    assert await price.evaluate("cell => cell.scrollWidth <= cell.clientWidth")


async def test_long_text_is_whole_on_the_phone(desk: Desk) -> None:
    """The list has the beginning of a long text, in which it is searched; the phone has it all."""
    text = f"begin {'x' * 5000} end"
    sms = {"type": "sms", "id": 7, "phone": int(PHONE), "sms_signature": "Shop"}
    await desk.json(**sms, sms_message=text)
    await expect(desk.row()).to_contain_text("x…")
    await desk.row().click()
    await expect(desk.page.get_by_role("region", name="Phone")).to_contain_text(text)
    await desk.search.fill("begin")
    await expect(desk.row()).to_be_visible()
    await desk.search.fill("end")
    await expect(desk.row()).to_have_count(0)
