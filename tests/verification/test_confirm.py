"""A key press in a call confirms a phone."""

import pytest

from alphasms_async import (
    CallOutcome,
    FileTooBig,
    InvalidRecording,
    InvalidRequest,
    NotSent,
    VerificationError,
)
from alphasms_async.verification import VerificationState
from alphasms_async.webhooks.events import HookKind, Proof, VoiceEvent
from tests.methods import AUDIO
from tests.verification.stage import (
    FALLBACK_SECONDS,
    PHONE,
    TTL_SECONDS,
    Fault,
    Stage,
    cut_off,
    refusing,
    unreachable,
)

pytestmark = pytest.mark.anyio


def event(id: str, outcome: CallOutcome, digits: str | None = None) -> VoiceEvent:
    """Return an event of a verification's call."""
    proof = Proof(HookKind.VOICE, f"v:{id}.1", None)
    return VoiceEvent(outcome=outcome, digits=digits, proof=proof)


async def test_confirming_places_a_call_that_waits_for_a_key(stage: Stage) -> None:
    """The phone rings once, and no code and no fallback are for it."""
    async with stage.verifier(hook_url="https://app.example/hooks") as verifier:
        verification = await verifier.confirm(PHONE, AUDIO)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        (call,) = stage.sandbox.calls()
        ref = verifier.tokens.prove((call.hook or "").partition("?")[2]).ref
    assert (call.kind, call.dtmf) == ("voice", True)
    assert f"v:{verification.id}.1" == ref


@pytest.mark.parametrize(
    ("outcome", "digits", "state"),
    [
        (CallOutcome.ANSWERED, "1", VerificationState.VERIFIED),
        (CallOutcome.ANSWERED, "91", VerificationState.VERIFIED),
        (CallOutcome.UNKNOWN, "1", VerificationState.VERIFIED),
        (CallOutcome.ANSWERED, "2", VerificationState.FAILED),
        (CallOutcome.NO_ANSWER, None, VerificationState.FAILED),
        (CallOutcome.BUSY, None, VerificationState.FAILED),
        (CallOutcome.FAILED, "1", VerificationState.FAILED),
        (CallOutcome.ANSWERED, None, VerificationState.PENDING),
        (CallOutcome.UNKNOWN, None, VerificationState.PENDING),
    ],
)
async def test_event_settles_it(
    stage: Stage, outcome: CallOutcome, digits: str | None, state: VerificationState
) -> None:
    """The key confirms, another one or no ring fails, and what tells nothing leaves it open."""
    async with stage.verifier() as verifier:
        verification = await verifier.confirm(PHONE, AUDIO, "1")
        await verifier(event(verification.id, outcome, digits))
        assert state is await verifier.state(verification.id)


@pytest.mark.parametrize(
    "first", [("1", VerificationState.VERIFIED), ("2", VerificationState.FAILED)]
)
async def test_first_key_counts(stage: Stage, first: tuple[str, VerificationState]) -> None:
    """What is settled is not settled otherwise by an event that comes after."""
    digits, state = first
    async with stage.verifier() as verifier:
        verification = await verifier.confirm(PHONE, AUDIO)
        for one in (digits, "1", "2"):
            await verifier(event(verification.id, CallOutcome.ANSWERED, one))
        assert state is await verifier.state(verification.id)


async def test_event_by_the_gateways_id_settles_it(stage: Stage) -> None:
    """Without a hook of its own the account's hook tells."""
    async with stage.verifier() as verifier:
        verification = await verifier.confirm(PHONE, AUDIO, key="#")
        proof = Proof(HookKind.ACCOUNT, None, None)
        await verifier(
            VoiceEvent(id=stage.ids()[0], outcome=CallOutcome.ANSWERED, digits="#", proof=proof)
        )
        assert VerificationState.VERIFIED is await verifier.state(verification.id)


async def test_key_after_the_end_confirms_nothing(stage: Stage) -> None:
    """A key press that is told too late is no proof any more."""
    async with stage.verifier() as verifier:
        verification = await verifier.confirm(PHONE, AUDIO)
        stage.time.forward(TTL_SECONDS)
        await verifier(event(verification.id, CallOutcome.ANSWERED, "1"))
        assert VerificationState.EXPIRED is await verifier.state(verification.id)


async def test_no_code_confirms(stage: Stage) -> None:
    """There is no code, so none is right and none is counted."""
    async with stage.verifier(attempts=1) as verifier:
        verification = await verifier.confirm(PHONE, AUDIO)
        assert not await verifier.check(verification.id, "0000")
        assert VerificationState.PENDING is await verifier.state(verification.id)


async def test_confirmation_is_not_sent_again(stage: Stage) -> None:
    """The recording is not kept, so a new call is a new verification."""
    async with stage.verifier() as verifier:
        verification = await verifier.confirm(PHONE, AUDIO)
        with pytest.raises(VerificationError, match="confirm anew"):
            await verifier.resend(verification.id)


async def test_lost_answer_leaves_it_open(stage: Stage) -> None:
    """A call that may ring may still be answered, and its hook tells of it."""
    stage.line.faults.append(cut_off)
    async with stage.verifier() as verifier:
        verification = await verifier.confirm(PHONE, AUDIO)
        await verifier(event(verification.id, CallOutcome.ANSWERED, "1"))
        assert VerificationState.VERIFIED is await verifier.state(verification.id)


async def test_refused_phone_has_failed(stage: Stage) -> None:
    """A phone that the gateway refuses ends like one that nobody answers."""
    stage.line.faults.append(refusing("Operator not supported"))
    async with stage.verifier() as verifier:
        verification = await verifier.confirm(PHONE, AUDIO)
        assert VerificationState.FAILED is await verifier.state(verification.id)


@pytest.mark.parametrize(
    ("fault", "error"),
    [(unreachable, NotSent), (refusing("File is too big"), FileTooBig)],
    ids=["unreachable", "recording"],
)
async def test_fault_of_ours_is_raised(stage: Stage, fault: Fault, error: type[Exception]) -> None:
    """What lies with us or with the recording is told to whoever asked."""
    stage.line.faults.append(fault)
    async with stage.verifier() as verifier:
        with pytest.raises(error):
            await verifier.confirm(PHONE, AUDIO)


@pytest.mark.parametrize("key", [["1"], "", "12", "a", "１", None])
async def test_key_that_no_phone_has_is_refused(stage: Stage, key: object) -> None:
    """A key that nobody could press is told before anybody is called."""
    async with stage.verifier() as verifier:
        with pytest.raises(InvalidRequest, match="one key of a phone"):
            await verifier.confirm(PHONE, AUDIO, key)  # type: ignore[arg-type]  # so meant
    assert stage.kinds() == []


async def test_audio_that_cannot_be_played_is_refused(stage: Stage) -> None:
    """A recording is looked at before anything is counted or sent."""
    async with stage.verifier() as verifier:
        with pytest.raises(InvalidRecording):
            await verifier.confirm(PHONE, b"no sound")
    assert stage.kinds() == []
