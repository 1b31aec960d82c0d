"""One thing with all there is to know: its hooks, its story and the line of a test."""

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
        *("request", "hook_url", "deliveries", "key_times", "sound", "peaks", "log", "test"),
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
    assert told == [{**one, "error": None, "body": body} for one in (first, second)]


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


CALL = f'sandbox.calls(to="{PHONE}")[-1]'


@pytest.mark.parametrize(
    ("actions", "line"),
    [
        ([], f'assert sandbox.calls(to="{PHONE}")'),
        (["answer"], f"{CALL}.answer()"),
        (["press"], f'{CALL}.press("7")'),
        (["press", "press"], f'{CALL}.press("77")'),
        (["press", "hang-up"], f"{CALL}.hang_up()"),
        (["busy"], f"{CALL}.decline()"),
        (["no-answer"], f"{CALL}.ring_out()"),
        (["fail"], f"{CALL}.fail()"),
    ],
)
async def test_last_action_is_a_line_of_a_test(
    sandbox: Sandbox, page: httpx.AsyncClient, actions: list[str], line: str
) -> None:
    """What was done last is told as a test does it; and it does it."""
    accept_call(sandbox)
    for action in actions:
        fields = {"digits": "7"} if action == "press" else {}
        await done(page, f"{DETAIL}/{action}", **fields)
    detail = await got(page, DETAIL)
    assert detail["test"] == line
    fresh = Sandbox()
    accept_call(fresh)
    exec(line, {"sandbox": fresh, "Fate": Fate})  # noqa: S102 - the line is the claim
    assert fresh.calls()[0].phase is sandbox.calls()[0].phase
    assert f'press("{fresh.calls()[0].digits}")' in line or "press" not in line


async def test_other_ends_are_lines_of_a_test_too(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """What no button does is done by the call's id."""
    sandbox.end_call(accept_call(sandbox), Fate("CANCEL"))
    line = (await got(page, DETAIL))["test"]
    assert line == f'sandbox.end_call({CALL}.id, Fate("CANCEL"))'
    fresh = Sandbox()
    accept_call(fresh)
    exec(str(line), {"sandbox": fresh, "Fate": Fate})  # noqa: S102 - the line is the claim
    assert fresh.state_of(100500) is State.DELETED


async def test_word_of_a_programs_own_is_told_with_its_state(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A word that only goes with a state is written with it."""
    fate = Fate("VOICEMAIL", state=State.UNDELIVERABLE)
    sandbox.end_call(accept_call(sandbox), fate)
    line = (await got(page, DETAIL))["test"]
    fresh = Sandbox()
    accept_call(fresh)
    exec(str(line), {"sandbox": fresh, "Fate": Fate, "State": State})  # noqa: S102 - likewise
    assert fresh.calls()[0].line.fate == fate


async def test_flash_call_is_asserted_by_its_code(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A flash call is there for its code."""
    await page.post("/api/otp.php", files=voice_form(voice=None))
    code = sandbox.calls()[0].code
    assert (await got(page, DETAIL))["test"] == f'assert {CALL}.code == "{code}"'


async def test_message_is_asserted(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Of a message a test asserts that it came."""
    accept_message(sandbox)
    assert (await got(page, DETAIL))["test"] == f'assert sandbox.messages(to="{PHONE}")'
