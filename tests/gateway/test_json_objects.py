import json
from typing import Any, cast

import pytest

from alphasms_async.errors import InvalidRequest
from alphasms_async.gateway import json_objects
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
from tests.gateway.answers import PHONE

NUMBER = 380501234567
HOOK = "https://app.example/hook?id=1"


def test_an_sms_has_the_fields_of_the_api_pages() -> None:
    """All fields of an SMS stand under the gateway's names, the phone as a number."""
    message = Sms(PHONE, "Вітаю", "MyShop", None, HOOK, 3600, "https://a.b", "https://c.d")
    assert json_objects.sms(message, 7, PHONE) == {
        "type": "sms",
        "id": 7,
        "phone": NUMBER,
        "sms_signature": "MyShop",
        "sms_message": "Вітаю",
        "sms_lifetime": 3600,
        "short_link": "https://a.b",
        "unsubscribe_link": "https://c.d",
        "hook": HOOK,
    }


def test_what_was_not_given_is_left_out() -> None:
    """Optional fields without a value do not appear, so the gateway's defaults hold."""
    assert json_objects.sms(Sms("ignored", "Вітаю", "Voice"), 7, PHONE) == {
        "type": "sms",
        "id": 7,
        "phone": NUMBER,
        "sms_signature": "Voice",
        "sms_message": "Вітаю",
    }


def test_a_spoken_text_has_the_fields_of_the_api_pages() -> None:
    """A `voice` object carries text, voice and `dtmf`."""
    step = VoiceStep("Добрий день", Voice("male", "ru-RU", "ru-RU-Standard-B"), dtmf=True)
    assert json_objects.voice(step, 7, PHONE, HOOK) == {
        "type": "voice",
        "id": 7,
        "phone": NUMBER,
        "message": "Добрий день",
        "voice": {"gender": "male", "language": "ru-RU", "name": "ru-RU-Standard-B"},
        "dtmf": True,
        "hook": HOOK,
    }


def test_the_default_voice_is_the_one_of_the_api_pages() -> None:
    """Without a choice the Ukrainian standard voice speaks, and no key press is waited for."""
    told = json_objects.voice(VoiceStep("Добрий день"), 7, PHONE, None)
    assert told["voice"] == {"gender": "female", "language": "uk-UA", "name": "uk-UA-Standard-A"}
    assert (told["dtmf"], "hook" in told) == (False, False)


def test_a_flash_call_has_id_and_phone() -> None:
    """A `call/otp` object has the documented fields, and a hook only when given."""
    assert json_objects.otp_call(7, PHONE, None) == {"type": "call/otp", "id": 7, "phone": NUMBER}
    assert json_objects.otp_call(7, PHONE, HOOK)["hook"] == HOOK


def test_the_reads_have_the_fields_of_the_api_pages() -> None:
    """Status, balance and lookup objects hold what is documented and nothing else."""
    assert json_objects.status(7) == {"type": "status", "id": 7}
    assert json_objects.balance() == {"type": "balance"}
    assert json_objects.hlr(7, PHONE) == {"type": "hlr", "id": 7, "phone": NUMBER}


STEPS: dict[str, tuple[Step, dict[str, Any]]] = {
    "voice": (
        VoiceStep("Код"),
        {
            "message": "Код",
            "voice": {"gender": "female", "language": "uk-UA", "name": "uk-UA-Standard-A"},
            "dtmf": False,
        },
    ),
    "telegram": (TelegramStep("4821"), {"message": "4821"}),
    "viber": (ViberStep("Код", "Shop"), {"type": "text", "signature": "Shop", "message": "Код"}),
    "rcs": (RcsStep("Код", "Shop"), {"signature": "Shop", "message": "Код"}),
    "sms": (SmsStep("Код", "MyShop"), {"signature": "MyShop", "message": "Код"}),
}


@pytest.mark.parametrize("name", STEPS)
def test_each_step_of_a_pipeline_has_its_own_object(name: str) -> None:
    """A pipeline of one step names the channel and holds its documented fields."""
    step, fields = STEPS[name]
    assert {
        "type": "pipeline",
        "pipeline": [name],
        "id": 7,
        "phone": NUMBER,
        name: fields,
    } == json_objects.pipeline([step], 7, PHONE, None)


@pytest.mark.parametrize("order", [list(STEPS), list(reversed(STEPS)), ["sms", "voice"]])
def test_the_order_of_steps_is_the_order_of_attempts(order: list[str]) -> None:
    """The `pipeline` field lists the channels in the order given."""
    told = json_objects.pipeline([STEPS[name][0] for name in order], 7, PHONE, HOOK)
    assert order == told["pipeline"]
    assert told["hook"] == HOOK


@pytest.mark.parametrize("name", STEPS)
def test_a_channel_stands_once_in_a_pipeline(name: str) -> None:
    """The wire has one object for each channel, so a second step of a kind is refused."""
    with pytest.raises(InvalidRequest, match=f"one {name} step"):
        json_objects.pipeline([STEPS[name][0]] * 2, 7, PHONE, None)


def test_an_empty_pipeline_is_refused() -> None:
    """A pipeline without a step would send nothing."""
    with pytest.raises(InvalidRequest, match="at least one step"):
        json_objects.pipeline([], 7, PHONE, None)


def test_what_is_no_step_is_refused_by_name() -> None:
    """A wrong object among the steps is named by its type, not shown."""
    with pytest.raises(InvalidRequest, match=r"not Sms$"):
        json_objects.pipeline([cast("Step", Sms(PHONE, "Код", "MyShop"))], 7, PHONE, None)


def test_every_object_is_plain_json() -> None:
    """Whatever is built can be written as JSON."""
    steps = [step for step, _ in STEPS.values()]
    told = json_objects.pipeline(steps, 2**53 - 1, PHONE, HOOK)
    assert told == json.loads(json.dumps(told))
