"""`alphasms worker`: one of any number of machines that dial the campaigns of a journal."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from attrs import define

from alphasms_async import InvalidRequest
from alphasms_async.checks import check_count
from alphasms_async.cli.campaign.outcomes import Hooked, outcomes_of
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.journals import OptionalPlace
from alphasms_async.cli.machines import check_shared, new_worker
from alphasms_async.cli.terminal import ExitCode, Url, endings, notes
from alphasms_async.clock import utc_now

if TYPE_CHECKING:
    from alphasms_async.workers import CampaignWorker

__all__ = ["worker"]

# What the engine and the pool of connections say of a database that is lost, the worker says in
# one line; so do the tasks of theirs that end with it.
_TALKATIVE = ("procrastinate", "psycopg.pool", "asyncio")


async def worker(
    *,
    journal: OptionalPlace = None,
    concurrency: int | None = None,
    audio_dir: Path | None = None,
    hook_url: Url | None = None,
) -> ExitCode:
    """Dial campaigns of a journal in PostgreSQL, beside workers on other machines.

    Start one on each machine, and leave it running; then have them dial, from anywhere:

    ```
    export ALPHASMS_JOURNAL=postgresql://user@host/database
    alphasms worker --concurrency 64
    alphasms campaign run spring --distributed --workers 4
    ```

    All workers together keep a campaign's pace and its budget. A worker that is killed is
    replaced by another, if one is free: nobody is called twice, nobody is forgotten. `campaign
    pause` stops all of them. Where the database is lost, it waits for it.

    A recording is read from the path it was planned from, or found in the folder of --audio-dir,
    under any name.

    Ctrl-C, or SIGTERM, dials nobody more and waits for the calls in flight; a second one cuts
    them off, and they are uncertain.

    Exit codes: 0 ended by Ctrl-C, 1 fault, 2 bad input, 130 cut off.

    Parameters
    ----------
    journal
        Journal in PostgreSQL, postgresql://user@host/database. ALPHASMS_JOURNAL names it as well,
        and shows its password in no list of processes.
    concurrency
        How many calls it places at once; as each campaign says when it is not given.
    audio_dir
        Folder with the recordings, where they do not lie where they were planned from.
    hook_url
        URL by which the gateway reaches your receiver, such as
        https://app.example/hooks/alphasms; each call gets its own signed hook there. It needs
        ALPHASMS_WEBHOOK_SECRET.
    """
    dsn = check_shared("a worker", journal)
    if concurrency is not None:
        check_count("--concurrency", concurrency)
    _check_folder(audio_dir)
    hooks = outcomes_of(Hooked(hook_url=hook_url)).hooks
    made = new_worker(
        dsn,
        alphasms=gateway(),
        concurrency=concurrency,
        audio_dir=audio_dir,
        hooks=hooks,
        tell=_say,
    )
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    attended = _Attended(made)
    async with anyio.create_task_group() as group:
        group.start_soon(attended.heed, group.cancel_scope)
        group.start_soon(attended.work, group.cancel_scope)
    if attended.failure is not None:
        raise attended.failure
    return ExitCode.INTERRUPTED if attended.is_cut_off else ExitCode.ACCEPTED


def _check_folder(audio_dir: Path | None) -> None:
    if audio_dir is not None and not audio_dir.is_dir():
        raise InvalidRequest(f"--audio-dir is a folder: there is none at {audio_dir}")


def _say(line: str) -> None:
    notes.print(f"{utc_now().astimezone():%H:%M:%S}  {line}", soft_wrap=True)


@define
class _Attended:
    """A worker, and the person or the system that ends it."""

    worker: "CampaignWorker"
    failure: Exception | None = None
    is_stopped: bool = False
    is_cut_off: bool = False

    async def work(self, scope: anyio.CancelScope) -> None:
        """Work to the end, and end all that goes on beside it."""
        try:
            await self.worker.run()
        except Exception as error:  # noqa: BLE001 - raised again, outside the group of tasks
            self.failure = error
        scope.cancel()

    async def heed(self, scope: anyio.CancelScope) -> None:
        """Stop at the first signal, cut off at the second."""
        with anyio.open_signal_receiver(*endings()) as signals:
            async for _ in signals:
                if self.is_stopped:
                    self.is_cut_off = True
                    notes.print("cut off: what was in flight is uncertain")
                    scope.cancel()
                    return
                self.is_stopped = True
                self.worker.stop()
                notes.print("stopping: waiting for the calls in flight; once more cuts them off")
