"""The inbox, and `tell`: what other processes ask for is done once, in order, whoever dies."""

import json
import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from alphasms_async.campaigns.commands import (
    AddDoNotCall,
    Cancel,
    Command,
    Pause,
    Resume,
    SetPace,
    command_to_json,
)
from alphasms_async.campaigns.sqlite import SqliteJournal, Told, tell
from alphasms_async.campaigns.sqlite.inbox import Inbox
from alphasms_async.errors import InvalidRequest, JournalError
from tests.campaigns.journals import NAME, Stage, Time, listed, staged
from tests.campaigns.paths import beside, mode
from tests.campaigns.processes import python
from tests.doubles import phones

pytestmark = pytest.mark.anyio

PUT = """
import sys
from pathlib import Path
from alphasms_async.campaigns.commands import SetPace
from alphasms_async.campaigns.sqlite.inbox import Inbox

path, who = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
with Inbox(Path(path)) as inbox:
    for number in range(4):
        inbox.put([SetPace(who, number), SetPace(who, number + 0.5)])
"""


@pytest.fixture
async def path(tmp_path: Path, time: Time) -> Path:
    """A journal with one campaign, which nobody writes."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path, clock=time) as journal:
        await journal.plan(NAME, {}, listed(phones(3)))
    return path


@pytest.fixture
async def runner(path: Path, time: Time) -> AsyncGenerator[SqliteJournal]:
    """Whoever writes the journal."""
    async with SqliteJournal(path, purpose="dialling spring", clock=time) as journal:
        yield journal


@pytest.fixture
def unattended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits to see whether the writer takes a command."""
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.file._TELL_SECONDS", 0)


def leave(path: Path, *commands: Command) -> None:
    """Leave commands in the inbox, as another process does."""
    with Inbox(path) as inbox:
        inbox.put(commands)


def leave_raw(path: Path, *bodies: str) -> None:
    """Leave texts in the inbox that no version of ours would leave."""
    leave(path)
    with closing(sqlite3.connect(f"{path}.inbox")) as connection:
        connection.executemany("insert into letter(body) values(?)", [(body,) for body in bodies])
        connection.commit()


def waiting(path: Path) -> list[dict[str, Any]]:
    """Return what waits in the inbox."""
    with Inbox(path) as inbox:
        letters = inbox.waiting()
    return [] if letters is None else [json.loads(body) for _, body in letters.bodies]


def die(inbox: Inbox, last: int) -> None:
    """Do nothing, as a process that was killed."""


async def pace(path: Path) -> float | None:
    """Return the pace of the campaign, as anybody reads it."""
    async with SqliteJournal(path, read_only=True) as journal:
        return (await journal.campaign(NAME)).per_second


async def state(path: Path) -> str:
    """Return where the campaign stands, as anybody reads it."""
    async with SqliteJournal(path, read_only=True) as journal:
        return (await journal.campaign(NAME)).state


async def drained(runner: SqliteJournal) -> int:
    """Drain the inbox until there was something in it."""
    while not (done := await runner.drain()):
        await anyio.lowlevel.checkpoint()
    return done


async def test_without_a_writer_a_command_is_done_at_once(path: Path, time: Time) -> None:
    """Whoever asks does it himself, and leaves neither a letter nor an inbox."""
    assert await tell(path, [SetPace(NAME, 5), Pause(NAME)], clock=time) is Told.DONE
    assert (await pace(path), await state(path)) == (5, "paused")
    assert not beside(path, "inbox").exists()


async def test_with_a_writer_a_command_is_done_at_its_next_look(
    path: Path, runner: SqliteJournal
) -> None:
    """It waits in the inbox until then, and whoever asked learns that it is done."""
    told: list[Told] = []

    async def ask() -> None:
        told.append(await tell(path, [SetPace(NAME, 5), Pause(NAME)]))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        assert await drained(runner) == 2
        assert (await runner.campaign(NAME)).state == "paused"
    assert told == [Told.DONE]
    assert waiting(path) == []


