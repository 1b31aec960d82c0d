"""One thing with all there is to know: its hooks, its story and the lines of a test."""

import shlex
from typing import Any

import httpx
import pytest

from alphasms_async.sandbox import Fate, HookStyle, Sandbox, State
from tests.sandbox.receiver import HOOK, Receiver, accept_call, accept_message, through
from tests.sandbox.wire import PHONE, voice_form

from .asking import START, done, got, pass_time

pytestmark = pytest.mark.anyio

DETAIL = "/sandbox/entries/100500"


async def test_detail_is_the_row_and_more(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """What the table shows stands in the detail too, and beside it what was asked for."""
    accept_call(sandbox, hook=HOOK)
    detail = await got(page, DETAIL)
    rows = (await got(page, "/sandbox/state"))["rows"]
    row: dict[str, Any] = rows[0]
    assert {name: detail[name] for name in row} == row
    assert list(detail)[len(row) :] == [
        *(
            "request",
            "hook_url",
            "deliveries",
            "next",
            "key_times",
            "sound",
            "peaks",
            "log",
            "test",
        ),
    ]
    assert (detail["hook_url"], detail["deliveries"], detail["key_times"]) == (HOOK, [], [])


async def test_hook_of_the_account_is_the_things_own(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """Who came without a hook is told of by the account's."""
    accept_call(sandbox)
    assert (await got(page, DETAIL))["hook_url"] is None
    sandbox.hook = HOOK
    assert (await got(page, DETAIL))["hook_url"] == HOOK


async def test_keys_are_told_with_their_times(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Each key stands with the moment it was pressed."""
    accept_call(sandbox)
    await done(page, f"{DETAIL}/press", digits="4")
    pass_time(sandbox, 2)
    await done(page, f"{DETAIL}/press", digits="2")
    assert (await got(page, DETAIL))["key_times"] == [
        {"digit": "4", "at": START},
        {"digit": "2", "at": START + 2000},
    ]


async def test_every_attempt_to_post_a_hook_is_told(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """Each attempt has its time, its wait, what came of it, and what was posted."""
    sandbox.hook_pauses = (5,)
    sandbox.end_call(accept_call(sandbox, hook=HOOK), Fate())
    receiver = Receiver(503, 200)
    await sandbox.post_hooks(through(receiver))
    pass_time(sandbox, 5)
    await sandbox.post_hooks(through(receiver))
    deliveries = (await got(page, DETAIL))["deliveries"]
    listed: list[dict[str, Any]] = deliveries
    assert all(isinstance(one["ms"], int) for one in listed)
    told = [{name: one[name] for name in one if name not in {"ms", "curl"}} for one in listed]
    body = receiver.bodies[0]
    first = {"attempt": 1, "at": START, "pause_seconds": 0.0, "status": 503}
    second = {"attempt": 2, "at": START + 5000, "pause_seconds": 5.0, "status": 200}
    rest = {"resent": False, "error": None, "body": body}
    assert told == [{**one, **rest} for one in (first, second)]


async def test_hook_that_a_person_sends_again_says_so(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """What was sent again is told apart from what was sent by itself, its own attempts too."""
    sandbox.hook_pauses = (5,)
    sandbox.end_call(accept_call(sandbox, hook=HOOK), Fate("BUSY"))
    receiver = Receiver(200, 503, 200)
    await sandbox.post_hooks(through(receiver))
    await done(page, f"{DETAIL}/resend")
    assert (await got(page, DETAIL))["next"] == {"attempt": 1, "resent": True, "at": START}
    await sandbox.post_hooks(through(receiver))
    again = {"attempt": 2, "resent": True, "at": START + 5000}
    assert (await got(page, DETAIL))["next"] == again
    pass_time(sandbox, 5)
    await sandbox.post_hooks(through(receiver))
    detail = await got(page, DETAIL)
    listed: list[dict[str, Any]] = detail["deliveries"]
    assert [(one["attempt"], one["resent"]) for one in listed] == [(1, False), (1, True), (2, True)]
    assert [one["text"] for one in detail["log"][-3:]] == [
        *("hook attempt 1: 200", "hook sent again: 503", "hook sent again, attempt 2: 200"),
    ]


async def test_attempt_that_comes_next_is_told(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Before the end none comes; then the first that waits, or the one that is being made."""
    entry_id = accept_call(sandbox, hook=HOOK)
    assert (await got(page, DETAIL))["next"] is None
    sandbox.end_call(entry_id, Fate())
    first = {"attempt": 1, "resent": False, "at": START}
    assert (await got(page, DETAIL))["next"] == first
    await done(page, f"{DETAIL}/resend")
    assert (await got(page, DETAIL))["next"] == first
    assert sandbox.hook_queue.take() is not None
    assert (await got(page, DETAIL))["next"] == {**first, "at": None}


STYLES = {
    "json": HookStyle(),
    "form": HookStyle(encoding="form"),
    "query": HookStyle(encoding="query"),
    "GET": HookStyle(method="GET", encoding="query"),
}


@pytest.mark.parametrize("name", STYLES)
async def test_attempt_can_be_repeated_in_a_terminal(
    sandbox: Sandbox, page: httpx.AsyncClient, name: str
) -> None:
    """The line for curl asks for what was asked, by the method, with the body."""
    sandbox.hook_style = STYLES[name]
    sandbox.end_call(accept_call(sandbox, hook=f"{HOOK}&who=it's[1]"), Fate())
    receiver = Receiver()
    await sandbox.post_hooks(through(receiver))
    deliveries = (await got(page, DETAIL))["deliveries"]
    words = shlex.split(deliveries[0]["curl"])
    posted = receiver.requests[0]
    assert words[0:2] == ["curl", "-g"]
    url = next(word for word in words if word.startswith("https://"))
    assert httpx.URL(url).raw_path == posted.url.raw_path
    assert ("-X" in words) == (name == "query")
    assert words[-1] == (posted.content.decode() or url)
    if posted.content:
        kind = f"content-type: {posted.headers['content-type']}"
        assert words[-4:-1] == ["-H", kind, "--data-raw"]


@pytest.mark.parametrize("hook", ["nope", "-o/etc/passwd", "http://:1/x", "http://x/\ud800", "`x`"])
async def test_hook_that_leads_nowhere_is_shown_as_it_is(
    sandbox: Sandbox, page: httpx.AsyncClient, hook: str
) -> None:
    """Whatever a client gave as its hook, the line for a terminal takes it for an address."""
    sandbox.end_call(accept_call(sandbox, hook=hook), Fate())
    await sandbox.post_hooks(through(Receiver()))
    detail = await got(page, DETAIL)
    deliveries = detail["deliveries"]
    assert (detail["hook_url"], deliveries[0]["error"]) == (hook, "refused: not an address")
    assert shlex.split(deliveries[0]["curl"]) == ["curl", "--url", hook]


async def test_story_of_a_call(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """From the beginning to the last attempt all stands in its order."""
    sandbox.fates = lambda _: Fate(after_seconds=10, talk_seconds=6, digits="7")
    sandbox.hook_pauses = (1,)
    accept_call(sandbox, hook=HOOK, dtmf=True)
    pass_time(sandbox, 10)
    receiver = Receiver(503, 200)
    await sandbox.post_hooks(through(receiver))
    pass_time(sandbox, 1)
    await sandbox.post_hooks(through(receiver))
    assert (await got(page, DETAIL))["log"] == [
        {"at": START, "text": "accepted"},
        {"at": START, "text": "ringing"},
        {"at": START + 4000, "text": "answered"},
        {"at": START + 7000, "text": "key 7"},
        {"at": START + 10_000, "text": "ended ANSWERED"},
        {"at": START + 10_000, "text": "hook attempt 1: 503"},
        {"at": START + 11_000, "text": "hook attempt 2: 200"},
    ]


async def test_story_of_a_message(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A message is accepted and ends; a hook that broke tells how in a word."""
    sandbox.hook_pauses = ()
    sandbox.end_call(accept_message(sandbox, hook="nope"), Fate("DELIVERED"))
    await sandbox.post_hooks(through(Receiver()))
    assert (await got(page, DETAIL))["log"] == [
        {"at": START, "text": "accepted"},
        {"at": START, "text": "ended DELIVERED"},
        {"at": START, "text": "hook attempt 1: refused: not an address"},
    ]


CALL = f'call = sandbox.wait_for_call(to="{PHONE}")'


@pytest.mark.parametrize(
    ("actions", "lines"),
    [
        ([], []),
        (["answer"], ["call.answer()"]),
        (["press"], ['call.press("7")']),
        (["press", "press"], ['call.press("77")']),
        (["answer", "wait", "press"], ["call.answer()", 'call.press("7")']),
        (
            ["answer", "wait", "press", "hang-up"],
            ["call.answer()", 'call.press("7")', "call.hang_up()"],
        ),
        (["press", "hang-up"], ['call.press("7")', "call.hang_up()"]),
        (["answer", "hang-up"], ["call.answer()", "call.hang_up()"]),
        (["hang-up"], ["call.decline()"]),
        (["busy"], ["call.decline()"]),
        (["no-answer"], ["call.ring_out()"]),
        (["answer", "fail"], ["call.answer()", "call.fail()"]),
    ],
)
async def test_all_that_was_done_is_lines_of_a_test(
    sandbox: Sandbox, page: httpx.AsyncClient, actions: list[str], lines: list[str]
) -> None:
    """What a person did in a call is told in its order, as a test does it; and it does it."""
    accept_call(sandbox)
    for action in actions:
        if action == "wait":
            pass_time(sandbox, 2)
        else:
            fields = {"digits": "7"} if action == "press" else {}
            await done(page, f"{DETAIL}/{action}", **fields)
    test: str = (await got(page, DETAIL))["test"]
    assert test.splitlines() == [CALL, *lines]
    redone = run(test)
    was, now = sandbox.calls()[0].line, redone.calls()[0].line
    assert (now.phase, now.digits) == (was.phase, was.digits)
    assert (now.fate and now.fate.word) == (was.fate and was.fate.word)


def run(test: str) -> Sandbox:
    """Return a fresh sandbox in which a test has met one call."""
    fresh = Sandbox()
    accept_call(fresh)
    exec(test, {"sandbox": fresh, "Fate": Fate, "State": State})  # noqa: S102 it is the claim
    return fresh


@pytest.mark.parametrize(
    ("fate", "code"),
    [
        (Fate("CANCEL"), 'Fate("CANCEL")'),
        (Fate("ANSWERED"), 'Fate("ANSWERED")'),
        (
            Fate("ANSWERED", talk_seconds=23, digits="42#"),
            'Fate("ANSWERED", talk_seconds=23, digits="42#")',
        ),
        (
            Fate("VOICEMAIL", state=State.UNDELIVERABLE),
            'Fate("VOICEMAIL", state=State.UNDELIVERABLE)',
        ),
        (Fate("BUSY", state=State.DELETED), 'Fate("BUSY", state=State.DELETED)'),
    ],
)
async def test_ends_that_no_person_makes_are_lines_of_a_test_too(
    sandbox: Sandbox, page: httpx.AsyncClient, fate: Fate, code: str
) -> None:
    """What no button does is done by the call's id, with the whole of the fate."""
    sandbox.end_call(accept_call(sandbox), fate)
    test: str = (await got(page, DETAIL))["test"]
    assert test.splitlines() == [CALL, f"sandbox.end_call(call.id, {code})"]
    assert run(test).calls()[0].line.fate == fate


async def test_flash_call_is_asserted_by_its_code(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A flash call is there for its code, as long as nobody has done anything in it."""
    await page.post("/api/otp.php", files=voice_form(voice=None))
    code = sandbox.calls()[0].code
    test: str = (await got(page, DETAIL))["test"]
    assert test.splitlines() == [CALL, f'assert call.code == "{code}"']
    await done(page, f"{DETAIL}/busy")
    test = (await got(page, DETAIL))["test"]
    assert test.splitlines() == [CALL, "call.decline()"]


async def test_message_is_asserted(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Of a message a test asserts that it came."""
    accept_message(sandbox)
    assert (await got(page, DETAIL))["test"] == f'assert sandbox.messages(to="{PHONE}")'
