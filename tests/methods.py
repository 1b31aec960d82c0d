"""Every method of the client that asks the gateway for something, called once."""

from collections.abc import Awaitable, Callable
from typing import Any

from alphasms_async import AlphaSMS, DialResult, Sms, SmsStep, TelegramStep, VoiceStep
from tests.doubles import PHONE
from tests.sounds import wav

AUDIO = wav(seconds=0.05)
TEXT_CODE = "4826"
"""A code that a text tells a person, which must stand nowhere else."""

Method = Callable[[AlphaSMS], Awaitable[Any]]


async def dial(api: AlphaSMS) -> list[DialResult]:
    """Dial one phone."""
    async with api.dial([PHONE], AUDIO) as results:
        return [result async for result in results]


SENDS: dict[str, Method] = {
    "voice.call": lambda api: api.voice.call(PHONE, AUDIO),
    "voice.say": lambda api: api.voice.say(PHONE, f"Код {TEXT_CODE}"),
    "otp.call": lambda api: api.otp.call(PHONE),
    "otp.call_tracked": lambda api: api.otp.call_tracked(PHONE),
    "voice_sms.send": lambda api: api.voice_sms.send(PHONE, f"Код {TEXT_CODE}"),
    "sms.send": lambda api: api.sms.send(PHONE, f"Код {TEXT_CODE}", sender="MyShop"),
    "pipeline.send": lambda api: api.pipeline.send(
        PHONE,
        [
            TelegramStep(TEXT_CODE),
            VoiceStep(f"Код {TEXT_CODE}"),
            SmsStep(f"Код {TEXT_CODE}", "MyShop"),
        ],
    ),
}
"""What rings or writes, and raises when it goes wrong."""

READS: dict[str, Method] = {
    "status.get": lambda api: api.status.get(100500),
    "status.get_many": lambda api: api.status.get_many([100500, 100501]),
    "status.by_client_id": lambda api: api.status.by_client_id([7, 8]),
    "account.balance": lambda api: api.account.balance(),
    "account.price": lambda api: api.account.price(PHONE),
    "account.lookup": lambda api: api.account.lookup(PHONE),
}
"""What only asks."""

LISTS: dict[str, Method] = {
    "sms.send_many": lambda api: api.sms.send_many([Sms(PHONE, f"Код {TEXT_CODE}", "MyShop")]),
    "dial": dial,
}
"""What rings or writes, and gives back a list in which errors stand."""

METHODS = SENDS | READS | LISTS
