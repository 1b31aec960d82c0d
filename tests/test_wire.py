"""The shape on the wire: each method's whole request, from its URL to the last byte of its body."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import respx
from attrs import frozen

from alphasms_async import (
    AlphaSMS,
    RcsStep,
    Recording,
    Sms,
    SmsStep,
    Step,
    TelegramStep,
    ViberStep,
    Voice,
    VoiceStep,
)
from tests.sounds import wav

pytestmark = pytest.mark.anyio

KEY = "5d41402abc4b2a76b9719d911017c592"
PHONE = "+38 (050) 123-45-67"
DIGITS = "380501234567"
HOOK = "https://app.example/hook?id=123456&t=a%20b"
AUDIO = wav(seconds=0.05)
BIG_AUDIO = wav(seconds=20)

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
XML = "text/xml; charset=utf-8"
OTP_BOUNDARY = f"alphasms-{'ab' * 16}"

Call = Callable[[AlphaSMS], Awaitable[Any]]


@frozen
class Shape:
    """One method and the request it makes."""

    name: str
    call: Call
    page: str
    content_type: str
    body: bytes
    answer: str


def boundary_of(audio: bytes) -> str:
    return f"alphasms-{hashlib.sha256(audio).hexdigest()[:32]}"


def form_of(audio: bytes, *fields: tuple[str, str]) -> bytes:
    """The body of voice.php: the recording, then each field, then the end."""
    boundary = boundary_of(audio)
    return (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="voice"; filename="audio.wav"'
            "\r\nContent-Type: audio/wav\r\n\r\n"
        ).encode()
        + audio
        + b"\r\n"
        + texts_of(boundary, *fields)
    )


def texts_of(boundary: str, *fields: tuple[str, str]) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode()


def voice(name: str, call: Call, audio: bytes, *more: tuple[str, str]) -> Shape:
    body = form_of(audio, ("key", KEY), ("phone", DIGITS), *more)
    content_type = f"multipart/form-data; boundary={boundary_of(audio)}"
    return Shape(name, call, "voice", content_type, body, '{"id": 1, "price": 0.40}')


def otp(name: str, call: Call, *more: tuple[str, str]) -> Shape:
    body = texts_of(OTP_BOUNDARY, ("key", KEY), ("phone", DIGITS), *more)
    content_type = f"multipart/form-data; boundary={OTP_BOUNDARY}"
    return Shape(name, call, "otp", content_type, body, '{"id": 1, "code": 471}')


def plain(name: str, call: Call, fields: str, answer: str) -> Shape:
    body = f"version=http&key={KEY}&{fields}".encode()
    return Shape(name, call, "http", FORM, body, answer)


def json_of(name: str, call: Call, objects: str, data: str) -> Shape:
    body = f'{{"auth":"{KEY}","data":[{objects}]}}'.encode()
    answer = f'{{"success": true, "data": [{{"success": true, "data": {data}}}]}}'
    return Shape(name, call, "json", JSON, body, answer)


STEPS: list[Step] = [
    TelegramStep("0471"),
    VoiceStep("Код 4", Voice("male", "ru-RU", "ru-RU-Standard-B"), dtmf=True),
    ViberStep("Текст", "Shop"),
    RcsStep("Текст", "Shop"),
    SmsStep("Текст", "MyShop"),
]
CHANNELS = (
    '"telegram":{"message":"0471"},'
    '"voice":{"message":"Код 4","voice":{"gender":"male","language":"ru-RU",'
    '"name":"ru-RU-Standard-B"},"dtmf":true},'
    '"viber":{"type":"text","signature":"Shop","message":"Текст"},'
    '"rcs":{"signature":"Shop","message":"Текст"},'
    '"sms":{"signature":"MyShop","message":"Текст"}'
)
STANDARD_VOICE = '{"gender":"female","language":"uk-UA","name":"uk-UA-Standard-A"}'
SENT = '{"id": 7, "msg_id": 100500, "data": 1, "parts": 1}'

SHAPES = (
    voice("voice.call", lambda api: api.voice.call(PHONE, AUDIO), AUDIO),
    voice(
        "voice.call with all",
        lambda api: api.voice.call(PHONE, AUDIO, hook=HOOK, dtmf=True),
        AUDIO,
        ("hook", HOOK),
        ("dtmf", "true"),
    ),
    voice("voice.call with a big file", lambda api: api.voice.call(PHONE, BIG_AUDIO), BIG_AUDIO),
    json_of(
        "voice.say",
        lambda api: api.voice.say(PHONE, "Привіт", client_id=7),
        f'{{"type":"voice","id":7,"phone":{DIGITS},"message":"Привіт",'
        f'"voice":{STANDARD_VOICE},"dtmf":false}}',
        SENT,
    ),
    json_of(
        "voice.say with all",
        lambda api: api.voice.say(
            PHONE, 'A "b"', voice=Voice("male", "en-US", "n"), dtmf=True, hook=HOOK, client_id=7
        ),
        f'{{"type":"voice","id":7,"phone":{DIGITS},"message":"A \\"b\\"",'
        '"voice":{"gender":"male","language":"en-US","name":"n"},"dtmf":true,'
        f'"hook":"{HOOK}"}}',
        SENT,
    ),
    otp("otp.call", lambda api: api.otp.call(PHONE)),
    otp("otp.call with a hook", lambda api: api.otp.call(PHONE, hook=HOOK), ("hook", HOOK)),
    json_of(
        "otp.call_tracked",
        lambda api: api.otp.call_tracked(PHONE, client_id=7, hook=HOOK),
        f'{{"type":"call/otp","id":7,"phone":{DIGITS},"hook":"{HOOK}"}}',
        '{"code": "0471", "price": 0.1}',
    ),
    json_of(
        "voice_sms.send",
        lambda api: api.voice_sms.send(PHONE, "Код 0471", client_id=7, hook=HOOK, lifetime=3600),
        f'{{"type":"sms","id":7,"phone":{DIGITS},"sms_signature":"Voice",'
        f'"sms_message":"Код 0471","sms_lifetime":3600,"hook":"{HOOK}"}}',
        SENT,
    ),
    json_of(
        "sms.send",
        lambda api: api.sms.send(PHONE, "Hi", sender="MyShop", client_id=7),
        f'{{"type":"sms","id":7,"phone":{DIGITS},"sms_signature":"MyShop","sms_message":"Hi"}}',
        SENT,
    ),
    json_of(
        "sms.send with all",
        lambda api: api.sms.send(
            PHONE,
            "Hi",
            sender="MyShop",
            client_id=7,
            hook=HOOK,
            lifetime=259200,
            short_link="s",
            unsubscribe_link="u",
        ),
        f'{{"type":"sms","id":7,"phone":{DIGITS},"sms_signature":"MyShop","sms_message":"Hi",'
        f'"sms_lifetime":259200,"short_link":"s","unsubscribe_link":"u","hook":"{HOOK}"}}',
        SENT,
    ),
    json_of(
        "sms.send_many",
        lambda api: api.sms.send_many(
            [Sms(PHONE, "Hi", "MyShop", 7), Sms("0671112233", "Ho", "Voice", 8)]
        ),
        f'{{"type":"sms","id":7,"phone":{DIGITS},"sms_signature":"MyShop","sms_message":"Hi"}},'
        '{"type":"sms","id":8,"phone":380671112233,"sms_signature":"Voice","sms_message":"Ho"}',
        SENT,
    ),
    json_of(
        "pipeline.send",
        lambda api: api.pipeline.send(PHONE, STEPS, client_id=7, hook=HOOK),
        '{"type":"pipeline","pipeline":["telegram","voice","viber","rcs","sms"],'
        f'"id":7,"phone":{DIGITS},{CHANNELS},"hook":"{HOOK}"}}',
        SENT,
    ),
    plain(
        "status.get", lambda api: api.status.get(100500), "command=receive&id=100500", "status:Sent"
    ),
    Shape(
        "status.get_many",
        lambda api: api.status.get_many([100500, 100501]),
        "xml",
        XML,
        b'<?xml version="1.0" encoding="utf-8"?>\n'
        + f'<package key="{KEY}"><status><msg sms_id="100500"/>'.encode()
        + b'<msg sms_id="100501"/></status></package>',
        '<package><status><msg sms_id="100500">102</msg></status></package>',
    ),
    json_of(
        "status.by_client_id",
        lambda api: api.status.by_client_id([7, 8]),
        '{"type":"status","id":7},{"type":"status","id":8}',
        '{"id": 7, "status": "QUEUED"}',
    ),
    json_of(
        "account.balance",
        lambda api: api.account.balance(),
        '{"type":"balance"}',
        '{"amount": 1.5, "currency": "UAH"}',
    ),
    plain(
        "account.price",
        lambda api: api.account.price(PHONE),
        f"command=price&to={DIGITS}",
        "price:1.2 currency:UAH",
    ),
)


async def request_of(call: Call, page: str, answer: str) -> httpx.Request:
    """Make a call through the default transport, and return what reached the wire."""
    with respx.mock() as router:
        route = router.route().respond(200, text=answer)
        async with AlphaSMS(KEY) as api:
            await call(api)
        assert route.call_count == 1
        request: httpx.Request = route.calls.last.request
        return request


@pytest.fixture(autouse=True)
def known_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms without a recording draw their boundary by lot."""

    def drawn(size: int) -> str:
        return "ab" * size

    monkeypatch.setattr("secrets.token_hex", drawn)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_request_is_whole(shape: Shape) -> None:
    """A method makes exactly this request: method, URL, headers and body."""
    request = await request_of(shape.call, shape.page, shape.answer)
    head = (request.method, str(request.url), request.headers.multi_items())
    expected = [
        ("host", "alphasms.ua"),
        ("accept", "*/*"),
        ("accept-encoding", "identity"),
        ("user-agent", "alphasms-async"),
        ("content-type", shape.content_type),
        ("content-length", str(len(shape.body))),
    ]
    assert ("POST", f"https://alphasms.ua/api/{shape.page}.php", expected) == head
    assert shape.body == request.content


