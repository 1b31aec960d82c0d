"""What is sent after the flash call, when, and how often."""

import logging
from decimal import Decimal

import anyio
import pytest
from attrs import evolve

from alphasms_async import AlphaSMS, Message
from alphasms_async.verification import (
    Entry,
    Fallback,
    Limit,
    Limits,
    MemoryStore,
    TextSms,
    VerificationState,
    VoiceSms,
)
from tests.verification.stage import (
    FALLBACK_SECONDS,
    PHONE,
    TTL_SECONDS,
    Fault,
    Stage,
    cut_off,
    operator_not_supported,
    other_than,
    rate_limited,
    refusing,
    unreachable,
)

pytestmark = pytest.mark.anyio


async def test_nothing_follows_before_its_time(stage: Stage) -> None:
    """As long as there may be news of a channel, the next one waits."""
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS - 0.001)
        await verifier.send_due()
    assert stage.kinds() == ["otp"]


async def test_channels_follow_in_order_and_end(stage: Stage) -> None:
    """Without news each fallback is sent once, in its turn."""
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        for _ in range(5):
            stage.time.forward(FALLBACK_SECONDS)
            await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms", "sms"]


async def test_voice_reads_digits_apart_and_sms_writes_them(stage: Stage) -> None:
    """A code is heard with pauses, and read as it is typed."""
    fallback = (VoiceSms(text="Код {code}"), TextSms(sender="MyShop", text="Код {code}"))
    async with stage.verifier(fallback=fallback) as verifier:
        await verifier.start(PHONE)
        for _ in range(2):
            stage.time.forward(FALLBACK_SECONDS)
            await verifier.send_due()
    _, voice, text = stage.sandbox.ledger.entries()
    _, heard, read = stage.codes()
    assert (f"Код {', '.join(heard)}", f"Код {read}") == (voice.text, text.text)


async def test_each_channel_has_a_code_of_its_own(stage: Stage) -> None:
    """A code that was overheard once is not sent again."""
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        for _ in range(2):
            stage.time.forward(FALLBACK_SECONDS)
            await verifier.send_due()
    assert len(set(stage.codes())) == 3


async def test_nothing_follows_a_right_code(stage: Stage) -> None:
    """A phone that is verified is left in peace."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        await verifier.check(verification.id, stage.codes()[0])
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp"]


async def test_nothing_follows_too_many_wrong_codes(stage: Stage) -> None:
    """A verification that has failed costs nothing more."""
    async with stage.verifier(attempts=1) as verifier:
        verification = await verifier.start(PHONE)
        await verifier.check(verification.id, other_than(*stage.codes()))
        assert VerificationState.FAILED is await verifier.state(verification.id)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp"]


async def test_nothing_is_sent_after_the_end(stage: Stage) -> None:
    """A code that could not be used any more is not sent, however late the timer comes."""
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        stage.time.forward(TTL_SECONDS)
        await verifier.send_due()
        assert await stage.store.next_due() is None
    assert stage.kinds() == ["otp"]


@pytest.mark.parametrize("fault", [unreachable, rate_limited], ids=["unreachable", "rate"])
async def test_fallback_that_did_not_leave_is_tried_again(stage: Stage, fault: Fault) -> None:
    """What is proven not to have left comes again at the timer's next turn, and leaves once."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.line.faults.append(fault)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        assert stage.kinds() == ["otp"]
        stage.time.forward(5)
        await verifier.send_due()
        assert stage.kinds() == ["otp", "voice_sms"]
        assert await verifier.check(verification.id, stage.codes()[1])


async def test_last_channel_that_did_not_leave_is_tried_again(stage: Stage) -> None:
    """The last one too, although none comes after it."""
    async with stage.verifier(fallback=(VoiceSms(),)) as verifier:
        await verifier.start(PHONE)
        stage.line.faults.append(unreachable)
        for seconds in (FALLBACK_SECONDS, 5):
            stage.time.forward(seconds)
            await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_fallback_with_a_lost_answer_is_not_repeated(stage: Stage) -> None:
    """A call that may ring is not placed again; its code is known, so the timer waits for it."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.line.faults.append(cut_off)
        for seconds in (FALLBACK_SECONDS, FALLBACK_SECONDS - 1):
            stage.time.forward(seconds)
            await verifier.send_due()
        assert stage.kinds() == ["otp", "voice_sms"]
        assert await verifier.check(verification.id, stage.codes()[1])


async def test_refused_fallback_is_followed_at_once(stage: Stage) -> None:
    """A phone whose operator cannot be called is sent the next channel."""
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        stage.line.faults.append(operator_not_supported)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp", "sms"]


async def test_refusal_of_the_account_is_logged_without_the_phone(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for a fallback, so the log tells what is wrong with the account."""
    async with stage.verifier() as verifier:
        verification = await verifier.start(PHONE)
        stage.sandbox.balance = Decimal(0)
        stage.time.forward(FALLBACK_SECONDS)
        with caplog.at_level(logging.WARNING, "alphasms_async"):
            await verifier.send_due()
        assert "Insufficient funds" in caplog.text
        assert PHONE not in caplog.text
        assert await verifier.check(verification.id, stage.codes()[0])


