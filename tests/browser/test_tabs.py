from collections.abc import Callable, Generator
from functools import partial
from threading import Condition

import pytest
from anyio import to_thread
from playwright.async_api import expect
from starlette.types import ASGIApp, Receive, Scope, Send

from alphasms_async.sandbox import Sandbox
from alphasms_async.sandbox.hooks.posting import keep_posting
from alphasms_async.sandbox.server import serve
from tests.sandbox.wire import OTHER_PHONE, PHONE

from .desks import Desk

pytestmark = pytest.mark.anyio

TABS = 10


class Streams:
    """An app that counts the streams of events that are open."""

    def __init__(self, app: ASGIApp) -> None:
        self.open = self.most = 0
        self._app = app
        self._changed = Condition()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] != "/sandbox/events":
            await self._app(scope, receive, send)
            return
        self._count(1)
        try:
            await self._app(scope, receive, send)
        finally:
            self._count(-1)

    async def wait_for(self, is_so: Callable[[], bool]) -> bool:
        """Wait, 10 s at most, until something is so; say whether it is."""

        def wait() -> bool:
            with self._changed:
                return self._changed.wait_for(is_so, 10)

        return await to_thread.run_sync(wait)

    def _count(self, change: int) -> None:
        with self._changed:
            self.open += change
            self.most = max(self.most, self.open)
            self._changed.notify_all()


@pytest.fixture
def streams(sandbox: Sandbox) -> Streams:
    """Give what counts the sandbox's streams."""
    return Streams(sandbox.app)


@pytest.fixture
def url(sandbox: Sandbox, streams: Streams) -> Generator[str]:
    """Serve the sandbox, its streams counted."""
    with serve(streams, 0, partial(keep_posting, sandbox)) as url:
        yield url


async def test_ten_tabs_are_live_by_one_stream(desk: Desk, streams: Streams) -> None:
    """Ten tabs, more than a browser has connections, all see a call, by one stream among them."""
    others = [await desk.open(await desk.context.new_page()) for _ in range(TABS - 1)]
    await desk.call()
    for tab in (desk.page, *others):
        await expect(desk.row(PHONE, tab)).to_be_visible()
    assert (streams.open, streams.most) == (1, 1)


async def test_late_tab_sees_what_was_before_and_what_comes(desk: Desk) -> None:
    """A tab opened later shows the calls from before it, and those that follow."""
    await desk.call(PHONE)
    late = await desk.open(await desk.context.new_page())
    await expect(desk.row(PHONE, late)).to_be_visible()
    await desk.call(OTHER_PHONE)
    await expect(desk.row(OTHER_PHONE, late)).to_be_visible()
    await expect(desk.row(OTHER_PHONE)).to_be_visible()


async def test_first_tab_may_leave(desk: Desk) -> None:
    """The tab by which the stream was opened closes, and the others stay live."""
    other = await desk.open(await desk.context.new_page())
    await desk.page.close()
    await desk.call()
    await expect(desk.row(PHONE, other)).to_be_visible()


async def test_stream_ends_with_the_last_tab(desk: Desk, streams: Streams) -> None:
    """When the last tab goes, nothing is left open at the server."""
    other = await desk.open(await desk.context.new_page())
    await desk.page.goto("about:blank")
    await desk.call()
    await expect(desk.row(PHONE, other)).to_be_visible()
    await other.goto("about:blank")
    assert await streams.wait_for(lambda: streams.open == 0)


async def test_reload_goes_on_with_one_stream(desk: Desk, streams: Streams) -> None:
    """A page that is loaded anew, over and over, is live each time, and leaves no stream behind."""
    for _ in range(5):
        await desk.page.reload()
        await desk.is_live()
    await desk.call()
    await expect(desk.row()).to_be_visible()
    assert await streams.wait_for(lambda: streams.open == 1)
