from collections.abc import Mapping
from decimal import Decimal

import httpx
import pytest

from alphasms_async.sandbox import Sandbox

from .wire import KEY, PHONE, ask_json

pytestmark = pytest.mark.anyio

PAGE = "/api/json.php"
SMS: Mapping[str, object] = {
    "type": "sms",
    "id": 1,
    "phone": int(PHONE),
    "sms_signature": "Shop",
    "sms_message": "Замовлення готове",
}
VOICE_SMS: Mapping[str, object] = {**SMS, "sms_signature": "Voice"}
SAY: Mapping[str, object] = {"type": "voice", "id": 1, "phone": int(PHONE), "message": "Привіт"}
OTP: Mapping[str, object] = {"type": "call/otp", "id": 1, "phone": int(PHONE)}
PIPELINE: Mapping[str, object] = {
    "type": "pipeline",
    "pipeline": ["viber", "sms"],
    "id": 1,
    "phone": int(PHONE),
    "viber": {"type": "text", "signature": "Shop", "message": "Готово"},
    "sms": {"signature": "Shop", "message": "Готово, приходьте"},
}


def accepted(client_id: int, msg_id: int, parts: int = 1) -> dict[str, object]:
    """Return the result documented for an accepted object."""
    data = {"id": client_id, "msg_id": msg_id, "data": 1, "parts": parts}
    return {"success": True, "data": data}


def refused(error: str, client_id: int = 1) -> dict[str, object]:
    """Return the result documented for a refused object."""
    return {"success": False, "error": error, "data": {"id": client_id}}


def nameless(error: str) -> dict[str, object]:
    """Return the result for a refused object that has no id to be named by."""
    return {"success": False, "error": error, "data": dict[str, object]()}


async def results(client: httpx.AsyncClient, *objects: Mapping[str, object]) -> object:
    """Return the results of a request that was let in."""
    answer = await ask_json(client, *objects)
    assert answer["success"] is True
    return answer["data"]


