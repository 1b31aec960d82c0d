"""Rows: what the table shows of each kind of thing, as far as it has come."""

from decimal import Decimal
from typing import Any

import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from alphasms_async.sandbox import Fate, Sandbox, SandboxCall, SandboxMessage
from tests.sandbox.receiver import (
    HOOK,
    Receiver,
    accept_call,
    accept_message,
    through,
)
from tests.sandbox.wire import PHONE, ask_json, voice_form

from .asking import START, got, pass_time

pytestmark = pytest.mark.anyio

AT_FIRST = {
    "id": 100500,
    "kind": "call",
    "page": "voice",
    "phone": PHONE,
    "phase": "queued",
    "word": None,
    "keys": "",
    "collects": False,
    "talked": 0,
    "price": "0.40",
    "at": START,
    "ringing_at": None,
    "answered_at": None,
    "ended_at": None,
    "text": None,
    "code": None,
    "file": None,
    "chaos": None,
    "hook": None,
}
NOT_TOLD: dict[str, Any] = {
    "attempts": 0,
    "status": None,
    "error": None,
    "ms": None,
    "taken": False,
    "next_at": None,
    "in_flight": 0,
}


async def row_of(page: httpx.AsyncClient) -> dict[str, Any]:
    """Return the newest row."""
    found: dict[str, Any] = (await got(page, "/sandbox/state"))["rows"][0]
    return found


async def test_nothing_is_shown_before_something_was_accepted(page: httpx.AsyncClient) -> None:
    """A new sandbox has no rows, and tells its account and the time."""
    state = await got(page, "/sandbox/state")
    assert (state["rows"], state["more"], state["now"]) == ([], False, START)
    assert list(state) == ["account", "rows", "more", "now"]


async def test_call_that_nobody_ends_is_queued(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A call without a fate is shown as it was accepted."""
    accept_call(sandbox, dtmf=False)
    assert await row_of(page) == AT_FIRST


async def test_call_goes_from_ringing_to_its_end(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A planned call is shown queued, ringing, in call with its keys, and ended."""
    sandbox.queue_seconds = 1
    sandbox.fates = lambda _: Fate(after_seconds=10, talk_seconds=6, digits="7")
    accept_call(sandbox, dtmf=True)
    expected: dict[str, Any] = {**AT_FIRST, "collects": True}
    assert await row_of(page) == expected
    pass_time(sandbox, 1)
    expected |= {"phase": "ringing", "ringing_at": START + 1000}
    assert await row_of(page) == expected
    pass_time(sandbox, 5)
    expected |= {"phase": "in call", "answered_at": START + 5000, "talked": 1}
    assert await row_of(page) == expected
    pass_time(sandbox, 2)
    assert await row_of(page) == expected | {"keys": "7", "talked": 3}
    pass_time(sandbox, 60)
    expected |= {"phase": "ended", "word": "ANSWERED", "keys": "7", "talked": 6}
    assert await row_of(page) == expected | {"ended_at": START + 11_000}


@pytest.mark.parametrize("word", ["NO ANSWER", "BUSY", "FAILED", "CANCEL"])
async def test_call_that_nobody_answered_tells_why(
    sandbox: Sandbox, page: httpx.AsyncClient, word: str
) -> None:
    """A call that ends without an answer has its word, and no time of answering."""
    sandbox.end_call(accept_call(sandbox), Fate(word))
    row = await row_of(page)
    assert (row["phase"], row["word"], row["answered_at"]) == ("ended", word, None)
    assert (row["ended_at"], row["talked"]) == (START, 0)


async def test_recording_is_shown_by_its_name(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A call by voice.php tells the name of its file, and whether it waits for a key."""
    await page.post("/api/voice.php", files=voice_form(dtmf="true"))
    assert await row_of(page) == {**AT_FIRST, "file": "audio.wav", "collects": True}
    assert sandbox.rings(PHONE) == 1


async def test_flash_call_shows_its_code(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A call by otp.php shows the code whole, for the page is the phone's display."""
    await page.post("/api/otp.php", files=voice_form(voice=None))
    code = sandbox.calls()[0].code
    assert await row_of(page) == {**AT_FIRST, "kind": "otp", "page": "otp", "code": code}


OBJECTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sms": (
        {"type": "sms", "sms_signature": "Shop", "sms_message": "Ваш код 4821"},
        {"kind": "sms", "page": "sms", "text": "Ваш код 4821"},
    ),
    "voice_sms": (
        {"type": "sms", "sms_signature": "Voice", "sms_message": "Hello"},
        {"kind": "call", "page": "voice_sms", "text": "Hello", "collects": True},
    ),
    "say": (
        {"type": "voice", "message": "Hello", "dtmf": True},
        {"kind": "call", "page": "say", "text": "Hello", "collects": True},
    ),
    "pipeline of voice": (
        {"type": "pipeline", "pipeline": ["voice"], "voice": {"message": "Hello", "dtmf": True}},
        {"kind": "call", "page": "pipeline", "text": "Hello", "collects": True},
    ),
    "pipeline of viber": (
        {
            "type": "pipeline",
            "pipeline": ["viber"],
            "viber": {"message": "Hello", "signature": "Shop"},
        },
        {"kind": "sms", "page": "pipeline", "text": "Hello"},
    ),
}


