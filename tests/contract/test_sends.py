"""What rings or writes: accepted once, charged once, and kept as it was sent."""

from decimal import Decimal

import pytest

from alphasms_async import Message, Sms, SmsStep, TelegramStep, Voice, VoiceStep
from tests.contract.conftest import Target
from tests.sounds import wav

pytestmark = pytest.mark.anyio

PHONE = "380501234567"
OTHER = "380671112233"
AUDIO = wav(seconds=0.5)
BIG_AUDIO = wav(seconds=30)
HOOK = "https://app.example/hook?id=123456"
PRICE = Decimal("0.40")


@pytest.mark.parametrize("audio", [AUDIO, BIG_AUDIO], ids=["small", "big"])
async def test_voice_call_is_queued(target: Target, audio: bytes) -> None:
    """The phone rings once, with the recording byte for byte, and costs what the answer says."""
    async with target.client() as api:
        call = await api.voice.call("+38 050 123-45-67", audio, hook=HOOK, dtmf=True)
    (ring,) = target.gateway.calls(to=PHONE)
    assert (ring.id, ring.price, PHONE) == (call.id, call.price, call.phone)
    assert (ring.kind, ring.audio, ring.hook, ring.dtmf) == ("voice", audio, HOOK, True)


async def test_voice_call_is_charged_once(target: Target) -> None:
    """The account has as much less as the call says it costs."""
    async with target.client() as api:
        before = await api.account.balance()
        call = await api.voice.call(PHONE, AUDIO)
        after = await api.account.balance()
    assert (call.price, before.amount - after.amount) == (PRICE, PRICE)


async def test_spoken_text_is_queued(target: Target) -> None:
    """A text for a chosen voice rings once, and keeps its text and its ids."""
    async with target.client() as api:
        voice = Voice("male", "ru-RU", "ru-RU-Standard-B")
        message = await api.voice.say(PHONE, "Привіт!", voice=voice, dtmf=True, client_id=7)
    (ring,) = target.gateway.calls()
    assert (ring.kind, ring.text, ring.dtmf) == ("say", "Привіт!", True)
    assert (ring.id, ring.client_id) == (message.id, message.client_id) == (message.id, 7)


async def test_otp_call_tells_its_code(target: Target) -> None:
    """The code is the last four digits of the number that calls, leading zeros kept."""
    async with target.client() as api:
        calls = [await api.otp.call(PHONE) for _ in range(30)]
    codes = [ring.code for ring in target.gateway.calls(to=PHONE)]
    assert codes == [call.code for call in calls]
    assert {len(call.code) for call in calls} == {4}


async def test_tracked_otp_call_tells_its_code_and_price(target: Target) -> None:
    """So does a flash call that carries an id of ours."""
    async with target.client() as api:
        call = await api.otp.call_tracked(PHONE)
    (ring,) = target.gateway.calls()
    assert (ring.code, ring.price, ring.client_id) == (call.code, call.price, call.client_id)


async def test_voice_sms_rings(target: Target) -> None:
    """An SMS of the sender `Voice` is a call."""
    async with target.client() as api:
        message = await api.voice_sms.send(PHONE, "Ваш код 0471", hook=HOOK)
    (ring,) = target.gateway.calls()
    assert (ring.kind, ring.text, ring.hook) == ("voice_sms", "Ваш код 0471", HOOK)
    assert ring.id == message.id


async def test_sms_does_not_ring(target: Target) -> None:
    """An SMS of another sender is queued, and no phone rings."""
    async with target.client() as api:
        message = await api.sms.send(PHONE, "Дякуємо!", sender="MyShop")
    assert (message.id, message.parts, message.phone) == (100500, 1, PHONE)
    assert target.gateway.rings(PHONE) == 0


async def test_many_sms_keep_their_order(target: Target) -> None:
    """A hundred and twenty SMS come back in the order they were given, each with its own id."""
    ids = list(range(1000, 1120))
    async with target.client() as api:
        outcomes = await api.sms.send_many([Sms(PHONE, f"№ {one}", "Voice", one) for one in ids])
    assert [one.client_id for one in outcomes if isinstance(one, Message)] == ids
    texts = {ring.id: ring.text for ring in target.gateway.calls(to=PHONE)}
    assert [texts[one.id] for one in outcomes if isinstance(one, Message)] == [
        f"№ {one}" for one in ids
    ]


async def test_pipeline_tries_the_first_channel(target: Target) -> None:
    """A pipeline that begins with a voice rings once; one that begins with a text does not."""
    async with target.client() as api:
        spoken = await api.pipeline.send(PHONE, [VoiceStep("Код"), SmsStep("Код", "MyShop")])
        await api.pipeline.send(OTHER, [TelegramStep("0471"), VoiceStep("Код")])
    (ring,) = target.gateway.calls()
    assert (ring.id, ring.kind, ring.text, ring.phone) == (spoken.id, "pipeline", "Код", PHONE)


async def test_dial_rings_each_number_once(target: Target) -> None:
    """A list of a hundred, with duplicates and bad ones in it, rings a hundred phones once."""
    numbers = [f"38050{number:07}" for number in range(1_000_000, 1_000_100)]
    given = [*numbers, "nobody", *numbers[:10], "101"]
    async with target.client() as api, api.dial(given, AUDIO, concurrency=16) as run:
        results = [result async for result in run]
    assert sorted(ring.phone for ring in target.gateway.calls()) == numbers
    assert {ring.audio for ring in target.gateway.calls()} == {AUDIO}
    assert {result.call.id for result in results if result.call} == {
        ring.id for ring in target.gateway.calls()
    }
    assert run.summary.counts == {"accepted": 100, "duplicate": 10, "invalid": 2}
    assert run.summary.price == 100 * PRICE