@pytest.mark.usefixtures("unattended")
async def test_a_writer_that_is_busy_finds_the_command_later(
    path: Path, runner: SqliteJournal
) -> None:
    """Whoever asked is told that it waits; nothing was done yet, and nothing is lost."""
    assert await tell(path, [Pause(NAME)]) is Told.LEFT
    assert waiting(path) == [command_to_json(Pause(NAME))]
    assert await state(path) == "ready"
    assert await runner.drain() == 1
    assert await state(path) == "paused"


async def test_a_writer_that_ends_without_a_look_is_stood_in_for(path: Path, time: Time) -> None:
    """When nobody writes the journal any more, whoever waits for his command does it himself."""
    told: list[Told] = []

    async def ask() -> None:
        told.append(await tell(path, [Pause(NAME)], clock=time))

    async with anyio.create_task_group() as group, SqliteJournal(path, clock=time):
        group.start_soon(ask)
        while not waiting(path):
            await anyio.lowlevel.checkpoint()
    assert told == [Told.DONE]
    assert (await state(path), waiting(path)) == ("paused", [])


async def test_what_was_left_is_done_by_the_next_writer(path: Path, time: Time) -> None:
    """A command survives both who left it and who was to do it."""
    leave(path, Pause(NAME))
    async with SqliteJournal(path, clock=time) as journal:
        assert await journal.drain() == 1
        assert await journal.drain() == 0
    assert await state(path) == "paused"


async def test_what_was_left_earlier_is_done_first(path: Path, time: Time) -> None:
    """The last word holds: that of whoever asks now, after all that waits."""
    leave(path, *[SetPace(NAME, number + 1) for number in range(1200)])
    assert await tell(path, [SetPace(NAME, 5)], clock=time) is Told.DONE
    assert await pace(path) == 5
    assert waiting(path) == []


async def test_an_inbox_is_read_in_pieces(path: Path, runner: SqliteJournal) -> None:
    """Some hundreds at a time, in order, so that the dialling does not wait for long."""
    leave(path, *[SetPace(NAME, number + 1) for number in range(1200)])
    assert [await runner.drain() for _ in range(4)] == [500, 500, 200, 0]
    assert await pace(path) == 1200


async def test_a_journal_without_an_inbox_has_nothing_to_drain(
    path: Path, runner: SqliteJournal
) -> None:
    """Looking makes no file: an inbox is there when somebody had something to say."""
    assert await runner.drain() == 0
    assert not beside(path, "inbox").exists()


async def test_a_command_that_is_read_twice_is_done_once(
    path: Path, runner: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a crash between the journal's commit and the inbox's, its number is known."""
    leave(path, Pause(NAME))
    monkeypatch.setattr(Inbox, "forget", die)
    assert await runner.drain() == 1
    await runner.apply(Resume(NAME))
    assert await runner.drain() == 0
    assert await state(path) == "ready"
    leave(path, SetPace(NAME, 5))
    assert await runner.drain() == 1
    assert (await state(path), await pace(path)) == ("ready", 5)


async def test_a_command_that_is_read_twice_is_forgotten_in_the_end(
    path: Path, runner: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done already is taken out with the next look."""
    leave(path, Pause(NAME))
    with monkeypatch.context() as crash:
        crash.setattr(Inbox, "forget", die)
        await runner.drain()
    assert len(waiting(path)) == 1
    assert await runner.drain() == 0
    assert waiting(path) == []


async def test_an_inbox_that_was_made_anew_is_read(path: Path, runner: SqliteJournal) -> None:
    """A new file counts from 1 again, and nothing in it is taken for what was read before."""
    for per_second in (1, 2, 3):
        leave(path, SetPace(NAME, per_second), Pause(NAME), Resume(NAME))
        assert await runner.drain() == 3
        assert await pace(path) == per_second
        beside(path, "inbox").unlink()
        assert await runner.drain() == 0


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (json.dumps(command_to_json(Pause("autumn"))), "no campaign 'autumn' in this journal"),
        ('{"do": "sing"}', "a command in the inbox is of a newer version: update"),
        ("[]", "a command in the inbox is of a newer version: update"),
        ("{", "Expecting property name"),
        ("", "Expecting value"),
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


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ([Pause("autumn")], "no campaign 'autumn' in this journal; there are: spring"),
        ([Cancel(NAME), Pause(NAME)], "the campaign 'spring' is cancelled: nothing to change"),
    ],
)
async def test_without_a_writer_a_bad_command_is_refused_at_once(
    path: Path, time: Time, commands: list[Command], said: str
) -> None:
    """Whoever asks is there to be told what is wrong."""
    with pytest.raises(InvalidRequest) as caught:
        await tell(path, commands, clock=time)
    assert str(caught.value) == said


