"""The workers of many machines, as the commands ask for them: late, for they are an extra."""

import shlex
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alphasms_async import ConfigurationError, InvalidRequest
from alphasms_async.campaigns.dsn import is_dsn, shown

if TYPE_CHECKING:
    from alphasms_async.workers import CampaignWorker

__all__ = ["check_shared", "new_worker", "start", "worker_line", "workers_running"]

_EXAMPLE = "--journal postgresql://user@host/database"


def check_shared(what: str, journal: Path | str | None) -> str:
    """Return the DSN of a journal that many machines can work on.

    Args:
        what: What needs one, for the error.
        journal: The journal. `None`: none is named.

    Raises:
        InvalidRequest: It is a file, or there is none.
    """
    if journal is None or not is_dsn(journal):
        other = "" if journal is None else f": {shown(journal)} is a file"
        raise InvalidRequest(f"{what} needs a journal in PostgreSQL, {_EXAMPLE}{other}")
    return str(journal)


def worker_line(journal: Path | str) -> str:
    """Return the command that starts a worker, to be copied; a password is left out of it."""
    return f"alphasms worker --journal {shlex.quote(shown(journal))}"


def new_worker(dsn: str, **options: Any) -> "CampaignWorker":
    """Return a worker, not yet at work.

    Raises:
        ConfigurationError: The extra that it needs is not installed.
        InvalidRequest: An option is none.
        JournalError: The DSN cannot be read.
    """
    with _installed():
        from alphasms_async.workers import CampaignWorker
    return CampaignWorker(dsn, **options)


async def start(dsn: str, name: str, workers: int | None) -> int:
    """Have workers dial a campaign; return how many it is to have.

    Args:
        dsn: The journal.
        name: The campaign.
        workers: How many, 1 or more. `None`: as many as run now, at least 1.

    Raises:
        InvalidRequest: There is no such campaign, or it is over.
        ConfigurationError: The extra that it needs is not installed.
        JournalError: The database cannot be used.
    """
    with _installed():
        from alphasms_async.workers import start_runners
    wanted = workers or max(1, await workers_running(dsn))
    await start_runners(dsn, name, wanted)
    return wanted


async def workers_running(dsn: str) -> int:
    """Return how many workers take jobs just now.

    Raises:
        ConfigurationError: The extra that it needs is not installed.
        JournalError: The database cannot be used.
    """
    with _installed():
        from alphasms_async.workers import count_workers
    return await count_workers(dsn)


@contextmanager
def _installed() -> Generator[None]:
    try:
        yield
    except ImportError as error:
        # The option asked for what is not installed: nothing is begun.
        raise ConfigurationError(str(error)) from error
