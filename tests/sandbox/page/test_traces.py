"""What the page is told of chaos that has happened, and that a reset forgets it."""

from contextlib import suppress

import httpx
import pytest

from alphasms_async.sandbox import Autopilot, Chaos, Sandbox
from tests.sandbox.receiver import accept_call
from tests.sandbox.wire import voice_form

from .asking import START, done, got

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("charged_no_reply", "reply lost (chaos)"),
        ("half_answer", "reply cut off (chaos)"),
        ("wrong_json", "reply of another shape (chaos)"),
    ],
)
async def test_row_and_log_tell_what_spoiled_the_answer(
    sandbox: Sandbox, page: httpx.AsyncClient, rule: str, words: str
) -> None:
    """By the rule's name in the row; in words in the log, after the acceptance."""
    sandbox.chaos.on(rule)
    with suppress(httpx.TransportError):
        await page.post("/api/voice.php", files=voice_form())
    detail = await got(page, "/sandbox/entries/100500")
    assert detail["chaos"] == rule
    assert detail["log"] == [{"at": START, "text": "accepted"}, {"at": START, "text": words}]


async def test_hits_stand_in_the_account(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Each rule has its own."""
    sandbox.chaos.on("http_503")
    await page.post("/api/voice.php", files=voice_form())
    rules = (await got(page, "/sandbox/state"))["account"]["chaos"]["rules"]
    assert {rule["name"]: rule["hits"] for rule in rules if rule["hits"]} == {"http_503": 1}


async def test_reset_begins_anew_but_for_the_ids(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Settings, chaos and money are as they were made; an id that a client has means one call."""
    sandbox.fates, sandbox.hook = Autopilot("busy 0s"), "http://127.0.0.1:9/hook"
    sandbox.chaos.on("hang=5%@3s")
    sandbox.chaos.seed = 9
    changes = {"hook_timing": "key", "balance": "5", "unsupported_operators": ["38067"]}
    await done(page, "/sandbox/account", method="PATCH", **changes)
    ids = [accept_call(sandbox), accept_call(sandbox)]
    account = await done(page, "/sandbox/reset")
    assert (account["balance"], account["accepted"]) == ("250.00", 0)
    assert (account["autopilot"], account["hook"], account["hook_timing"]) == (
        *(None, None, "hang-up"),
    )
    assert (account["chaos"], account["unsupported_operators"]) == (Chaos(1).as_json(), [])
    assert [*ids, accept_call(sandbox)] == [100500, 100501, 100502]
