import logging
import re
from datetime import timedelta
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from alphasms_async import ConfigurationError, InvalidRequest, JournalError
from alphasms_async.models import CallOutcome
from alphasms_async.webhooks import (
    HookEvent,
    HookKind,
    OtpEvent,
    VoiceEvent,
    WebhookReceiver,
)
from alphasms_async.webhooks.handled import Handled
from tests.webhooks.hooks import DOCUMENTED, NOW, REF, Kept, ask, hook_tokens, query_of, receiver_of
from tests.webhooks.raw import LEFT, exchange, giving, part, scope_of, status_of

pytestmark = pytest.mark.anyio


async def test_proven_event_is_handed_on() -> None:
    """A request to a hook of ours becomes one event, with what the hook was given out for."""
    kept = Kept()
    answer = await ask(receiver_of(kept))
    assert answer.status_code == 200
    [event] = kept.events
    assert isinstance(event, VoiceEvent)
    assert (event.ref, event.outcome, event.digits) == (REF, CallOutcome.ANSWERED, "7")


async def test_event_may_come_by_get() -> None:
    """Fields that were glued on to the hook's query are an event."""
    kept = Kept()
    query = f"{query_of(HookKind.OTP)}?id=100500&status=NO+ANSWER"
    answer = await ask(receiver_of(kept), query, b"", method="GET")
    assert answer.status_code == 200
    assert [OtpEvent] == [type(event) for event in kept.events]


async def test_answer_is_short_plain_and_kept_by_nobody() -> None:
    """The answer is one line of text that no cache keeps."""
    answer = await ask(receiver_of(Kept()))
    assert answer.text == "taken\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


async def test_every_handler_is_given_the_event() -> None:
    """All handlers take part, in their order."""
    order: list[str] = []

    async def first(event: HookEvent) -> None:
        await anyio.lowlevel.checkpoint()
        order.append("first")

    async def second(event: HookEvent) -> None:
        order.append("second")

    await ask(WebhookReceiver(hook_tokens(), first, second))
    assert order == ["first", "second"]


async def test_body_may_come_in_parts() -> None:
    """A body is read to its end, however it is cut."""
    kept = Kept()
    parts = [part(DOCUMENTED[:7], more=True), part(b"", more=True), part(DOCUMENTED[7:])]
    assert await status_of(receiver_of(kept), *parts) == 200
    assert len(kept.events) == 1


async def test_event_that_comes_again_is_handled_once() -> None:
    """A duplicate is answered as kept, and nobody is called."""
    kept = Kept()
    receiver = receiver_of(kept)
    answers = [await ask(receiver) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(kept.events) == 1


async def test_same_words_of_another_hook_are_another_event() -> None:
    """What differs in its ref alone is no duplicate."""
    kept = Kept()
    receiver = receiver_of(kept)
    for ref in ("c:12.1", "c:12.2"):
        await ask(receiver, query_of(ref=ref))
    assert [event.ref for event in kept.events] == ["c:12.1", "c:12.2"]


async def test_same_hook_with_other_words_is_another_event() -> None:
    """A hook that first told one thing and then another is heard twice."""
    kept = Kept()
    receiver = receiver_of(kept)
    for word in ("SENDING", "DELIVERED"):
        await ask(receiver, body=f"id=1&status={word}".encode())
    assert [event.raw for event in kept.events] == ["SENDING", "DELIVERED"]


async def test_failed_handler_asks_for_the_event_again() -> None:
    """An event that was not kept is answered with 503 and a time to come back after."""
    answer = await ask(receiver_of(Kept(OSError("disk full"))))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"


async def test_failed_event_is_no_duplicate() -> None:
    """What a handler has failed at is handled when it comes again."""
    kept = Kept(OSError("disk full"))
    receiver = receiver_of(kept)
    answers = [await ask(receiver) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [503, 200]
    assert len(kept.events) == 1


async def test_event_counts_only_when_all_handlers_have_it() -> None:
    """When the second handler fails, the first is given the event again."""
    first, second = Kept(), Kept(OSError("disk full"))
    receiver = receiver_of(first, second)
    for _ in range(3):
        await ask(receiver)
    assert (len(first.events), len(second.events)) == (2, 1)


class Gate:
    """A handler that waits until it is let go, and then fails or keeps the event."""

    def __init__(self, *failures: Exception) -> None:
        self.entered = anyio.Event()
        self.opened = anyio.Event()
        self.kept = Kept(*failures)

    async def __call__(self, event: HookEvent) -> None:
        """Take the event once the gate is open."""
        self.entered.set()
        await self.opened.wait()
        await self.kept(event)


@pytest.mark.parametrize(
    ("failures", "statuses"), [((), [200, 200]), ((OSError(),), [503, 200])], ids=["kept", "failed"]
)
async def test_two_at_once_are_handled_once(
    failures: tuple[Exception, ...], statuses: list[int]
) -> None:
    """The second of two waits for the first, and tries itself when the first has failed."""
    gate = Gate(*failures)
    receiver = WebhookReceiver(hook_tokens(), gate)
    told: list[int | None] = []

    async def post() -> None:
        told.append(await status_of(receiver))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post)
        await gate.entered.wait()
        tasks.start_soon(post)
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
    assert told == statuses
    assert len(gate.kept.events) == 1


async def test_other_events_do_not_wait() -> None:
    """While one event is being handled, another is."""
    gate = Gate()
    receiver = WebhookReceiver(hook_tokens(), gate)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(status_of, receiver)
        await gate.entered.wait()
        gate.entered = anyio.Event()
        tasks.start_soon(status_of, receiver, part(b"id=2&status=BUSY"))
        await gate.entered.wait()
        gate.opened.set()
    assert len(gate.kept.events) == 2


async def test_cancelled_event_is_no_duplicate() -> None:
    """A request that was cut off by a stop of the server is handled when it comes again."""
    gate = Gate()
    receiver = WebhookReceiver(hook_tokens(), gate)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(status_of, receiver)
        await gate.entered.wait()
        tasks.cancel_scope.cancel()
    gate.opened.set()
    assert await status_of(receiver) == 200
    assert len(gate.kept.events) == 1


async def test_cancellation_is_passed_on() -> None:
    """A receiver that is cancelled while a handler works ends at once, and answers nothing."""
    gate, scope = Gate(), anyio.CancelScope()
    told: list[int | None] = []

    async def post() -> None:
        with scope:
            told.append(await status_of(WebhookReceiver(hook_tokens(), gate)))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post)
        await gate.entered.wait()
        scope.cancel()
    assert scope.cancelled_caught
    assert told == []


