import json
from typing import Any

import pytest

from alphasms_async import errors
from alphasms_async.errors import AlphaSMSError, GatewayError
from alphasms_async.gateway import http_php, json_php, otp_php, voice_php, xml_php
from tests.gateway.answers import KEY, PHONE, answer

# Written out from the provider's instruction, sections 2 and 4: not taken from the code.
OTP_TEXTS: dict[str, type[GatewayError]] = {
    "API key missing": errors.ApiKeyMissing,
    "Wrong API key": errors.WrongApiKey,
    "Banned": errors.AccountBanned,
    "API disabled": errors.ApiDisabled,
    "IP denied": errors.IpDenied,
    'Param "phone" is missing': errors.PhoneMissing,
    "Insufficient funds": errors.InsufficientFunds,
}
VOICE_TEXTS: dict[str, type[GatewayError]] = OTP_TEXTS | {
    "No sound file": errors.SoundFileMissing,
    "Error uploading file": errors.UploadFailed,
    "File is too big": errors.FileTooBig,
    "Invalid file format": errors.InvalidFileFormat,
    "Unsupported audio format": errors.UnsupportedAudioFormat,
    "Invalid audio duration": errors.InvalidAudioDuration,
}
JSON_TEXTS: dict[str, type[GatewayError]] = {
    "Access denied": errors.AccessDenied,
    "Error in Alpha-name": errors.SenderError,
    "Operator not supported": errors.OperatorNotSupported,
}
XML_CODES: dict[int, type[GatewayError]] = {
    200: errors.UnknownGatewayError,
    201: errors.RequestRejected,
    202: errors.WrongApiKey,
    205: errors.AccountBanned,
    209: errors.ApiDisabled,
    210: errors.IpDenied,
    212: errors.RateLimited,
}


def refused(*texts: Any, status: int = 200, **headers: str) -> AlphaSMSError:
    """Return what voice.php's answer with these texts is raised as."""
    with pytest.raises(AlphaSMSError) as caught:
        voice_php.read_call(answer({"errors": list(texts)}, status, headers), PHONE)
    return caught.value


def test_voice_php_has_thirteen_documented_texts_and_otp_php_seven() -> None:
    """The tables of this file are as long as the instruction's lists."""
    assert (len(VOICE_TEXTS), len(OTP_TEXTS)) == (13, 7)


def test_no_two_documented_texts_share_a_class() -> None:
    """Each of the instruction's texts has a class of its own."""
    assert len(set(VOICE_TEXTS.values())) == 13


@pytest.mark.parametrize(("text", "kind"), VOICE_TEXTS.items())
def test_each_text_of_voice_php_raises_its_own_class(text: str, kind: type[GatewayError]) -> None:
    """A documented text of voice.php becomes exactly the class of the table."""
    error = refused(text)
    assert kind is type(error)
    assert (text,) == getattr(error, "messages", None)


@pytest.mark.parametrize(("text", "kind"), OTP_TEXTS.items())
def test_each_text_of_otp_php_raises_its_own_class(text: str, kind: type[GatewayError]) -> None:
    """A documented text of otp.php becomes exactly the class of the table."""
    with pytest.raises(GatewayError) as caught:
        otp_php.read_call(answer({"errors": [text]}), PHONE)
    assert kind is type(caught.value)


@pytest.mark.parametrize(("text", "kind"), (VOICE_TEXTS | JSON_TEXTS).items())
def test_each_text_of_json_php_raises_its_own_class(text: str, kind: type[GatewayError]) -> None:
    """A documented text in json.php's refusal of a whole request becomes the class of the table."""
    with pytest.raises(GatewayError) as caught:
        json_php.read_single(answer({"success": False, "error": text}))
    assert kind is type(caught.value)


@pytest.mark.parametrize(("text", "kind"), (VOICE_TEXTS | JSON_TEXTS).items())
def test_each_text_of_one_object_raises_its_own_class(text: str, kind: type[GatewayError]) -> None:
    """A documented text in json.php's refusal of one object becomes the class of the table."""
    item = {"success": False, "error": text, "data": {"id": 100500}}
    with pytest.raises(GatewayError) as caught:
        json_php.read_single(answer({"success": True, "data": [item]}))
    assert kind is type(caught.value)


@pytest.mark.parametrize(("code", "kind"), XML_CODES.items())
def test_each_error_code_of_xml_php_raises_its_own_class(
    code: int, kind: type[GatewayError]
) -> None:
    """A documented code in xml.php's refusal becomes the class of the table."""
    with pytest.raises(GatewayError) as caught:
        xml_php.read_statuses(answer(f"<package><error>{code}</error></package>"), [100500])
    assert kind is type(caught.value)


def test_an_unknown_command_is_a_rejected_request() -> None:
    """The one documented refusal of http.php is `RequestRejected`."""
    with pytest.raises(errors.RequestRejected, match="Unknown command"):
        http_php.read_status(answer("errors:Unknown command"), 100500)


