"""A person asks for another code, takes a verification back, or asks how far it is."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import anyio
import pytest

from alphasms_async import InvalidText, LimitReached, NotSent, SenderError, VerificationOver
from alphasms_async.verification import PhoneVerifier, TextSms, Verification, VerificationState
from alphasms_async.webhooks import HookKind, OtpEvent, Proof
from tests.verification.stage import (
    FALLBACK_SECONDS,
    PHONE,
    RESEND_SECONDS,
    TTL_SECONDS,
    Fault,
    Stage,
    other_than,
    refusing,
    unreachable,
)

pytestmark = pytest.mark.anyio

AT_ONCE = timedelta(0)

End = Callable[[PhoneVerifier, Verification, Stage], Awaitable[str]]


async def test_resend_takes_the_next_channel(stage: Stage) -> None:
    """Whoever does not get a code one way gets it another way, as the same verification."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(RESEND_SECONDS)
        assert verification == await verifier.resend(verification.id)
        assert stage.kinds() == ["otp", "voice_sms"]
        assert await verifier.check(verification.id, stage.codes()[1])


async def test_resend_repeats_the_last_channel(stage: Stage) -> None:
    """At the end of the channels the last one is sent again, with a new code."""
    async with stage.verifier(fallback=(), resend_after=AT_ONCE) as verifier:
        verification = await verifier.start(PHONE)
        await verifier.resend(verification.id)
        first, second = stage.codes()
        assert stage.kinds() == ["otp", "otp"]
        assert first != second
        assert await verifier.check(verification.id, second)


async def test_timer_begins_anew_with_a_resend(stage: Stage) -> None:
    """After a person's wish the next channel waits its whole time."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(RESEND_SECONDS)
        await verifier.resend(verification.id)
        stage.time.forward(FALLBACK_SECONDS - 1)
        await verifier.send_due()
        assert stage.kinds() == ["otp", "voice_sms"]
        stage.time.forward(1)
        await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms", "sms"]


async def test_resend_waits_after_a_send(stage: Stage) -> None:
    """An impatient person is told how long to wait, and nothing is sent."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(10)
        with pytest.raises(LimitReached, match="wait 20 s") as caught:
            await verifier.resend(verification.id)
    assert caught.value.retry_after == pytest.approx(20)
    assert stage.kinds() == ["otp"]


async def test_resends_end_with_the_most_that_are_allowed(stage: Stage) -> None:
    """No verification costs more than it may, however often one asks."""
    async with stage.verifier(most_resends=2, resend_after=AT_ONCE) as verifier:
        verification = await verifier.start(PHONE)
        for _ in range(2):
            await verifier.resend(verification.id)
        with pytest.raises(VerificationOver, match="all codes"):
            await verifier.resend(verification.id)
    assert len(stage.kinds()) == 3


@pytest.mark.parametrize("is_reached", [True, False])
async def test_resends_do_not_tell_whether_the_phone_was_reached(
    stage: Stage, *, is_reached: bool
) -> None:
    """What was sent by itself meanwhile changes neither when nor how often one may ask."""
    async with stage.verifier(most_resends=1) as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(RESEND_SECONDS - 1)
        proof = Proof(HookKind.OTP, f"v:{verification.id}.1", None)
        await verifier(OtpEvent(is_reached=is_reached, proof=proof))
        await verifier.send_due()
        with pytest.raises(LimitReached) as caught:
            await verifier.resend(verification.id)
        assert caught.value.retry_after == pytest.approx(1)
        stage.time.forward(1)
        await verifier.resend(verification.id)
        with pytest.raises(LimitReached):
            await verifier.resend(verification.id)
        stage.time.forward(RESEND_SECONDS)
        with pytest.raises(VerificationOver):
            await verifier.resend(verification.id)
    assert stage.kinds() == (["otp", "voice_sms"] if is_reached else ["otp", "voice_sms", "sms"])


async def unknown(_verifier: PhoneVerifier, _verification: Verification, _stage: Stage) -> str:
    return "nobody-has-made-this"


async def expired(_verifier: PhoneVerifier, verification: Verification, stage: Stage) -> str:
    stage.time.forward(TTL_SECONDS)
    return verification.id


