import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from alphasms_async import AlphaSMS, ClientClosed, ConfigurationError
from alphasms_async.sandbox import Fate
from alphasms_async.verification import PhoneVerifier
from alphasms_async.verification.web import verification_lifespan
from alphasms_async.webhooks import HookKind, HookTokens
from tests.doubles import phones
from tests.verification.houses import in_fastapi
from tests.verification.shop import app, make_verifier
from tests.verification.stage import FALLBACK_SECONDS, PHONE
from tests.verification.street import (
    Street,
    end,
    spoken_code,
    street,
    under_uvicorn,
)

pytestmark = pytest.mark.asyncio

NOBODY = Fate("NO ANSWER")
SHORT_SECONDS = 0.2


def _use(scene: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in scene.environment.items():
        monkeypatch.setenv(name, value)


@asynccontextmanager
async def _at_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch, **options: float
) -> AsyncGenerator[Street]:
    """Serve the application in this process, on a street of its own."""
    async with street(folder, **options) as scene:
        _use(scene, monkeypatch)
        async with under_uvicorn(app, scene.listener):
            yield scene


async def _end_first_call(scene: Street, fate: Fate) -> None:
    (call,) = await scene.calls("otp")
    scene.sandbox.end_call(call.id, fate)


async def test_person_who_missed_the_call_is_verified_by_voice_sms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers, the hook says so, a voice SMS reads a code, and it is right once."""
    async with _at_home(tmp_path, monkeypatch) as scene:
        id = await scene.started()
        await _end_first_call(scene, NOBODY)
        (spoken,) = await scene.calls("voice_sms")
        told = [await scene.check(id, spoken_code(spoken)) for _ in range(2)]
    assert told == [True, False]
    assert scene.kinds() == ["otp", "voice_sms"]


async def test_hooks_of_both_channels_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account's hook of the flash call and the voice SMS's own are each taken at once."""
    async with _at_home(tmp_path, monkeypatch) as scene:
        await scene.started()
        await _end_first_call(scene, NOBODY)
        (spoken,) = await scene.calls("voice_sms")
        scene.sandbox.end_call(spoken.id, Fate("ANSWERED", talk_seconds=9))
        await anyio.to_thread.run_sync(scene.sandbox.wait_for_hooks)
    assert [one.status for one in scene.sandbox.deliveries()] == [200, 200]


async def test_person_whose_hook_is_lost_is_verified_by_voice_sms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hook comes, so the timer has the voice SMS sent, and its code is right."""
    async with _at_home(tmp_path, monkeypatch, fallback_seconds=SHORT_SECONDS) as scene:
        scene.sandbox.hook = None
        id = await scene.started()
        (spoken,) = await scene.calls("voice_sms")
        assert await scene.check(id, spoken_code(spoken))
    assert scene.kinds() == ["otp", "voice_sms"]


async def test_call_that_is_seen_needs_no_voice_sms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flash call's own code is right, and nothing else is sent."""
    async with _at_home(tmp_path, monkeypatch) as scene:
        id = await scene.started()
        await _end_first_call(scene, Fate("ANSWERED"))
        await anyio.to_thread.run_sync(scene.sandbox.wait_for_hooks)
        assert await scene.check(id, scene.sandbox.calls()[0].code)
    assert scene.kinds() == ["otp"]


async def _started_and_killed(scene: Street) -> str:
    """Begin to verify a phone in a process that is killed right after its answer."""
    async with scene.process() as process:
        id = await scene.started()
        await end(process, signal.SIGKILL)
    return id


async def test_hook_reaches_the_application_after_a_kill(tmp_path: Path) -> None:
    """The hook comes while nobody is there, and the next process sends the voice SMS."""
    async with street(tmp_path) as scene:
        id = await _started_and_killed(scene)
        await _end_first_call(scene, NOBODY)
        async with scene.process():
            (spoken,) = await scene.calls("voice_sms")
            assert await scene.check(id, spoken_code(spoken))
    assert scene.kinds() == ["otp", "voice_sms"]