async def test_memory_of_events_is_bounded() -> None:
    """The event met longest ago is forgotten, and the ones met since are not."""
    handled = Handled(room=2)
    told: list[bool] = []
    for event in (b"a", b"b", b"a", b"c", b"a", b"b"):
        async with handled.once(event) as is_new:
            told.append(is_new)
    assert told == [True, True, False, True, False, True]


async def test_nobody_at_an_event_leaves_no_trace() -> None:
    """Failed events take no memory."""
    handled = Handled(room=2)
    for event in (b"a", b"b", b"c"):
        with pytest.raises(OSError, match="full"):
            async with handled.once(event):
                raise OSError("full")
    assert vars(handled) == vars(Handled(room=2))


async def test_client_that_leaves_changes_nothing() -> None:
    """A request that breaks off is not answered, and no event."""
    kept = Kept()
    sent = await exchange(receiver_of(kept), part(DOCUMENTED[:-1], more=True), LEFT)
    assert (sent, kept.events) == ([], [])


async def test_client_that_leaves_before_the_answer_is_no_error() -> None:
    """The event is kept, and whoever asked did not wait to hear it."""
    kept = Kept()

    async def send(message: Any) -> None:
        raise OSError("the client is gone")

    await receiver_of(kept)(scope_of(), giving(part(DOCUMENTED)), send)
    assert len(kept.events) == 1


async def test_body_that_does_not_come_is_not_waited_for() -> None:
    """A body that is not whole in its time is answered with 408."""
    kept = Kept()
    receiver = receiver_of(kept, body_seconds=0.01)
    assert await status_of(receiver, part(DOCUMENTED, more=True)) == 408
    assert kept.events == []


async def test_body_that_trickles_is_not_waited_for() -> None:
    """The time is for the whole body: parts that keep coming do not lengthen it."""
    receiver = receiver_of(Kept(), body_seconds=0.01)
    sent: list[Any] = []

    async def trickle() -> dict[str, Any]:
        await anyio.lowlevel.checkpoint()
        return part(b"", more=True)

    async def send(message: Any) -> None:
        sent.append(message)

    await receiver(scope_of(), trickle, send)
    assert sent[0]["status"] == 408


async def test_slow_handler_is_not_a_slow_body() -> None:
    """A handler has all the time it takes, also when the time of the body is over."""
    gate = Gate()
    receiver = WebhookReceiver(hook_tokens(), gate, body_seconds=0.01)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(status_of, receiver)
        await gate.entered.wait()
        with anyio.move_on_after(0.02):
            await anyio.sleep_forever()
        gate.opened.set()
    assert len(gate.kept.events) == 1


async def test_handler_that_times_out_is_not_a_slow_body() -> None:
    """A handler's own TimeoutError means that the event is not kept."""
    assert await status_of(receiver_of(Kept(TimeoutError()))) == 503


async def test_server_may_run_the_receiver_alone() -> None:
    """Start and end of a server are answered as an application does."""
    steps = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = await exchange(receiver_of(Kept()), *steps, scope={"type": "lifespan"})
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_websocket_is_turned_away() -> None:
    """A WebSocket is closed before it opens."""
    scope = {**scope_of(), "type": "websocket"}
    sent = await exchange(receiver_of(Kept()), {"type": "websocket.connect"}, scope=scope)
    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_other_protocols_are_not_spoken() -> None:
    """A server that speaks anything else is told so, as ASGI wants it."""
    with pytest.raises(ValueError, match="HTTP only"):
        await exchange(receiver_of(Kept()), scope={"type": "smtp"})


