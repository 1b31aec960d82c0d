import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from procrastinate.jobs import Status

from alphasms_async import ClientClosed, InvalidRequest
from alphasms_async.campaigns.commands import Pause, Resume
from alphasms_async.clock import utc_now
from alphasms_async.workers import count_workers, start_runners
from alphasms_async.workers.engine import prepare_engine
from tests.campaigns.dialers import RECORDING
from tests.ports import free_port
from tests.postgresql import Server, connected
from tests.workers.stage import NAME, Held, Stage, of, rung_once, staged, until

pytestmark = pytest.mark.asyncio

COUNT = 20
DONE = "the campaign is finished"


async def finished(stage: Stage, name: str = NAME) -> None:
    """Wait until the campaign is over, and nobody is at it."""

    async def is_over() -> bool:
        return (await stage.record(name)).state.is_over and not await stage.jobs(Status.DOING)

    await until(is_over)


async def test_a_worker_dials_what_it_is_asked_to(stage: Stage) -> None:
    """It takes the campaign up, rings everybody once, and says how that ended."""
    await stage.plan(count=COUNT)
    async with stage.worker():
        await start_runners(stage.dsn, NAME, 1)
        await finished(stage)
    assert stage.rings == rung_once(COUNT)
    where, took, ended = stage.said
    assert where == f"at work on the campaigns of {stage.dsn}"
    assert took == f"{NAME}: taken up"
    assert DONE in ended


async def test_workers_share_a_campaign(stage: Stage) -> None:
    """Two runners go to two workers, and together they ring everybody once."""
    await stage.plan(count=COUNT, concurrency=1)
    await start_runners(stage.dsn, NAME, 2)
    stage.gateway.seconds = 0.02
    async with stage.worker(), stage.worker():
        await finished(stage)
    assert stage.rings == rung_once(COUNT)
    assert len(of(stage.said, "taken up")) == 2


async def test_a_worker_takes_one_campaign_after_another(stage: Stage) -> None:
    """What waits is begun when the one before is over."""
    for name in ("spring", "autumn"):
        await stage.plan(name, count=2)
        await start_runners(stage.dsn, name, 1)
    async with stage.worker():
        for name in ("spring", "autumn"):
            await finished(stage, name)
    assert [line.partition(":")[0] for line in of(stage.said, DONE)] == ["spring", "autumn"]


async def test_a_campaign_that_was_paused_is_taken_up_when_it_goes_on(held: Stage) -> None:
    """Nobody asks for its runners again: the watch does, from what the journal knows."""
    assert isinstance(held.gateway, Held)
    await held.plan(count=COUNT)
    await start_runners(held.dsn, NAME, 1)
    async with held.worker():
        await held.gateway.wait_for(1)
        await held.apply(Pause(NAME))
        held.gateway.answers.set()
        await until(lambda: of(held.said, "paused"))
        assert await held.states() == {"accepted": 1, "planned": COUNT - 1}
        await held.apply(Resume(NAME))
        await finished(held)
    assert held.rings == rung_once(COUNT)


async def test_pause_stops_every_worker(held: Stage) -> None:
    """All who are at it leave it, and nobody is dialled while it is paused."""
    assert isinstance(held.gateway, Held)
    await held.plan(count=200, concurrency=1)
    await start_runners(held.dsn, NAME, 3)
    async with held.worker(), held.worker(), held.worker():
        await held.gateway.wait_for(3)
        await held.apply(Pause(NAME))
        held.gateway.answers.set()
        await until(lambda: len(of(held.said, "paused")) == 3)
        rung = held.gateway.asked
        states = await held.states()
    assert states == {"accepted": rung, "planned": 200 - rung}
    assert held.gateway.asked == rung


async def test_a_worker_that_is_told_to_stop_awaits_its_answers(held: Stage) -> None:
    """What is in flight is written as it ended, and the rest is planned for another worker."""
    assert isinstance(held.gateway, Held)
    await held.plan(count=COUNT)
    await start_runners(held.dsn, NAME, 1)
    worker = held.made()
    running = asyncio.create_task(worker.run())
    await held.gateway.wait_for(1)
    worker.stop()
    worker.stop()
    await until(lambda: _is_waiting(held))
    assert not running.done()
    held.gateway.answers.set()
    await running
    assert await held.states() == {"accepted": 1, "planned": COUNT - 1}
    assert [job.status for job in await held.jobs()] == ["aborted"]
    assert await count_workers(held.dsn) == 0


async def _is_waiting(stage: Stage) -> bool:
    """Return whether everything but the calls in flight has ended."""
    return (await stage.states()).get("dialing") == 1