async def test_timer_goes_on_after_a_kill(tmp_path: Path) -> None:
    """The process that set the timer is gone, and the next sends the voice SMS when it is due."""
    async with street(tmp_path) as scene:
        id = await _started_and_killed(scene)
        async with scene.process(ahead_seconds=FALLBACK_SECONDS):
            (spoken,) = await scene.calls("voice_sms")
            assert await scene.check(id, spoken_code(spoken))
    assert scene.kinds() == ["otp", "voice_sms"]


async def test_code_is_right_after_a_kill(tmp_path: Path) -> None:
    """The flash call's code is right in the next process, once."""
    async with street(tmp_path) as scene:
        id = await _started_and_killed(scene)
        async with scene.process():
            code = scene.sandbox.calls()[0].code
            told = [await scene.check(id, code) for _ in range(2)]
    assert told == [True, False]


async def test_used_code_is_not_right_after_a_kill(tmp_path: Path) -> None:
    """A code that was used before the kill is used up in the next process."""
    async with street(tmp_path) as scene:
        async with scene.process() as process:
            id = await scene.started()
            code = scene.sandbox.calls()[0].code
            assert await scene.check(id, code)
            await end(process, signal.SIGKILL)
        async with scene.process():
            assert not await scene.check(id, code)


async def test_two_processes_send_each_voice_sms_once(tmp_path: Path) -> None:
    """Behind one store, with timers in both and every hook twice, a phone gets one voice SMS."""
    people = phones(16)
    async with (
        street(tmp_path, fallback_seconds=SHORT_SECONDS) as scene,
        scene.process(),
        scene.process(),
        anyio.create_task_group() as group,
    ):
        for phone in people:
            group.start_soon(scene.started, phone)
        for call in await scene.calls("otp", len(people)):
            scene.sandbox.end_call(call.id, NOBODY)
            scene.sandbox.end_call(call.id, NOBODY)
        await scene.calls("voice_sms", len(people))
    # Both have ended by now, so nothing is in flight any more.
    assert [scene.kinds(phone) for phone in people] == [["otp", "voice_sms"]] * len(people)


FORGERS = {
    "no token": None,
    "another secret": HookTokens("a secret of somebody else"),
}


@pytest.mark.parametrize("tokens", FORGERS.values(), ids=FORGERS)
async def test_forged_hook_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokens: HookTokens | None
) -> None:
    """An event that we did not give the hook for is refused, and sends nothing."""
    async with _at_home(tmp_path, monkeypatch) as scene:
        hook_url = scene.environment["HOOK_URL"]
        url = hook_url if tokens is None else tokens.url(hook_url, HookKind.ACCOUNT)
        id = await scene.started()
        (call,) = scene.sandbox.calls()
        event = {"id": call.id, "phone": PHONE, "status": "NO ANSWER"}
        answer = await scene.http.post(url, json=event)
        assert await scene.check(id, call.code)
    assert answer.status_code == 403
    assert scene.kinds() == ["otp"]


async def test_graceful_end_closes_client_and_timers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When uvicorn has ended, the client sends nothing, and the timers begin nothing."""
    made: list[tuple[AlphaSMS, PhoneVerifier]] = []

    def make_and_keep(client: AlphaSMS) -> PhoneVerifier:
        made.append((client, make_verifier(client)))
        return made[0][1]

    async with street(tmp_path) as scene:
        _use(scene, monkeypatch)
        house = in_fastapi(verification_lifespan(make_and_keep))
        async with under_uvicorn(house, scene.listener):
            await scene.started()
        ((client, verifier),) = made
        with pytest.raises(ClientClosed):
            await client.otp.call(PHONE)
        with pytest.raises(ConfigurationError, match="enter the verifier"):
            await verifier.send_due()
