import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS

from alphasms_async import phone as phone_module
from alphasms_async.errors import InvalidPhoneNumber
from alphasms_async.phone import mask_digits, mask_phone, parse_phone, without_number

# Two ways to one answer, which only a test takes side by side.
dialled = phone_module._dialled  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - see above
looked_up = phone_module._looked_up  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - see above
E164 = re.compile(r"[1-9][0-9]{7,14}", re.ASCII)
REGIONS = st.sampled_from(sorted(SUPPORTED_REGIONS))


def refusal(text: Any, region: str = "UA") -> str:
    """Return the text of the refusal of what is no phone number."""
    with pytest.raises(InvalidPhoneNumber) as caught:
        parse_phone(text, region=region)
    return str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        "+380501234567",
        "380501234567",
        "0501234567",
        "80501234567",
        "501234567",
        "00380501234567",
        "+380 50 123 45 67",
        "+380 (50) 123-45-67",
        "+38 (050) 123-45-67",
        "+38 050 123 45 67",
        "(+380) 50 123 45 67",
        "( +380 ) 50 123 45 67",
        "+380 (0) 50 123 45 67",
        "8 (050) 123-45-67",
        "8-050-123-45-67",
        "+80501234567",
        "(050) 123 45 67",
        "050.123.45.67",
        "050/123-45-67",
        "050-123-45-67",
        "050\u2011123\u201345\u201467",
        "050\u2212123\u221245\u221267",
        "050\u00a0123\u202f45\u200967",
        "  0501234567\n",
        "\t+380501234567\r\n",
        "0 5 0 1 2 3 4 5 6 7",
        "\u202a+380501234567\u202c",
        "\ufeff05012\u200e34567",
        "٠٥٠١٢٣٤٥٦٧",
        "０５０１２３４５６７",
    ],
)
def test_every_form_people_write_is_one_number(written: str) -> None:
    """National, trunk and international forms of a Ukrainian mobile give the same digits."""
    assert parse_phone(written) == "380501234567"


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("044 123 45 67", "380441234567"),
        ("8 044 123 45 67", "380441234567"),
        ("0800 123 456", "380800123456"),
        ("8 0800 123 456", "380800123456"),
        ("+44 20 7946 0958", "442079460958"),
        ("0044 20 7946 0958", "442079460958"),
        ("+48 501 234 567", "48501234567"),
        ("0048501234567", "48501234567"),
        ("+1 (202) 555-0143", "12025550143"),
        ("+39 06 1234 5678", "390612345678"),
        ("+7 495 123 45 67", "74951234567"),
        ("+800 1234 5678", "80012345678"),
    ],
)
def test_other_numbers_keep_their_country(written: str, phone: str) -> None:
    """Landlines, free numbers and other countries' numbers come out as E.164 digits."""
    assert phone == parse_phone(written)


@pytest.mark.parametrize(
    "written",
    [
        *("442079460958", "48501234567", "12025550143", "80029022222"),
        # Home numbers with a digit lost, or twice there: they would ring somebody abroad.
        *("6632116669", "38958460605", "38673393934"),
    ],
)
def test_no_number_abroad_is_guessed(written: str) -> None:
    """Without a plus nobody in another country is rung; the line says what is missing."""
    with pytest.raises(InvalidPhoneNumber, match="another country, which is written with a plus"):
        parse_phone(written)


@pytest.mark.parametrize("written", ["667748333.0", "99513064.0", "380501234567.0"])
def test_what_a_spreadsheet_made_of_a_number_is_refused(written: str) -> None:
    """A number that went through a float has lost its zeros and is not dialled."""
    with pytest.raises(InvalidPhoneNumber, match="spreadsheet"):
        parse_phone(written)


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        # Read as the trunk prefix 8 0…, this one would ring somebody on Saint Helena.
        ("+80029022222", "80029022222"),
        # Read as the trunk prefix 8 089…, this one would ring a Ukrainian internet number.
        ("+80891234567", "80891234567"),
        ("80891234567", "380891234567"),
    ],
)
def test_a_trunk_prefix_never_takes_a_number_from_another_country(written: str, phone: str) -> None:
    """An international number that begins like the trunk prefix 8 0 rings where it belongs."""
    assert phone == parse_phone(written)


