"""What a code is worth: once, in time, and not after too many guesses."""

from typing import Any

import anyio
import pytest

from tests.verification.stage import (
    FALLBACK_SECONDS,
    NO_LIMITS,
    PHONE,
    SECRET,
    TTL_SECONDS,
    Stage,
    other_than,
)

pytestmark = pytest.mark.anyio


async def test_right_code_is_taken_once(stage: Stage) -> None:
    """A code proves the phone to the first who brings it, and to nobody after."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        (code,) = stage.codes()
        assert await verifier.check(verification.id, code)
        assert not await verifier.check(verification.id, code)


async def test_wrong_codes_are_counted(stage: Stage) -> None:
    """After as many wrong codes as allowed the right one is worth nothing."""
    async with stage.verifier(attempts=2) as verifier:
        verification = await verifier.start(PHONE)
        (code,) = stage.codes()
        for _ in range(2):
            assert not await verifier.check(verification.id, other_than(code))
        assert not await verifier.check(verification.id, code)


async def test_last_attempt_is_an_attempt(stage: Stage) -> None:
    """As long as one attempt is left, the right code is taken."""
    async with stage.verifier(attempts=2) as verifier:
        verification = await verifier.start(PHONE)
        (code,) = stage.codes()
        await verifier.check(verification.id, other_than(code))
        assert await verifier.check(verification.id, code)


@pytest.mark.parametrize("spoil", ["12 3", "12345", "", "abcd", "１２３４", "12\x0034", None, 1234])
async def test_what_is_no_code_is_wrong_and_not_counted(stage: Stage, spoil: object) -> None:
    """A slip of the finger that can be no code costs no attempt."""
    async with stage.verifier(attempts=1) as verifier:
        verification = await verifier.start(PHONE)
        assert not await verifier.check(verification.id, spoil)  # type: ignore[arg-type]  # so meant
        assert await verifier.check(verification.id, stage.codes()[0])


@pytest.mark.parametrize("id", ["", "unknown", "\ud800", "\x00", "i" * 10_000])
async def test_strange_id_is_nobodys(stage: Stage, id: str) -> None:
    """Whatever a visitor sends as an id, it is one that nobody knows, and no fault."""
    async with stage.verifier() as verifier:
        assert not await verifier.check(id, "1234")


@pytest.mark.parametrize("between", [" ", "-", "\u2011", "\u00a0", ". "])
async def test_code_may_be_typed_with_gaps(stage: Stage, between: str) -> None:
    """What people put between digits does not make them wrong."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        assert await verifier.check(verification.id, f" {between.join(stage.codes()[0])} ")


async def test_zeros_in_front_are_part_of_a_code(stage: Stage) -> None:
    """A code the gateway tells as 471 is typed as 0471."""
    async with stage.verifier(limits=NO_LIMITS) as verifier:
        while True:
            verification = await verifier.start(PHONE)
            code = stage.codes()[-1]
            if code.startswith("0"):
                break
        assert not await verifier.check(verification.id, code.lstrip("0"))
        assert await verifier.check(verification.id, code)


async def test_code_is_taken_until_it_expires(stage: Stage) -> None:
    """Up to the last moment a code is good, from then on it is not."""
    async with stage.verifier() as verifier:
        first, second = [await verifier.start(PHONE) for _ in range(2)]
        early, late = stage.codes()
        stage.time.forward(TTL_SECONDS - 0.001)
        assert await verifier.check(first.id, early)
        stage.time.forward(0.001)
        assert not await verifier.check(second.id, late)


@pytest.mark.parametrize(
    "id", ["", "nobody-has-made-this-one", "v:1.1", "\x00", "ґ" * 300, "\ud800", None, 7], ids=ascii
)
async def test_unknown_id_is_wrong(stage: Stage, id: Any) -> None:
    """Whatever is asked with no id of ours is answered like a wrong code."""
    async with stage.verifier() as verifier:
        assert not await verifier.check(id, "1234")


async def test_code_of_another_verification_is_wrong(stage: Stage) -> None:
    """A code is good for the verification it was sent for."""
    async with stage.verifier() as verifier:
        first, _ = [await verifier.start(PHONE) for _ in range(2)]
        early, late = stage.codes()
        assert early != late
        assert not await verifier.check(first.id, late)


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_code_of_each_channel_is_taken(stage: Stage, place: int) -> None:
    """Whichever of the codes is typed in is good, the older ones too."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        for _ in range(2):
            stage.time.forward(FALLBACK_SECONDS)
            await verifier.send_due()
        assert stage.kinds() == ["otp", "voice_sms", "sms"]
        assert await verifier.check(verification.id, stage.codes()[place])


async def test_of_many_right_checks_at_once_one_is_true(stage: Stage) -> None:
    """A code is used up by one of all who bring it at the same moment."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        answers: list[bool] = []

        async def check() -> None:
            answers.append(await verifier.check(verification.id, stage.codes()[0]))

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(check)
    assert [one for one in answers if one] == [True]


async def test_old_secret_still_checks(stage: Stage) -> None:
    """A secret that was replaced is good for the codes it was used for."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
    async with stage.verifier(["the new secret of this year", SECRET]) as rotated:
        assert await rotated.check(verification.id, stage.codes()[0])


async def test_other_secret_checks_nothing(stage: Stage) -> None:
    """Without the secret a code cannot be told from a wrong one."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
    async with stage.verifier("the new secret of this year") as other:
        assert not await other.check(verification.id, stage.codes()[0])