async def test_a_worker_that_is_cancelled_cuts_its_calls_off(held: Stage) -> None:
    """Who had begun to leave is uncertain; the worker has left the engine in good order."""
    assert isinstance(held.gateway, Held)
    await held.plan(count=COUNT)
    await start_runners(held.dsn, NAME, 1)
    running = asyncio.create_task(held.made().run())
    await held.gateway.wait_for(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await held.states() == {"planned": COUNT - 1, "uncertain": 1}
    assert await count_workers(held.dsn) == 0


async def test_another_worker_goes_on_where_one_was_stopped(held: Stage) -> None:
    """The place of the runner that ended is given to the next worker, and nobody rings twice."""
    assert isinstance(held.gateway, Held)
    await held.plan(count=COUNT)
    await start_runners(held.dsn, NAME, 1)
    async with held.worker():
        await held.gateway.wait_for(1)
        held.gateway.answers.set()
    async with held.worker():
        await finished(held)
    assert held.rings == rung_once(COUNT)


async def test_a_worker_s_client_is_its_own_from_beginning_to_end(stage: Stage) -> None:
    """One client serves all its campaigns, and is closed when the worker has ended."""
    client = stage.client()
    async with stage.worker(alphasms=client):
        await until(lambda: stage.said)
    with pytest.raises(ClientClosed):
        await client.voice.call("380501234567", RECORDING)


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 20, 60, 150])
async def test_a_worker_that_is_stopped_as_it_begins_leaves_nothing_behind(
    stage: Stage, turns: int
) -> None:
    """However far it has got: it ends, and neither a task nor a worker is left."""
    others = asyncio.all_tasks()
    worker = stage.made()
    running = asyncio.create_task(worker.run())
    await until(lambda: stage.said)
    for _ in range(turns):
        await asyncio.sleep(0)
    worker.stop()
    await running
    assert asyncio.all_tasks() <= others
    assert await count_workers(stage.dsn) == 0


async def test_a_start_to_come_is_waited_for(stage: Stage) -> None:
    """The job is begun at its moment, by the engine, though no watch asks for it."""
    starts = utc_now() + timedelta(seconds=1)
    await stage.plan(starts_at=starts)
    await start_runners(stage.dsn, NAME, 1)
    async with stage.worker(watch_seconds=59):
        await until(lambda: of(stage.said, "taken up"))
        begun = utc_now()
        await finished(stage)
    assert begun >= starts
    assert stage.rings == rung_once(3)


async def test_a_lost_database_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker says so, goes on when it is back, and nobody is called twice."""
    monkeypatch.setattr("alphasms_async.workers.engine._POOL_SECONDS", 0.3)
    monkeypatch.setattr("alphasms_async.workers.worker._AGAIN_SECONDS", 0.1)
    with Server() as server:
        dsn = server.create_database("calls")
        gateway = Held(is_open=True)
        gateway.seconds = 0.02
        async with staged(dsn, tmp_path, gateway) as stage:
            await stage.plan(count=100, concurrency=1)
            await start_runners(dsn, NAME, 1)
            async with stage.worker(lease_seconds=1.0):
                await gateway.wait_for(5)
                await asyncio.to_thread(server.crash)
                await until(lambda: of(stage.said, "the database is lost"))
                await asyncio.to_thread(server.start)
                await until(lambda: of(stage.said, "the database is back"))
                await finished(stage)
            states = await stage.states()
    assert max(gateway.rings.values()) == 1
    assert states.get("accepted", 0) + states.get("uncertain", 0) == 100
    assert states.get("uncertain", 0) <= 1


async def test_a_worker_that_was_given_up_on_begins_anew(stage: Stage) -> None:
    """Frozen for so long that its place was taken away, it takes another, and works on."""
    async with stage.worker():
        await until(lambda: stage.said)
        await until(lambda: _count(stage, 1))
        with connected(stage.dsn) as connection:
            connection.execute("delete from alphasms_jobs.procrastinate_workers")
        await stage.plan(count=COUNT)
        await start_runners(stage.dsn, NAME, 1)
        await finished(stage)
    assert stage.rings == rung_once(COUNT)


async def _count(stage: Stage, count: int) -> bool:
    return await count_workers(stage.dsn) == count


async def test_a_database_that_is_not_there_ends_a_worker_that_begins(stage: Stage) -> None:
    """At the beginning that is a wrong address, and not a database to be waited for."""
    away = evolve(stage, dsn=f"postgresql://olena:geheim@127.0.0.1:{free_port()}/calls")
    with pytest.raises(Exception, match="cannot be used") as told:
        await away.made().run()
    assert "geheim" not in str(told.value)


async def test_old_jobs_are_forgotten(stage: Stage) -> None:
    """What ended a month ago is taken out of the tables; what failed lately stays to be seen."""
    await prepare_engine(stage.dsn)
    for name in ("spring", "autumn"):
        await stage.plan(name)
        await start_runners(stage.dsn, name, 1)
    first, second = [(await stage.begin_job())[1] for _ in range(2)]
    for job in (first, second):
        await stage.app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
    with connected(stage.dsn) as connection:
        connection.execute(
            "update alphasms_jobs.procrastinate_events set at = now() - interval '40 days' "
            "where job_id = %s",
            [first.id],
        )
    async with stage.worker(watch_seconds=59):
        await until(lambda: _is_gone(stage, first.id))
    assert second.id in [job.id for job in await stage.jobs()]


async def _is_gone(stage: Stage, job: int | None) -> bool:
    return job not in [one.id for one in await stage.jobs()]


@pytest.mark.parametrize(
    "facts", [{"watch_seconds": 0}, {"watch_seconds": 60}, {"concurrency": 0}, {"concurrency": 1.5}]
)
async def test_a_number_that_cannot_be_is_refused(stage: Stage, facts: dict[str, Any]) -> None:
    """Before anything is opened."""
    with pytest.raises(InvalidRequest, match=next(iter(facts))):
        stage.made(**facts)


async def test_a_fault_of_the_engine_ends_the_worker(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no lost database is not waited for: whoever started the worker is told."""

    async def broken(*given: object, **how: object) -> None:
        raise ZeroDivisionError("told")

    monkeypatch.setattr("procrastinate.App.run_worker_async", broken)
    with pytest.raises(ZeroDivisionError, match="told"):
        await stage.made().run()
