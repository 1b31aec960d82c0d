"""The watch: every few seconds one worker sees to it that each campaign has its runners."""

from collections.abc import Callable
from datetime import datetime

from procrastinate.manager import JobManager

from alphasms_async.campaigns.postgres import Enlisted, PostgresJournal
from alphasms_async.clock import Clock
from alphasms_async.errors import InvalidRequest, JournalError
from alphasms_async.workers.jobs import defer_runners, fail_stalled, may_dial

__all__ = ["watch"]


async def watch(
    jobs: JobManager,
    journal: Callable[[], PostgresJournal],
    *,
    stalled_seconds: float,
    clock: Clock,
) -> int:
    """End the jobs of workers that are gone, and ask for the runners that are wanting.

    Two watches at once do no harm: what both ask for is asked for once.

    Args:
        jobs: procrastinate's, opened.
        journal: Gives the journal, not yet entered.
        stalled_seconds: After how many seconds of silence a worker is taken for gone.
        clock: Returns the time of day, aware.

    Returns:
        How many runners it asked for.

    Raises:
        JournalError: The journal cannot be read, or not all of it; the other campaigns have their
            runners all the same.
    """
    await fail_stalled(jobs, seconds=stalled_seconds)
    asked, failure = 0, None
    async with journal() as opened:
        # Whom a dialer that is gone left in the middle of a call is uncertain from here on.
        await opened.catch_up()
        for one in await opened.enlisted():
            try:
                asked += await _look_at(one, jobs, opened, clock())
            except JournalError as error:
                failure = failure or error
    if failure is not None:
        raise failure
    return asked


async def _look_at(
    enlisted: Enlisted, jobs: JobManager, journal: PostgresJournal, now: datetime
) -> int:
    """Ask for the runners that one campaign wants; return how many that were."""
    if enlisted.next_due is None or enlisted.next_due > now:
        return 0
    record = await journal.campaign(enlisted.name)
    try:
        may = may_dial(record, now)
    except InvalidRequest as error:
        # No runner could read it either, so a person is asked.
        await journal.halt(record.id, str(error))
        return 0
    return await defer_runners(jobs, record, enlisted.workers) if may else 0
