"""What a person does at the desk: each action, and each that cannot be done."""

from typing import Any

import httpx
import pytest

from alphasms_async.sandbox import Fate, Sandbox
from tests.sandbox.receiver import HOOK, Receiver, accept_call, accept_message, through
from tests.sandbox.wire import OTHER_PHONE, PHONE

from .asking import HOOK_HERE, START, done, got, pass_time, refused

pytestmark = pytest.mark.anyio

CALL = "/sandbox/entries/100500"
ACTIONS = ["answer", "press", "hang-up", "busy", "no-answer", "fail"]


def fields_of(action: str) -> dict[str, Any]:
    """Return what an action takes."""
    return {"digits": "7"} if action == "press" else {}


async def test_call_is_answered_and_keys_are_pressed(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A person answers, presses keys one after another and hangs up; each answers the row."""
    accept_call(sandbox)
    row = await done(page, f"{CALL}/answer")
    assert (row["phase"], row["answered_at"]) == ("in call", START)
    pass_time(sandbox, 3)
    assert (await done(page, f"{CALL}/press", digits="4"))["keys"] == "4"
    assert (await done(page, f"{CALL}/press", digits="2#"))["keys"] == "42#"
    row = await done(page, f"{CALL}/hang-up")
    assert (row["phase"], row["word"], row["talked"]) == ("ended", "ANSWERED", 3)
    assert sandbox.calls()[0].digits == "42#"


async def test_key_answers_the_call(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Who presses a key has answered."""
    accept_call(sandbox)
    row = await done(page, f"{CALL}/press", digits="7")
    assert (row["phase"], row["keys"]) == ("in call", "7")


@pytest.mark.parametrize(
    ("action", "word"),
    [("busy", "BUSY"), ("no-answer", "NO ANSWER"), ("fail", "FAILED"), ("hang-up", "BUSY")],
)
async def test_call_that_rings_is_ended(
    sandbox: Sandbox, page: httpx.AsyncClient, action: str, word: str
) -> None:
    """Each button ends the call with its word, in place of the end that was planned."""
    sandbox.fates = lambda _: Fate(after_seconds=10, talk_seconds=5)
    accept_call(sandbox)
    assert (await done(page, f"{CALL}/{action}"))["word"] == word
    pass_time(sandbox, 60)
    assert (await got(page, CALL))["word"] == word


@pytest.mark.parametrize("action", ACTIONS)
async def test_call_that_is_over_is_left_as_it_is(
    sandbox: Sandbox, page: httpx.AsyncClient, action: str
) -> None:
    """Nothing can be done in a call that has ended; the reason says how it did."""
    sandbox.end_call(accept_call(sandbox), Fate("BUSY"))
    fields = fields_of(action)
    status, reason = await refused(page, f"{CALL}/{action}", **fields)
    assert (status, reason) == (409, "call 100500 is over: BUSY")


@pytest.mark.parametrize("action", ACTIONS)
async def test_message_rings_no_phone(
    sandbox: Sandbox, page: httpx.AsyncClient, action: str
) -> None:
    """What is done in a call cannot be done in a message."""
    accept_message(sandbox)
    status, reason = await refused(page, f"{CALL}/{action}", **fields_of(action))
    assert (status, reason) == (404, "100500 is a message, and no call: no phone rings.")


@pytest.mark.parametrize("digits", ["", "x", "7 ", "7\n", "１", "12A", 7, None, ["7"], "7" * 33])
async def test_keys_that_no_phone_has_are_refused(
    sandbox: Sandbox, page: httpx.AsyncClient, digits: object
) -> None:
    """Keys are 0 to 9, * and #, as a text of some length."""
    accept_call(sandbox)
    status, reason = await refused(page, f"{CALL}/press", digits=digits)
    assert (status, reason.startswith("digits are the keys pressed: 0 to 9, * and #")) == (
        400,
        True,
    )
    assert sandbox.calls()[0].digits is None


async def test_press_needs_its_keys(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """To press without saying what is nothing that could be done."""
    accept_call(sandbox)
    assert (await refused(page, f"{CALL}/press"))[0] == 400
    assert (await refused(page, f"{CALL}/answer", digits="7")) == (
        400,
        "There is no field 'digits'; nothing is to be told here.",
    )


async def test_hook_is_posted_again(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Resend has the hook posted once more."""
    receiver = Receiver()
    sandbox.end_call(accept_call(sandbox, hook=HOOK), Fate())
    await sandbox.post_hooks(through(receiver))
    row = await done(page, f"{CALL}/resend")
    assert row["id"] == 100500
    await sandbox.post_hooks(through(receiver))
    assert receiver.bodies[0] == receiver.bodies[1]


async def test_hook_that_there_is_not_is_not_posted_again(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """Without a hook, or before the end, there is nothing to resend, and the reason says so."""
    accept_call(sandbox)
    accept_call(sandbox, hook=HOOK)
    status, reason = await refused(page, f"{CALL}/resend")
    assert (status, reason) == (400, "100500 has no hook: nobody asked to be told.")
    status, reason = await refused(page, "/sandbox/entries/100501/resend")
    assert (status, reason) == (400, "100501 has not ended yet: there is nothing to tell.")


@pytest.mark.parametrize("entry_id", ["100500", "0", "-1", "abc", "1.5", "１", f"{10**30}", "%00"])
@pytest.mark.parametrize("rest", ["", "/recording", "/answer"])
async def test_what_was_never_accepted_is_not_found(
    page: httpx.AsyncClient, entry_id: str, rest: str
) -> None:
    """An id of nothing, and what is no id at all, leads to nothing, in one line."""
    method = "POST" if rest == "/answer" else "GET"
    status, _ = await refused(page, f"/sandbox/entries/{entry_id}{rest}", method=method)
    assert status == 404


async def test_unknown_action_names_those_there_are(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """An action that does not exist is answered by those that do."""
    accept_call(sandbox)
    status, reason = await refused(page, f"{CALL}/sing")
    assert status == 404
    assert "answer, press, hang-up, busy, no-answer, fail, resend" in reason


async def test_made_up_call_rings(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A call made on the page is a call as any, with a sound to be heard."""
    row = await done(page, "/sandbox/calls", phone=PHONE, hook=HOOK_HERE, dtmf=True)
    assert (row["id"], row["kind"], row["collects"]) == (100500, "call", True)
    call = sandbox.calls(to=PHONE)[0]
    assert (call.hook, call.dtmf, call.kind, sandbox.price) == (
        *(HOOK_HERE, True, "voice", call.price),
    )
    detail = await got(page, CALL)
    sound = detail["sound"]
    assert (sound["verdict"], sound["playable"]) == ("ready for the line", True)


async def test_made_up_call_needs_no_more_than_a_phone(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """Hook and keys may be left out, or be null."""
    await done(page, "/sandbox/calls", phone=PHONE)
    await done(page, "/sandbox/calls", phone=PHONE, hook=None, dtmf=False)
    assert [(call.hook, call.dtmf) for call in sandbox.calls()] == [(None, False)] * 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "phone is international digits"),
        ({"phone": "+380501234567"}, "phone is international digits"),
        ({"phone": 380501234567}, "phone is international digits"),
        ({"phone": PHONE, "dtmf": 1}, "dtmf is true or false"),
        ({"phone": PHONE, "dtmf": None}, "dtmf is true or false"),
        ({"phone": PHONE, "hook": "ftp://x"}, "hook is a whole URL"),
        ({"phone": PHONE, "hook": ""}, "hook is a whole URL"),
        ({"phone": PHONE, "hook": "http://x y"}, "hook is a whole URL"),
        ({"phone": PHONE, "hook": "http://x/\ud800"}, "hook is a whole URL"),
        ({"phone": PHONE, "autopilot": "sing 2s"}, "An autopilot is one of mixed, off"),
        ({"phone": PHONE, "text": "x"}, "There is no field 'text'; there are phone, hook, dtmf, "),
    ],
)
async def test_call_that_cannot_be_made_up(
    sandbox: Sandbox, page: httpx.AsyncClient, fields: dict[str, Any], reason: str
) -> None:
    """What is wrong with a made-up call is said in one line, and nothing rings."""
    answer = await refused(page, "/sandbox/calls", **fields)
    assert (answer[0], answer[1].startswith(reason)) == (400, True)
    assert sandbox.calls() == []


async def test_made_up_call_may_be_told_what_becomes_of_it(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """What is said with a call becomes of it alone; a script for its phone waits for the next."""
    await done(page, "/sandbox/scripts", phone=PHONE, autopilot="busy 0s")
    said: list[dict[str, Any]] = [{"autopilot": "fail 0s"}, {"autopilot": None}, {}]
    words = [(await done(page, "/sandbox/calls", phone=PHONE, **one))["word"] for one in said]
    assert words == ["FAILED", "BUSY", None]
    assert sandbox.rings(PHONE) == 3


async def test_call_that_is_refused_leaves_nothing_for_the_next(page: httpx.AsyncClient) -> None:
    """What was said with a call that was not made becomes of no other."""
    await refused(page, "/sandbox/calls", phone=PHONE, hook="ftp://x", autopilot="fail 0s")
    await done(page, "/sandbox/account", method="PATCH", balance="0.39")
    await refused(page, "/sandbox/calls", phone=PHONE, autopilot="fail 0s")
    await done(page, "/sandbox/account", method="PATCH", balance="1.00")
    assert (await done(page, "/sandbox/calls", phone=PHONE))["word"] is None


async def test_made_up_call_is_paid_for(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Who has no money left makes no call, on the page neither."""
    await done(page, "/sandbox/account", method="PATCH", balance="0.39")
    answer = await refused(page, "/sandbox/calls", phone=PHONE)
    assert answer == (400, "Insufficient funds: the call was not accepted.")
    assert sandbox.calls() == []


async def test_script_is_for_the_next_call_to_one_phone(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A script is taken by the next call to that phone, and by no other."""
    answer = await done(page, "/sandbox/scripts", phone=PHONE, autopilot="fail 0s")
    assert answer == {"phone": PHONE, "autopilot": "fail 0s"}
    words = [
        (await done(page, "/sandbox/calls", phone=phone))["word"]
        for phone in (OTHER_PHONE, PHONE, PHONE)
    ]
    assert words == [None, "FAILED", None]
    assert sandbox.rings(PHONE) == 2


async def test_script_means_the_phone_whatever_its_last_digits(page: httpx.AsyncClient) -> None:
    """A phone with a fate of its own takes the script's all the same."""
    busy = f"{PHONE[:-4]}0001"
    await done(page, "/sandbox/scripts", phone=busy, autopilot="fail 0s")
    assert (await done(page, "/sandbox/calls", phone=busy))["word"] == "FAILED"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"phone": PHONE},
        {"autopilot": "busy 2s"},
        {"phone": "x", "autopilot": "busy 2s"},
        {"phone": PHONE, "autopilot": "sing 2s"},
        {"phone": PHONE, "autopilot": None},
        {"phone": PHONE, "autopilot": "x\n" * 1000},
    ],
)
async def test_script_that_says_nothing_is_refused(
    page: httpx.AsyncClient, fields: dict[str, Any]
) -> None:
    """A script without a phone, or with a text that is no autopilot, is refused in one line."""
    assert (await refused(page, "/sandbox/scripts", **fields))[0] == 400


async def test_reset_forgets_everything(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """After a reset there are no rows, the money is back, and the switches are off."""
    accept_call(sandbox)
    await done(page, "/sandbox/account", method="PATCH", banned=True, balance="1")
    account = await done(page, "/sandbox/reset")
    assert (account["balance"], account["banned"], account["accepted"]) == ("250.00", False, 0)
    assert (await got(page, "/sandbox/state"))["rows"] == []
