import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from procrastinate.jobs import Status

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.records import CampaignRecord, CampaignState
from alphasms_async.campaigns.window import Window
from alphasms_async.clock import utc_now
from alphasms_async.workers.jobs import defer_runners, end_job, fail_stalled, may_dial, starts_at
from tests.campaigns.journals import NOON
from tests.workers.stage import NAME, Stage

pytestmark = pytest.mark.asyncio

LONG = 3600.0
HOUR = timedelta(hours=1)


def planned(**definition: Any) -> CampaignRecord:
    """Return a campaign as a journal has it."""
    return CampaignRecord(
        id=1,
        name=NAME,
        state=CampaignState.READY,
        definition=definition,
        per_second=None,
        quoted=None,
        parts=1,
        halted=None,
        created_at=NOON,
        finished_at=None,
    )


async def test_each_runner_has_its_place(stage: Stage) -> None:
    """Asked for three, there are three jobs, each in a place of its own; asked again, no more."""
    jobs = stage.app.job_manager
    assert await defer_runners(jobs, planned(), 3) == 3
    assert await defer_runners(jobs, planned(), 3) == 0
    places = {job.lock for job in await stage.jobs()}
    assert places == {f"alphasms:{NAME}:1:{number}" for number in (1, 2, 3)}


async def test_more_runners_are_added_to_those_there_are(stage: Stage) -> None:
    """Asked for more, only the wanting ones are asked for, those at work counted."""
    jobs = stage.app.job_manager
    await defer_runners(jobs, planned(), 2)
    await stage.begin_job()
    assert await defer_runners(jobs, planned(), 3) == 1


async def test_all_who_ask_at_once_get_one_runner_each_place(stage: Stage) -> None:
    """Two watches that look at the same moment do not ask for the same runner twice."""
    jobs = stage.app.job_manager
    asked = await asyncio.gather(*(defer_runners(jobs, planned(), 2) for _ in range(4)))
    assert sum(asked) == 2
    assert len(await stage.jobs()) == 2


async def test_campaigns_share_no_places(stage: Stage) -> None:
    """The runners of one campaign are none of another's."""
    jobs = stage.app.job_manager
    await defer_runners(jobs, planned(), 1)
    assert await defer_runners(jobs, evolve(planned(), id=2, name="autumn"), 1) == 1


async def test_one_of_the_same_name_has_places_of_its_own(stage: Stage) -> None:
    """A job that waits for a campaign that was discarded keeps no runner from the next one."""
    jobs = stage.app.job_manager
    await defer_runners(jobs, planned(), 1, at=utc_now() + HOUR)
    assert await defer_runners(jobs, evolve(planned(), id=2), 1) == 1


async def test_a_start_to_come_is_the_engine_s(stage: Stage) -> None:
    """A job of a campaign that starts later is not handed out before."""
    jobs = stage.app.job_manager
    at = (utc_now() + HOUR).replace(microsecond=0)
    await defer_runners(jobs, planned(), 1, at=at)
    (job,) = await stage.jobs()
    assert job.scheduled_at == at
    assert await jobs.fetch_job(None, await jobs.register_worker()) is None


async def test_a_job_whose_worker_is_gone_fails_and_is_not_repeated(stage: Stage) -> None:
    """It is ended, and its place is free for a new one; nothing puts it back into the queue."""
    jobs = stage.app.job_manager
    await defer_runners(jobs, planned(), 1)
    await stage.begin_job()
    assert await fail_stalled(jobs, seconds=0) == 1
    assert [job.status for job in await stage.jobs()] == ["failed"]
    assert await defer_runners(jobs, planned(), 1) == 1


async def test_a_job_whose_worker_lives_goes_on(stage: Stage) -> None:
    """Whoever was heard of lately keeps its job."""
    await defer_runners(stage.app.job_manager, planned(), 1)
    await stage.begin_job()
    assert await fail_stalled(stage.app.job_manager, seconds=LONG) == 0
    assert len(await stage.jobs(Status.DOING)) == 1


async def test_a_job_that_has_ended_is_not_ended_again(stage: Stage) -> None:
    """Two who find the same stalled job are not in each other's way."""
    await defer_runners(stage.app.job_manager, planned(), 1)
    _, job = await stage.begin_job()
    assert job.id is not None
    assert await end_job(stage.app.job_manager, job.id)
    assert not await end_job(stage.app.job_manager, job.id)


def definition_of(**limits: Any) -> CampaignRecord:
    """Return a campaign with limits as a definition tells them."""
    told = {
        name: limit.as_json() if isinstance(limit, Window) else limit.isoformat()
        for name, limit in limits.items()
    }
    return planned(**told)


@pytest.mark.parametrize(
    ("limits", "may"),
    [
        ({}, True),
        ({"starts_at": NOON + HOUR}, False),
        ({"starts_at": NOON}, True),
        ({"expires_at": NOON + HOUR}, True),
        ({"expires_at": NOON}, True),
        ({"window": Window.parse("09:00-20:00", zone="UTC")}, True),
        ({"window": Window.parse("13:00-20:00", zone="UTC")}, False),
        ({"window": Window.parse("13:00-20:00", zone="UTC"), "expires_at": NOON}, True),
    ],
)
async def test_a_runner_is_asked_for_when_it_has_something_to_do(
    limits: dict[str, Any], *, may: bool
) -> None:
    """In its window and from its start on; and once it has expired, for somebody is to say so."""
    assert may_dial(definition_of(**limits), NOON) is may


@pytest.mark.parametrize(
    "limits",
    [
        {"window": {"hours": "never"}},
        {"window": "09:00-20:00"},
        {"window": 7},
        {"starts_at": "soon"},
        {"starts_at": 7},
        {"expires_at": ["2026"]},
    ],
)
async def test_a_definition_that_cannot_be_read_is_told(limits: dict[str, Any]) -> None:
    """What a newer version wrote, or a hand, is one line that says what to do."""
    with pytest.raises(InvalidRequest, match="the definition of 'spring' cannot be read"):
        may_dial(planned(**limits), NOON)


async def test_a_limit_that_is_null_is_none() -> None:
    """As a definition tells what the campaign has not."""
    record = planned(starts_at=None, expires_at=None, window=None)
    assert may_dial(record, NOON)
    assert starts_at(record) is None
    later = evolve(record, definition={"starts_at": NOON.isoformat()})
    assert starts_at(later) == datetime(2026, 6, 1, 12, tzinfo=UTC)
