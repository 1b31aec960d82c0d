from datetime import datetime, timedelta
from typing import Any

import pytest
from procrastinate.jobs import Status

from alphasms_async import InvalidRequest, JournalError
from alphasms_async.campaigns.commands import Cancel, Pause, Resume
from alphasms_async.campaigns.records import CampaignRecord
from alphasms_async.campaigns.window import Window
from alphasms_async.clock import utc_now
from alphasms_async.workers import WATCH_QUEUE, start_runners
from alphasms_async.workers.runner import Runner
from alphasms_async.workers.watch import watch
from tests.campaigns.journals import listed
from tests.doubles import phones
from tests.postgresql import connected
from tests.workers.stage import NAME, Stage, of, until

pytestmark = pytest.mark.asyncio

HOUR = timedelta(hours=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


async def looked(stage: Stage, *, stalled_seconds: float = 30.0) -> int:
    """Have the watch look once; return how many runners it asked for."""
    return await watch(
        stage.app.job_manager,
        stage.work().journal,
        stalled_seconds=stalled_seconds,
        clock=utc_now,
    )


async def enlist(stage: Stage, workers: int) -> None:
    """Note how many runners are wanted, and ask the engine for none."""
    async with stage.work().journal() as journal:
        await journal.enlist(NAME, workers)


async def test_a_campaign_that_wants_runners_gets_them(stage: Stage) -> None:
    """Every job was lost, and the watch makes them anew of what the journal knows."""
    await stage.plan()
    await enlist(stage, 2)
    assert await looked(stage) == 2
    assert await looked(stage) == 0


async def test_a_runner_that_is_gone_is_replaced(stage: Stage) -> None:
    """Its job is ended as failed, and another is asked for in its place."""
    await stage.plan()
    await start_runners(stage.dsn, NAME, 2)
    await stage.begin_job()
    assert await looked(stage, stalled_seconds=0) == 1
    assert len(await stage.jobs(Status.FAILED)) == 1
    assert len(await stage.jobs(Status.TODO)) == 2


async def test_one_whose_worker_lives_is_not_replaced(stage: Stage) -> None:
    """A job at work is a runner, and no second one is asked for beside it."""
    await stage.plan()
    await start_runners(stage.dsn, NAME, 1)
    await stage.begin_job()
    assert await looked(stage) == 0


async def test_a_campaign_that_nobody_started_gets_none(stage: Stage) -> None:
    """Planned is not asked for."""
    await stage.plan()
    assert await looked(stage) == 0


async def test_a_paused_campaign_gets_none_until_it_is_resumed(stage: Stage) -> None:
    """Resumed, it goes on with as many runners as before, and nobody asks for them anew."""
    await stage.plan()
    await enlist(stage, 2)
    await stage.apply(Pause(NAME))
    assert await looked(stage) == 0
    await stage.apply(Resume(NAME))
    assert await looked(stage) == 2


async def test_a_cancelled_campaign_gets_none(stage: Stage) -> None:
    """Nobody is left to dial."""
    await stage.plan()
    await enlist(stage, 1)
    await stage.apply(Cancel(NAME))
    assert await looked(stage) == 0


async def test_a_halted_campaign_gets_none_until_it_is_started_again(stage: Stage) -> None:
    """Why it halted is a person's to look at; starting it takes the note away."""
    await stage.plan()
    await enlist(stage, 1)
    async with stage.work().journal() as journal:
        await journal.halt((await journal.campaign(NAME)).id, "the account is banned")
    assert await looked(stage) == 0
    await start_runners(stage.dsn, NAME, 1)
    assert (await stage.record()).halted is None


@pytest.mark.parametrize(
    "limits",
    [
        {"starts_at": utc_now() + HOUR},
        {"window": Window.parse("00:00-24:00", DAYS[(utc_now().weekday() + 3) % 7], "UTC")},
    ],
    ids=["starts later", "outside the window"],
)
async def test_a_campaign_that_may_not_dial_now_gets_none(
    stage: Stage, limits: dict[str, Any]
) -> None:
    """A runner would only wait, and a worker has better to do."""
    await stage.plan(**limits)
    await enlist(stage, 1)
    assert await looked(stage) == 0


async def test_a_campaign_that_starts_later_is_begun_by_the_engine(stage: Stage) -> None:
    """Its jobs are there at once, and are not handed out before its first moment."""
    starts = (utc_now() + HOUR).replace(microsecond=0)
    await stage.plan(starts_at=starts)
    await start_runners(stage.dsn, NAME, 2)
    assert {job.scheduled_at for job in await stage.jobs()} == {starts}


async def test_a_campaign_that_has_expired_gets_one_that_says_so(stage: Stage) -> None:
    """Whoever was not dialled in time is skipped by the next runner."""
    await stage.plan(expires_at=utc_now())
    await enlist(stage, 1)
    assert await looked(stage) == 1
    await Runner(NAME, stage.work()).run()
    assert await stage.states() == {"skipped": 3}
    assert not stage.rings


async def two_enlisted(stage: Stage, definition: dict[str, Any]) -> None:
    """Have two campaigns want a runner, of which the first is defined in its own way."""
    async with stage.work().journal() as journal:
        await journal.plan(NAME, definition, listed(phones(1)))
    await stage.plan("autumn")
    with connected(stage.dsn) as connection:
        connection.execute("update alphasms.campaign set workers = 1")


async def test_one_that_is_damaged_keeps_no_other_from_its_runners(stage: Stage) -> None:
    """The watch fails and says why, when it has looked after all the others."""
    await two_enlisted(stage, {"window": {"hours": "never"}})
    with pytest.raises(JournalError, match="a campaign cannot be read"):
        await looked(stage)
    assert [job.task_kwargs for job in await stage.jobs()] == [{"name": "autumn"}]


async def test_one_that_is_of_a_newer_version_is_halted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person is told in its note, and the others are looked after."""

    def newer(record: CampaignRecord, now: datetime) -> bool:
        if record.name == NAME:
            raise InvalidRequest("update this machine's package")
        return True

    monkeypatch.setattr("alphasms_async.workers.watch.may_dial", newer)
    await two_enlisted(stage, {})
    assert await looked(stage) == 1
    assert (await stage.record()).halted == "update this machine's package"
    assert [job.task_kwargs for job in await stage.jobs()] == [{"name": "autumn"}]


async def test_only_a_campaign_of_the_journal_is_started(stage: Stage) -> None:
    """One that is not there, or is over, is told, and no job is made of it."""
    with pytest.raises(InvalidRequest, match="no campaign"):
        await start_runners(stage.dsn, NAME, 1)
    await stage.plan()
    await stage.apply(Cancel(NAME))
    with pytest.raises(InvalidRequest, match="cancelled"):
        await start_runners(stage.dsn, NAME, 1)
    assert not await stage.jobs()


async def test_a_watch_that_fails_says_so_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every look would say the same; what the failure came from is in no log."""

    async def broken(*given: object, **how: object) -> int:
        try:
            int("geheim")
        except ValueError as error:
            raise JournalError("the disk is full") from error
        return 0

    monkeypatch.setattr("alphasms_async.workers.tasks.watch", broken)
    async with stage.worker():
        await until(lambda: _failed(stage, 2))
    assert of(stage.said, "watch") == ["the watch failed: the disk is full"]


async def _failed(stage: Stage, count: int) -> bool:
    found = await stage.app.job_manager.list_jobs_async(queue=WATCH_QUEUE, status="failed")
    return len([*found]) >= count