async def test_limit_holds_a_fallback_back(stage: Stage) -> None:
    """Every paid send counts, and one that would be too many waits for its place."""
    limits = Limits(starts=None, per_phone=Limit(2, 60), per_range=None, overall=None)
    async with stage.verifier(limits=limits) as verifier:
        await verifier.start(PHONE)
        await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        assert stage.kinds() == ["otp", "otp"]
        stage.time.forward(60 - FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp", "otp", "voice_sms", "voice_sms"]


async def test_limit_that_outlasts_the_verification_ends_it_quietly(stage: Stage) -> None:
    """A fallback without a place before the end is not waited for."""
    limits = Limits(per_phone=Limit(1, 3600), per_range=None, overall=None)
    async with stage.verifier(limits=limits) as verifier:
        await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        assert await stage.store.next_due() is None
    assert stage.kinds() == ["otp"]


class Overtaken(MemoryStore):
    """A store in which whoever is told to wait is faster than whoever may begin."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = False
        self._overtaken = anyio.Event()

    async def replace(self, entry: Entry, now: float) -> bool:
        """Let the next one pass the first."""
        if self.slow:
            self.slow = False
            await self._overtaken.wait()
        else:
            self._overtaken.set()
        return await super().replace(entry, now)


async def test_fallback_put_off_for_the_place_that_is_its_own_is_sent(stage: Stage) -> None:
    """Of two processes one has the last place; that the other waits for it keeps nothing back."""
    store = Overtaken()
    stage = evolve(stage, store=store)
    limits = Limits(starts=None, per_phone=Limit(2, 3600), per_range=None, overall=None)
    async with stage.verifier(limits=limits) as one, stage.verifier(limits=limits) as other:
        await one.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        store.slow = True
        async with anyio.create_task_group() as group:
            group.start_soon(one.send_due)
            group.start_soon(other.send_due)
    assert stage.kinds() == ["otp", "voice_sms"]


class Slow(MemoryStore):
    """A store that takes its time to write, once."""

    def __init__(self) -> None:
        super().__init__()
        self.is_slow = False
        self.asked = anyio.Event()
        self.written = anyio.Event()

    async def replace(self, entry: Entry, now: float) -> bool:
        """Write when the test says so."""
        if self.is_slow:
            self.is_slow = False
            self.asked.set()
            await self.written.wait()
        return await super().replace(entry, now)

    async def write(self) -> None:
        """Write, once everybody waits for it."""
        await anyio.wait_all_tasks_blocked()
        self.written.set()


async def test_what_is_begun_while_the_verifier_is_left_is_sent(stage: Stage) -> None:
    """A test that ends in the middle of `send_due` gets what is written down sent."""
    store = Slow()
    stage = evolve(stage, store=store)
    async with anyio.create_task_group() as group, stage.verifier() as verifier:
        await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        store.is_slow = True
        group.start_soon(verifier.send_due)
        await store.asked.wait()
        group.start_soon(store.write)
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_timers_survive_their_process(stage: Stage) -> None:
    """What one verifier has begun the next goes on with, as the moments are in the store."""
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
    stage.time.forward(FALLBACK_SECONDS)
    async with stage.verifier() as next_one:
        await next_one.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]


async def test_two_verifiers_send_a_channel_once(stage: Stage) -> None:
    """Of two timers over one store one sends."""
    async with stage.verifier() as verifier, stage.verifier() as other:
        ids = [(await verifier.start(f"+38050123456{number}")).id for number in range(5)]
        stage.time.forward(FALLBACK_SECONDS)
        async with anyio.create_task_group() as group:
            group.start_soon(verifier.send_due)
            group.start_soon(other.send_due)
    assert len(ids) == stage.kinds().count("voice_sms")


async def test_timer_runs_by_itself(stage: Stage) -> None:
    """Nobody has to ask: what is due at once is sent while the block is open."""
    stage.line.faults.append(refusing("Operator not supported"))
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        await stage.line.carried(1)
    assert stage.kinds() == ["voice_sms"]


async def test_more_than_may_be_in_flight_is_sent_in_turns(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is due at once, all of it is sent, and each once."""
    monkeypatch.setattr("alphasms_async.verification.timers._MOST_AT_ONCE", 2)
    async with stage.verifier() as verifier:
        for number in range(5):
            await verifier.start(f"38050123456{number}")
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp"] * 5 + ["voice_sms"] * 5


async def test_damaged_entry_is_in_nobodys_way(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be read is told once and left, and what is due after it is sent."""
    now = stage.time().timestamp()
    await stage.store.create(Entry(id="bad", body="?", forget_at=now + 999, due_at=now), now)
    async with stage.verifier() as verifier:
        await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
    assert stage.kinds() == ["otp", "voice_sms"]
    assert caplog.text.count("a verification is damaged in its store") == 1


class Pigeon(Fallback):
    """A channel of somebody's own."""

    def __init__(self, *, is_lame: bool) -> None:
        self.is_lame = is_lame

    def compose(self, code: str) -> str:
        """Return the text that brings a code."""
        if self.is_lame:
            raise RuntimeError(f"no pigeon for {code}")
        return f"Coo: {code}"

    async def send(self, client: AlphaSMS, phone: str, text: str, hook: str | None) -> Message:
        """Send it by the gateway after all."""
        return await client.sms.send(phone, text, sender="Pigeon", hook=hook)


async def test_channel_of_ones_own_brings_a_code(stage: Stage) -> None:
    """Whatever can send a text is a fallback."""
    async with stage.verifier(fallback=[Pigeon(is_lame=False)]) as verifier:
        verification = await verifier.start(PHONE)
        stage.time.forward(FALLBACK_SECONDS)
        await verifier.send_due()
        assert await verifier.check(verification.id, stage.codes()[1])


async def test_channel_that_breaks_ends_no_timer(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault that nobody foresaw is logged by its class alone, and the next channel follows."""
    fallback = [Pigeon(is_lame=True), TextSms(sender="MyShop")]
    async with stage.verifier(fallback=fallback) as verifier:
        await verifier.start(PHONE)
        for _ in range(2):
            stage.time.forward(FALLBACK_SECONDS)
            await verifier.send_due()
    assert stage.kinds() == ["otp", "sms"]
    assert "RuntimeError" in caplog.text
    assert "no pigeon" not in caplog.text
