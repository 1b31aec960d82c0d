"""What can be done once is not done for every call."""

from pkgutil import resolve_name

import httpx
import pytest

from alphasms_async import AlphaSMS, Recording
from tests.doubles import KEY, PHONE
from tests.sounds import wav

pytestmark = pytest.mark.anyio

RECORDING = Recording.from_bytes(wav())


class Accepting(httpx.AsyncBaseTransport):
    """Reads each request to its end, accepts the call, and does nothing besides."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Accept a call."""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        async for _ in request.stream:
            pass
        return httpx.Response(200, stream=httpx.ByteStream(b'{"id": 100500, "price": 0.40}'))


@pytest.mark.parametrize(
    "once",
    [
        "httpx._urls.urlparse",
        "httpx._urlparse.urlparse",
        "httpx.AsyncClient.__init__",
        "alphasms_async.phone.parse",
        "logging.Logger.makeRecord",
    ],
)
async def test_second_call_does_it_no_more(once: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No URL is parsed for a call, no client made, no number looked up, no log."""
    real, done = resolve_name(once), list[str]()

    def noted(*args: object, **kwargs: object) -> object:
        done.append(once)
        return real(*args, **kwargs)

    async with AlphaSMS(KEY, transport=Accepting()) as alphasms:
        await alphasms.voice.call(PHONE, RECORDING)
        monkeypatch.setattr(once, noted)
        await alphasms.voice.call(PHONE, RECORDING)
        monkeypatch.undo()
    assert not done
