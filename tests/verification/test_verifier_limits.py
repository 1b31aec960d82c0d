"""Against those who have codes sent for money: so many to a phone, to a range, in all."""

import anyio
import pytest

from alphasms_async import LimitReached, NotSent
from alphasms_async.verification import Limit, Limits
from tests.verification.stage import PHONE, Stage, unreachable

pytestmark = pytest.mark.anyio

SAME_RANGE = "380501239999"
OTHER_RANGE = "380501224567"


def limits(**given: Limit) -> Limits:
    """Return the limits that are given, and no others."""
    none = dict.fromkeys(("starts", "per_phone", "per_range", "overall"))
    return Limits(**{**none, **given})


async def test_page_that_is_sent_twice_rings_once(stage: Stage) -> None:
    """Whoever clicks twice, or begins anew at once, is told to wait for the first code."""
    async with stage.verifier(limits=Limits()) as verifier:
        await verifier.start(PHONE)
        with pytest.raises(LimitReached, match="wait 30 s"):
            await verifier.start(PHONE)
        await verifier.start(SAME_RANGE)
        stage.time.forward(30)
        await verifier.start(PHONE)
    assert len(stage.kinds()) == 3


async def test_start_that_did_not_leave_may_be_repeated_at_once(stage: Stage) -> None:
    """What rang nowhere holds nobody back."""
    async with stage.verifier(limits=Limits()) as verifier:
        stage.line.faults.append(unreachable)
        with pytest.raises(NotSent):
            await verifier.start(PHONE)
        await verifier.start(PHONE)
    assert stage.kinds() == ["otp"]


async def test_phone_has_a_limit_of_its_own(stage: Stage) -> None:
    """One phone that had its share keeps no other from having its own."""
    async with stage.verifier(limits=limits(per_phone=Limit(2, 60))) as verifier:
        for phone in (PHONE, PHONE, SAME_RANGE):
            await verifier.start(phone)
        with pytest.raises(LimitReached, match="wait 60 s"):
            await verifier.start(PHONE)
    assert len(stage.kinds()) == 3


async def test_range_is_all_numbers_but_their_last_four_digits(stage: Stage) -> None:
    """Ten thousand numbers side by side have one limit together."""
    async with stage.verifier(limits=limits(per_range=Limit(2, 60))) as verifier:
        for phone in (PHONE, SAME_RANGE, OTHER_RANGE):
            await verifier.start(phone)
        with pytest.raises(LimitReached):
            await verifier.start("380501230000")
    assert len(stage.kinds()) == 3


async def test_all_phones_have_a_limit_together(stage: Stage) -> None:
    """However many phones there are, no more is spent than is allowed."""
    async with stage.verifier(limits=limits(overall=Limit(2, 60))) as verifier:
        for phone in (PHONE, OTHER_RANGE):
            await verifier.start(phone)
        with pytest.raises(LimitReached):
            await verifier.start("380671112233")
    assert len(stage.kinds()) == 2


async def test_place_is_free_again_in_time(stage: Stage) -> None:
    """`retry_after` is when the next one passes, and not a moment before."""
    async with stage.verifier(limits=limits(per_phone=Limit(1, 60))) as verifier:
        await verifier.start(PHONE)
        stage.time.forward(20)
        with pytest.raises(LimitReached) as caught:
            await verifier.start(PHONE)
        stage.time.forward(caught.value.retry_after)
        await verifier.start(PHONE)
    assert caught.value.retry_after == pytest.approx(40)


async def test_resend_counts(stage: Stage) -> None:
    """Another code of the same verification is paid for like the first."""
    async with stage.verifier(limits=limits(per_phone=Limit(1, 3600))) as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(60)
        with pytest.raises(LimitReached, match="too many codes"):
            await verifier.resend(verification.id)
    assert stage.kinds() == ["otp"]


async def test_limit_holds_however_many_start_at_once(stage: Stage) -> None:
    """At the same moment, too, no more pass than are allowed."""
    refused: list[LimitReached] = []
    async with stage.verifier(limits=limits(overall=Limit(3, 60))) as verifier:

        async def start() -> None:
            try:
                await verifier.start(PHONE)
            except LimitReached as error:
                refused.append(error)

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(start)
    assert (len(stage.kinds()), len(refused)) == (3, 5)


async def test_limit_tells_no_phone(stage: Stage) -> None:
    """The error names neither the phone nor its range."""
    async with stage.verifier(limits=limits(per_phone=Limit(1, 60))) as verifier:
        await verifier.start(PHONE)
        with pytest.raises(LimitReached) as caught:
            await verifier.start(PHONE)
    assert PHONE[3:8] not in str(caught.value)
