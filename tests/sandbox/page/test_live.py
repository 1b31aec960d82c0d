"""What changes, as the page is told of it: at once, and no more than it can take."""

from contextlib import AsyncExitStack
from datetime import datetime

import anyio
import pytest
from anyio import to_thread

from alphasms_async.sandbox import Fate, Sandbox, SandboxEntry
from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.page import feed, live
from alphasms_async.sandbox.page.answers import Json
from alphasms_async.sandbox.page.rows import row
from alphasms_async.sandbox.stopping import Stopping
from tests.sandbox.receiver import HOOK, SetClock, accept_call
from tests.sandbox.wire import PHONE

from .asking import START
from .streams import listening

pytestmark = pytest.mark.anyio


async def test_stream_begins_with_how_to_come_back(sandbox: Sandbox) -> None:
    """The headers say what it is, and the first line when to come back after a break."""
    async with listening(sandbox.app) as page:
        headers = dict(page.start["headers"])
        assert page.start["status"] == 200
        assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert headers[b"cache-control"] == b"no-store"
        assert b"content-length" not in headers
        assert await page.text() == "retry: 500\n\n"


async def test_call_appears_by_itself(sandbox: Sandbox) -> None:
    """A call that is accepted is told whole, with the account and the time."""
    async with listening(sandbox.app) as page:
        await page.text()
        accept_call(sandbox, hook=HOOK)
        name, data = await page.event()
    assert (name, list(data)) == ("rows", ["rows", "gone", "account", "now"])
    (row,) = data["rows"]
    assert (row["id"], row["phone"], row["phase"]) == (100500, PHONE, "queued")
    assert (data["gone"], data["now"]) == ([], START)
    assert (data["account"]["accepted"], data["account"]["balance"]) == (1, "249.60")


async def test_each_step_of_a_call_is_told(sandbox: Sandbox) -> None:
    """Answer, key, end and hook: after each the page has the row as it is."""
    entry_id = accept_call(sandbox, hook=HOOK)
    (call,) = sandbox.calls()
    async with listening(sandbox.app) as page:
        await page.text()
        call.answer()
        assert [row["phase"] for row in await page.rows()] == ["in call"]
        call.press("7")
        assert [row["keys"] for row in await page.rows()] == ["7"]
        call.hang_up()
        assert [row["hook"]["next_at"] for row in await page.rows()] == [START]
        assert sandbox.hook_queue.take() is not None
        assert [row["hook"]["in_flight"] for row in await page.rows()] == [1]
        sandbox.desk.resend(entry_id)
        assert [row["hook"]["next_at"] for row in await page.rows()] == [START]


async def test_what_happens_at_once_is_told_at_once(sandbox: Sandbox) -> None:
    """What changes while the last message is sent goes into one more, each row once."""
    async with listening(sandbox.app) as page:
        await page.text()
        first = accept_call(sandbox)
        assert [row["id"] for row in await page.rows()] == [first]
        others = [accept_call(sandbox) for _ in range(3)]
        for call in sandbox.calls():
            call.press("42")
            call.hang_up()
        rows = await page.rows()
        assert [row["id"] for row in rows] == [first, *others]
        assert {row["word"] for row in rows} == {"ANSWERED"}
        last = accept_call(sandbox)
        assert [row["id"] for row in await page.rows()] == [last]


async def test_change_made_in_another_thread_is_told(sandbox: Sandbox) -> None:
    """The sandbox may be used from any thread."""
    async with listening(sandbox.app) as page:
        await page.text()
        entry_id = await to_thread.run_sync(accept_call, sandbox)
        assert [row["id"] for row in await page.rows()] == [entry_id]


async def test_change_before_the_stream_is_not_told(sandbox: Sandbox) -> None:
    """The stream tells what changes; what there is, the page has asked for."""
    accept_call(sandbox)
    async with listening(sandbox.app) as page:
        await page.text()
        later = accept_call(sandbox)
        assert [row["id"] for row in await page.rows()] == [later]


async def test_what_is_forgotten_is_told_as_gone(clock: SetClock) -> None:
    """A row that is no longer kept is named, so that the page drops it."""
    sandbox = Sandbox(clock=clock, keep=1)
    async with listening(sandbox.app) as page:
        await page.text()
        accept_call(sandbox)
        accept_call(sandbox)
        _, data = await page.event()
    assert ([row["id"] for row in data["rows"]], data["gone"]) == ([100501], [100500])


async def test_setting_is_told(sandbox: Sandbox) -> None:
    """A setting that has changed is told without a row."""
    async with listening(sandbox.app) as page:
        await page.text()
        sandbox.chaos.change({"rules": {"latency": {"on": True}}})
        _, data = await page.event()
    assert (data["rows"], data["account"]["chaos"]["on"]) == ([], 1)


async def test_reset_makes_the_page_ask_anew(sandbox: Sandbox) -> None:
    """After a reset nothing the page knows is worth anything."""
    accept_call(sandbox)
    async with listening(sandbox.app) as page:
        await page.text()
        accept_call(sandbox)
        sandbox.reset()
        accept_call(sandbox)
        assert await page.event() == ("reload", {})


