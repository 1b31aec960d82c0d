"""How quick the sandbox's page is in a browser: to show a call, to open, to scroll, to search."""

import os
import shutil
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import httpx
from attrs import frozen
from playwright.async_api import Page, async_playwright

from alphasms_async.sandbox import Autopilot, Fate, Sandbox, SandboxCall
from benchmarks.options import Options
from benchmarks.recordings import RECORDING
from benchmarks.tables import Cell, Table

__all__ = ["measured_pages"]

_CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_ARGUMENTS: Final = ("--disable-background-networking", "--disable-component-update")
_LOOKING: Final = Path(__file__).with_name("looking.js")
_PRICE: Final = Decimal("0.40")
_PURSE: Final = Decimal(1_000_000)
_USUAL_CALLS: Final = 5_000
_QUICK_CALLS: Final = 500
_SEARCHED: Final = "0501234567"


@frozen
class _Desk:
    sandbox: Sandbox
    client: httpx.AsyncClient
    page: Page


async def measured_pages(options: Options) -> Sequence[Table]:
    """Return what was measured in Chromium; nothing, and a line that says so, where there is none.

    Args:
        options: How long it may take.
    """
    if not shutil.which(_CHROMIUM):
        print(f"The page is not measured: there is no {_CHROMIUM}; CHROMIUM names another.")
        return []
    calls = options.rows_or(_USUAL_CALLS, _QUICK_CALLS)
    return [await _arrivals(calls, options), await _reading(calls, options)]


async def _arrivals(calls: int, options: Options) -> Table:
    times = 5 if options.is_quick else 30
    rows: list[dict[str, Cell]] = []
    for before in (0, calls):
        async with _opened(before) as desk:
            moments = [await _arrival(desk, f"38050{number:07}") for number in range(times)]
        there, drawn = zip(*moments, strict=True)
        rows.append({"calls before": before, **_told("there", there), **_told("drawn", drawn)})
    return Table(f"From a POST to voice.php to its row on the page, ms, {times} times", rows)


async def _arrival(desk: _Desk, phone: str) -> tuple[float, float]:
    """Return how long after its POST began a call's row was there, and was drawn, in ms."""
    # Not awaited: it is over when the call has come.
    await desk.page.evaluate("phone => void (window.arrived = looking.arrival(phone))", phone)
    files: dict[str, tuple[str | None, str | bytes]] = {
        "key": (None, desk.sandbox.api_key),
        "phone": (None, phone),
        "voice": ("audio.wav", RECORDING.data),
    }
    began = 1000 * time.time()
    (await desk.client.post("/api/voice.php", files=files)).raise_for_status()
    there, drawn = await desk.page.evaluate("window.arrived")
    return there - began, drawn - began


async def _reading(calls: int, options: Options) -> Table:
    is_quick = options.is_quick
    async with _opened(calls) as desk:
        page, opened = desk.page, list[float]()
        for _ in range(2 if is_quick else 10):
            await page.reload()
            opened.append(await page.evaluate("looking.firstRow"))
            await _is_live(page)
        frames: list[float] = await page.evaluate("s => looking.scroll(s)", 2 if is_quick else 10)
        _have_call(desk.sandbox, f"38{_SEARCHED}")
        typed = list[float]()
        for _ in range(1 if is_quick else 5):
            typed += await page.evaluate("text => looking.type(text)", _SEARCHED)
    measured = {
        "opened, its first row there": opened,
        "a frame while scrolling a screen a frame": frames,
        "a digit typed into the search, the find drawn": typed,
    }
    return Table(
        f"The page with {calls:,} calls, ms",
        [{"what": what, **_told("", figures)} for what, figures in measured.items()],
    )


def _told(what: str, figures: Sequence[float]) -> dict[str, Cell]:
    at = {
        "median": median(figures),
        "p99": quantiles(figures, n=100, method="inclusive")[98],
        "longest": max(figures),
    }
    return {f"{what} {name}".strip(): round(figure, 1) for name, figure in at.items()}


@asynccontextmanager
async def _opened(calls: int) -> AsyncGenerator[_Desk]:
    """Open the page of a sandbox that has had so many calls."""
    sandbox = Sandbox(balance=_PURSE, fates=Autopilot("off"))
    for number in range(calls):
        _have_call(sandbox, f"38067{number:07}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        with sandbox.serve() as url:
            async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
                page = await browser.new_page(viewport={"width": 1280, "height": 800})
                await page.add_init_script(path=_LOOKING)
                await page.goto(url)
                await _is_live(page)
                yield _Desk(sandbox, client, page)
        await browser.close()


def _have_call(sandbox: Sandbox, phone: str) -> None:
    draft = SandboxCall(kind="voice", phone=phone, price=_PRICE, audio=RECORDING.data)
    call = sandbox.accept(draft)
    sandbox.end_call(call.id, Fate("ANSWERED", talk_seconds=21, digits="1"))


async def _is_live(page: Page) -> None:
    await page.get_by_role("status").get_by_text("live", exact=True).wait_for()
