"""`start_runners`: have workers dial a campaign, wherever they run."""

from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.checks import check_count
from alphasms_async.clock import Clock, utc_now
from alphasms_async.workers.engine import check_journal, engine, prepare_engine, reaching
from alphasms_async.workers.jobs import defer_runners, starts_at

__all__ = ["start_runners"]


async def start_runners(dsn: str, name: str, workers: int, *, clock: Clock = utc_now) -> int:
    """Have so many workers dial a campaign that is planned in the journal.

    An older note of why it halted is taken away. Asked again, it changes how many runners there
    are to be; those that are at work go on. A campaign that starts later is begun then.

    Args:
        dsn: The journal, like `postgresql://user@host/database`.
        name: The campaign.
        workers: How many runners it is to have, 1 or more; each takes one worker.
        clock: Returns the time of day, aware. Tests set it.

    Returns:
        How many runners were asked for; those that are at work already are not.

    Raises:
        InvalidRequest: There is no such campaign, it is over, or `workers` is no such number.
        JournalError: The journal is a file, or the database cannot be used.
    """
    dsn, workers = check_journal(dsn), check_count("workers", workers)
    async with PostgresJournal(dsn, must_exist=True) as journal:
        record = await journal.campaign(name)
        begins = starts_at(record)
        await journal.enlist(name, workers)
    await prepare_engine(dsn)
    async with engine(dsn) as app:
        with reaching(dsn):
            at = begins if begins is not None and begins > clock() else None
            return await defer_runners(app.job_manager, record, workers, at=at)