async def test_more_than_a_message_holds_makes_the_page_ask_anew(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 rows are told; of more the page is told to ask, and then of single ones again."""
    for module in (feed, live):
        monkeypatch.setattr(module, "SECONDS_AFTER_RELOAD", 0)
    sandbox.balance *= 10
    async with listening(sandbox.app) as page:
        await page.text()
        for _ in range(500):
            accept_call(sandbox)
        assert len(await page.rows()) == 500
        for _ in range(501):
            accept_call(sandbox)
        assert await page.event() == ("reload", {})
        entry_id = accept_call(sandbox)
        assert [row["id"] for row in await page.rows()] == [entry_id]


async def test_page_that_does_not_read_is_not_waited_for(sandbox: Sandbox) -> None:
    """However much changes meanwhile, such a page is told once, and to ask anew."""
    sandbox.balance *= 100
    async with listening(sandbox.app) as slow:
        await slow.text()
        accept_call(sandbox)
        # Sent, and not read.
        await anyio.wait_all_tasks_blocked()
        async with listening(sandbox.app) as quick:
            await quick.text()
            for _ in range(5):
                entry_id = accept_call(sandbox)
                assert [row["id"] for row in await quick.rows()] == [entry_id]
            for _ in range(3000):
                accept_call(sandbox)
            assert await quick.event() == ("reload", {})
        assert [row["id"] for row in await slow.rows()] == [100500]
        assert await slow.event() == ("reload", {})
        entry_id = accept_call(sandbox)
        assert [row["id"] for row in await slow.rows()] == [entry_id]


async def test_what_changes_is_written_once_for_all_pages(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pages listen, one message is made of a change."""
    made: list[int] = []

    def counted(account: Account, entry: SandboxEntry, now: datetime) -> dict[str, Json]:
        made.append(entry.id)
        return row(account, entry, now)

    monkeypatch.setattr(feed, "row", counted)
    monkeypatch.setattr(feed, "_SECONDS_FRESH", 60)
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(listening(sandbox.app)) for _ in range(20)]
        for page in pages:
            await page.text()
        accept_call(sandbox)
        for page in pages:
            assert [row["id"] for row in await page.rows()] == [100500]
        accept_call(sandbox)
        for page in pages:
            assert [row["id"] for row in await page.rows()] == [100501]
    assert made == [100500, 100501]


async def test_first_page_may_leave(sandbox: Sandbox) -> None:
    """Who came first leaves the others no less told, nor who comes after them."""
    async with listening(sandbox.app) as first, listening(sandbox.app) as second:
        for page in (first, second):
            await page.text()
        await first.leave()
        entry_id = accept_call(sandbox)
        assert [row["id"] for row in await second.rows()] == [entry_id]
        async with listening(sandbox.app) as third:
            await third.text()
            await second.leave()
            entry_id = accept_call(sandbox)
            assert [row["id"] for row in await third.rows()] == [entry_id]
            await third.leave()
        accept_call(sandbox)
        async with listening(sandbox.app) as fourth:
            await fourth.text()
            entry_id = accept_call(sandbox)
            assert [row["id"] for row in await fourth.rows()] == [entry_id]


async def test_silence_is_broken_now_and_then(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that means nothing shows that the stream still stands, and changes go on."""
    monkeypatch.setattr(live, "_SECONDS_OF_SILENCE", 0.001)
    monkeypatch.setattr(feed, "_SECONDS_BETWEEN_LOOKS", 0.001)
    async with listening(sandbox.app) as page:
        texts = [await page.text() for _ in range(3)]
        assert texts == ["retry: 500\n\n", ": still here\n\n", ": still here\n\n"]
        accept_call(sandbox)
        while (text := await page.text()) == ": still here\n\n":
            pass
        assert text.startswith('event: rows\ndata: {"rows":[{"id":100500,')


async def test_what_a_program_sets_is_told_without_a_word(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that a test changes is seen, and so is what its clock brings about."""
    monkeypatch.setattr(feed, "_SECONDS_BETWEEN_LOOKS", 0.001)
    async with listening(sandbox.app) as page:
        await page.text()
        sandbox.banned = True
        _, data = await page.event()
        assert (data["rows"], data["account"]["banned"]) == ([], True)
        sandbox.unsupported_operators.add("38067")
        _, data = await page.event()
        assert data["account"]["unsupported_operators"] == ["38067"]
        sandbox.fates = lambda _: Fate("BUSY", after_seconds=5)
        accept_call(sandbox)
        assert [row["phase"] for row in await page.rows()] == ["ringing"]
        assert isinstance(sandbox.clock, SetClock)
        sandbox.clock.advance(5)
        assert [row["phase"] for row in await page.rows()] == ["ended"]


async def test_head_has_no_stream(sandbox: Sandbox) -> None:
    """HEAD is answered and over, or the next request on its connection would wait for ever."""
    async with listening(sandbox.app, "HEAD") as page:
        assert page.start["status"] == 200
        message = await page.messages.receive()
        assert (message["body"], message.get("more_body", False)) == (b"", False)
        with pytest.raises(anyio.EndOfStream):
            await page.messages.receive()


async def test_page_that_goes_is_not_told_any_more(sandbox: Sandbox) -> None:
    """What was left ends; the sandbox goes on as if nobody had listened."""
    async with listening(sandbox.app) as page:
        await page.text()
    accept_call(sandbox)
    sandbox.end_call(100500, Fate())
    assert sandbox.calls()[0].phase.value == "ended"


async def test_stream_ends_when_the_server_stops(sandbox: Sandbox) -> None:
    """A server that stops ends its streams in good order, and those that come too late."""
    stopping = Stopping(sandbox.app)
    async with listening(stopping) as page:
        await page.text()
        stopping.begin()
        message = await page.messages.receive()
        assert (message["body"], message.get("more_body", False)) == (b"", False)
    async with listening(stopping) as late:
        while (await late.messages.receive()).get("more_body"):
            pass
        with pytest.raises(anyio.EndOfStream):
            await late.messages.receive()