async def test_hook_that_expired_while_it_was_out_is_refused() -> None:
    """The clock of the receiver's tokens decides whether a hook still holds."""
    query = query_of(expires=timedelta(hours=1))
    receiver = WebhookReceiver(hook_tokens(now=NOW + timedelta(hours=2)), Kept())
    assert (await ask(receiver, query)).status_code == 403


async def test_receiver_without_handlers_is_refused() -> None:
    """Nobody wants to lose every event."""
    with pytest.raises(ConfigurationError, match="needs a handler"):
        WebhookReceiver(hook_tokens())


async def handle(event: HookEvent, *more: str) -> None:
    """Take an event as most programs do."""


def forget(event: HookEvent) -> None:
    """Take an event where nobody can wait for it."""


@pytest.mark.parametrize(
    "handler", [forget, partial(forget), Kept], ids=["function", "partial", "class"]
)
async def test_handler_that_is_not_async_is_refused(handler: Any) -> None:
    """It would fail at each event, which is told when the receiver is made."""
    with pytest.raises(ConfigurationError, match="is not async"):
        WebhookReceiver(hook_tokens(), handler)


@pytest.mark.parametrize(
    "handler",
    [handle, partial(handle), Kept(), partial(partial(Kept()))],
    ids=["function", "partial", "object", "partial of an object"],
)
async def test_handler_may_be_anything_async(handler: Any) -> None:
    """A function, an object whose call is async, and a partial of either."""
    assert (await ask(WebhookReceiver(hook_tokens(), handler))).status_code == 200


BAD_LIMITS: dict[str, dict[str, Any]] = {
    "no bytes": {"max_bytes": 0},
    "part of a byte": {"max_bytes": 1.5},
    "no time": {"body_seconds": 0},
    "time for ever": {"body_seconds": float("inf")},
    "no number": {"body_seconds": float("nan")},
    "a word": {"body_seconds": "10"},
    "true": {"body_seconds": True},
}


@pytest.mark.parametrize("limits", BAD_LIMITS.values(), ids=BAD_LIMITS)
async def test_bad_limit_is_refused(limits: dict[str, Any]) -> None:
    """A limit is a number above 0."""
    with pytest.raises(InvalidRequest, match=r"above 0|not float"):
        receiver_of(Kept(), **limits)


CALLS: dict[str, tuple[list[Exception], str | None, bytes]] = {
    "kept": ([], None, DOCUMENTED),
    "failed": ([OSError(f"cannot write {DOCUMENTED!r}")], None, DOCUMENTED),
    "unreadable": ([], None, DOCUMENTED[:-1]),
    "unproven": ([], query_of(ref="c:9.9")[:-1], DOCUMENTED),
    "too large": ([], None, DOCUMENTED * 1000),
}


@pytest.mark.parametrize(("failures", "query", "body"), CALLS.values(), ids=CALLS)
async def test_neither_log_nor_answer_tells_of_the_event(
    failures: list[Exception], query: str | None, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """No token, no number and no word of an event stands in what is logged or answered."""
    caplog.set_level(logging.DEBUG, "alphasms_async")
    answer = await ask(receiver_of(Kept(*failures)), query, body)
    own = [one for one in caplog.records if one.name == "alphasms_async"]
    told = answer.text + str(answer.headers) + "".join(map(caplog.handler.format, own))
    secrets = ["token=", query_of()[6:-1], "380501234567", "1234567", "100500", "ANSWERED"]
    assert not [secret for secret in secrets if secret in told]


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (
            OSError("disk full"),
            r"the handler tests\.webhooks\.hooks\.Kept raised OSError at \S+/hooks\.py:\d+",
        ),
        (JournalError("the journal cannot be written"), "the journal cannot be written"),
    ],
    ids=["foreign", "ours"],
)
async def test_failed_handler_is_logged_with_why_and_where(
    failure: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What went wrong can be found in the log; only of our own errors is the text known."""
    await ask(receiver_of(Kept(failure)))
    [record] = [one for one in caplog.records if one.name == "alphasms_async"]
    assert record.levelno == logging.ERROR
    assert re.fullmatch(
        f"hook '/hooks/alphasms': the event is not kept: {said}", record.getMessage()
    )


PATHS = {
    "a number": ("/380501234567", "'/380*****4567'"),
    "an encoded query": (f"/hooks?{query_of()}", "'/hooks'"),
    "a line end": ("/a\nb", r"'/a\nb'"),
    "letters of another alphabet": ("/ї", r"'/\u0457'"),
}


@pytest.mark.parametrize(("path", "shown"), PATHS.values(), ids=PATHS)
async def test_path_is_logged_without_secrets(
    path: str, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A path in the log is one line, with numbers masked and no query."""
    caplog.set_level(logging.INFO)
    await status_of(receiver_of(Kept()), scope=scope_of("", path=path))
    assert f"hook {shown}: refused: there is no token" in caplog.text
