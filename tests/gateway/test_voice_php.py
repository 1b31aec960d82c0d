from decimal import Decimal
from typing import Any

import pytest

from alphasms_async.errors import UnexpectedAnswer
from alphasms_async.gateway import voice_php
from alphasms_async.models import VoiceCall
from alphasms_async.recording import Recording
from tests.gateway.answers import KEY, PHONE, answer
from tests.sounds import wav

RECORDING = Recording.from_bytes(wav(seconds=0.1))


def test_the_request_is_a_post_to_its_page_that_shows_no_secret() -> None:
    """The request names voice.php, and its repr and words hide key and phone."""
    request = voice_php.call(KEY, PHONE, RECORDING, hook="https://app.example/?p=9", dtmf=True)
    assert (request.page, request.asked) == ("/api/voice.php", "voice call to 380*****4567")
    assert not any(secret in repr(request) for secret in (KEY, PHONE, "app.example"))


def test_the_documented_answer_is_a_queued_call() -> None:
    """The instruction's own example gives the id and the price to the kopiyka."""
    call = voice_php.read_call(answer('{\n  "id": 100500,\n  "price": 0.40\n}'), PHONE)
    assert VoiceCall(100500, Decimal("0.40"), PHONE, {"id": 100500, "price": Decimal("0.40")}) == (
        call
    )


@pytest.mark.parametrize(
    ("told", "call_id"),
    [
        ("100500", 100500),
        ('"100500"', 100500),
        ('"00100500"', 100500),
        ("1", 1),
        ("9223372036854775807", 2**63 - 1),
        ('"9223372036854775807"', 2**63 - 1),
    ],
)
def test_an_id_is_a_number_or_digits(told: str, call_id: int) -> None:
    """Ids come as numbers or as strings of digits."""
    call = voice_php.read_call(answer(f'{{"id": {told}, "price": 1}}'), PHONE)
    assert call_id == call.id


@pytest.mark.parametrize(
    "told",
    [
        "0",
        "-1",
        "1.0",
        "1e5",
        "true",
        "false",
        "null",
        '""',
        '"-1"',
        '" 1"',
        '"1_0"',
        '"0x1"',
        '"١٢"',
        "9223372036854775808",
        '"9223372036854775808"',
        "[1]",
        '{"id": 1}',
        "1" * 400,
    ],
)
def test_an_unreadable_id_is_no_success(told: str) -> None:
    """An answer whose id cannot be read is unexpected: nobody could ask for that call."""
    with pytest.raises(UnexpectedAnswer) as caught:
        voice_php.read_call(answer(f'{{"id": {told}, "price": 0.40}}'), PHONE)
    assert caught.value.id is None


@pytest.mark.parametrize("price", ["null", "true", '""', '"much"', "-0.4", "[]", '"0,40"', "{}"])
def test_an_id_without_a_price_is_unexpected_and_keeps_the_id(price: str) -> None:
    """A call that was queued at an unreadable price can still be asked for by its id."""
    with pytest.raises(UnexpectedAnswer) as caught:
        voice_php.read_call(answer(f'{{"id": 100500, "price": {price}}}'), PHONE)
    assert caught.value.id == 100500


def test_a_missing_price_keeps_the_id() -> None:
    """The same holds when there is no price at all."""
    with pytest.raises(UnexpectedAnswer) as caught:
        voice_php.read_call(answer({"id": 100500}), PHONE)
    assert caught.value.id == 100500


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"0",
        b"[]",
        b"[100500, 0.40]",
        b'[{"id": 100500, "price": 0.40}]',
        b"OK",
        b'{"id": 100500, "price": 0.40',
        b'{"id": 100500, "price": 0.40}{}',
        b'<br />\n<b>Warning</b>: x in y\n{"id": 100500, "price": 0.40}',
        b'{"ID": 100500, "PRICE": 0.40}',
        b'{"data": {"id": 100500, "price": 0.40}}',
        b'\xff\xfe{"id": 100500, "price": 0.40}',
        b"{'id': 100500, 'price': 0.40}",
        b'{"id": 100500, "price": NaN}',
        b'{"id": 100500, "price": Infinity}',
        b'{"id": 100500, "price": -Infinity}',
        b'{"x": ' + b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
def test_what_is_not_the_documented_object_is_never_a_success(body: bytes) -> None:
    """A cut, wrapped, decorated or foreign body is unexpected."""
    with pytest.raises(UnexpectedAnswer):
        voice_php.read_call(answer(body), PHONE)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    """PHP files saved with a byte order mark send one before the JSON."""
    call = voice_php.read_call(answer(b'\xef\xbb\xbf{"id": 7, "price": 0}'), PHONE)
    assert (7, Decimal(0)) == (call.id, call.price)


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_any_2xx_may_carry_the_success(status: int) -> None:
    """The success is the body's to tell, on any 2xx."""
    assert voice_php.read_call(answer({"id": 7, "price": 1}, status), PHONE).id == 7


def test_fields_nobody_documented_are_kept() -> None:
    """`raw` holds the whole answer as it came."""
    body: dict[str, Any] = {"id": 7, "price": 1, "queue": {"place": 3}, "currency": "UAH"}
    assert body == voice_php.read_call(answer(body), PHONE).raw


def test_a_call_shows_no_whole_phone() -> None:
    """The repr of a call masks the phone and leaves the raw fields out."""
    call = voice_php.read_call(answer({"id": 7, "price": 1, "phone": PHONE}), PHONE)
    assert repr(call) == "VoiceCall(id=7, price=Decimal('1'), phone=380*****4567)"
