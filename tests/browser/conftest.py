"""Chromium, once for all tests; for each test a sandbox, its page, and a program's own receiver."""

import os
import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from alphasms_async.sandbox import Autopilot, Sandbox
from tests.sandbox.receiver import served

from .desks import Desk
from .hearing import Hearing
from .watching import Watch

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# Nothing here is looked for outside this machine, and Chromium is not to try.
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A stranger has a name of its own lead here, as names may.
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
)

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Give asyncio alone, which Playwright needs; session-wide, so that Chromium is too."""
    return "asyncio"


@pytest.fixture(scope="session")
async def chromium(anyio_backend: str) -> AsyncGenerator[Browser]:
    """Start Chromium."""
    if not shutil.which(CHROMIUM):
        pytest.fail(
            f"There is no {CHROMIUM}: install Debian's package chromium, or set CHROMIUM to where "
            "one is.",
            pytrace=False,
        )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def hearing() -> Hearing:
    """Give the receiver of a program that is developed."""
    return Hearing()


@pytest.fixture
def hook(hearing: Hearing) -> Generator[str]:
    """Serve the receiver, and give the address of its hook."""
    with served(hearing) as url:
        yield f"{url}/hooks/voice?order=7781"


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a sandbox whose phones ring until somebody acts, longer than any test takes."""
    return Sandbox(seed=1, fates=Autopilot("off"))


@pytest.fixture
def url(sandbox: Sandbox) -> Generator[str]:
    """Serve the sandbox."""
    with sandbox.serve() as url:
        yield url


@pytest.fixture
async def watch() -> AsyncGenerator[Watch]:
    """Give what listens to the pages' consoles; nothing may have been said there at the end."""
    watch = Watch()
    yield watch
    assert watch.left() == []


@pytest.fixture
async def desk(chromium: Browser, sandbox: Sandbox, url: str, watch: Watch) -> AsyncGenerator[Desk]:
    """Give the sandbox's page, open and live."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        context = await chromium.new_context(
            viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="Europe/Kyiv"
        )
        stack.push_async_callback(context.close)
        context.on("page", watch.over)
        desk = Desk(sandbox, url, client, context, await context.new_page())
        await desk.open()
        yield desk


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Give the folder where what the page looks like is kept, for people."""
    folder = Path(__file__).parents[2] / "build" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
