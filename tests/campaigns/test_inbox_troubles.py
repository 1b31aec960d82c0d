"""Letters that nobody can read, and inboxes that are none: the journal goes on."""

import json
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.campaigns.commands import (
    Command,
    Pause,
    Resume,
    SetPace,
    command_from_json,
    command_to_json,
)
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal, Told, tell
from alphasms_async.campaigns.sqlite.inbox import Inbox, Letters
from alphasms_async.campaigns.sqlite.letters import apply_letters
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import JournalError
from tests.campaigns.journals import NAME, Time, staged
from tests.campaigns.letters import leave, leave_raw, pace, state, waiting
from tests.campaigns.paths import beside
from tests.campaigns.test_commands import COMMANDS, JSON, places

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (json.dumps(command_to_json(Pause("autumn"))), "no campaign 'autumn' in this journal"),
        ('{"do": "sing"}', "a command in the inbox is of a newer version: update"),
        ("[]", "a command in the inbox is of a newer version: update"),
        ("{", "Expecting property name"),
        ("", "Expecting value"),
        ("[" * 100_000, "recursion"),
        (f'{{"do": "pause", "campaign": {"[" * 100_000}', "recursion"),
        ('{"do": "pause", "campaign": 5}', "a command in the inbox is of a newer version: update"),
        ('{"do": "pause", "campaign": "\\ud800"}', "no campaign"),
        ('{"do": "pause", "campaign": "380501234567"}', "no campaign '380*****4567'"),
        ('{"do": "set_budget", "campaign": "spring", "budget": "1e999999999"}', "budget is a sum"),
        (f'{{"do": "set_budget", "campaign": "spring", "budget": "{"9" * 10**6}"}}', "budget is"),
        ('{"do": "drop", "campaign": "spring", "refs": [{"recipient": 1e400, "attempt": 1}]}', ""),
        (f'{{"do": "drop", "campaign": "spring", "refs": [{{"recipient": {2**64}}}]}}', ""),
        (f'{{"do": "pause", "campaign": {"9" * 5000}}}', ""),
        ('{"do": "pause", "campaign": ["spring"]}', ""),
        ('{"do": "set_pace", "campaign": "spring", "per_second": "fast"}', ""),
        ('{"do": "add_do_not_call", "phones": [["380501000000"]]}', ""),
        ('{"do": "add_do_not_call", "phones": [null]}', ""),
        (f'{{"do": "add_do_not_call", "phones": [{9**99}]}}', ""),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_bad_letter_does_not_stop_those_behind_it(
    path: Path, runner: SqliteJournal, caplog: pytest.LogCaptureFixture, bad: str, said: str
) -> None:
    """It is logged in one line and left undone; the next one is done, and nothing waits."""
    leave_raw(path, bad, json.dumps(command_to_json(Pause(NAME))))
    with caplog.at_level(logging.WARNING, "alphasms_async"):
        assert await runner.drain() == 2
    assert (await state(path), waiting(path)) == ("paused", [])
    assert await runner.do_not_call() == []
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("a command of the inbox was not done: ")
    assert said in line
    assert len(line) < 300
    assert "380501234567" not in line