@pytest.mark.parametrize(
    ("region", "written", "phone"),
    [
        ("PL", "501 234 567", "48501234567"),
        ("PL", "0501234567", None),
        ("PL", "80501234567", None),
        ("PL", "380501234567", "380501234567"),
        ("US", "(202) 555-0143", "12025550143"),
        ("IT", "06 1234 5678", "390612345678"),
        ("DE", "030 901820", "4930901820"),
        ("GB", "020 7946 0958", "442079460958"),
        ("GB", "+380501234567", "380501234567"),
    ],
)
def test_national_forms_are_those_of_the_region(
    region: str, written: str, phone: str | None
) -> None:
    """A number without a country code is the region's, and Ukraine's forms are Ukraine's."""
    if phone is None:
        assert "use international form" in refusal(written, region)
    else:
        assert phone == parse_phone(written, region=region)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("\n", "is empty"),
        ("Olena", "has letters in it"),
        ("050-CALL-NOW", "has letters in it"),
        ("+380501234567 Olena", "has letters in it"),
        ("tel:+380501234567", "has letters in it"),
        ("0501234567 дод. 12", "has letters in it"),
        ("+380501234567x12", "has letters in it"),
        ("O501234567", "has letters in it"),
        ("3.80501E+11", "has letters in it"),
        ("101", "is a short code"),
        ("112", "is a short code"),
        ("+112", "is a short code"),
        ("7788", "is a short code"),
        ("123456", "is a short code"),
        ("+", "is not a number that can be dialled"),
        ("1234567", "is too short"),
        ("12345678", "is too short"),
        ("+38050123", "is too short"),
        ("050123456", "has 9 digits, 10 are expected"),
        ("0 67 123 45 000", "has 11 digits, 10 are expected"),
        ("0001234567", "is not in any operator's range"),
        ("+05012345678", "is not in any operator's range"),
        ("+380 00 123 45 67", "is not in any operator's range"),
        ("000000000000", "is not in any operator's range"),
        ("+999501234567", "is not in any operator's range"),
        ("1234567890123456", "is too long"),
        ("+380501234567 +380671234567", "is not a number that can be dialled"),
        ("0501234567, 0671234567", "is not a number that can be dialled"),
        ("0501234567; 0671234567", "is not a number that can be dialled"),
        ("0501234567/0671234567", "is too long"),
        ("0501234567\n0671234567", "is too long"),
        ("0501234567#12", "is not a number that can be dialled"),
        ("*111#", "is not a number that can be dialled"),
        ("'0501234567", "is not a number that can be dialled"),
        ("050_123_45_67", "is not a number that can be dialled"),
        ("38+0501234567", "is not a number that can be dialled"),
        ("+380501234567+", "is not a number that can be dialled"),
        ("++380501234567", "is not a number that can be dialled"),
        ("0501234567\x00", "is not a number that can be dialled"),
        ("²³⁴⁵⁶⁷⁸⁹⁰", "is not a number that can be dialled"),
        ("😀", "is not a number that can be dialled"),
        ("\ud800", "is not a number that can be dialled"),
        ("0" * 41, "is not a number that can be dialled"),
        ("0501234567" + " " * 30 + "1", "is not a number that can be dialled"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(text: str, reason: str) -> None:
    """Each kind of wrong input has its own reason, and what would be right, in one line."""
    told = refusal(text)
    assert reason in told
    assert [told] == told.splitlines()
    assert told.endswith("use international form, like +380 50 123 45 67")


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Olena", "the phone has letters in it"),
        ("1", "the phone 1 is a short code"),
        ("12", "the phone 12 is a short code"),
        ("+1 1-2", "the phone 112 is a short code"),
        ("7788", "the phone is a short code"),
        ("*111#", "the phone is not a number that can be dialled"),
        ("12345", "the phone ***45 is a short code"),
        ("1234567", "the phone *****67 is too short"),
        ("050123456", "the phone *******56 has 9 digits"),
        ("000000000000", "the phone 000*****0000 is not in any operator's range"),
        ("380501234567 Olena", "the phone 380*****4567 has letters in it"),
        ("0" * 41, "the phone, a text of 41 characters, is not a number that can be dialled"),
    ],
)
def test_a_refusal_is_a_sentence_with_a_subject(text: str, subject: str) -> None:
    """The phone is named as far as that gives nobody away: two digits are no person's number."""
    assert refusal(text).startswith(subject)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("12", "the phone is a short code or too short to be a phone number: use "),
        ("380501234567 Olena", "the phone has letters in it: use "),
        ("nobody", "the phone has letters in it: use "),
        ("0" * 41, "the phone, a text of 41 characters, is not a number that can be dialled: use "),
    ],
)
def test_refusals_of_many_numbers_say_the_same(text: str, told: str) -> None:
    """Without the number the same fault is the same sentence."""
    assert without_number(refusal(text)).startswith(told)


