"""What events do: the next channel at once, or no other any more."""

from typing import Any

import httpx
import pytest
from attrs import evolve

from alphasms_async import CallOutcome, HookNotProven, State
from alphasms_async.webhooks.events import (
    HookEvent,
    HookKind,
    MessageEvent,
    OtpEvent,
    Proof,
    VoiceEvent,
)
from tests.verification.stage import FALLBACK_SECONDS, PHONE, TTL_SECONDS, Stage

pytestmark = pytest.mark.anyio

ACCOUNT = Proof(HookKind.ACCOUNT, None, None)


def proof(id: str, number: int) -> Proof:
    """Return what the token of a send's own hook says."""
    return Proof(HookKind.OTP, f"v:{id}.{number}", None)


def missed(proof: Proof, **facts: Any) -> OtpEvent:
    """Return the event of a flash call that did not reach its phone."""
    return OtpEvent(is_reached=False, proof=proof, **facts)


async def test_missed_call_is_followed_at_once(stage: Stage) -> None:
    """News of a call that was missed does not wait for the timer."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier(missed(proof(verification.id, 1)))
        await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_missed_call_wakes_the_timer(stage: Stage) -> None:
    """Nobody has to ask for what an event makes due."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier(missed(proof(verification.id, 1)))
        await stage.line.carried(2)
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_event_of_the_accounts_hook_is_matched_by_id(stage: Stage) -> None:
    """Where a call has no hook of its own, the gateway's id tells whose it is."""
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        await verifier(missed(ACCOUNT, id=stage.ids()[0], phone=PHONE))
        await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]


@pytest.mark.parametrize(
    "event",
    [
        VoiceEvent(outcome=CallOutcome.NO_ANSWER),
        VoiceEvent(outcome=CallOutcome.BUSY),
        VoiceEvent(outcome=CallOutcome.FAILED),
        MessageEvent(state=State.UNDELIVERABLE),
        MessageEvent(state=State.EXPIRED),
        MessageEvent(state=State.REJECTED),
        MessageEvent(state=State.DELETED),
    ],
    ids=lambda event: event.state if isinstance(event, MessageEvent) else event.outcome,
)
async def test_words_of_every_kind_may_tell_of_a_miss(stage: Stage, event: Any) -> None:
    """A fallback is a call or a message, and each has its own words for not arriving."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier(missed(proof(verification.id, 1)))
        await verifier.send_due()
        await verifier(evolve(event, proof=proof(verification.id, 2)))
        await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms", "sms"]


@pytest.mark.parametrize(
    "event",
    [
        OtpEvent(is_reached=None),
        VoiceEvent(outcome=CallOutcome.UNKNOWN),
        MessageEvent(state=State.SENT),
        MessageEvent(state=State.UNREACHABLE),
        MessageEvent(state=State.UNKNOWN),
        HookEvent(),
    ],
    ids=["otp", "voice", "sent", "unreachable", "unknown", "other"],
)
async def test_what_is_not_final_changes_nothing(stage: Stage, event: Any) -> None:
    """While a channel may still arrive, its timer goes on."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier(evolve(event, proof=proof(verification.id, 1)))
        await verifier.send_due()
        assert stage.kinds() == ["otp"]
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_reached_phone_is_sent_nothing_more(stage: Stage) -> None:
    """A phone that rang has its code: the timer stops."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier(OtpEvent(is_reached=True, proof=proof(verification.id, 1)))
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp"]


async def test_event_that_comes_twice_sends_once(stage: Stage) -> None:
    """The gateway may repeat itself; the phone rings no more often for it."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        for _ in range(3):
            await verifier(missed(proof(verification.id, 1)))
            await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_event_of_an_older_channel_triggers_nothing(stage: Stage) -> None:
    """When the next channel is under way already, late news of the one before changes nothing."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        await verifier(missed(proof(verification.id, 1)))
        await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_older_channel_that_was_reached_after_all_stops_the_timer(stage: Stage) -> None:
    """Whoever has one good code needs no other."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        await verifier(OtpEvent(is_reached=True, proof=proof(verification.id, 1)))
        await verifier(missed(proof(verification.id, 2)))
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_miss_after_a_reach_is_not_believed(stage: Stage) -> None:
    """Of two events that contradict each other the one that tells of a ring counts."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier(OtpEvent(is_reached=True, proof=proof(verification.id, 1)))
        await verifier(missed(proof(verification.id, 1)))
        await verifier.send_due()
    assert stage.kinds() == ["otp"]


@pytest.mark.parametrize("facts", [{"id": 1}, {"phone": "380671112233"}], ids=["id", "phone"])
async def test_event_that_contradicts_its_send_changes_nothing(
    stage: Stage, facts: dict[str, Any]
) -> None:
    """An event of another call or phone is not this send's, whatever its hook."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier(missed(proof(verification.id, 1), **facts))
        await verifier.send_due()
    assert stage.kinds() == ["otp"]


@pytest.mark.parametrize("ref", ["c:12.1", "v:nobody.1", "v:", "12", "v:{id}.2", "v:{id}.01"])
async def test_foreign_event_is_ignored(stage: Stage, ref: str) -> None:
    """What is a campaign's, or of no send of ours, passes quietly."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        foreign = Proof(HookKind.OTP, ref.format(id=verification.id), None)
        await verifier(missed(foreign, id=stage.ids()[0]))
        await verifier(missed(ACCOUNT, id=7))
        await verifier(missed(ACCOUNT))
        await verifier.send_due()
    assert stage.kinds() == ["otp"]


async def test_event_after_the_end_is_ignored(stage: Stage) -> None:
    """News that comes too late sends nothing."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(TTL_SECONDS)
        await verifier(missed(proof(verification.id, 1)))
        await verifier.send_due()
    assert stage.kinds() == ["otp"]


async def test_event_that_comes_before_the_calls_answer_counts(stage: Stage) -> None:
    """A hook of its own names the send before the gateway's id of it is known."""
    async with stage.verifier() as verifier:

        async def tell_first(request: Any, carry: Any) -> Any:
            answer = await carry(request)
            (entry,) = await stage.store.due(stage.time().timestamp() + 60, 1)
            await verifier(missed(proof(entry.id, 1), id=stage.ids()[0]))
            return answer

        stage.line.faults.append(tell_first)
        verification = await verifier.start(PHONE)
        await verifier.send_due()
        assert stage.kinds() == ["otp", "voice_sms"]
        assert await verifier.check(verification.id, stage.codes()[0])


async def test_reached_phone_whose_code_is_lost_is_sent_the_next_channel(stage: Stage) -> None:
    """A phone that rang before its answer was lost has a code that nobody could check."""
    async with stage.verifier() as verifier:

        async def tell_and_lose(request: Any, carry: Any) -> Any:
            await carry(request)
            (entry,) = await stage.store.due(stage.time().timestamp() + 60, 1)
            await verifier(OtpEvent(is_reached=True, proof=proof(entry.id, 1)))
            raise httpx.ReadError("reset")

        stage.line.faults.append(tell_and_lose)
        await verifier.start(PHONE)
        await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_unproven_event_is_refused(stage: Stage) -> None:
    """Whoever hands over events without proof is told so, and nothing is changed."""
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        with pytest.raises(HookNotProven):
            await verifier(OtpEvent(id=stage.ids()[0], is_reached=False))
        await verifier.send_due()
    assert stage.kinds() == ["otp"]
