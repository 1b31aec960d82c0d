import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from alphasms_async.sandbox.wire.forms import Form, read_form

from .wire import KEY, voice_form

pytestmark = pytest.mark.anyio


async def read(sent: httpx.Request, *, chunk_bytes: int, max_file_bytes: int) -> Form:
    """Read the form in `sent` as it arrives in chunks."""
    body = await sent.aread()
    chunks = [body[at : at + chunk_bytes] for at in range(0, len(body), chunk_bytes)]

    async def receive() -> Message:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    headers = [(b"content-type", sent.headers["content-type"].encode())]
    return await read_form(Request({"type": "http", "headers": headers}, receive), max_file_bytes)


@pytest.mark.parametrize("chunk_bytes", [1, 7, 100_000])
async def test_form_is_read_whatever_its_chunks(chunk_bytes: int) -> None:
    """A form says the same whether it arrives byte by byte or at once."""
    sent = httpx.Request("POST", "http://sandbox", files=voice_form(sound=b"sound", hook="ї"))
    form = await read(sent, chunk_bytes=chunk_bytes, max_file_bytes=100)
    assert form.is_whole
    assert (form.fields["key"], form.fields["hook"]) == (KEY, "ї")
    assert (form.files["voice"].content, form.files["voice"].size) == (b"sound", 5)


async def test_file_over_the_limit_is_counted_and_not_kept() -> None:
    """Of a file too big only its size is known afterwards, and the fields behind it."""
    sent = httpx.Request("POST", "http://sandbox", files=voice_form(sound=bytes(10_001)))
    form = await read(sent, chunk_bytes=3000, max_file_bytes=10_000)
    assert (form.files["voice"].content, form.files["voice"].size) == (b"", 10_001)
    assert (form.fields["key"], form.is_whole) == (KEY, True)
