from typing import Literal

import httpx
import pytest

from alphasms_async.sandbox import Fate, HookStyle, Sandbox

from .receiver import HOOK, Receiver, SetClock, accept_call, accept_message, through, told
from .wire import OTHER_PHONE, PHONE, ask_json, voice_form

pytestmark = pytest.mark.anyio

BUSY = Fate("BUSY")


async def test_documented_example_is_posted_as_documented(sandbox: Sandbox) -> None:
    """By default a hook is the documents' own example, byte for byte, as a JSON body."""
    receiver = Receiver()
    entry_id = accept_call(sandbox, hook=HOOK)
    sandbox.end_call(entry_id, Fate("ANSWERED", talk_seconds=123, digits="7"))
    await sandbox.post_hooks(through(receiver))
    example = (
        '{"id": 100500, "phone": "380501234567", "status": "ANSWERED", "duration": 123, '
        '"dtmf": "7"}'
    )
    assert [example] == receiver.bodies
    sent = receiver.requests[0]
    assert (sent.method, sent.headers["content-type"]) == ("POST", "application/json")


async def test_call_without_a_key_has_no_dtmf(sandbox: Sandbox) -> None:
    """A call in which nothing was pressed says nothing of keys."""
    receiver = Receiver()
    sandbox.end_call(accept_call(sandbox, hook=HOOK), Fate("NO ANSWER"))
    await sandbox.post_hooks(through(receiver))
    body = '{"id": 100500, "phone": "380501234567", "status": "NO ANSWER", "duration": 0}'
    assert [body] == receiver.bodies


async def test_message_has_no_duration(sandbox: Sandbox) -> None:
    """What is told of a message is its delivery."""
    receiver = Receiver()
    sandbox.message_fate = Fate("DELIVERED")
    accept_message(sandbox, hook=HOOK)
    await sandbox.post_hooks(through(receiver))
    assert receiver.bodies == ['{"id": 100500, "phone": "380501234567", "status": "DELIVERED"}']


FORM = "id=100500&phone=380501234567&status={}&duration=9&dtmf=%2A%23"
JSON = (
    '{"id": "100500", "phone": "380501234567", "status": "NO ANSWER", "duration": 9, "dtmf": "*#"}'
)


@pytest.mark.parametrize(
    ("style", "body"),
    [
        (HookStyle(ids="string"), JSON),
        (HookStyle(encoding="form"), FORM.format("NO+ANSWER")),
        (HookStyle(encoding="form", words="underscore"), FORM.format("NO_ANSWER")),
        (HookStyle(encoding="form", words="joined"), FORM.format("NOANSWER")),
        (HookStyle(encoding="form", words="lower"), FORM.format("no+answer")),
    ],
    ids=["ids", "form", "underscore", "joined", "lower"],
)
async def test_each_style_has_its_bytes(sandbox: Sandbox, style: HookStyle, body: str) -> None:
    """Each setting changes what it says it does, and the address keeps its own query alone."""
    receiver = Receiver()
    sandbox.hook_style = style
    fate = Fate("NO ANSWER", talk_seconds=9, digits="*#")
    sandbox.end_call(accept_call(sandbox, hook=HOOK), fate)
    await sandbox.post_hooks(through(receiver))
    assert [(body, b"t=s3cret")] == [
        (one.content.decode(), one.url.query) for one in receiver.requests
    ]
    encoding = "application/json" if style.encoding == "json" else "application/x-www-form-urlenc"
    assert receiver.requests[0].headers["content-type"].startswith(encoding)


FIELDS = "id=100500&phone=380501234567&status=NO+ANSWER&duration=0"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("hook", "query"),
    [
        ("https://app.example/hook", FIELDS),
        ("https://app.example/hook?", FIELDS),
        ("https://app.example/hook?id=123456&t=a%2Fb", f"id=123456&t=a%2Fb&{FIELDS}"),
        ("https://app.example/hook?id=1&", f"id=1&{FIELDS}"),
        ("https://app.example/hook?id=1#part", f"id=1&{FIELDS}"),
    ],
    ids=["none", "empty", "encoded", "open", "fragment"],
)
async def test_query_style_keeps_the_hooks_own_query(
    sandbox: Sandbox, method: Literal["GET", "POST"], hook: str, query: str
) -> None:
    """The fields stand behind what the hook brought, which is not touched; there is no body."""
    receiver = Receiver()
    sandbox.hook_style = HookStyle(method=method, encoding="query")
    sandbox.end_call(accept_call(sandbox, hook=hook), Fate("NO ANSWER"))
    await sandbox.post_hooks(through(receiver))
    assert [(method, query, b"")] == [
        (sent.method, sent.url.query.decode(), sent.content) for sent in receiver.requests
    ]
    assert sandbox.deliveries()[0].body == FIELDS


@pytest.mark.parametrize("encoding", ["json", "form"])
def test_get_with_a_body_is_refused(encoding: str) -> None:
    """A GET carries its fields in the address, and saying otherwise is a mistake."""
    with pytest.raises(ValueError, match='encoding="query"'):
        HookStyle(method="GET", encoding=encoding)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] one of two