async def test_a_command_takes_what_a_dead_dialer_left_for_uncertain(
    path: Path, time: Time
) -> None:
    """Doing it oneself means writing the journal, with all that goes with it."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = Stage(journal, time, (await journal.campaign(NAME)).id)
        await stage.claim()
    await tell(path, [AddDoNotCall(("380501111111",))], clock=time)
    async with SqliteJournal(path, read_only=True) as journal:
        rows = await journal.rows(stage.campaign)
        assert [str(row.state) for row in rows] == ["uncertain", "planned", "planned"]
        assert await journal.do_not_call() == ["380501111111"]


async def test_an_inbox_that_is_none_is_one_clear_line(path: Path, runner: SqliteJournal) -> None:
    """The journal itself stays as good as it was."""
    inbox = beside(path, "inbox")
    inbox.write_text("not an inbox at all, but long enough to be looked at\n" * 100)
    with pytest.raises(JournalError) as caught:
        await runner.drain()
    assert str(caught.value).startswith(f"the journal {inbox} cannot be used: it is not a journal")
    await staged(runner, Time(), name="summer")


@pytest.mark.usefixtures("unattended", "runner")
async def test_an_inbox_that_cannot_be_made_is_one_clear_line(path: Path) -> None:
    """Whoever asks learns that nothing was left."""
    beside(path, "inbox").mkdir()
    with pytest.raises(JournalError, match=r"calls\.journal\.inbox cannot be used"):
        await tell(path, [Pause(NAME)])


@pytest.mark.usefixtures("unattended", "runner")
async def test_an_inbox_is_for_its_owner_alone(path: Path) -> None:
    """It holds phones."""
    await tell(path, [AddDoNotCall(("380501111111",))])
    assert mode(beside(path, "inbox")) == 0o600


async def test_letters_that_are_left_together_stay_together(path: Path) -> None:
    """What cannot be written as a whole leaves no part of itself."""
    leave(path, Pause(NAME))
    with pytest.raises(TypeError):
        leave(path, Resume(NAME), SetPace(NAME, object()))  # type: ignore[arg-type]  # no JSON
    assert waiting(path) == [command_to_json(Pause(NAME))]


def test_several_processes_leave_letters_at_once(tmp_path: Path) -> None:
    """None is lost, each pair stays together, and those of one process keep their order."""
    path = tmp_path / "calls.journal"
    writers = {who: python(PUT, path, who) for who in ("anna", "borys", "vira")}
    for writer in writers.values():
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers.values():
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers.values():
        writer.communicate()
        assert writer.returncode == 0
    told = [(one["campaign"], one["per_second"]) for one in waiting(path)]
    assert len(told) == 24
    for who in writers:
        mine = [per_second for one, per_second in told if one == who]
        assert mine == [number / 2 for number in range(8)]
    assert all(first[0] == second[0] for first, second in zip(told[::2], told[1::2], strict=True))
