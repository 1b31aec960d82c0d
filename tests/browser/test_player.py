import re

import pytest
from playwright.async_api import expect

from tests.sandbox.wire import PHONE, voice_form, wav

from .desks import Desk

pytestmark = pytest.mark.anyio


async def upload(desk: Desk, sound: bytes) -> None:
    """Call with a recording, and open the call."""
    await desk.client.post("/api/voice.php", files=voice_form(sound=sound))
    await desk.row(PHONE).click()


async def test_recording_plays_and_is_sought(desk: Desk) -> None:
    """The recording plays in the browser, and stays where it was put: ranges are answered."""
    await upload(desk, wav(seconds=30))
    audio = desk.page.locator("audio")
    await expect(audio).to_have_js_property("duration", 30)
    await audio.evaluate("a => { a.muted = true; a.currentTime = 20; }")
    await desk.page.get_by_role("button", name=re.compile("^Play the recording")).click()
    await desk.page.wait_for_function("() => document.querySelector('audio').currentTime > 20.05")
    assert await audio.evaluate("a => a.currentTime") < 25


async def test_recording_after_a_reset_is_the_new_calls(desk: Desk) -> None:
    """Begun anew, nothing is heard of the calls from before."""
    await upload(desk, wav(seconds=1))
    audio = desk.page.locator("audio")
    await expect(audio).to_have_js_property("duration", 1)
    await desk.client.post("/sandbox/reset")
    await upload(desk, wav(seconds=3))
    assert len(desk.sandbox.calls()) == 1
    await expect(audio).to_have_js_property("duration", 3)


async def test_waveform_is_a_slider(desk: Desk) -> None:
    """A click into the waveform, and an arrow key in it, move the playing position."""
    await upload(desk, wav(seconds=30))
    await expect(desk.page.locator("audio")).to_have_js_property("duration", 30)
    slider = desk.page.get_by_role("slider", name="Position in the recording")
    box = await slider.bounding_box()
    assert box is not None
    await slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    await desk.page.wait_for_function(
        "() => Math.abs(document.querySelector('audio').currentTime - 15) < 0.5"
    )
    await slider.press("ArrowRight")
    await desk.page.wait_for_function(
        "() => Math.abs(document.querySelector('audio').currentTime - 16) < 0.5"
    )


async def test_recording_is_described(desk: Desk) -> None:
    """Codec, rate, channels and length stand there, and whether the line likes it."""
    await upload(desk, wav(seconds=2))
    await expect(desk.phone).to_contain_text("8 kHz")
    await expect(desk.phone).to_contain_text("mono")
    await expect(desk.phone).to_contain_text("ready for the line")


async def test_recording_of_another_kind_is_warned_about(desk: Desk) -> None:
    """Stereo plays, and is said not to be what the line wants."""
    await upload(desk, wav(seconds=2, channels=2))
    await expect(desk.phone).to_contain_text("stereo")
    await expect(desk.phone).not_to_contain_text("ready for the line")