@pytest.mark.parametrize("name", ["method", "encoding", "ids", "words"])
def test_unknown_style_is_refused(name: str) -> None:
    """A setting that does not exist is refused by name."""
    with pytest.raises(ValueError, match=name):
        HookStyle(**{name: "odd"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] the point


async def test_hook_of_the_request_goes_before_the_accounts(sandbox: Sandbox) -> None:
    """What came with a hook is told there, what came without is told to the account's."""
    receiver = Receiver()
    sandbox.hook = "https://app.example/account"
    sandbox.fates = lambda _: BUSY
    accept_call(sandbox, hook=HOOK)
    accept_call(sandbox)
    await sandbox.post_hooks(through(receiver))
    assert {one.url: one.attempt for one in sandbox.deliveries()} == {
        HOOK: 1,
        "https://app.example/account": 1,
    }
    assert sorted(sent.url.path for sent in receiver.requests) == ["/account", "/hooks"]


async def test_account_without_a_hook_tells_nobody(sandbox: Sandbox) -> None:
    """A call ends without a word when nobody said where to."""
    sandbox.fates = lambda _: BUSY
    accept_call(sandbox)
    accept_call(sandbox, hook="")
    assert await sandbox.post_hooks(through(Receiver())) == []


def test_accounts_hook_is_an_address() -> None:
    """A hook that is none is refused where it is set, now and later, and not shown."""
    with pytest.raises(ValueError, match="whole URL") as caught:
        Sandbox(hook="app.example/?t=s3cret")
    with pytest.raises(ValueError, match="whole URL"):
        Sandbox().hook = "ftp://app.example"
    assert "s3cret" not in str(caught.value)


async def test_hooks_of_every_page_are_kept(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """voice.php, `sms` and `pipeline` bring hooks; otp.php, `voice` and `call/otp` do not."""
    sandbox.hook = "https://app.example/account"
    sandbox.fates, sandbox.message_fate = lambda _: BUSY, Fate("DELIVERED")
    sms = {"type": "sms", "phone": int(PHONE), "sms_message": "a"}
    await client.post("/api/voice.php", files=voice_form(hook="https://app.example/0"))
    await client.post("/api/otp.php", files=voice_form(hook="https://app.example/no"))
    await ask_json(
        client,
        {**sms, "id": 1, "sms_signature": "Voice", "hook": "https://app.example/2"},
        {**sms, "id": 2, "sms_signature": "Shop", "hook": "https://app.example/3"},
        {
            "type": "pipeline",
            "id": 3,
            "phone": int(PHONE),
            "pipeline": ["voice"],
            "voice": {"message": "a"},
            "hook": "https://app.example/4",
        },
        {
            "type": "voice",
            "id": 4,
            "phone": int(PHONE),
            "message": "a",
            "hook": "https://app.example/no",
        },
        {"type": "call/otp", "id": 5, "phone": int(PHONE), "hook": "https://app.example/no"},
    )
    await sandbox.post_hooks(through(Receiver()))
    ends = {one.entry_id - 100500: one.url.rpartition("/")[2] for one in sandbox.deliveries()}
    assert ends == {0: "0", 1: "account", 2: "2", 3: "3", 4: "4", 5: "account", 6: "account"}


async def test_hook_that_was_not_taken_is_posted_again_later() -> None:
    """Each pause passes before the next attempt, until one is taken; all of them are logged."""
    clock, receiver = SetClock(), Receiver(500, 404)
    sandbox = Sandbox(clock=clock, fates=lambda _: BUSY, hook_pauses=(1, 5, 25))
    accept_call(sandbox, hook=HOOK)
    made: list[int] = []
    for seconds in (0, 0.9, 0.1, 4.9, 0.1, 1000):
        clock.advance(seconds)
        made.append(len(await sandbox.post_hooks(through(receiver))))
    assert made == [1, 0, 1, 0, 1, 0]
    assert [one.status for one in sandbox.deliveries()] == [500, 404, 200]
    assert [one.attempt for one in sandbox.deliveries()] == [1, 2, 3]
    assert [(one.at - SetClock().now).seconds for one in sandbox.deliveries()] == [0, 1, 6]


async def test_hook_nobody_takes_is_given_up() -> None:
    """There are as many attempts as pauses, and the first; then nothing waits any more."""
    sandbox = Sandbox(fates=lambda _: BUSY, hook_pauses=(0, 0, 0))
    accept_call(sandbox, hook=HOOK)
    receiver = Receiver(*[500] * 9)
    made = [len(await sandbox.post_hooks(through(receiver))) for _ in range(6)]
    sandbox.wait_for_hooks(timeout=0)
    assert made == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("status", [199, 300, 302, 400, 404, 500, 503])
async def test_only_a_good_answer_is_good(status: int) -> None:
    """An answer outside 200 to 299 is none; a redirect is not followed."""
    sandbox = Sandbox(fates=lambda _: BUSY, hook_pauses=())
    accept_call(sandbox, hook=HOOK)
    receiver = Receiver(status)
    await sandbox.post_hooks(through(receiver))
    assert [(status, False)] == [(one.status, one.is_taken) for one in sandbox.deliveries()]
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_good_answer_is_the_last(status: int) -> None:
    """Any status from 200 to 299 takes the hook."""
    sandbox = Sandbox(fates=lambda _: BUSY, hook_pauses=(0,))
    accept_call(sandbox, hook=HOOK)
    for _ in range(2):
        await sandbox.post_hooks(through(Receiver(status)))
    assert [one.is_taken for one in sandbox.deliveries()] == [True]


def test_pauses_are_seconds() -> None:
    """A pause below nothing is refused where it is set."""
    with pytest.raises(ValueError, match="seconds from 0 up"):
        Sandbox(hook_pauses=(1, -1))


async def test_hook_waits_for_the_end_of_its_call() -> None:
    """A call that ends later is told of later."""
    clock = SetClock()
    sandbox = Sandbox(clock=clock, fates=lambda _: Fate("BUSY", after_seconds=30))
    accept_call(sandbox, hook=HOOK)
    made: list[int] = []
    for _ in range(3):
        made.append(len(await sandbox.post_hooks(through(Receiver()))))
        clock.advance(15)
    assert made == [0, 0, 1]


async def test_call_ended_twice_is_told_of_twice(sandbox: Sandbox) -> None:
    """A receiver can be tried against a second word on the same call."""
    receiver = Receiver()
    entry_id = accept_call(sandbox, hook=HOOK)
    for word in ("BUSY", "FAILED"):
        sandbox.end_call(entry_id, Fate(word))
    await sandbox.post_hooks(through(receiver))
    assert [
        word in body for word, body in zip(("BUSY", "FAILED"), sorted(receiver.bodies), strict=True)
    ]


async def test_log_may_be_asked_by_call() -> None:
    """The attempts of one call are found among those of all."""
    sandbox = Sandbox(fates=lambda _: BUSY, hook_pauses=(0,))
    first, second = (accept_call(sandbox, phone, hook=HOOK) for phone in (PHONE, OTHER_PHONE))
    await sandbox.post_hooks(through(Receiver(500)))
    await sandbox.post_hooks(through(Receiver()))
    asked = [len(sandbox.deliveries(entry_id)) for entry_id in (first, second, 5)]
    assert (sorted(asked, reverse=True), len(sandbox.deliveries())) == ([2, 1, 0], 3)


async def test_reset_forgets_hooks_and_log(sandbox: Sandbox) -> None:
    """After a reset nothing waits, and the log is empty."""
    sandbox.fates = lambda _: BUSY
    sandbox.hook_pauses = (0,)
    accept_call(sandbox, hook=HOOK)
    await sandbox.post_hooks(through(Receiver(500)))
    sandbox.reset()
    assert await sandbox.post_hooks(through(Receiver())) == []
    assert sandbox.deliveries() == []


async def test_reset_forgets_what_is_in_flight(sandbox: Sandbox) -> None:
    """A hook that comes back after a reset is neither logged nor posted again."""
    sandbox.fates = lambda _: BUSY
    sandbox.hook_pauses = (0,)

    def resetting(_: httpx.Request) -> httpx.Response:
        sandbox.reset()
        return httpx.Response(500)

    accept_call(sandbox, hook=HOOK)
    await sandbox.post_hooks(httpx.MockTransport(resetting))
    sandbox.wait_for_hooks(timeout=0)
    assert sandbox.deliveries() == []


async def test_nothing_secret_is_shown() -> None:
    """Neither the sandbox nor its log nor a hook that waits shows an address or a phone."""
    sandbox = Sandbox(fates=lambda _: BUSY, hook=HOOK)
    accept_call(sandbox, hook=HOOK)
    await sandbox.post_hooks(through(Receiver(500)))
    shown = repr((sandbox, sandbox.deliveries(), sandbox.hook_queue, sandbox.lines))
    assert [word for word in (PHONE, "app.example", "s3cret") if word in shown] == []
    assert told(sandbox) == [{"id": 100500, "attempt": 1, "got": 500}]


@pytest.mark.parametrize(
    "style",
    [
        HookStyle(),
        HookStyle(encoding="form"),
        HookStyle(encoding="query"),
        HookStyle(method="GET", encoding="query"),
    ],
    ids=lambda style: f"{style.method}-{style.encoding}",
)
async def test_log_keeps_what_was_written(sandbox: Sandbox, style: HookStyle) -> None:
    """The log has the fields as they left, wherever they stood."""
    receiver = Receiver()
    sandbox.hook_style = style
    sandbox.end_call(accept_call(sandbox, hook="https://app.example/hook"), BUSY)
    (delivery,) = await sandbox.post_hooks(through(receiver))
    sent = receiver.requests[0]
    assert delivery.body == (sent.content or sent.url.query).decode()