async def test_a_letter_that_is_no_text_does_not_stop_those_behind_it(
    path: Path, runner: SqliteJournal, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever bytes somebody has put there, the next one is done, and nothing waits."""
    leave(path)
    with closing(sqlite3.connect(f"{path}.inbox")) as connection:
        for body in ("x'ff'", "cast(x'ff' as text)", "x'80'", "cast(x'7b22ff' as text)"):
            connection.execute(f"insert into letter(body) values({body})")
        connection.commit()
    leave(path, Pause(NAME))
    assert await runner.drain() == 5
    assert (await state(path), waiting(path)) == ("paused", [])
    assert len(caplog.records) == 4


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("too deep"), OSError("odd")])
async def test_a_letter_that_is_too_much_does_not_stop_those_behind_it(
    path: Path,
    runner: SqliteJournal,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    """Whatever reading it comes to, what it did is taken back and the next one is done."""

    def read(told: dict[str, Any]) -> Command:
        if told["campaign"] == "too much":
            raise error
        return command_from_json(told)

    monkeypatch.setattr("alphasms_async.campaigns.sqlite.letters.command_from_json", read)
    leave(path, Pause("too much"), Pause(NAME))
    assert await runner.drain() == 2
    assert (await state(path), waiting(path)) == ("paused", [])
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == f"a command of the inbox was not done: {str(error) or 'MemoryError'}"


class Reader(MemoryJournal):
    """A journal that is given letters, for one in memory has no inbox."""

    async def read(self, bodies: Iterable[str]) -> int:
        """Do what letters ask for."""
        letters = Letters("one", tuple(enumerate(bodies, start=1)))
        return await self._write(lambda connection: apply_letters(connection, letters, 0))


@settings(max_examples=60)
@given(command=COMMANDS, other=JSON, data=st.data())
async def test_no_letter_stops_the_journal(
    command: Command, other: Any, data: st.DataObject
) -> None:
    """A right one, one with a wrong value, or any JSON: the next one is done."""
    told: Any = json.loads(json.dumps(command_to_json(command)))
    if data.draw(st.booleans()):
        inside, where = data.draw(st.sampled_from(list(places(told))))
        inside[where] = other
    letters = [told, other, command_to_json(Pause(NAME))]
    async with Reader(clock=Time()) as journal:
        stage = await staged(journal, Time())
        ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=100500)
        assert await journal.read(map(json.dumps, letters)) == 3
        assert (await journal.campaign(NAME)).state == "paused"
        # Done, when a right letter told of this very call.
        assert (await stage.row(ref)).state in {RowState.ACCEPTED, RowState.DONE}


def spoil(inbox: Path, how: str) -> None:
    """Make an inbox one that cannot be read."""
    if how == "no database":
        inbox.write_text("not an inbox at all, but long enough to be looked at\n" * 100)
    elif how == "a folder":
        inbox.mkdir()
    else:
        with closing(sqlite3.connect(inbox)) as connection:
            connection.executescript(how)


RUBBISH = {
    "no database": "it is no inbox: move it away, and ask again for what was left in it",
    "a folder": "it cannot be opened: look at its permissions and those of its folder",
    "create table one(a); create table two(b)": "it is no inbox: move it away",
    "create table epoch(value); create table letter(id, body)": "it is no inbox: move it away",
    "create table epoch(value); insert into epoch values('one'); create table letter(id, body);"
    "insert into letter values('first', null)": "it is no inbox: move it away",
}


@pytest.mark.parametrize(("how", "said"), RUBBISH.items(), ids=[one[:30] for one in RUBBISH])
async def test_an_inbox_that_is_none_is_told_of_once(
    path: Path, runner: SqliteJournal, caplog: pytest.LogCaptureFixture, how: str, said: str
) -> None:
    """The run goes on; as soon as there is a good one again, what is in that is done."""
    inbox = beside(path, "inbox")
    spoil(inbox, how)
    assert [await runner.drain() for _ in range(3)] == [0, 0, 0]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"the inbox {inbox} cannot be used: {said}")
    await staged(runner, Time(), name="summer")
    inbox.rename(inbox.with_suffix(".old"))
    leave(path, Pause(NAME))
    assert await runner.drain() == 1
    spoil(inbox.with_suffix(".new"), "no database")
    inbox.with_suffix(".new").rename(inbox)
    assert await runner.drain() == 0
    assert len(caplog.records) == 2


@pytest.mark.usefixtures("unattended", "runner")
@pytest.mark.parametrize(("how", "said"), RUBBISH.items(), ids=[one[:30] for one in RUBBISH])
async def test_an_inbox_that_is_none_takes_no_command(path: Path, how: str, said: str) -> None:
    """Whoever asks learns in one clear line that nothing was left."""
    spoil(beside(path, "inbox"), how)
    with pytest.raises(JournalError) as caught:
        await tell(path, [Pause(NAME)])
    assert said in str(caught.value)


async def test_without_a_writer_an_inbox_that_is_none_is_one_clear_line(
    path: Path, time: Time
) -> None:
    """What waits in it was asked earlier: nothing is done before it."""
    spoil(beside(path, "inbox"), "no database")
    with pytest.raises(JournalError, match=r"^the inbox .* cannot be used: it is no inbox: "):
        await tell(path, [Pause(NAME)], clock=time)
    assert await state(path) == "ready"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for another program to let go."""
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.inbox._BUSY_SECONDS", 0)


@pytest.mark.usefixtures("impatient")
async def test_an_inbox_that_another_program_has_locked_is_told_of_once(
    path: Path, runner: SqliteJournal, caplog: pytest.LogCaptureFixture
) -> None:
    """The run goes on, and finds the commands as soon as the other has let go."""
    leave(path, SetPace(NAME, 5), Pause(NAME))
    with closing(sqlite3.connect(f"{path}.inbox", isolation_level=None)) as tool:
        tool.execute("begin exclusive")
        assert [await runner.drain() for _ in range(3)] == [0, 0, 0]
    (line,) = [record.getMessage() for record in caplog.records]
    said = "another program has locked it: close that first"
    assert line.startswith(f"the inbox {path}.inbox cannot be used: {said}")
    assert await runner.drain() == 2
    assert (await state(path), await pace(path)) == ("paused", 5)


@pytest.mark.usefixtures("impatient")
async def test_commands_whose_letters_cannot_be_taken_out_are_done_once(
    path: Path, runner: SqliteJournal, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody else reads the inbox for long: its letters are known by their numbers."""
    leave(path, Pause(NAME))
    with closing(sqlite3.connect(f"{path}.inbox", isolation_level=None)) as tool:
        tool.execute("begin")
        tool.execute("select * from letter").fetchone()
        await runner.drain()
        await runner.apply(Resume(NAME))
        await runner.drain()
    assert await state(path) == "ready"
    assert len(caplog.records) == 1
    assert await runner.drain() == 0
    assert waiting(path) == []


@pytest.mark.usefixtures("impatient", "runner")
async def test_an_inbox_that_is_locked_after_a_command_was_left_keeps_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks is told that it waits, for that is so."""
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.file._TELL_SECONDS", 0.05)
    put = Inbox.put
    tool = sqlite3.connect(f"{path}.inbox", isolation_level=None, check_same_thread=False)
    with closing(tool):

        def put_and_lock(inbox: Inbox, commands: list[Command]) -> int:
            last = put(inbox, commands)
            tool.execute("begin exclusive")
            return last

        monkeypatch.setattr(Inbox, "put", put_and_lock)
        assert await tell(path, [Pause(NAME)]) is Told.LEFT
    assert waiting(path) == [command_to_json(Pause(NAME))]


async def test_a_disk_that_fails_under_a_letter_stops_the_journal(
    path: Path, runner: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is no bad letter: it still waits, and nothing more is written."""

    def fail(*_: object) -> int:
        raise sqlite3.OperationalError("disk I/O error")

    leave(path, Pause(NAME))
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.letters.apply", fail)
    for _ in range(2):
        with pytest.raises(JournalError, match=r"^the journal .* the disk failed: look at it"):
            await runner.drain()
    assert waiting(path) == [command_to_json(Pause(NAME))]


@pytest.mark.usefixtures("unattended", "runner")
async def test_an_inbox_that_cannot_be_made_is_one_clear_line(path: Path) -> None:
    """Whoever asks learns that nothing was left."""
    beside(path, "inbox").mkdir()
    with pytest.raises(JournalError, match=r"calls\.journal\.inbox cannot be used"):
        await tell(path, [Pause(NAME)])