@pytest.mark.parametrize(
    "value", [None, 380501234567, 501234567.0, b"+380501234567", ["050"], True]
)
def test_what_is_no_text_is_refused_by_its_type(value: Any) -> None:
    """A number column read as integers has lost its zeros: the type is named, not guessed at."""
    assert f"a phone number is text, this is {type(value).__name__}" in refusal(value)


@pytest.mark.parametrize(
    "written",
    [
        # Valid at home in Japan, Germany and Indonesia, and no one abroad can dial them.
        "+8100668856806260",
        "+49720305146621464",
        "+62001803565038774",
        # Shorter than the gateway's own form.
        "+6834000",
        "+491640",
    ],
)
def test_a_number_that_e164_cannot_carry_is_refused(written: str) -> None:
    """A number that is valid inside its country only is not sent to the gateway."""
    assert "use international form" in refusal(written)


LIKE_A_NUMBER = st.text(st.sampled_from("0123456789+ ()-./\n\u00a0\u2013٣８²x#,;*"), max_size=44)


@given(st.text() | LIKE_A_NUMBER, REGIONS)
@example("+80029022222", "UA")
@example("+" + "0" * 39, "UA")
@example("(" * 40, "UA")
def test_any_text_is_e164_digits_or_refused(text: str, region: str) -> None:
    """Whatever is written, the result is 8 to 15 ASCII digits, or the one error."""
    try:
        phone = parse_phone(text, region=region)
    except InvalidPhoneNumber:
        return
    assert E164.fullmatch(phone)


@given(st.integers(0, 10**16).map(str) | LIKE_A_NUMBER, REGIONS)
def test_a_refusal_never_shows_the_whole_number(text: str, region: str) -> None:
    """The digits of a refused number of seven digits or more do not all stand in the error."""
    digits = "".join(re.findall(r"\d", text))
    try:
        parse_phone(text, region=region)
    except InvalidPhoneNumber as error:
        # The advice at the end has a number of its own.
        shown = str(error).removesuffix("use international form, like +380 50 123 45 67")
        assert len(digits) < 7 or digits not in "".join(re.findall(r"\d", shown))


@given(LIKE_A_NUMBER, REGIONS)
def test_what_was_understood_is_understood_again(text: str, region: str) -> None:
    """With its plus, a number that was understood once means itself in every country."""
    try:
        phone = parse_phone(text, region=region)
    except InvalidPhoneNumber:
        return
    assert phone == parse_phone(f"+{phone}", region="UA") == parse_phone(f"+{phone}", region=region)


@given(
    st.sampled_from(["50", "67", "63", "93", "95", "97", "98", "99", "44", "32"]),
    st.from_regex(r"[1-9][0-9]{6}", fullmatch=True),
    st.lists(st.sampled_from(["", " ", "-", ".", "\u00a0", " - "]), min_size=3, max_size=3),
    st.sampled_from(["+380", "380", "0", "80", "+38 (0", "00380", "8 (0"]),
)
def test_ukrainian_numbers_are_understood_however_they_are_grouped(
    code: str, rest: str, marks: list[str], prefix: str
) -> None:
    """Every usual prefix and every way to group the digits gives the same number."""
    close = ")" if "(" in prefix else ""
    written = f"{prefix}{code}{close}{marks[0]}{rest[:3]}{marks[1]}{rest[3:5]}{marks[2]}{rest[5:]}"
    assert f"380{code}{rest}" == parse_phone(written)