async def test_sms_is_a_message_and_rings_nobody(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """An SMS by an ordinary sender is written, not spoken."""
    fields = {"sms_lifetime": 3600, "hook": "https://app.example", "short_link": True}
    assert [accepted(1, 100500)] == await results(client, {**SMS, **fields, "colour": ["red"]})
    (message,) = sandbox.messages(to=PHONE)
    assert ("sms", "Shop", SMS["sms_message"]) == (message.kind, message.sender, message.text)
    assert (message.lifetime_seconds, message.hook) == (3600, "https://app.example")
    assert (message.extra, sandbox.calls()) == ({"colour": '["red"]'}, [])


async def test_sms_by_voice_rings(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """An SMS whose sender is Voice is a call that reads its text out."""
    assert [accepted(1, 100500)] == await results(client, VOICE_SMS)
    (call,) = sandbox.calls()
    assert ("voice_sms", SMS["sms_message"], 1) == (call.kind, call.text, call.client_id)
    assert sandbox.messages() == []


async def test_voice_text_rings(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """The type `voice` is a call with the voice and the key press asked for."""
    voice = {"gender": "female", "language": "uk-UA", "name": "uk-UA-Standard-A"}
    assert [accepted(1, 100500)] == await results(client, {**SAY, "voice": voice, "dtmf": True})
    (call,) = sandbox.calls()
    assert ("say", "Привіт", voice, True) == (call.kind, call.text, call.voice, call.dtmf)


async def test_otp_code_is_a_text_with_its_zeros(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """The type `call/otp` answers 4 digits as a text and the price as a number."""
    await results(client, *({**OTP, "id": number} for number in range(1, 101)))
    call = next(call for call in sandbox.calls() if (call.code or "").startswith("0"))
    sandbox.reset()
    for number in range(1, call.id - 100500 + 1):
        await results(client, {**OTP, "id": number})
    answer = await client.post(PAGE, json={"auth": KEY, "data": [{**OTP, "id": 500}]})
    expected = f'{{"code": "{call.code}", "price": 0.40}}'
    assert f'{{"success": true, "data": [{{"success": true, "data": {expected}}}]}}' == answer.text


async def test_pipeline_starts_with_its_first_channel(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """A pipeline that does not begin with voice is a message by its first channel."""
    assert [accepted(1, 100500)] == await results(client, {**PIPELINE, "hook": "https://a.example"})
    (message,) = sandbox.messages()
    assert (message.kind, message.steps, message.text) == ("pipeline", ("viber", "sms"), "Готово")
    assert (message.sender, message.hook) == ("Shop", "https://a.example")


async def test_pipeline_that_begins_with_voice_rings(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """A pipeline whose first channel is voice is a call."""
    voice = {"message": "Привіт", "dtmf": True, "voice": {"gender": "male"}}
    await results(client, {**PIPELINE, "pipeline": ["voice", "sms"], "voice": voice})
    (call,) = sandbox.calls()
    assert (
        call.kind,
        call.text,
        call.dtmf,
        call.voice,
    ) == ("pipeline", "Привіт", True, {"gender": "male"})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({**SMS, "sms_signature": "ab"}, "Error in Alpha-name"),
        ({**SMS, "sms_signature": "twelveletter"}, "Error in Alpha-name"),
        ({**SMS, "sms_signature": "Магазин"}, "Error in Alpha-name"),
        ({**SMS, "sms_signature": None}, "Error in Alpha-name"),
        ({**SMS, "sms_message": " "}, "ERR_LENGTH"),
        ({**SMS, "sms_lifetime": 3599}, "ERR_FORMAT"),
        ({**SMS, "sms_lifetime": 259_201}, "ERR_FORMAT"),
        ({**SMS, "hook": 7}, "ERR_FORMAT"),
        ({**SMS, "phone": "+380501234567"}, 'Param "phone" is missing'),
        ({**SMS, "phone": None}, 'Param "phone" is missing'),
        ({**SMS, "phone": True}, 'Param "phone" is missing'),
        ({**SMS, "type": "telegraph"}, "ERR_FORMAT"),
        ({**SMS, "type": ["sms"]}, "ERR_FORMAT"),
        ({**SAY, "message": None}, "ERR_LENGTH"),
        ({**SAY, "dtmf": "true"}, "ERR_FORMAT"),
        ({**SAY, "voice": "female"}, "ERR_FORMAT"),
        ({**SAY, "voice": {"gender": "robot"}}, "ERR_FORMAT"),
        ({**PIPELINE, "pipeline": []}, "ERR_FORMAT"),
        ({**PIPELINE, "pipeline": "sms"}, "ERR_FORMAT"),
        ({**PIPELINE, "pipeline": ["sms", "sms"]}, "ERR_FORMAT"),
        ({**PIPELINE, "pipeline": ["pigeon"]}, "ERR_FORMAT"),
        ({**PIPELINE, "pipeline": ["rcs", "sms"]}, "ERR_FORMAT"),
        ({**PIPELINE, "sms": {"signature": "!", "message": "a"}}, "Error in Alpha-name"),
        ({**PIPELINE, "pipeline": ["telegram"], "telegram": {"message": "hi"}}, "ERR_LENGTH"),
    ],
)
async def test_faulty_object_is_refused_and_costs_nothing(
    client: httpx.AsyncClient, sandbox: Sandbox, asked: Mapping[str, object], expected: str
) -> None:
    """An object with a fault is refused by itself, under its id, and is not charged."""
    assert [refused(expected)] == await results(client, asked)
    assert ((), Decimal("250.00")) == (sandbox.ledger.entries(), sandbox.balance)


@pytest.mark.parametrize("client_id", [None, 0, -1, 2**63, "", "abc", 1.5, True, [1], "9" * 30])
async def test_client_id_must_be_a_positive_number(
    client: httpx.AsyncClient, client_id: object
) -> None:
    """What is no id is refused, and not repeated in the answer."""
    assert [nameless("ERR_ID")] == await results(client, {**SMS, "id": client_id})


async def test_digits_in_quotes_are_taken_for_numbers(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Clients that send ids and phones as texts of digits are understood."""
    assert [accepted(7, 100500)] == await results(client, {**SMS, "id": "7", "phone": PHONE})
    assert [message.client_id for message in sandbox.messages(to=PHONE)] == [7]


async def test_client_id_is_taken_once(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A client's id used before is refused, in the same request, in a later one, in any type."""
    first = await results(client, VOICE_SMS, VOICE_SMS)
    assert [accepted(1, 100500), refused("ERR_DUPLICATE")] == first
    for again in (SMS, SAY, OTP, PIPELINE):
        assert [refused("ERR_DUPLICATE")] == await results(client, again)
    assert (1, Decimal("249.60")) == (sandbox.rings(PHONE), sandbox.balance)


async def test_refused_object_leaves_its_id_free(client: httpx.AsyncClient) -> None:
    """An id that was refused may be used for the mended object."""
    assert [refused("ERR_LENGTH")] == await results(client, {**SMS, "sms_message": ""})
    assert [accepted(1, 100500)] == await results(client, SMS)


async def test_one_refused_object_does_not_stop_the_others(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Each object of a request has its own fate, told in its place."""
    answer = await client.post(
        PAGE,
        json={
            "auth": KEY,
            "data": [SMS, "rubbish", {**SMS, "id": 3, "sms_message": ""}, {**VOICE_SMS, "id": 4}],
        },
    )
    expected = [
        accepted(1, 100500),
        nameless("ERR_FORMAT"),
        refused("ERR_LENGTH", 3),
        accepted(4, 100501),
    ]
    assert {"success": True, "data": expected} == answer.json()
    assert (len(sandbox.calls()), len(sandbox.messages())) == (1, 1)


@pytest.mark.parametrize("asked", [SMS, VOICE_SMS, SAY, OTP, PIPELINE])
async def test_operator_may_be_unsupported(
    client: httpx.AsyncClient, sandbox: Sandbox, asked: Mapping[str, object]
) -> None:
    """Every type that sends refuses the phones of operators the gateway does not work with."""
    sandbox.unsupported_operators.add("38050")
    assert [refused("Operator not supported")] == await results(client, asked)
    elsewhere = {**asked, "phone": 380671112233, "id": 2}
    assert (await ask_json(client, elsewhere))["data"] != [refused("Operator not supported", 2)]


async def test_parts_are_counted_and_charged(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A long text is several messages, sooner when it is not ASCII, and each costs the price."""
    texts = ["a" * 160, "a" * 161, "ї" * 70, "ї" * 71, "ї" * 135]
    objects = [{**SMS, "id": number, "sms_message": text} for number, text in enumerate(texts, 1)]
    await results(client, *objects)
    assert [message.parts for message in sandbox.messages()] == [1, 2, 1, 2, 3]
    assert Decimal("250.00") - 9 * Decimal("0.40") == sandbox.balance


async def test_money_ends_in_the_middle_of_a_request(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """The objects the balance still covers are accepted, the next is refused."""
    sandbox.balance = Decimal("0.79")
    assert [accepted(1, 100500), refused("Insufficient funds", 2)] == await results(
        client, SMS, {**SMS, "id": 2}
    )


async def test_queue_takes_the_same_and_answers_a_request_id(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """What is queued is handled alike, and only its taking is answered."""
    body = {"auth": KEY, "data": [VOICE_SMS, {**SMS, "id": 2}]}
    answer = await client.post("/v1/json", json=body)
    assert {"request_id", "success"} == set(answer.json())
    assert (len(sandbox.calls()), len(sandbox.messages())) == (1, 1)
