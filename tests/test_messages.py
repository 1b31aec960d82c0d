import pickle
from typing import Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from alphasms_async.errors import InvalidRequest, InvalidText
from alphasms_async.messages import (
    RcsStep,
    Sms,
    SmsStep,
    Step,
    TelegramStep,
    ViberStep,
    Voice,
    VoiceStep,
)

PHONE = "+380 50 123 45 67"
SECRET = "your code is 8642"
STEPS: list[Step] = [
    VoiceStep(SECRET),
    TelegramStep("8642"),
    ViberStep(SECRET, "Shop"),
    RcsStep(SECRET, "Shop"),
    SmsStep(SECRET, "MyShop"),
]


def sms(**given: Any) -> Sms:
    """Make a message, right but for what is given."""
    fields: dict[str, Any] = {"phone": PHONE, "text": "Вітаю", "sender": "MyShop", **given}
    return Sms(**fields)


def test_a_message_needs_phone_text_and_sender_only() -> None:
    """Everything else has a default that leaves the choice to the gateway."""
    message = sms()
    assert (
        message.client_id,
        message.hook,
        message.lifetime,
        message.short_link,
        message.unsubscribe_link,
    ) == (None, None, None, None, None)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"text": ""}, InvalidText),
        ({"text": "a\x00"}, InvalidText),
        ({"text": 7}, InvalidRequest),
        ({"sender": "My Shop"}, InvalidRequest),
        ({"sender": None}, InvalidRequest),
        ({"hook": "app.example"}, InvalidRequest),
        ({"lifetime": 60}, InvalidRequest),
        ({"short_link": " "}, InvalidText),
        ({"unsubscribe_link": ""}, InvalidText),
    ],
)
def test_a_message_is_checked_when_it_is_made(
    given: dict[str, Any], kind: type[InvalidRequest]
) -> None:
    """A field that the gateway would not take fails where it is written."""
    with pytest.raises(kind):
        sms(**given)


def test_a_changed_message_is_checked_again() -> None:
    """A copy with another text does not get past the checks."""
    with pytest.raises(InvalidText):
        evolve(sms(), text="")


@pytest.mark.parametrize(
    "phone", [PHONE, "380501234567", "0501234567", "050.123.45.67", "050 - 123 - 45 - 67"]
)
def test_a_message_shows_neither_its_phone_nor_its_text(phone: str) -> None:
    """The repr of a message masks the phone however it is written, and holds no text or link."""
    shown = repr(sms(phone=phone, text=SECRET, hook="https://app.example/?proof=1"))
    assert not any(secret in shown for secret in (phone, "1234567", "8642", "proof"))
    assert "4567" in shown


@pytest.mark.parametrize("phone", [380501234567, None, b"380501234567"])
def test_the_repr_of_a_wrong_phone_does_not_fail(phone: Any) -> None:
    """A phone of another type is refused when it is sent; until then it can be shown, masked."""
    assert "380501234567" not in repr(sms(phone=phone))


@pytest.mark.parametrize("step", STEPS)
def test_a_step_shows_no_text(step: Step) -> None:
    """The repr of a step holds no text, for it may be a code."""
    assert "8642" not in repr(step)


@pytest.mark.parametrize("value", [sms(), Voice(), *STEPS])
def test_a_message_is_a_frozen_value(value: Any) -> None:
    """Messages, voices and steps compare by value, hash, pickle, and never change."""
    twin = pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes
    assert (value, hash(value)) == (twin, hash(twin))
    with pytest.raises(FrozenInstanceError):
        value.text = value.code = value.gender = "x"


@pytest.mark.parametrize("code", ["4821", "48211", "00000000"])
def test_a_telegram_code_is_4_to_8_digits(code: str) -> None:
    """Codes of the documented length are kept with their zeros."""
    assert code == TelegramStep(code).code


@pytest.mark.parametrize("code", ["482", "482148214", "48 21", "abcd", "٤٨٢١", "4821\n", "-4821"])
def test_other_telegram_codes_are_refused(code: str) -> None:
    """What Telegram would not deliver is refused, and not shown."""
    with pytest.raises(InvalidText) as caught:
        TelegramStep(code)
    assert str(caught.value) == "a Telegram step carries a code of 4 to 8 digits, like '4821'"


@pytest.mark.parametrize("code", [4821, None, b"4821"])
def test_a_telegram_code_that_is_no_text_is_refused(code: Any) -> None:
    """A code kept as a number has lost its zeros: it is refused by its type."""
    with pytest.raises(InvalidRequest, match=f"is str, not {type(code).__name__}"):
        TelegramStep(code)


@pytest.mark.parametrize(
    "make",
    [
        lambda: VoiceStep(""),
        lambda: ViberStep("", "Shop"),
        lambda: ViberStep("Код", " "),
        lambda: ViberStep("Код", "Shop", type=""),
        lambda: RcsStep(" ", "Shop"),
        lambda: RcsStep("Код", ""),
        lambda: SmsStep("", "MyShop"),
        lambda: SmsStep("Код", "My Shop"),
        lambda: Voice(language=""),
        lambda: Voice(name="\x00"),
        lambda: Voice(gender="other"),  # type: ignore[arg-type]  # the very thing that is refused
    ],
)
def test_a_step_is_checked_when_it_is_made(make: Any) -> None:
    """Blank texts, senders and voices fail where they are written."""
    with pytest.raises(InvalidRequest):
        make()


def test_the_default_voice_is_the_gateways_ukrainian_one() -> None:
    """Without a choice, the voice of the API pages speaks."""
    assert Voice("female", "uk-UA", "uk-UA-Standard-A") == VoiceStep("Вітаю").voice
