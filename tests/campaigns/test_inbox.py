"""The inbox, and `tell`: what other processes ask for is done once, in order, whoever dies."""

from pathlib import Path

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest
from anyio.abc import TaskStatus

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
from alphasms_async.errors import InvalidRequest
from tests.campaigns.journals import NAME, Stage, Time
from tests.campaigns.letters import leave, pace, state, waiting
from tests.campaigns.paths import beside, mode
from tests.campaigns.processes import python

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


def die(inbox: Inbox, last: int) -> None:
    """Do nothing, as a process that was killed."""


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


async def test_whoever_does_not_wait_returns_before_the_writer_looks(
    path: Path, runner: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command survives, which is all that was to be waited for."""
    monkeypatch.delattr(Inbox, "has")
    assert await tell(path, [Pause(NAME)], is_awaited=False) is Told.LEFT
    assert waiting(path) == [command_to_json(Pause(NAME))]
    assert await runner.drain() == 1


async def test_a_writer_that_ends_just_then_is_stood_in_for_at_once(
    path: Path, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that came too late for it is done by whoever left it, though he does not wait."""
    put, may_end, has_ended = Inbox.put, anyio.Event(), anyio.Event()

    async def end() -> None:
        may_end.set()
        await has_ended.wait()

    def put_too_late(inbox: Inbox, commands: list[Command]) -> int:
        anyio.from_thread.run(end)
        return put(inbox, commands)

    async def write(*, task_status: TaskStatus[None]) -> None:
        async with SqliteJournal(path, purpose="dialling spring", clock=time):
            task_status.started()
            await may_end.wait()
        has_ended.set()

    monkeypatch.setattr(Inbox, "put", put_too_late)
    async with anyio.create_task_group() as group:
        await group.start(write)
        await tell(path, [Pause(NAME)], clock=time, is_awaited=False)
    assert (await state(path), waiting(path)) == ("paused", [])


async def test_a_writer_that_ends_takes_what_was_left_meanwhile(path: Path, time: Time) -> None:
    """A letter that came after its last look does not wait for somebody who opens the journal."""
    async with SqliteJournal(path, clock=time):
        await tell(path, [Pause(NAME)], clock=time, is_awaited=False)
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
