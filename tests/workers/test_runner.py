import asyncio
import re
from collections.abc import Callable
from decimal import Decimal
from traceback import format_exception

import pytest

from alphasms_async import JournalError
from alphasms_async.campaigns.commands import Cancel, Command, Pause
from alphasms_async.campaigns.hooks import CallHooks
from alphasms_async.campaigns.kinds import PlayRecording
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.webhooks import HookTokens
from alphasms_async.workers.runner import Runner, Work
from tests.doubles import phones
from tests.postgresql import connected
from tests.workers.stage import NAME, Held, Stage, of, rung_once

pytestmark = pytest.mark.asyncio

COUNT = 20


async def run(stage: Stage, *runners: Runner) -> None:
    """Have runners work at once, with clients that are open."""
    await asyncio.gather(*(one.run() for one in runners or [Runner(NAME, stage.work())]))


async def test_a_runner_dials_until_nobody_is_left(stage: Stage) -> None:
    """Everybody's phone rings once, and the campaign is finished."""
    await stage.plan(count=COUNT)
    await run(stage)
    assert stage.rings == rung_once(COUNT)
    assert (await stage.record()).state == "finished"
    assert stage.said == [
        f"{NAME}: taken up",
        f"{NAME}: ended after {COUNT} calls: the campaign is finished ({COUNT} accepted)",
    ]


async def test_two_runners_ring_nobody_twice(stage: Stage) -> None:
    """A job that is delivered twice, or two jobs, share the recipients among them."""
    await stage.plan(count=COUNT)
    work = stage.work(concurrency=4)
    await run(stage, *(Runner(NAME, work) for _ in range(3)))
    assert stage.rings == rung_once(COUNT)
    assert await stage.states() == {"accepted": COUNT}


async def test_a_job_that_is_delivered_again_rings_nobody(stage: Stage) -> None:
    """When the campaign is over, its job finds nothing to do, and says nothing."""
    await stage.plan()
    await run(stage)
    stage.said.clear()
    await run(stage)
    assert stage.rings == rung_once(3)
    assert not stage.said


@pytest.mark.parametrize("command", [Pause, Cancel])
async def test_who_may_not_be_dialled_is_not(
    stage: Stage, command: Callable[[str], Command]
) -> None:
    """A job whose campaign was paused or ended before its turn came dials nobody."""
    await stage.plan()
    await stage.apply(command(NAME))
    await run(stage)
    assert not stage.rings


async def test_a_halted_campaign_waits_for_a_person(stage: Stage) -> None:
    """A job that is left over when the campaign was halted does not go on by itself."""
    await stage.plan()
    async with stage.work().journal() as journal:
        await journal.halt((await journal.campaign(NAME)).id, "the account is banned")
    await run(stage)
    assert not stage.rings
    assert (await stage.record()).halted == "the account is banned"


async def test_a_campaign_that_is_gone_is_told(stage: Stage) -> None:
    """A job of a campaign that was discarded says so, and ends."""
    await run(stage)
    (line,) = stage.said
    assert line.startswith(f"{NAME}: no campaign 'spring'")


async def test_a_recording_that_is_not_here_halts_the_campaign(stage: Stage) -> None:
    """A line says what is lacking where; everybody is planned still, and a person is asked."""
    await stage.plan()
    (stage.folder / "whatever.wav").unlink()
    await run(stage)
    halted = (await stage.record()).halted
    assert halted is not None
    assert halted.startswith("the recording of 'spring' is not on")
    assert await stage.states() == {"planned": 3}
    assert stage.said == [f"{NAME}: stopped: {halted}"]


async def test_a_recording_that_is_not_here_is_left_to_those_who_have_it(stage: Stage) -> None:
    """While another dialer is at the campaign it goes on; that is said once, and nothing halts."""
    await stage.plan()
    (stage.folder / "whatever.wav").unlink()
    work = stage.work()
    async with PostgresJournal(stage.dsn) as other, other.taken_up((await stage.record()).id):
        for _ in range(2):
            await run(stage, Runner(NAME, work))
    assert (await stage.record()).halted is None
    (line,) = stage.said
    assert line.startswith(f"{NAME}: left to the other workers: the recording of 'spring'")


async def test_a_worker_s_hooks_are_signed_for_each_call(stage: Stage) -> None:
    """Each recipient's call has a hook of its own."""
    hooks = CallHooks(HookTokens("s" * 32), "https://app.example/hooks")
    await stage.plan()
    await run(stage, Runner(NAME, stage.work(hooks=hooks)))
    bodies = [one.content for one in stage.gateway.read]
    found = [re.findall(rb"https://app.example/hooks[^\r]+", body) for body in bodies]
    assert len({hook for (hook,) in found}) == 3