def test_every_method_has_a_shape() -> None:
    """No method of any namespace is left out of the table, but the lookup below."""
    api = AlphaSMS(KEY)
    methods = {
        f"{space}.{name}"
        for space, service in vars(api).items()
        if not space.startswith("_")
        for name in dir(service)
        if not name.startswith("_")
    }
    assert methods == {shape.name.partition(" ")[0] for shape in SHAPES} | {"account.lookup"}


async def test_lookup_carries_an_id_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """`account.lookup` has no id to choose, so its object carries a fresh one."""

    def drawn(below: int) -> int:
        return 41

    monkeypatch.setattr("secrets.randbelow", drawn)
    answer = '{"success": true, "data": [{"success": true, "data": {"status": "DELIVERED"}}]}'
    request = await request_of(lambda api: api.account.lookup(PHONE), "json", answer)
    expected = f'{{"auth":"{KEY}","data":[{{"type":"hlr","id":42,"phone":{DIGITS}}}]}}'
    assert expected.encode() == request.content


async def test_recording_is_sent_under_a_name_of_ours(tmp_path: Any) -> None:
    """The name and the place of a file do not leave the machine."""
    path = tmp_path / "secret-customer.wav"
    path.write_bytes(AUDIO)
    request = await request_of(
        lambda api: api.voice.call(PHONE, path), "voice", '{"id": 1, "price": 0}'
    )
    assert form_of(AUDIO, ("key", KEY), ("phone", DIGITS)) == request.content


async def test_base_url_may_have_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway below a path and on a port of its own is asked there."""
    monkeypatch.setenv("ALPHASMS_BASE_URL", "https://Gateway.example:8443/v2/")
    request = await request_of(lambda api: api.status.get(1), "http", "status:Sent")
    assert str(request.url) == "https://gateway.example:8443/v2/api/http.php"
    assert request.headers["host"] == "gateway.example:8443"


async def test_a_loaded_recording_is_sent_as_its_bytes_are() -> None:
    """A `Recording` and its bytes make the same request."""
    recording = Recording.from_bytes(BIG_AUDIO)
    request = await request_of(
        lambda api: api.voice.call(PHONE, recording), "voice", '{"id": 1, "price": 0}'
    )
    assert form_of(BIG_AUDIO, ("key", KEY), ("phone", DIGITS)) == request.content
