"""The recording as it was uploaded, whole and in parts."""

import httpx
import pytest

from alphasms_async.sandbox import Sandbox
from tests.sandbox.receiver import accept_call, accept_message
from tests.sandbox.wire import voice_form, wav

from .asking import problem

pytestmark = pytest.mark.anyio

PATH = "/sandbox/entries/100500/recording"
SOUND = wav(seconds=0.01)
SIZE = len(SOUND)


@pytest.fixture
async def recorded(page: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a sandbox that has accepted a recording."""
    await page.post("/api/voice.php", files=voice_form(sound=SOUND))
    return page


async def test_recording_is_as_it_was_uploaded(recorded: httpx.AsyncClient) -> None:
    """Without a range all its bytes come, as WAV."""
    answer = await recorded.get(PATH)
    assert (answer.status_code, answer.content) == (200, SOUND)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-range" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-", 0, SIZE - 1),
        ("0-0", 0, 0),
        ("10-19", 10, 19),
        (f"{SIZE - 1}-", SIZE - 1, SIZE - 1),
        ("5-999999", 5, SIZE - 1),
        ("-4", SIZE - 4, SIZE - 1),
        ("-999999", 0, SIZE - 1),
    ],
)
async def test_part_is_sent(recorded: httpx.AsyncClient, asked: str, first: int, last: int) -> None:
    """A range is answered by its bytes and by where they stand."""
    answer = await recorded.get(PATH, headers={"range": f"bytes={asked}"})
    assert (answer.status_code, answer.content) == (206, SOUND[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", [f"{SIZE}-", "999999-999999", "-0"])
async def test_part_beyond_the_end_is_refused(recorded: httpx.AsyncClient, asked: str) -> None:
    """A range with nothing in it is answered by the size."""
    answer = await recorded.get(PATH, headers={"range": f"bytes={asked}"})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "headers",
    [
        {"range": "bytes=5-2"},
        {"range": "bytes=-"},
        {"range": "bytes=x-y"},
        {"range": "bytes=0-1,4-5"},
        {"range": "bytes=" + "9" * 4000 + "-"},
        {"range": "lines=0-1"},
        {"range": ""},
        {"range": "bytes=0-1", "if-range": '"x"'},
    ],
)
async def test_what_is_no_range_is_answered_by_the_whole(
    recorded: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    """A range that cannot be read, and several of them, are left out of account."""
    answer = await recorded.get(PATH, headers=headers)
    assert (answer.status_code, answer.content) == (200, SOUND)


async def test_head_has_the_size_and_no_bytes(recorded: httpx.AsyncClient) -> None:
    """HEAD is answered as GET is, with nothing behind it."""
    whole = await recorded.head(PATH)
    assert (whole.status_code, whole.content) == (200, b"")
    assert whole.headers["content-length"] == str(SIZE)
    part = await recorded.head(PATH, headers={"range": "bytes=0-9"})
    assert (part.status_code, part.headers["content-length"]) == (206, "10")


async def test_what_has_no_recording_says_so(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A message has none, nor has a call in which a text is read out."""
    accept_call(sandbox)
    accept_message(sandbox)
    for entry_id in (100500, 100501):
        answer = await page.get(f"/sandbox/entries/{entry_id}/recording")
        assert problem(answer) == (404, f"{entry_id} has no recording.")