@given(
    st.sampled_from(["+380", "0", ""]),
    st.from_regex(r"[0-9]{2,4}", fullmatch=True),
    st.from_regex(r"[0-9]{4,8}", fullmatch=True),
    REGIONS | st.just("UA"),
)
def test_what_is_known_of_mobiles_is_what_the_library_knows(
    prefix: str, code: str, rest: str, region: str
) -> None:
    """The short way and the number library agree on every number, in every country."""
    assert dialled(f"{prefix}{code}{rest}", region) == looked_up(f"{prefix}{code}{rest}", region)


@pytest.mark.parametrize("prefix", ["+380", "0"])
@pytest.mark.parametrize("region", ["UA", "PL"])
def test_all_codes_are_what_the_library_knows(prefix: str, region: str) -> None:
    """There is no code of three digits for which the two disagree."""
    for code in range(1000):
        written = f"{prefix}{code:03}234567"
        assert dialled(written, region) == looked_up(written, region)


def test_a_mobile_is_known_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of a million mobiles is not a million questions to it."""
    monkeypatch.delattr(phone_module, "parse")
    for written in ("+380501234567", "380 50 123-45-67", "0501234567", "8 (050) 123 45 67"):
        assert parse_phone(written) == "380501234567"


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("380501234567", "380*****4567"),
        ("+380 50 123-45-67", "380*****4567"),
        ("0501234567", "050***4567"),
        ("80012345678", "800****5678"),
        ("123456789012345", "123********2345"),
        ("123456789", "*******89"),
        ("1234567", "*****67"),
        ("12345", "***45"),
        ("1234", "****"),
        ("1", "*"),
        ("Olena", "*****"),
        ("", "*"),
    ],
)
def test_a_masked_number_keeps_its_ends_only(phone: str, masked: str) -> None:
    """Enough stays to recognise a number one knows, and too little to dial it."""
    assert masked == mask_phone(phone)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call 380501234567 now", "call 380*****4567 now"),
        ("call +380501234567.", "call 380*****4567."),
        ("+380 (50) 123-45-67", "380*****4567"),
        ("050.123.45.67", "050***4567"),
        ("050 - 123 - 45 - 67", "050***4567"),
        ("050/1234567", "050***4567"),
        ("050\u2011123\u201345\u201467", "050***4567"),
        ("(050)    123    45    67", "(050***4567"),
        ("phone=380501234567&x=1", "phone=380*****4567&x=1"),
        ("٣٨٠٥٠١٢٣٤٥٦٧", "٣٨٠*****٤٥٦٧"),
        ("05012\u200e34567", "050***4567"),
        ("HTTP 502, 123456 bytes", "HTTP 502, 123456 bytes"),
        ("1 2 3 4 5 6", "1 2 3 4 5 6"),
        ("Errno 111", "Errno 111"),
        ("", ""),
    ],
)
def test_numbers_inside_a_text_are_masked(text: str, masked: str) -> None:
    """Runs of seven or more digits are masked in the form people write them, the rest is kept."""
    assert masked == mask_digits(text)


@given(LIKE_A_NUMBER, st.text(max_size=10), st.text(max_size=10))
def test_no_number_that_can_be_dialled_survives_masking(
    written: str, before: str, after: str
) -> None:
    """Whatever form `parse_phone` understands, `mask_digits` hides, wherever it stands."""
    try:
        parse_phone(written)
    except InvalidPhoneNumber:
        return
    digits = re.findall(r"\d", written)
    shown = re.findall(r"\d", mask_digits(f"{before}|{written}|{after}"))
    assert "".join(digits) not in "".join(shown)