@pytest.mark.parametrize("name", OBJECTS)
async def test_each_kind_of_object_has_its_row(page: httpx.AsyncClient, name: str) -> None:
    """What json.php accepts is a call, or a message, with its text."""
    asked, expected = OBJECTS[name]
    await ask_json(page, {"id": 1, "phone": int(PHONE), **asked})
    assert await row_of(page) == {**AT_FIRST, **expected}


async def test_flash_call_of_json_is_a_flash_call(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """The type call/otp has the row of a flash call."""
    await ask_json(page, {"type": "call/otp", "id": 1, "phone": int(PHONE)})
    code = sandbox.calls()[0].code
    assert await row_of(page) == {**AT_FIRST, "kind": "otp", "page": "call/otp", "code": code}


async def test_message_is_queued_then_ended(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A message has no more to its life, and its own words for its end."""
    entry_id = accept_message(sandbox)
    assert (await row_of(page))["phase"] == "queued"
    sandbox.end_call(entry_id, Fate("DELIVERED"))
    row = await row_of(page)
    assert (row["kind"], row["phase"], row["word"]) == ("sms", "ended", "DELIVERED")


async def test_money_is_a_text_to_the_last_digit(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A price that no float holds arrives as it is."""
    sandbox.accept(SandboxMessage(kind="sms", phone=PHONE, price=Decimal("0.10") * 3))
    assert (await row_of(page))["price"] == "0.30"


@pytest.mark.parametrize(
    ("price", "written"),
    [("1", "1.00"), ("0.5", "0.50"), ("1E+1", "10.00"), ("0.12", "0.12"), ("0.125", "0.125")],
)
async def test_money_has_two_decimals(
    sandbox: Sandbox, page: httpx.AsyncClient, price: str, written: str
) -> None:
    """However a program writes an amount, the page is told two decimals, and loses none."""
    sandbox.accept(SandboxMessage(kind="sms", phone=PHONE, price=Decimal(price)))
    assert (await row_of(page))["price"] == written


async def test_hook_is_shown_from_waiting_to_given_up(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """The row tells how often a hook was tried, what came of it, and when it is tried again."""
    sandbox.hook_pauses = (5,)
    entry_id = accept_call(sandbox, hook=HOOK)
    assert (await row_of(page))["hook"] == NOT_TOLD
    sandbox.end_call(entry_id, Fate())
    assert (await row_of(page))["hook"] == NOT_TOLD | {"next_at": START}
    receiver = Receiver(500, 200)
    await sandbox.post_hooks(through(receiver))
    failed = {"attempts": 1, "status": 500, "ms": 0, "next_at": START + 5000}
    assert told(await row_of(page)) == NOT_TOLD | failed
    pass_time(sandbox, 5)
    await sandbox.post_hooks(through(receiver))
    taken = {"attempts": 2, "status": 200, "ms": 0, "taken": True}
    assert told(await row_of(page)) == NOT_TOLD | taken


def told(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a row says of its hook; an attempt takes as long as it takes."""
    hook: dict[str, Any] = row["hook"]
    assert isinstance(hook["ms"], int)
    return {**hook, "ms": 0}


async def test_hook_in_flight_and_without_an_answer(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A hook that is being posted says so, and one that broke says how in a word."""
    sandbox.hook_pauses = ()
    entry_id = accept_call(sandbox, hook="http://127.0.0.1/hook")
    sandbox.end_call(entry_id, Fate())
    post = sandbox.hook_queue.take()
    assert post is not None
    assert (await row_of(page))["hook"] == NOT_TOLD | {"in_flight": 1}
    sandbox.hook_queue.put_back([post])
    sandbox.hook_timeout_seconds = 0
    await sandbox.post_hooks()
    assert told(await row_of(page)) == NOT_TOLD | {"attempts": 1, "error": "TimeoutError", "ms": 0}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("я" * 200, "я" * 200),
        ("я" * 201, "я" * 200 + "…"),
        ("x" * 100_000, "x" * 200 + "…"),
    ],
    ids=["200", "201", "100,000"],
)
async def test_long_text_is_cut_in_a_row(
    sandbox: Sandbox, page: httpx.AsyncClient, written: str, shown: str
) -> None:
    """A row, which comes with 499 others, has the beginning of a text; in full there is it all."""
    call = SandboxCall(
        kind="voice", phone=PHONE, price=Decimal("0.40"), text=written, filename=written
    )
    entry_id = sandbox.accept(call).id
    row = await row_of(page)
    assert (row["text"], row["file"]) == (shown, shown)
    detail = await got(page, f"/sandbox/entries/{entry_id}")
    assert (detail["text"], detail["file"]) == (written, written)


async def test_long_error_of_a_hook_is_cut_in_a_row(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """Whatever a receiver of the same process raises, a row stays small."""
    name = "Trouble" * 100
    trouble = type(name, (Exception,), {})

    async def receive(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await anyio.lowlevel.checkpoint()
        raise trouble

    entry_id = accept_call(sandbox, hook=HOOK)
    sandbox.end_call(entry_id, Fate())
    await sandbox.post_hooks(httpx.ASGITransport(receive))
    assert (await row_of(page))["hook"]["error"] == name[:200] + "…"
    detail = await got(page, f"/sandbox/entries/{entry_id}")
    assert (detail["hook"]["error"], detail["deliveries"][0]["error"]) == (name, name)


async def test_newest_rows_come_first_in_pages(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """The state has the newest 500, and older ones are asked for by the id before them."""
    for number in range(510):
        sandbox.accept(SandboxCall(kind="voice", phone=f"38050{number:07}", price=Decimal("0.01")))
    state = await got(page, "/sandbox/state")
    assert (ids(state)[0], len(ids(state)), state["more"]) == (101_009, 500, True)
    last = ids(state)[-1]
    older = await got(page, f"/sandbox/entries?before={last}")
    assert (ids(older), older["more"]) == (list(range(100_509, 100_499, -1)), False)
    some = await got(page, "/sandbox/entries?before=100503&limit=2")
    assert (ids(some), some["more"]) == ([100_502, 100_501], True)
    assert ids(await got(page, "/sandbox/entries?limit=1")) == [101_009]
    assert ids(await got(page, "/sandbox/entries?before=1")) == []


def ids(state: dict[str, Any]) -> list[int]:
    """Return the ids of the rows."""
    return [row["id"] for row in state["rows"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "before=-1", "before=x"])
async def test_page_that_cannot_be_is_refused(page: httpx.AsyncClient, query: str) -> None:
    """A limit or an id that is none is said to be none."""
    answer = await page.get(f"/sandbox/entries?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{query.partition('=')[0]} is a number")