async def used(verifier: PhoneVerifier, verification: Verification, stage: Stage) -> str:
    await verifier.check(verification.id, stage.codes()[0])
    return verification.id


async def failed(verifier: PhoneVerifier, verification: Verification, stage: Stage) -> str:
    for _ in range(3):
        await verifier.check(verification.id, other_than(*stage.codes()))
    return verification.id


async def cancelled(verifier: PhoneVerifier, verification: Verification, _stage: Stage) -> str:
    await verifier.cancel(verification.id)
    return verification.id


OVER: dict[End, VerificationState] = {
    unknown: VerificationState.EXPIRED,
    expired: VerificationState.EXPIRED,
    used: VerificationState.VERIFIED,
    failed: VerificationState.FAILED,
    cancelled: VerificationState.CANCELLED,
}


@pytest.mark.parametrize("end", OVER)
async def test_what_is_over_is_not_sent_again(stage: Stage, end: End) -> None:
    """However a verification ended, asking again says the same and sends nothing."""
    async with stage.verifier(resend_after=AT_ONCE) as verifier:
        id = await end(verifier, await verifier.start(PHONE), stage)
        with pytest.raises(VerificationOver, match="no such verification any more"):
            await verifier.resend(id)
    assert stage.kinds() == ["otp"]


@pytest.mark.parametrize("end", OVER)
async def test_state_tells_how_it_ended(stage: Stage, end: End) -> None:
    """A page may ask what became of its verification, and learns nothing of the phone."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        assert VerificationState.PENDING is await verifier.state(verification.id)
        id = await end(verifier, verification, stage)
        assert OVER[end] is await verifier.state(id)


async def test_cancelled_verification_takes_no_code(stage: Stage) -> None:
    """What was taken back proves nothing any more, and sends nothing."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier.cancel(verification.id)
        assert not await verifier.check(verification.id, stage.codes()[0])
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp"]


@pytest.mark.parametrize("end", [unknown, used])
async def test_cancelling_what_is_over_changes_nothing(stage: Stage, end: End) -> None:
    """Taking back what is over, or was never there, is no error."""
    async with stage.verifier() as verifier:
        id = await end(verifier, await verifier.start(PHONE), stage)
        state = await verifier.state(id)
        await verifier.cancel(id)
        assert state is await verifier.state(id)


@pytest.mark.parametrize(
    ("fault", "error"),
    [(unreachable, NotSent), (refusing("Error in Alpha-name"), SenderError)],
    ids=["unreachable", "sender"],
)
async def test_resend_that_did_not_leave_leaves_all_as_it_was(
    stage: Stage, fault: Fault, error: type[Exception]
) -> None:
    """The person is told, may ask again at once, and the timer keeps its moment."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(RESEND_SECONDS)
        stage.line.faults.append(fault)
        with pytest.raises(error):
            await verifier.resend(verification.id)
        assert await stage.store.next_due() == pytest.approx(
            stage.time().timestamp() + FALLBACK_SECONDS - RESEND_SECONDS
        )
        await verifier.resend(verification.id)
    assert stage.kinds() == ["otp", "voice_sms"]


class Mute(TextSms):
    """A channel of somebody's own whose text cannot be sent."""

    def compose(self, code: str) -> str:
        """Return a text that is none."""
        return code[:0]


async def test_text_that_cannot_be_sent_is_told(stage: Stage) -> None:
    """Input that is refused here is told to whoever waits, and nothing is sent by itself."""
    async with stage.verifier(fallback=[Mute(sender="MyShop")], resend_after=AT_ONCE) as verifier:
        verification = await verifier.start(PHONE)
        with pytest.raises(InvalidText):
            await verifier.resend(verification.id)
    assert stage.kinds() == ["otp"]


async def test_of_many_who_ask_at_once_one_is_sent(stage: Stage) -> None:
    """A button that is pressed twice sends once."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(RESEND_SECONDS)
        refused: list[LimitReached] = []

        async def resend() -> None:
            try:
                await verifier.resend(verification.id)
            except LimitReached as error:
                refused.append(error)

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(resend)
    assert stage.kinds() == ["otp", "voice_sms"]
    assert len(refused) == 4
