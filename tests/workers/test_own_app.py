"""The SDK inside of somebody's own procrastinate app, as the README shows it."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import pytest
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.jobs import Status

from alphasms_async import AlphaSMS, ClientClosed
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.workers import CampaignTasks, Recordings, Work
from alphasms_async.workers.jobs import defer_runners
from tests.campaigns.dialers import RECORDING
from tests.doubles import phones
from tests.workers.stage import NAME, Held, Stage, rung_once, until

pytestmark = pytest.mark.asyncio

COUNT = 5


def own_app(dsn: str) -> App:
    """Return an app as a user writes it, with a task that calls somebody."""
    app = App(connector=PsycopgConnector(conninfo=dsn))

    @app.task(name="remind", pass_context=True, retry=False)
    async def remind(context: JobContext, phone: str) -> int:
        # It says nothing of what is in it.
        given: dict[str, AlphaSMS] = cast("Any", context).additional_context
        alphasms = given["alphasms"]
        call = await alphasms.voice.call(phone, RECORDING)
        return call.id

    return app


async def main(app: App, alphasms: AlphaSMS, **options: Any) -> None:
    """Work as the README's program does."""
    async with alphasms:
        await app.run_worker_async(
            additional_context={"alphasms": alphasms}, install_signal_handlers=False, **options
        )


async def remind(app: App) -> None:
    """Ask for a call to each of a few people."""
    for phone in phones(COUNT):
        await app.configure_task("remind").defer_async(phone=phone)


async def statuses(app: App) -> set[str | None]:
    """Return what became of the jobs."""
    return {job.status for job in await app.job_manager.list_jobs_async()}


async def test_each_job_places_its_call_with_the_process_s_client(
    stage: Stage, fresh_postgres_dsn: str
) -> None:
    """All share one client, which is closed once the worker has ended."""
    app, alphasms = own_app(fresh_postgres_dsn), stage.client()
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await remind(app)
        await main(app, alphasms, wait=False, concurrency=3)
        assert await statuses(app) == {"succeeded"}
    assert stage.rings == rung_once(COUNT)
    with pytest.raises(ClientClosed):
        await alphasms.voice.call(phones(1)[0], RECORDING)


async def test_a_worker_that_stops_awaits_its_calls(held: Stage, fresh_postgres_dsn: str) -> None:
    """The client is closed after the last answer has come, not before."""
    assert isinstance(held.gateway, Held)
    app = own_app(fresh_postgres_dsn)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await remind(app)
        running = asyncio.create_task(main(app, held.client(), concurrency=COUNT))
        await held.gateway.wait_for(COUNT)
        running.cancel()
        await asyncio.sleep(0)
        held.gateway.answers.set()
        with suppress(asyncio.CancelledError):
            await running
        assert await statuses(app) == {"succeeded"}


async def test_a_call_that_failed_is_not_repeated_by_the_engine(
    stage: Stage, fresh_postgres_dsn: str
) -> None:
    """Its job has failed, and a person decides; nobody's phone rings again."""
    app = own_app(fresh_postgres_dsn)
    stage.gateway.then = lost_answer
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await app.configure_task("remind").defer_async(phone=phones(1)[0])
        await main(app, stage.client(), wait=False)
        assert await statuses(app) == {"failed"}
    assert stage.rings == rung_once(1)


def lost_answer(request: Any) -> Any:
    """Break off when the whole request is there."""
    raise OSError("the connection broke")


async def test_an_own_app_works_on_campaigns_too(stage: Stage, fresh_postgres_dsn: str) -> None:
    """Its worker dials beside its other jobs; the campaign's journal may be in another database."""
    await stage.plan(count=COUNT)
    app = own_app(fresh_postgres_dsn)
    alphasms = stage.client()
    work = Work(dsn=stage.dsn, alphasms=alphasms, recordings=Recordings(stage.folder))
    CampaignTasks(work, watch_seconds=1).add_to(app)
    async with PostgresJournal(stage.dsn) as journal:
        await journal.enlist(NAME, 2)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        running = asyncio.create_task(main(app, alphasms, concurrency=4))
        await until(lambda: _is_over(stage))
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert stage.rings == rung_once(COUNT)


async def test_an_own_app_that_stops_ends_its_campaigns_well(
    held: Stage, fresh_postgres_dsn: str
) -> None:
    """After the app's patience the runner is cancelled, and awaits its answers all the same."""
    assert isinstance(held.gateway, Held)
    await held.plan(count=COUNT)
    app, alphasms = own_app(fresh_postgres_dsn), held.client()
    work = Work(dsn=held.dsn, alphasms=alphasms, recordings=Recordings(held.folder))
    CampaignTasks(work).add_to(app)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await defer_runners(app.job_manager, await held.record(), 1)
        running = asyncio.create_task(main(app, alphasms, shutdown_graceful_timeout=0))
        await held.gateway.wait_for(1)
        running.cancel()
        await asyncio.sleep(0)
        held.gateway.answers.set()
        with suppress(asyncio.CancelledError):
            await running
        jobs = await app.job_manager.list_jobs_async(status=Status.ABORTED.value)
        assert [job.task_name for job in jobs] == ["alphasms:run_campaign"]
    assert await held.states() == {"accepted": 1, "planned": COUNT - 1}


async def _is_over(stage: Stage) -> bool:
    return (await stage.record()).state.is_over
