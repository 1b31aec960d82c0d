"""A campaign in PostgreSQL, a gateway, and workers that dial it: what these tests begin with."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
from attrs import define, field
from procrastinate import App
from procrastinate.jobs import Job, Status

from alphasms_async import AlphaSMS
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.commands import Command
from alphasms_async.campaigns.kinds import PlayRecording
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.records import CampaignRecord
from alphasms_async.workers import CampaignWorker, Recordings, Work
from alphasms_async.workers.engine import engine, prepare_engine
from alphasms_async.workers.jobs import QUEUE
from tests.campaigns.dialers import RECORDING, Gateway
from tests.campaigns.journals import listed
from tests.doubles import KEY, phones

NAME = "spring"
_LOOK_SECONDS = 0.01


class Held(Gateway):
    """A gateway that has each request whole, and answers none before it is let.

    Args:
        open: Whether it answers at once.
    """

    def __init__(self, *, is_open: bool = False) -> None:
        super().__init__()
        self.answers: anyio.Event = anyio.Event()
        """Set when the answers may come."""
        if is_open:
            self.answers.set()
        self.waiting = 0
        """How many requests have come whole."""

    async def wait_for(self, count: int) -> None:
        """Wait until so many requests have come whole."""
        await until(lambda: self.waiting >= count)

    async def _read(self, request: httpx.Request) -> httpx.Request:
        whole = await super()._read(request)
        self.waiting += 1
        await self.answers.wait()
        return whole


async def until(is_so: Any) -> None:
    """Wait until something is so, which another process or task brings about."""
    while True:
        found = is_so()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        await anyio.sleep(_LOOK_SECONDS)


@define
class Stage:
    """One campaign in a database of its own, and short ways to say what happens to it."""

    dsn: str
    folder: Path
    """Where its recording lies."""
    gateway: Gateway
    app: App
    """procrastinate's, on the jobs, without tasks."""
    said: list[str] = field(factory=list)
    """What the workers told."""

    @property
    def rings(self) -> "Counter[str]":
        """How often each phone rang."""
        return self.gateway.rings

    def work(self, **facts: Any) -> Work:
        """Return what a runner works with."""
        return Work(
            dsn=self.dsn,
            alphasms=self.client(),
            recordings=Recordings(self.folder),
            tell=self.said.append,
            **facts,
        )

    def client(self) -> AlphaSMS:
        """Return a client of the gateway, not yet open."""
        return AlphaSMS(KEY, transport=self.gateway, max_retries=0)

    @asynccontextmanager
    async def worker(self, **facts: Any) -> AsyncGenerator["asyncio.Task[None]"]:
        """Have a worker at work while the context is open, then stop it."""
        worker = self.made(**facts)
        task = asyncio.create_task(worker.run())
        try:
            yield task
        finally:
            worker.stop()
            await asyncio.wait([task])
            if not task.cancelled():
                # Also where the test waited in vain, for this is why.
                task.result()

    def made(self, **facts: Any) -> CampaignWorker:
        """Return a worker that looks every second, not yet at work."""
        usual: dict[str, Any] = {
            "alphasms": self.client(),
            "audio_dir": self.folder,
            "tell": self.said.append,
            "watch_seconds": 1,
        }
        return CampaignWorker(self.dsn, **usual | facts)

    async def plan(self, name: str = NAME, count: int = 3, **limits: Any) -> None:
        """Plan a campaign of so many phones."""
        facts: dict[str, Any] = {"kind": PlayRecording(RECORDING), **limits}
        campaign = Campaign(name=name, **facts)
        async with PostgresJournal(self.dsn) as journal:
            await journal.plan(
                name,
                campaign.as_json(),
                listed(phones(count)),
                per_second=campaign.per_second,
            )

    async def apply(self, command: Command) -> None:
        """Have a command done."""
        async with PostgresJournal(self.dsn) as journal:
            await journal.apply(command)

    async def record(self, name: str = NAME) -> CampaignRecord:
        """Return what the journal has of the campaign."""
        async with PostgresJournal(self.dsn) as journal:
            return await journal.campaign(name)

    async def states(self, name: str = NAME) -> dict[str, int]:
        """Return how many recipients stand where, without the empty states."""
        async with PostgresJournal(self.dsn) as journal:
            tally = await journal.tally((await journal.campaign(name)).id)
        return {str(state): count for state, count in tally.states.items() if count}

    async def jobs(self, status: Status | None = None) -> list[Job]:
        """Return the jobs that work on a campaign."""
        wanted = None if status is None else status.value
        found = await self.app.job_manager.list_jobs_async(queue=QUEUE, status=wanted)
        return [job for job in found if job.task_name.endswith("run_campaign")]

    async def begin_job(self) -> tuple[int, Job]:
        """Take the next job as a worker does that then does nothing more; return both."""
        worker = await self.app.job_manager.register_worker()
        job = await self.app.job_manager.fetch_job([QUEUE], worker)
        assert job is not None
        return worker, job


@asynccontextmanager
async def staged(dsn: str, folder: Path, gateway: Gateway) -> AsyncGenerator[Stage]:
    """Yield a database with both kinds of tables, and a folder with the recording."""
    (folder / "whatever.wav").write_bytes(RECORDING.data)
    async with AsyncExitStack() as stack:
        await prepare_engine(dsn)
        yield Stage(dsn, folder, gateway, await stack.enter_async_context(engine(dsn)))


def rung_once(count: int) -> "Counter[str]":
    """Return what it looks like when so many phones rang once each."""
    return Counter(phones(count))


def of(lines: Iterable[str], word: str) -> list[str]:
    """Return the lines with a word in them."""
    return [line for line in lines if word in line]
