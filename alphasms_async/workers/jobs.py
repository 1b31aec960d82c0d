"""The jobs: each one is a place for a runner on a campaign, and asks for no more than that."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from psycopg.errors import RaiseException

from alphasms_async.campaigns.records import CampaignRecord
from alphasms_async.campaigns.window import Window
from alphasms_async.errors import InvalidRequest

__all__ = [
    "NAMESPACE",
    "QUEUE",
    "RUN_TASK",
    "WATCH_QUEUE",
    "defer_runners",
    "end_job",
    "fail_stalled",
    "may_dial",
    "starts_at",
]

NAMESPACE = "alphasms"
"""What the names of the tasks begin with."""
QUEUE = "alphasms"
"""The queue of the jobs that work on campaigns."""
WATCH_QUEUE = "alphasms_watch"
"""The queue of the watch, which must not wait until a campaign is over."""
RUN_TASK = f"{NAMESPACE}:run_campaign"
"""The task that works on one campaign."""


async def defer_runners(
    jobs: JobManager, record: CampaignRecord, workers: int, *, at: datetime | None = None
) -> int:
    """Ask for the runners that a campaign wants and has not got; return how many were asked for.

    Each runner has its numbered place, which the engine gives to one job at a time. So a job that
    was asked for twice is refused by the database, and one that is not begun yet is not repeated.

    Args:
        jobs: procrastinate's, opened.
        record: The campaign, as the journal has it.
        workers: How many runners it wants.
        at: Before which moment none begins. `None`: at once.
    """
    taken = await _places(jobs)
    asked = 0
    for number in range(1, workers + 1):
        # Its id too: one of the same name, which is gone, may have left jobs that wait for long.
        place = f"{NAMESPACE}:{record.name}:{record.id}:{number}"
        if place in taken:
            continue
        job = configure_task(
            name=RUN_TASK,
            job_manager=jobs,
            queue=QUEUE,
            lock=place,
            queueing_lock=place,
            schedule_at=at,
        )
        try:
            await job.defer_async(name=record.name)
        except AlreadyEnqueued:
            continue
        asked += 1
    return asked


async def _places(jobs: JobManager) -> set[str | None]:
    """Return the places that a job is at work in, or waits for."""
    return {
        job.lock
        for status in (Status.TODO, Status.DOING)
        for job in await jobs.list_jobs_async(task=RUN_TASK, status=status.value)
    }


async def fail_stalled(jobs: JobManager, *, seconds: float) -> int:
    """End the jobs of workers that are gone, which the engine leaves as they are; return how many.

    None of them is repeated: whether somebody is still to be called, the journal knows.

    Args:
        jobs: procrastinate's, opened.
        seconds: After how many seconds of silence a worker is taken for gone.
    """
    stalled = [
        job.id
        for queue in (QUEUE, WATCH_QUEUE)
        for job in await jobs.get_stalled_jobs(queue=queue, seconds_since_heartbeat=seconds)
    ]
    return sum([await end_job(jobs, job) for job in stalled if job is not None])


async def end_job(jobs: JobManager, job: int) -> bool:
    """End a job that nobody works on any more as a failed one; return whether it was not ended."""
    try:
        await jobs.finish_job_by_id_async(job, Status.FAILED, delete_job=False)
    except ConnectorException as error:
        if isinstance(error.__cause__, RaiseException):
            # That is how the database says that it has ended, or is forgotten.
            return False
        raise
    return True


def starts_at(record: CampaignRecord) -> datetime | None:
    """Return the first moment to dial. `None`: at once.

    Raises:
        InvalidRequest: Its definition cannot be read.
    """
    with _readable(record):
        return _moment(record.definition, "starts_at")


def may_dial(record: CampaignRecord, now: datetime) -> bool:
    """Return whether a runner would find something to do at this moment, were somebody due.

    Raises:
        InvalidRequest: Its definition cannot be read.
    """
    with _readable(record):
        expires = _moment(record.definition, "expires_at")
        starts = _moment(record.definition, "starts_at")
        if expires is not None and now >= expires:
            # It skips who is left.
            return True
        if starts is not None and now < starts:
            return False
        hours = record.definition.get("window")
        return not hours or Window.from_json(hours).is_open(now)


def _moment(definition: Mapping[str, Any], which: str) -> datetime | None:
    told = definition.get(which)
    return datetime.fromisoformat(told).astimezone(UTC) if told else None


@contextmanager
def _readable(record: CampaignRecord) -> Generator[None]:
    try:
        yield
    except (AttributeError, InvalidRequest, KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(
            f"the definition of {record.name!r} cannot be read: update this machine's package, or "
            "plan a new campaign"
        ) from error
