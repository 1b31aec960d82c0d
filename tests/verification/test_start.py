"""How a verification begins, and what is told of it."""

import re
from datetime import timedelta

import pytest

from alphasms_async import (
    AuthenticationError,
    ConfigurationError,
    InsufficientFunds,
    InvalidPhoneNumber,
    LimitReached,
    NotSent,
    RateLimited,
)
from alphasms_async.verification import Limit, Limits, VerificationState
from tests.methods import AUDIO
from tests.verification.stage import (
    FALLBACK_SECONDS,
    NOON,
    PHONE,
    Fault,
    Stage,
    cut_off,
    rate_limited,
    refusing,
    unreachable,
)

pytestmark = pytest.mark.anyio

ONCE = Limits(starts=None, per_phone=Limit(1, 60))


async def test_start_places_one_flash_call(stage: Stage) -> None:
    """A verification begins with a call from a number that ends in the code."""
    async with stage.verifier() as verifier:
        await verifier.start("+38 (050) 123-45-67")
        await verifier.send_due()
    assert stage.kinds() == ["otp"]
    assert stage.sandbox.rings(PHONE) == 1


async def test_start_tells_id_end_and_hint(stage: Stage) -> None:
    """The page gets an id nobody guesses, the moment it ends, and the phone masked."""
    async with stage.verifier() as verifier:
        first, second = [await verifier.start(PHONE) for _ in range(2)]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,}", first.id)
    assert first.id != second.id
    assert (NOON + timedelta(minutes=5), "380*****4567") == (first.expires_at, first.hint)


async def test_national_number_is_one_of_the_clients_country(stage: Stage) -> None:
    """A phone is read as the client reads it."""
    async with stage.verifier() as verifier:
        await verifier.start("050 123 45 67")
    assert stage.sandbox.rings(PHONE) == 1


async def test_phone_of_another_country_is_rung_by_every_channel(stage: Stage) -> None:
    """A number that was written with a plus stays the number it is."""
    async with stage.verifier() as verifier:
        await verifier.start("+48 512 345 678")
        for _ in range(2):
            stage.time.forward(FALLBACK_SECONDS)
            await verifier.send_due()
        await verifier.confirm("+48 512 345 678", AUDIO)
    phones = [entry.phone for entry in stage.sandbox.ledger.entries()]
    assert phones == ["48512345678"] * 4


async def test_text_that_is_no_phone_is_refused(stage: Stage) -> None:
    """Only the form of a phone is judged here."""
    async with stage.verifier() as verifier:
        with pytest.raises(InvalidPhoneNumber):
            await verifier.start("12345")
    assert stage.kinds() == []


async def test_refused_phone_looks_like_any_other(stage: Stage) -> None:
    """Whoever asks cannot tell from the result whether the gateway knows a phone."""
    stage.line.faults.append(refusing("Operator not supported"))
    async with stage.verifier() as verifier:
        refused = await verifier.start(PHONE)
        accepted = await verifier.start(PHONE)
        assert VerificationState.PENDING is await verifier.state(refused.id)
    assert (accepted.expires_at, accepted.hint) == (refused.expires_at, refused.hint)
    assert len(accepted.id) == len(refused.id)


async def test_refused_phone_counts_like_any_other(stage: Stage) -> None:
    """A limit that only good phones reach would tell which they are."""
    stage.line.faults.append(refusing("Operator not supported"))
    async with stage.verifier(limits=ONCE, fallback=()) as verifier:
        await verifier.start(PHONE)
        with pytest.raises(LimitReached):
            await verifier.start(PHONE)


@pytest.mark.parametrize(
    "fault",
    [refusing("Operator not supported"), refusing("Nobody knows why"), cut_off],
    ids=["operator", "unknown", "lost"],
)
async def test_flash_call_that_is_no_use_is_followed_at_once(stage: Stage, fault: Fault) -> None:
    """When the gateway cannot call, or its answer with the code is lost, the next channel goes."""
    stage.line.faults.append(fault)
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier.send_due()
        assert stage.kinds()[-1] == "voice_sms"
        assert await verifier.check(verification.id, stage.codes()[-1])


async def test_call_with_a_lost_answer_is_not_repeated(stage: Stage) -> None:
    """A flash call that may ring is placed once."""
    stage.line.faults.append(cut_off)
    async with stage.verifier(fallback=()) as verifier:
        await verifier.start(PHONE)
        await verifier.send_due()
    assert stage.sandbox.rings(PHONE) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (unreachable, NotSent),
        (refusing("Wrong API key"), AuthenticationError),
        (refusing("Insufficient funds"), InsufficientFunds),
        (rate_limited, RateLimited),
    ],
    ids=["unreachable", "key", "funds", "rate"],
)
async def test_fault_of_ours_is_raised_and_leaves_nothing(
    stage: Stage, fault: Fault, error: type[Exception]
) -> None:
    """What lies with us is told, costs no place in a limit, and is not tried by itself."""
    stage.line.faults.append(fault)
    async with stage.verifier(limits=ONCE) as verifier:
        with pytest.raises(error):
            await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        assert stage.kinds() == []
        await verifier.start(PHONE)


async def test_verifier_that_is_not_entered_sends_nothing(stage: Stage) -> None:
    """Without its timers no fallback would ever be sent, so nothing is begun."""
    with pytest.raises(ConfigurationError, match="async with PhoneVerifier"):
        await stage.verifier().start(PHONE)
    assert stage.kinds() == []


async def test_verifier_that_was_left_sends_nothing(stage: Stage) -> None:
    """After the end of its block no timer runs any more."""
    async with stage.verifier() as verifier:
        pass
    with pytest.raises(ConfigurationError):
        await verifier.start(PHONE)


async def test_verifier_is_entered_once(stage: Stage) -> None:
    """Two blocks of one verifier would stop each other's timers."""
    async with stage.verifier() as verifier:
        with pytest.raises(RuntimeError, match="make a new one"):
            await verifier.__aenter__()


async def test_hook_is_signed_for_each_send(stage: Stage) -> None:
    """Every channel gets a hook whose token names the verification and the send."""
    async with stage.verifier(hook_url="https://app.example/hooks") as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    flash, voice, text = stage.sandbox.ledger.entries()
    hooks = [flash.extra["hook"], voice.hook or "", text.hook or ""]
    refs = [verifier.tokens.prove(hook.partition("?")[2]).ref for hook in hooks]
    assert [f"v:{verification.id}.{number}" for number in (1, 2, 3)] == refs