@pytest.mark.parametrize(
    "told",
    [
        "wrong api key",
        "WRONG API KEY",
        "  Wrong API key  ",
        "Wrong API key.",
        "Wrong API key . ",
        "\tWrong API key\n",
    ],
)
def test_case_outer_spaces_and_a_final_dot_do_not_matter(told: str) -> None:
    """A documented text is known however it is cased, spaced outside, or ended."""
    assert errors.WrongApiKey is type(refused(told))


@pytest.mark.parametrize("told", ["Wrong  API key", "Wrong API key!", "Wrong API key..", "Wrong"])
def test_a_text_that_is_nearly_documented_is_unknown(told: str) -> None:
    """A text is matched whole, never by a part of it."""
    assert errors.UnknownGatewayError is type(refused(told))


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (("No sound file", "Wrong API key"), errors.WrongApiKey),
        (("Wrong API key", "No sound file"), errors.WrongApiKey),
        (('Param "phone" is missing', "Insufficient funds"), errors.InsufficientFunds),
        (('Param "phone" is missing', "No sound file"), errors.SoundFileMissing),
        (("Banned", "API key missing"), errors.ApiKeyMissing),
        (("Something new", 'Param "phone" is missing'), errors.PhoneMissing),
        (("Something new", "Banned"), errors.AccountBanned),
        (("Banned", "ERR_DUPLICATE"), errors.DuplicateId),
        (("Error in Alpha-name", "ERR_THROTTLE"), errors.RateLimited),
        (("Operator not supported", "Error in Alpha-name"), errors.SenderError),
    ],
)
def test_of_several_texts_the_gravest_gives_the_class(
    texts: tuple[str, ...], kind: type[GatewayError]
) -> None:
    """Several texts raise the class with the widest reach, and all of them are kept in order."""
    error = refused(*texts)
    assert kind is type(error)
    assert texts == getattr(error, "messages", None)


def test_an_unknown_text_is_kept() -> None:
    """A text nobody documented is kept word for word."""
    error = refused("Line is busy, try after 18:00")
    assert errors.UnknownGatewayError is type(error)
    assert '"Line is busy, try after 18:00"' in str(error)


@pytest.mark.parametrize(
    "told",
    [
        f"Bad request key={KEY}&phone={PHONE}",
        f"{KEY}{KEY}",
        "Number +380 50 123-45-67 is blocked",
        "Number 380.50.123.45.67 is blocked",
        f"{PHONE}\n{KEY}",
    ],
)
def test_an_unknown_text_shows_neither_key_nor_phone(told: str) -> None:
    """What the gateway echoes of our request is masked in its refusal."""
    error = refused(told)
    assert isinstance(error, errors.UnknownGatewayError)
    shown = repr(error) + str(error) + repr(error.messages)
    assert not any(secret in shown for secret in (KEY, PHONE, "123-45-67", "123.45.67"))


def test_an_unknown_text_is_shown_in_one_line_without_escapes() -> None:
    """Control characters of an unknown text do not reach a terminal."""
    text = str(refused("first\r\nsecond\x1b[31m\u2028third\x85"))
    assert [text] == text.splitlines()
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "told", ["Banned", ["Banned"], {"2": "Banned"}, [None, 7, "", "Banned"], ["Banned", {}]]
)
def test_the_texts_are_found_in_every_shape_php_gives_a_list(told: Any) -> None:
    """A text, a list, a list with holes and one with rubbish beside the text are all understood."""
    with pytest.raises(errors.AccountBanned) as caught:
        voice_php.read_call(answer({"errors": told}), PHONE)
    assert caught.value.messages == ("Banned",)


@pytest.mark.parametrize("told", [True, 7, [7], [""], [["Banned"]], {"a": {}}, [{"text": "x"}]])
def test_errors_without_a_text_settle_nothing(told: Any) -> None:
    """An answer that speaks of errors in no readable way is unexpected, never a success."""
    with pytest.raises(errors.UnexpectedAnswer):
        voice_php.read_call(answer({"errors": told, "price": "0.40"}), PHONE)


@pytest.mark.parametrize("told", [[], None, "", False, {}])
def test_empty_errors_beside_an_id_are_a_success(told: Any) -> None:
    """An answer that lists no errors is no refusal."""
    call = voice_php.read_call(answer({"id": 100500, "price": "0.4", "errors": told}), PHONE)
    assert call.id == 100500


def test_a_refusal_keeps_the_status_and_the_request() -> None:
    """A refusal knows the HTTP status it came with and says what was asked."""
    error = refused("Banned", status=403)
    assert isinstance(error, errors.AccountBanned)
    assert error.status_code == 403
    assert str(error).startswith("voice call to 380*****4567: ")


def test_json_escapes_do_not_hide_a_text() -> None:
    """A text written with JSON's escapes is the same text."""
    body = json.dumps({"errors": ['Param "phone" is missing']}).replace("P", "\\u0050")
    with pytest.raises(errors.PhoneMissing):
        voice_php.read_call(answer(body), PHONE)
