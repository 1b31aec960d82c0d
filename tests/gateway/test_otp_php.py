from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.errors import UnexpectedAnswer
from alphasms_async.gateway import json_php, otp_php
from alphasms_async.gateway.reading import read_code
from tests.gateway.answers import KEY, PHONE, answer

CODES = [f"{number:04d}" for number in range(10_000)]


def code_of(told: str) -> str:
    """Return the code of otp.php's answer that tells `told`, a piece of JSON."""
    return otp_php.read_call(answer(f'{{"id": 100500, "code": {told}}}'), PHONE).code


def tracked_code_of(told: str) -> str:
    """Return the code of json.php's answer that tells `told`, a piece of JSON."""
    body = f'{{"success": true, "data": [{{"success": true, "data": {{"code": {told}}}}}]}}'
    return json_php.read_otp_call(answer(body), 7, PHONE).code


def test_every_code_survives_as_a_number() -> None:
    """Each of 0000 to 9999 is read from the JSON number, which has lost its leading zeros."""
    assert [code_of(str(int(code))) for code in CODES] == CODES


def test_every_code_survives_as_a_string() -> None:
    """Each of 0000 to 9999 is read from a string of four digits."""
    assert [code_of(f'"{code}"') for code in CODES] == CODES


def test_every_code_survives_as_a_string_without_its_zeros() -> None:
    """Each of 0000 to 9999 is read from a string that has lost its leading zeros."""
    assert [code_of(f'"{int(code)}"') for code in CODES] == CODES


def test_every_code_survives_json_php() -> None:
    """json.php, which documents a string, is read alike, whichever it sends."""
    assert [tracked_code_of(f'"{code}"') for code in CODES] == CODES
    assert [tracked_code_of(str(int(code))) for code in CODES] == CODES


def test_the_documented_answers_of_both_pages_are_read() -> None:
    """The examples of the instruction and of the API pages give their codes."""
    assert (code_of("1234"), tracked_code_of('"0471"')) == ("1234", "0471")


@pytest.mark.parametrize(
    "told",
    [
        "10000",
        "-1",
        "-471",
        "471.0",
        "4.71e2",
        "true",
        "false",
        "null",
        '""',
        '" 471"',
        '"471 "',
        '"04710"',
        '"00471"',
        '"-471"',
        '"+471"',
        '"4 71"',
        '"4_71"',
        '"4.71"',
        '"0x1f"',
        '"abcd"',
        '"٠٤٧١"',
        '"²³"',
        "[471]",
        '{"code": 471}',
        "1" * 5000,
    ],
)
def test_what_is_no_code_is_unexpected(told: str) -> None:
    """A code that four digits cannot be is an unknown, for nobody could check it."""
    with pytest.raises(UnexpectedAnswer):
        code_of(told)
    with pytest.raises(UnexpectedAnswer):
        tracked_code_of(told)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.decimals(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_code_is_four_ascii_digits_or_nothing(told: Any) -> None:
    """Whatever is read as a code, the result is four ASCII digits or `None`."""
    code = read_code(told)
    assert code is None or (len(code) == 4 and code.isascii() and code.isdigit())


def test_a_missing_code_keeps_the_id() -> None:
    """A queued flash call without a code is unexpected, and can be asked for by its id."""
    with pytest.raises(UnexpectedAnswer) as caught:
        otp_php.read_call(answer({"id": 100500}), PHONE)
    assert caught.value.id == 100500


def test_an_unexpected_answer_tells_no_code() -> None:
    """The code of an answer that is otherwise unreadable does not stand in the error."""
    with pytest.raises(UnexpectedAnswer) as caught:
        otp_php.read_call(answer({"id": "x", "code": 8642}), PHONE)
    assert "8642" not in str(caught.value) + repr(caught.value)


def test_a_call_shows_neither_code_nor_phone() -> None:
    """The repr of a flash call holds no code and no whole phone."""
    call = otp_php.read_call(answer({"id": 100500, "code": 8642, "note": "8642"}), PHONE)
    assert repr(call) == "OtpCall(id=100500, phone=380*****4567)"


def test_a_tracked_call_shows_neither_code_nor_phone() -> None:
    """The repr of a json.php flash call holds no code and no whole phone."""
    body = '{"success": true, "data": [{"success": true, "data": {"code": "8642", "price": 0.4}}]}'
    call = json_php.read_otp_call(answer(body), 7, PHONE)
    assert repr(call) == "TrackedOtpCall(client_id=7, price=Decimal('0.4'), phone=380*****4567)"


def test_the_request_holds_key_and_phone_and_no_hook() -> None:
    """The form has the two documented fields, byte for byte as curl would send them."""
    request = otp_php.call(KEY, PHONE)
    boundary = request.content_type.removeprefix("multipart/form-data; boundary=")
    assert (
        f'--{boundary}\r\nContent-Disposition: form-data; name="key"\r\n\r\n{KEY}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="phone"\r\n\r\n{PHONE}\r\n'
        f"--{boundary}--\r\n"
    ).encode() == b"".join(request.pieces)


def test_a_hook_follows_the_documented_fields() -> None:
    """The undocumented hook is sent only when given, and last."""
    (body,) = otp_php.call(KEY, PHONE, hook="https://app.example/h?id=1").pieces
    assert b'name="hook"\r\n\r\nhttps://app.example/h?id=1\r\n--' in body
    assert body.index(b'"phone"') < body.index(b'"hook"')


def test_the_request_names_its_page_and_shows_no_secret() -> None:
    """The request names otp.php, and its repr and words hide key and phone."""
    request = otp_php.call(KEY, PHONE)
    assert (request.page, request.asked) == ("/api/otp.php", "OTP call to 380*****4567")
    assert not any(secret in repr(request) for secret in (KEY, PHONE))
