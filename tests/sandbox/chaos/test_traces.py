"""What is left of it when chaos has happened: at the call, in a count, and for whoever watches."""

import json
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from alphasms_async.sandbox import (
    Fate,
    Happening,
    Mishap,
    Sandbox,
    SandboxEntry,
    keeping,
)
from alphasms_async.sandbox.changes import About, Change
from alphasms_async.sandbox.story import story
from tests.sandbox.receiver import SetClock, accept_call
from tests.sandbox.wire import KEY, PHONE, ask_json, served_client, voice_form, wav

pytestmark = pytest.mark.anyio

SMS = {"type": "sms", "id": 7, "phone": int(PHONE), "sms_signature": "Shop", "sms_message": "Hi"}
SPOILED = {
    "charged_no_reply": "reply lost",
    "half_answer": "reply cut off",
    "wrong_json": "reply of another shape",
}
KEPT_OUT = [
    *("http_503", "http_502", "reset_before", "reset_during", "reset_after", "hang", "rate_limit"),
]


@pytest.fixture
def seen(sandbox: Sandbox) -> list[Happening]:
    """Give what the sandbox's watcher has been told."""
    seen: list[Happening] = []
    sandbox.watcher = seen.append
    return seen


def mishaps(seen: list[Happening]) -> list[Mishap]:
    """Return what chaos did, of all that happened."""
    return [one for one in seen if isinstance(one, Mishap)]


def hits(sandbox: Sandbox) -> dict[str, int]:
    """Return how often each rule has hit, without those that never did."""
    return {name: times for name, times in sandbox.chaos.hits.items() if times}


async def call(client: httpx.AsyncClient) -> None:
    """Place a call, and hear whatever comes."""
    with suppress(httpx.TransportError):
        await client.post("/api/voice.php", files=voice_form())


@pytest.mark.parametrize("rule", SPOILED)
async def test_call_knows_what_spoiled_its_answer(
    client: httpx.AsyncClient, sandbox: Sandbox, seen: list[Happening], rule: str
) -> None:
    """It is accepted by that name, and those before and after by none; watchers hear of it then."""
    await call(client)
    sandbox.chaos.on(rule)
    await call(client)
    sandbox.chaos.off()
    await call(client)
    assert [one.chaos for one in sandbox.calls()] == [None, rule, None]
    (mishap,) = mishaps(seen)
    assert (mishap.rule, mishap.page, mishap.is_taken) == (rule, "voice.php", True)
    assert mishap.outcome == SPOILED[rule]
    assert [type(one).__name__ for one in seen] == [
        *("SandboxCall", "SandboxCall", "Mishap", "SandboxCall"),
    ]
    assert hits(sandbox) == {rule: 1}


@pytest.mark.parametrize("rule", KEPT_OUT)
async def test_request_that_was_kept_out_is_told(
    client: httpx.AsyncClient, sandbox: Sandbox, seen: list[Happening], rule: str
) -> None:
    """Nothing is accepted of it, and yet it was there: by which rule, when, and on which page."""
    at = sandbox.clock()
    text = f"{rule}=@1/s" if rule == "rate_limit" else rule
    sandbox.chaos.on(text)
    if rule == "rate_limit":
        await client.post("/api/otp.php")
        assert (mishaps(seen), hits(sandbox)) == ([], {})
    await call(client)
    (mishap,) = mishaps(seen)
    assert (mishap.rule, mishap.page, mishap.is_taken) == (rule, "voice.php", False)
    assert mishap.outcome == "not taken"
    assert mishap.at >= at
    assert (sandbox.calls(), hits(sandbox)) == ([], {rule: 1})


