"""What becomes of sends when a verifier is left, cancelled or interrupted."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx
import pytest

from alphasms_async import StoreError
from alphasms_async.verification import (
    Limit,
    Limits,
    PhoneVerifier,
    Verification,
    VerificationState,
)
from tests.verification.stage import (
    FALLBACK_SECONDS,
    NO_LIMITS,
    PHONE,
    Carry,
    Stage,
    refusing,
)

pytestmark = pytest.mark.anyio


class Held:
    """A fault that holds a request, before it is read or after, until it is let go."""

    def __init__(self, *, is_arrived: bool) -> None:
        self.is_there = anyio.Event()
        self.go = anyio.Event()
        self._is_arrived = is_arrived

    async def __call__(self, request: httpx.Request, carry: Carry) -> httpx.Response:
        """Hold the request."""
        answer = await carry(request) if self._is_arrived else None
        self.is_there.set()
        await self.go.wait()
        return answer or await carry(request)


@asynccontextmanager
async def waiting_timer(stage: Stage, held: Held) -> AsyncGenerator[PhoneVerifier]:
    """Open a verifier whose fallback is held on its way."""
    stage.line.faults += [refusing("Operator not supported"), held]
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        await held.is_there.wait()
        yield verifier


async def test_leaving_waits_for_what_is_in_flight(stage: Stage) -> None:
    """A send that has begun ends, and is written down, before the block is over."""
    held = Held(is_arrived=True)
    async with waiting_timer(stage, held), anyio.create_task_group() as group:
        group.start_soon(_set_soon, held.go)
    (entry,) = await stage.store.due(stage.time().timestamp() + 999, 1)
    assert tuple(stage.ids()) == entry.call_ids


async def test_error_in_the_block_cuts_nothing_off(stage: Stage) -> None:
    """What is in flight ends all the same, and the error comes out as it is."""
    held = Held(is_arrived=True)

    async def fail() -> None:
        async with waiting_timer(stage, held):
            held.go.set()
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await fail()
    (entry,) = await stage.store.due(stage.time().timestamp() + 999, 1)
    assert tuple(stage.ids()) == entry.call_ids


@pytest.mark.parametrize("is_arrived", [False, True], ids=["on the way", "arrived"])
async def test_cancelled_fallback_is_never_repeated(stage: Stage, is_arrived: bool) -> None:  # noqa: FBT001 - pytest's own
    """A send that was cut off may ring; the next verifier goes on to the channel after it."""
    held = Held(is_arrived=is_arrived)
    with anyio.CancelScope() as scope:
        async with waiting_timer(stage, held):
            scope.cancel()
    async with stage.verifier() as verifier:
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert ["voice_sms"] * is_arrived + ["sms"] == stage.kinds()


@pytest.mark.parametrize("is_arrived", [False, True], ids=["on the way", "arrived"])
async def test_cancelled_start_is_taken_back(stage: Stage, is_arrived: bool) -> None:  # noqa: FBT001 - pytest's own
    """Whoever left before the id was told is sent no fallback, for nobody could use its code."""
    held = Held(is_arrived=is_arrived)
    stage.line.faults.append(held)
    async with stage.verifier() as verifier:
        async with anyio.create_task_group() as group:
            group.start_soon(verifier.start, PHONE)
            await held.is_there.wait()
            group.cancel_scope.cancel()
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        assert await stage.store.next_due() is None
    assert ["otp"] * is_arrived == stage.kinds()


async def test_start_that_fails_after_its_fallback_has_left_goes_on(stage: Stage) -> None:
    """An error would say that nothing was sent, and nobody could use the code that was."""
    is_there, go = anyio.Event(), anyio.Event()
    started: list[Verification] = []

    async def fail_late(_request: httpx.Request, _carry: Carry) -> httpx.Response:
        is_there.set()
        await go.wait()
        raise httpx.ConnectError("no route")

    async def start() -> None:
        started.append(await verifier.start(PHONE))

    stage.line.faults.append(fail_late)
    async with stage.verifier() as verifier:
        async with anyio.create_task_group() as group:
            group.start_soon(start)
            await is_there.wait()
            stage.time.forward(FALLBACK_SECONDS)
            await verifier.send_due()
            go.set()
        assert stage.kinds() == ["voice_sms"]
        assert await verifier.check(started[0].id, stage.codes()[0])


async def test_cancelled_resend_is_not_repeated(stage: Stage) -> None:
    """A resend that was cut off may ring: the timer goes on to the channel after it."""
    held = Held(is_arrived=True)
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(30)
        stage.line.faults.append(held)
        async with anyio.create_task_group() as group:
            group.start_soon(verifier.resend, verification.id)
            await held.is_there.wait()
            group.cancel_scope.cancel()
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        assert stage.kinds() == ["otp", "voice_sms", "sms"]
        assert await verifier.check(verification.id, stage.codes()[1])


async def test_start_is_cancelled_at_every_await(stage: Stage) -> None:
    """Wherever it is cut off, a phone rings once at most, and only what was told is ever due."""
    told: list[str] = []
    async with stage.verifier(limits=NO_LIMITS) as verifier:
        for steps in range(40):
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(_cancel_after, scope, steps)
                    told.append((await verifier.start(f"38050{1_000_000 + steps}")).id)
        due = await stage.store.due(stage.time().timestamp() + FALLBACK_SECONDS, 50)
    assert not stage.sandbox.rang_more_than_once()
    assert {entry.id for entry in due} == {*told}
    assert len(told) < 40


async def test_slow_send_holds_no_other_up(stage: Stage) -> None:
    """While one fallback hangs, the fallbacks of others are sent."""
    held = Held(is_arrived=False)
    async with waiting_timer(stage, held) as verifier:
        stage.line.faults.append(refusing("Operator not supported"))
        await verifier.start("380671112233")
        await stage.line.carried(1)
        assert stage.kinds() == ["voice_sms"]
        held.go.set()


async def test_store_that_fails_is_told_and_nothing_rings(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written down is not sent."""

    async def fail(*_: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(stage.store, "create", fail)
    async with stage.verifier() as verifier:
        with pytest.raises(StoreError):
            await verifier.start(PHONE)
    assert stage.kinds() == []


@pytest.mark.parametrize("step", ["create", "replace"])
async def test_start_whose_store_fails_is_taken_back(
    stage: Stage, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was told no id is sent no fallback, also when a step was done and could not tell."""
    done = getattr(stage.store, step)

    async def lose_the_answer(*facts: Any) -> None:
        failing.undo()
        await done(*facts)
        raise StoreError("no answer")

    async with stage.verifier() as verifier:
        with monkeypatch.context() as failing:
            failing.setattr(stage.store, step, lose_the_answer)
            with pytest.raises(StoreError):
                await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp"] * (step == "replace")


@pytest.mark.parametrize("step", ["create", "replace"])
async def test_send_that_cannot_be_written_down_is_not_counted(
    stage: Stage, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What did not leave, because the store failed, takes nobody's place."""

    async def fail(*_: Any) -> None:
        failing.undo()
        raise StoreError("the disk is full")

    limits = Limits(starts=None, per_phone=Limit(2, 60), per_range=None, overall=None)
    async with stage.verifier(limits=limits, resend_after=timedelta(0)) as verifier:
        verification = await verifier.start(PHONE)
        sending = {"create": (verifier.start, PHONE), "replace": (verifier.resend, verification.id)}
        send, what = sending[step]
        with monkeypatch.context() as failing:
            failing.setattr(stage.store, step, fail)
            with pytest.raises(StoreError):
                await send(what)
        await verifier.resend(verification.id)
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_failing_store_ends_no_timer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that fails for a while is asked again, and the log tells of it."""
    asked = anyio.Event()

    async def fail(*_: Any) -> None:
        asked.set()
        raise StoreError("the disk is full")

    monkeypatch.setattr("alphasms_async.verification.timers._LOOK_SECONDS", 0.01)
    with monkeypatch.context() as failing:
        failing.setattr(stage.store, "due", fail)
        async with stage.verifier() as verifier:
            await asked.wait()
            failing.undo()
            stage.line.faults.append(refusing("Operator not supported"))
            verification = await verifier.start(PHONE)
            await stage.line.carried(1)
            assert VerificationState.PENDING is await verifier.state(verification.id)
    assert "the disk is full" in caplog.text


async def test_fault_of_a_store_ends_no_timer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault that nobody foresaw is logged by its class alone, and takes no application down."""
    asked = anyio.Event()

    async def fail(*_: Any) -> None:
        asked.set()
        raise RuntimeError("380501234567")

    monkeypatch.setattr("alphasms_async.verification.timers._LOOK_SECONDS", 0.01)
    monkeypatch.setattr(stage.store, "forget", fail)
    async with stage.verifier() as verifier:
        await asked.wait()
        stage.line.faults.append(refusing("Operator not supported"))
        await verifier.start(PHONE)
        await stage.line.carried(1)
    assert stage.kinds() == ["voice_sms"]
    assert "RuntimeError" in caplog.text
    assert "380501234567" not in caplog.text


async def test_verifier_may_be_made_without_a_loop(stage: Stage) -> None:
    """Making one does nothing that needs a running loop."""
    verifier = await anyio.to_thread.run_sync(stage.verifier)
    async with verifier:
        await verifier.start(PHONE)
    assert stage.kinds() == ["otp"]


async def _set_soon(event: anyio.Event) -> None:
    for _ in range(5):
        await anyio.lowlevel.checkpoint()
    event.set()


async def _cancel_after(scope: anyio.CancelScope, steps: int) -> None:
    for _ in range(steps):
        await anyio.lowlevel.checkpoint()
    scope.cancel()
