"""No code, no secret, no token and no whole phone where they have no business to be."""

import logging
import re
import traceback
from collections.abc import Sequence

import pytest

from alphasms_async import AlphaSMSError, VerificationOver
from alphasms_async.verification import Quota, VerificationStore
from tests.verification.stage import (
    FALLBACK_SECONDS,
    PHONE,
    RESEND_SECONDS,
    SECRET,
    Stage,
    cut_off,
    other_than,
    rate_limited,
    refusing,
    unreachable,
)

pytestmark = pytest.mark.anyio

WRITTEN = f"+{PHONE[:2]} {PHONE[2:5]} {PHONE[5:8]}-{PHONE[8:]}"
NUMBER = re.compile(rf"{PHONE[3:]}|50[ .()-]*123[ .-]*45[ .-]*67")


async def _lead_a_life(stage: Stage) -> list[AlphaSMSError]:
    """Have all go wrong that can; return what was raised."""
    errors: list[AlphaSMSError] = []
    async with stage.verifier(attempts=1, hook_url="https://app.example/hook") as verifier:
        for fault in (unreachable, refusing(f"No {PHONE}, Banned"), cut_off, rate_limited):
            stage.line.faults.append(fault)
            try:
                verification = await verifier.start(WRITTEN)
                stage.line.faults += [unreachable, rate_limited, cut_off]
                for _ in range(4):
                    stage.time.forward(FALLBACK_SECONDS)
                    await verifier.send_due()
                await verifier.resend(verification.id)
            except AlphaSMSError as error:
                errors.append(error)
        verification = await verifier.start(PHONE)
        await verifier.check(verification.id, other_than(*stage.codes()))
        stage.time.forward(RESEND_SECONDS)
        try:
            await verifier.resend(verification.id)
        except VerificationOver as error:
            errors.append(error)
    return errors


async def test_logs_and_errors_are_clean(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong, what is told of it shows no phone, code, secret or token."""
    with caplog.at_level(logging.DEBUG, "alphasms_async"):
        errors = await _lead_a_life(stage)
    said = caplog.text + "".join(
        "".join(traceback.format_exception(error)) + repr(error) for error in errors
    )
    assert errors
    assert not NUMBER.search(said)
    assert SECRET not in said
    assert "token=" not in said
    assert not [code for code in stage.codes() if re.search(rf"\b{code}\b", said)]


async def test_reprs_are_clean(stage: Stage) -> None:
    """What a debugger shows of a verifier and its entries holds nothing that is a secret."""
    async with stage.verifier(hook_url="https://app.example/hook") as verifier:
        verification = await verifier.start(PHONE)
        (entry,) = await stage.store.due(stage.time().timestamp() + FALLBACK_SECONDS, 1)
        shown = [repr(one) for one in (verifier, verification, entry, stage.store)]
        shown += [repr(one) for one in vars(verifier).values()]
    said = " ".join(shown)
    assert not NUMBER.search(said)
    assert SECRET not in said
    assert not re.search(rf"\b{stage.codes()[0]}\b", said)


async def test_entries_hold_no_code(stage: Stage) -> None:
    """A code is kept as a keyed hash: whoever reads an entry cannot tell it."""
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        (entry,) = await stage.store.due(stage.time().timestamp() + FALLBACK_SECONDS, 1)
    hashes = re.findall(r'"digest":"([0-9a-f]{64})"', entry.body)
    rest = re.sub(r'"digest":"[0-9a-f]{64}"', "", entry.body).replace(entry.id, "")
    assert len(set(hashes)) == 2
    assert not [code for code in stage.codes() if f'"{code}"' in rest]


async def test_quotas_tell_no_phone(stage: Stage, store: VerificationStore) -> None:
    """What limits are kept under is a keyed hash of the phone and of its range."""
    names: list[str] = []
    take = store.take

    async def noting(ticket: str, quotas: Sequence[Quota], now: float) -> float:
        names.extend(quota.name for quota in quotas)
        return await take(ticket, quotas, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "take", noting)
        async with stage.verifier() as verifier:
            await verifier.start(PHONE)
    assert len(names) == 3
    assert not [name for name in names if not re.fullmatch(r"[0-9a-f]{32}", name)]