async def test_messages_know_it_too(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Everything that one request had accepted, by whichever page."""
    sandbox.chaos.on("half_answer")
    with suppress(json.JSONDecodeError):
        await ask_json(client, SMS, {**SMS, "id": 8, "sms_signature": "Voice"})
    await client.post("/v1/json", json={"auth": KEY, "data": [{**SMS, "id": 9}]})
    assert [one.chaos for one in sandbox.ledger.entries()] == ["half_answer"] * 3
    assert hits(sandbox) == {"half_answer": 2}


async def test_page_is_told_by_its_name(
    client: httpx.AsyncClient, sandbox: Sandbox, seen: list[Happening]
) -> None:
    """The queue of json.php by its address; questions are requests as well."""
    sandbox.chaos.on("http_502")
    await client.get("/api/http.php")
    await client.post("/v1/json")
    assert [one.page for one in mishaps(seen)] == ["http.php", "v1/json"]


async def test_of_two_ends_one_has_hit(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """What would have come later has not; what makes things late has, where there was something."""
    sandbox.chaos.on("http_503", "reset_after", "latency=@0s", "slow_read=@90MB/s")
    await call(client)
    sandbox.chaos.on("reset_before", "slow_drip=@0s")
    await call(client)
    assert hits(sandbox) == {"http_503": 1, "reset_before": 1, "latency": 2, "slow_read": 1}


async def test_lateness_is_counted_and_not_told(
    client: httpx.AsyncClient, sandbox: Sandbox, seen: list[Happening]
) -> None:
    """An answer that comes whole is nobody's mishap."""
    sandbox.chaos.on("latency=@0s", "slow_drip=@0s")
    await call(client)
    assert (mishaps(seen), hits(sandbox)) == ([], {"latency": 1, "slow_drip": 1})
    assert sandbox.calls()[0].chaos is None


async def test_hooks_are_counted(sandbox: Sandbox) -> None:
    """Of one that is dropped nothing else happens to it."""
    sandbox.fates, sandbox.hook = (lambda _: Fate("BUSY")), "http://127.0.0.1:9/hook"
    sandbox.chaos.on("hook_delay", "hook_duplicate", "hook_reorder")
    accept_call(sandbox)
    sandbox.chaos.on("hook_drop")
    accept_call(sandbox)
    assert hits(sandbox) == {
        "hook_delay": 1,
        "hook_duplicate": 1,
        "hook_reorder": 1,
        "hook_drop": 1,
    }


async def test_hits_stand_in_the_json_and_are_told(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """The page's settings have them, by rule; a new seed leaves them, a reset does not."""
    sandbox.chaos.on("http_503")
    heard = list[Change]()
    with sandbox.changes.listening(heard.append):
        await call(client)
    assert heard == [About.SETTINGS]
    rules = json.loads(json.dumps(sandbox.chaos.as_json()))["rules"]
    assert {one["name"]: one["hits"] for one in rules if one["hits"]} == {"http_503": 1}
    sandbox.chaos.seed = 5
    sandbox.chaos.off()
    assert hits(sandbox) == {"http_503": 1}
    sandbox.reset()
    assert hits(sandbox) == {}


async def test_hits_are_no_setting(sandbox: Sandbox) -> None:
    """They cannot be changed, by nobody."""
    with pytest.raises(ValueError, match="there is no 'hits'"):
        sandbox.chaos.change({"rules": {"hang": {"hits": 5}}})
    with pytest.raises(TypeError):
        sandbox.chaos.hits["hang"] = 5  # type: ignore[index]  # pyright: ignore[reportIndexIssue] the point


async def test_failed_test_is_told_of_it(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Beside how often each rule has hit, at each call what became of its answer."""
    sandbox.chaos.on("charged_no_reply")
    await call(client)
    sandbox.chaos.off()
    sandbox.chaos.on("http_503", "latency=0%")
    await call(client)
    first, second, *_ = story(sandbox).splitlines()
    assert first.endswith(
        "; chaos: latency, http_503 (1 hit), charged_no_reply (1 hit, off by now)"
    )
    assert "accepted at 0 s, reply lost (chaos), now queued" in second


async def test_mishap_is_safe_to_print(
    client: httpx.AsyncClient, sandbox: Sandbox, seen: list[Happening]
) -> None:
    """No repr shows a key or a phone."""
    sandbox.chaos.on("http_503")
    await client.get("/api/http.php", params={"key": KEY, "to": PHONE})
    (mishap,) = seen
    assert (KEY in repr(mishap), PHONE in repr(mishap)) == (False, False)
    assert "http.php" in repr(mishap)


def test_file_keeps_what_spoiled_an_answer(tmp_path: Path) -> None:
    """Started again, the call is known as one whose answer was lost."""
    path = tmp_path / "sandbox.db"
    with keeping(before := Sandbox(), path), served_client(before) as client:
        before.chaos.on("charged_no_reply")
        with suppress(httpx.TransportError):
            client.post("/api/voice.php", files=voice_form(sound=wav(seconds=0.1)))
    with keeping(after := Sandbox(), path):
        assert [one.chaos for one in after.calls()] == ["charged_no_reply"]


def test_end_that_takes_long_is_told_at_its_beginning() -> None:
    """Of a request that hangs one hears while it hangs."""
    seen = list[Happening]()
    sandbox = Sandbox(clock=SetClock(), watcher=seen.append)
    sandbox.chaos.on("hang=@10min")
    with served_client(sandbox, timeout=0.3) as client, suppress(httpx.TimeoutException):
        client.post("/api/voice.php", files=voice_form())
    assert [one.rule for one in mishaps(seen)] == ["hang"]


def test_entries_begin_unspoiled() -> None:
    """What a program makes itself went wrong nowhere."""
    sandbox = Sandbox()
    accept_call(sandbox)
    entry: SandboxEntry = sandbox.calls()[0]
    assert entry.chaos is None
