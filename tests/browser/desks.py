"""The page as a test uses it: by what it shows and by the names it has for everybody."""

import re

import httpx
from attrs import frozen
from playwright.async_api import BrowserContext, Locator, Page, expect

from alphasms_async.sandbox import Sandbox
from tests.sandbox.wire import KEY, PHONE, voice_form


def shown(phone: str) -> str:
    """Return a Ukrainian phone as the page writes it: `+380 50 123 45 67`."""
    return f"+{phone[:3]} {phone[3:5]} {phone[5:8]} {phone[8:10]} {phone[10:]}"


@frozen(eq=False)
class Desk:
    """A sandbox, its page in a browser, and a program that calls through it."""

    sandbox: Sandbox
    url: str
    client: httpx.AsyncClient
    context: BrowserContext
    page: Page

    @property
    def phone(self) -> Locator:
        """The phone of the call that is chosen."""
        return self.page.get_by_role("region", name="Phone")

    @property
    def pressed(self) -> Locator:
        """The keys that were pressed on it."""
        return self.page.get_by_label("Keys pressed")

    @property
    def search(self) -> Locator:
        """The field that is searched by."""
        return self.page.get_by_role("searchbox")

    async def open(self, page: Page | None = None) -> Page:
        """Open the sandbox in `page`, None for the first one, and wait until it is there, live."""
        page = page or self.page
        await page.goto(self.url)
        await self.is_live(page)
        await expect(page.get_by_role("button", name=re.compile("^Balance"))).to_be_enabled()
        return page

    async def is_live(self, page: Page | None = None) -> None:
        """Wait until a page says that it is live."""
        live = (page or self.page).get_by_role("status").filter(has_text=re.compile("^live$"))
        await expect(live).to_be_visible()

    async def is_lost(self) -> None:
        """Wait until the page says that it is not live any more."""
        live = self.page.get_by_role("status").filter(has_text=re.compile("^live$"))
        await expect(live).to_have_count(0)

    async def mark(self) -> None:
        """Leave a mark in the page, which goes when it is loaded anew."""
        await self.page.evaluate("window.mark = 'here'")

    async def is_same_page(self) -> None:
        """Refuse a page that was loaded since it was marked."""
        assert await self.page.evaluate("window.mark") == "here"

    async def call(self, phone: str = PHONE, **fields: str) -> int:
        """Call as a program does, and return the gateway's id."""
        answer = await self.client.post(
            "/api/voice.php", files=voice_form(sound=None, phone=phone, **fields)
        )
        return int(answer.json()["id"])

    async def json(self, **item: object) -> None:
        """Post one object to json.php."""
        await self.client.post("/api/json.php", json={"auth": KEY, "data": [item]})

    async def answer(self, phone: str = PHONE) -> None:
        """Answer a call in its row."""
        await self.row(phone).get_by_role("button", name=f"Answer {shown(phone)}").click()
        await expect(self.row(phone)).to_contain_text("In call")

    async def decline(self, phone: str = PHONE) -> None:
        """Decline a call in its row."""
        await self.row(phone).get_by_role("button", name=f"Decline {shown(phone)}").click()

    async def rings(self, phone: str = PHONE) -> None:
        """Wait until a call rings on the page."""
        await expect(self.row(phone)).to_contain_text("Ringing")

    def row(self, phone: str = PHONE, page: Page | None = None) -> Locator:
        """Return the line of a phone's call."""
        return (page or self.page).get_by_role("row").filter(has_text=shown(phone))

    def key(self, digit: str) -> Locator:
        """Return a key of the phone's."""
        name = {"*": "star", "#": "hash"}.get(digit, digit)
        return self.page.get_by_role("button", name=f"Press {name}", exact=True)