async def test_two_hooks_halt_the_campaign(stage: Stage) -> None:
    """A campaign with a hook of its own cannot have another for each call, and a person is told."""
    hooks = CallHooks(HookTokens("s" * 32), "https://app.example/hooks")
    await stage.plan(hook="https://app.example/other")
    await run(stage, Runner(NAME, stage.work(hooks=hooks)))
    assert "has a hook of its own" in str((await stage.record()).halted)
    assert await stage.states() == {"planned": 3}


async def test_a_journal_that_is_lost_ends_the_job(held: Stage) -> None:
    """It says so, and fails; whoever was in flight is not planned again, and is not dialled."""
    assert isinstance(held.gateway, Held)
    await held.plan()
    running = asyncio.create_task(run(held, Runner(NAME, held.work(lease_seconds=0.5))))
    await held.gateway.wait_for(1)
    with connected(held.dsn) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    held.gateway.answers.set()
    with pytest.raises(JournalError):
        await running
    assert of(held.said, f"{NAME}: broken off: the journal ")
    assert (await held.states())["planned"] == 2


async def test_a_worker_s_own_concurrency_holds(held: Stage) -> None:
    """It places as many calls at once as it was told to, whatever the campaign says."""
    assert isinstance(held.gateway, Held)
    await held.plan(count=COUNT, concurrency=1)
    running = asyncio.create_task(run(held, Runner(NAME, held.work(concurrency=3))))
    await held.gateway.wait_for(1)
    held.gateway.answers.set()
    await running
    assert held.gateway.most_in_flight == 3


async def test_whoever_is_in_flight_is_waited_for(held: Stage) -> None:
    """A job that is cancelled dials nobody more, and writes how the calls in flight ended."""
    assert isinstance(held.gateway, Held)
    await held.plan(count=COUNT)
    running = asyncio.create_task(run(held))
    await held.gateway.wait_for(1)
    running.cancel()
    await asyncio.sleep(0)
    held.gateway.answers.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await held.states() == {"accepted": 1, "planned": COUNT - 1}
    assert held.said[-1].startswith(f"{NAME}: ended after 1 call: told to stop")


async def test_whoever_is_in_flight_is_uncertain_when_it_is_cut_off(held: Stage) -> None:
    """Cancelled once more, a job waits for nobody: what had left may have rung."""
    assert isinstance(held.gateway, Held)
    await held.plan(count=COUNT)
    runner = Runner(NAME, held.work())
    running = asyncio.create_task(runner.run())
    await held.gateway.wait_for(1)
    running.cancel()
    await asyncio.sleep(0)
    runner.cut_off()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await held.states() == {"planned": COUNT - 1, "uncertain": 1}


async def test_a_runner_that_is_stopped_before_it_dials_dials_nobody(stage: Stage) -> None:
    """Also when it is told so before it has found its campaign."""
    await stage.plan()
    runner = Runner(NAME, stage.work())
    runner.stop()
    await runner.run()
    assert not stage.rings
    assert await stage.states() == {"planned": 3}


async def test_a_fault_halts_the_campaign(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody foresaw is not tried again every few seconds, with one more call unknown.

    What its text says may be anything, so that is in no log and no note.
    """
    secret = phones(1)[0]

    async def broken(*given: object) -> None:
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(PlayRecording, "place", broken)
    await stage.plan()
    with pytest.raises(RuntimeError, match="ZeroDivisionError") as raised:
        await run(stage)
    assert (await stage.record()).halted == "a worker failed with ZeroDivisionError, see its log"
    assert await stage.states() == {"planned": 3}
    assert "spring: a runner failed with ZeroDivisionError" in caplog.text
    told = "".join(format_exception(raised.value))
    assert secret not in caplog.text + told + "".join(stage.said)


async def test_a_budget_is_told_when_it_is_used_up(stage: Stage) -> None:
    """The line that a worker says is the one that the campaign is halted with."""
    await stage.plan(count=COUNT, budget=Decimal("0.80"))
    await run(stage)
    halted = (await stage.record()).halted
    assert halted is not None
    assert of(stage.said, halted)
    assert await stage.states() == {"accepted": 2, "planned": COUNT - 2}


async def test_what_a_runner_works_with_shows_no_secret(stage: Stage) -> None:
    """Neither the DSN, which may have a password in it, nor the key stands in its repr."""
    work = Work(dsn="postgresql://olena:geheim@127.0.0.1/calls", alphasms=stage.client())
    assert "geheim" not in repr(work)
    assert "geheim" not in repr(Runner(NAME, work))
    assert phones(1)[0] not in repr(work)
