import re
from collections.abc import Generator
from contextlib import ExitStack

import pytest
from anyio import to_thread
from playwright.async_api import expect

from alphasms_async.sandbox import Sandbox
from tests.ports import free_port
from tests.sandbox.receiver import accept_call
from tests.sandbox.wire import OTHER_PHONE, PHONE, voice_form, wav

from .desks import Desk
from .watching import Watch

pytestmark = pytest.mark.anyio


class Server:
    """A server at one port, which a test stops and starts."""

    def __init__(self) -> None:
        self.port = free_port()
        self._running = ExitStack()

    def start(self, sandbox: Sandbox) -> str:
        """Serve `sandbox`, and return the address."""
        return self._running.enter_context(sandbox.serve(port=self.port))

    def stop(self) -> None:
        """Stop it, as a program does that ends."""
        self._running.close()


@pytest.fixture
def server() -> Generator[Server]:
    """Give the server, not started yet."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def url(server: Server, sandbox: Sandbox) -> str:
    """Serve the sandbox."""
    return server.start(sandbox)


@pytest.fixture(autouse=True)
def forgiving(watch: Watch) -> None:
    """Let the browser complain that the server is gone."""
    watch.forgiven.append(r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED")


async def test_page_is_live_again_after_a_restart(desk: Desk, server: Server) -> None:
    """The server gone, the page says so; back on its port, it is live and shows what it missed."""
    await desk.mark()
    await to_thread.run_sync(server.stop)
    await desk.is_lost()
    accept_call(desk.sandbox, PHONE)
    await to_thread.run_sync(server.start, desk.sandbox)
    await desk.is_live()
    await expect(desk.row(PHONE)).to_be_visible()
    await desk.is_same_page()


async def test_what_is_gone_with_the_old_server_is_not_shown(desk: Desk, server: Server) -> None:
    """A server that begins anew with an empty list has its calls shown, and no older ones."""
    # Longer than a browser reads ahead: the rest of it is not to be asked of the new server.
    await desk.client.post("/api/voice.php", files=voice_form(sound=wav(seconds=250)))
    await expect(desk.page.locator("audio")).to_have_js_property("duration", 250)
    await to_thread.run_sync(server.stop)
    await desk.is_lost()
    another = Sandbox()
    accept_call(another, OTHER_PHONE)
    await to_thread.run_sync(server.start, another)
    await expect(desk.row(OTHER_PHONE)).to_be_visible()
    await expect(desk.row(PHONE)).to_have_count(0)


async def test_recording_is_the_new_calls(desk: Desk, server: Server) -> None:
    """A server that begins anew gives the same ids again, to calls with recordings of their own."""
    await desk.call(PHONE)
    audio = desk.page.locator("audio")
    await expect(audio).to_have_js_property("duration", 1)
    await to_thread.run_sync(server.stop)
    await desk.is_lost()
    await to_thread.run_sync(server.start, Sandbox())
    await desk.is_live()
    await desk.client.post("/api/voice.php", files=voice_form(sound=wav(seconds=3)))
    await expect(desk.row(PHONE)).to_be_visible()
    await expect(audio).to_have_js_property("duration", 3)


async def test_recording_is_played_to_its_end_without_the_server(
    desk: Desk, server: Server
) -> None:
    """What was opened can be heard while the server is gone, and all of it."""
    await desk.client.post("/api/voice.php", files=voice_form(sound=wav(seconds=250)))
    audio = desk.page.locator("audio")
    await expect(audio).to_have_js_property("duration", 250)
    await to_thread.run_sync(server.stop)
    await desk.is_lost()
    await audio.evaluate("a => { a.muted = true; a.currentTime = 240; }")
    await desk.page.get_by_role("button", name=re.compile("^Play the recording")).click()
    await desk.page.wait_for_function("() => document.querySelector('audio').currentTime > 240.05")


async def test_what_a_person_does_meanwhile_is_told_to_have_failed(
    desk: Desk, server: Server
) -> None:
    """A button pressed while the server is gone says so, and breaks nothing."""
    await desk.call(PHONE)
    await expect(desk.row(PHONE)).to_be_visible()
    await to_thread.run_sync(server.stop)
    await desk.is_lost()
    await desk.row(PHONE).get_by_role("button", name="Answer").click()
    await expect(desk.page.get_by_text("does not answer")).to_be_visible()


async def test_what_is_refused_is_put_back(desk: Desk, server: Server) -> None:
    """A switch and a choice changed while the server is gone go back to how things are."""
    await desk.call()
    await desk.row().click()
    await to_thread.run_sync(server.stop)
    await desk.is_lost()
    timing = desk.page.get_by_role("combobox", name=re.compile("hook is posted"))
    await timing.select_option("key")
    await expect(desk.page.get_by_text("does not answer")).to_be_visible()
    await expect(timing).to_have_value("hang-up")
    await desk.page.get_by_role("button", name=re.compile("^Balance")).click()
    dialog = desk.page.get_by_role("dialog", name="Account")
    await dialog.get_by_role("switch", name="Banned").press("Space")
    await expect(dialog.get_by_role("alert")).to_contain_text("does not answer")
    await expect(dialog.get_by_role("switch", name="Banned")).not_to_be_checked()
    await desk.page.keyboard.press("Escape")
    await desk.page.get_by_role("switch", name="HTTP 503").press("Space")
    await expect(desk.page.get_by_role("switch", name="HTTP 503")).not_to_be_checked()
