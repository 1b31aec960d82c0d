"""Phone numbers: what people type, turned into the digits the gateway takes.

Everything that is shown of a number passes through `mask_phone` or `mask_digits`; a whole
number stands only on the wire and in the files a person asked for.
"""

import re
import unicodedata

from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    is_valid_number,
    parse,
)

from alphasms_async.errors import InvalidPhoneNumber

__all__ = [
    "DEFAULT_REGION",
    "mask_digits",
    "mask_known_phone",
    "mask_phone",
    "parse_phone",
    "without_number",
]

DEFAULT_REGION = "UA"

_RIGHT = "use international form, like +380 50 123 45 67"
_BETWEEN = r"\s()./\-\u2010-\u2015\u2212"
_WRITTEN = re.compile(rf"[\s(]*\+?[\s(]*\d[\d{_BETWEEN}]*")
_LONG_RUN = re.compile(rf"\+?\d(?:[{_BETWEEN}]*\d){{6,}}")
_GATEWAY_FORM = re.compile(r"380\d{9}")
_TRUNK_EIGHT = re.compile(r"80[1-9]\d{8}")
_HOME = re.compile(r"0[1-9]\d*")
_HOME_DIGITS = 10
_NO_DIGITS = re.compile(r"\D+")
_E164_DIGITS = range(8, 16)
# Where a number was read as one: the zeros in front are gone, and this would be dialled.
_SPREADSHEET_END = ".0"
_LONGEST_INPUT = 40
_LONGEST_SHORT_CODE = 6
# So few digits are nobody's number, and tell which of several is meant.
_LONGEST_SHOWN_CODE = 3
_NAMED = re.compile(r"\Athe phone [\d*]+ ")


def _ukrainian_mobiles() -> re.Pattern[str]:
    """Return what the number library takes for one, behind the country code or the trunk prefix."""
    metadata = PhoneMetadata.metadata_for_region("UA")
    assert metadata is not None  # noqa: S101 - the library has a country or is not installed whole
    assert metadata.mobile is not None  # noqa: S101 - likewise
    return re.compile(rf"(\+380|0)({metadata.mobile.national_number_pattern})", re.ASCII)


_UKRAINIAN_MOBILE = _ukrainian_mobiles()


def mask_phone(phone: str) -> str:
    """Return the number with its middle hidden: `380*****4567`.

    Fewer than ten digits keep their last two at most, so that a short or broken number does
    not stand there whole.
    """
    digits = [character for character in phone if character.isdigit()]
    if len(digits) >= 10:
        return "".join(digits[:3]) + "*" * (len(digits) - 7) + "".join(digits[-4:])
    if len(digits) >= 5:
        return "*" * (len(digits) - 2) + "".join(digits[-2:])
    return "*" * max(len(phone), 1)


def mask_known_phone(phone: str | None) -> str:
    """Return the number with its middle hidden, for one that may not be known: then `None`."""
    return "None" if phone is None else mask_phone(phone)


def mask_digits(text: str) -> str:
    """Return the text with every run of seven or more digits masked like a phone number.

    Whatever people write between the digits of a number does not end a run.
    """
    return _LONG_RUN.sub(lambda run: mask_phone(run.group()), _visible(text))


def without_number(refusal: str) -> str:
    """Return what an `InvalidPhoneNumber` says, without the number that it was about."""
    return _NAMED.sub("the phone ", refusal)


def parse_phone(text: str, *, region: str = DEFAULT_REGION) -> str:
    """Return a dialled, national or international number as E.164 digits without the plus.

    Numbers of other countries than `region` are written with a plus or with 00.

    Args:
        text: The number as people write it: `+380 50 123-45-67`, `0501234567`, `80501234567`,
            `380501234567`.
        region: The ISO 3166 code of the country whose national numbers are meant where no
            country code is written.

    Raises:
        InvalidPhoneNumber: The text is not a number that can be dialled from abroad: it has
            letters, is too short or too long, is a short code, or its country has no such range.
    """
    written = _written(text)
    digits = _NO_DIGITS.sub("", written)
    # The trunk prefix of Soviet times, still in many address books: 8 0XX is today's 0XX.
    trunk = [digits[1:]] if region == "UA" and _TRUNK_EIGHT.fullmatch(digits) else []
    # With the plus, +800 and +808 are country codes first. Without it no other country's is
    # looked for: a home number with a digit too many would ring a stranger abroad.
    # The gateway's own digits are known wherever home is.
    is_known = "+" in written or _GATEWAY_FORM.fullmatch(digits)
    candidates = [f"+{digits}", *trunk] if is_known else [*trunk, digits]
    for candidate in candidates:
        dialled = _dialled(candidate, region)
        if dialled is not None:
            return dialled
    is_home = region == "UA" and "+" not in written and _HOME.fullmatch(digits) is not None
    raise _refusal(text, digits, abroad=_dialled(f"+{digits}", region) is not None, home=is_home)


def _written(text: str) -> str:
    """Refuse what is no number before the number library, which reads words as digits, sees it."""
    if not isinstance(text, str):
        # Checked at run time too: a number column read as integers has lost its leading zeros.
        kind = type(text).__name__
        raise InvalidPhoneNumber(f"a phone number is text, this is {kind}: {_RIGHT}")
    stripped = _visible(text).strip()
    if not stripped:
        raise InvalidPhoneNumber(f"the phone number is empty: {_RIGHT}")
    fits = len(stripped) <= _LONGEST_INPUT and _WRITTEN.fullmatch(stripped)
    if not fits or stripped.endswith(_SPREADSHEET_END):
        raise InvalidPhoneNumber(f"{_named(stripped)} {_fault(stripped)}: {_RIGHT}")
    return stripped


def _fault(text: str) -> str:
    if any(character.isalpha() for character in text):
        return "has letters in it"
    if text.endswith(_SPREADSHEET_END):
        return "is what a spreadsheet made of it"
    return "is not a number that can be dialled"


def _visible(text: str) -> str:
    """Leave out the marks of writing direction that contacts copied from a messenger come in."""
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _dialled(written: str, region: str) -> str | None:
    # Most of every list, for which the library takes ten times as long to say the same.
    mobile = _UKRAINIAN_MOBILE.fullmatch(written)
    if mobile and (mobile[1] != "0" or region == "UA"):
        return f"380{mobile[2]}"
    return _looked_up(written, region)


def _looked_up(written: str, region: str) -> str | None:
    try:
        number = parse(written, region)
    except NumberParseException:
        return None
    dialled = f"{number.country_code}{'0' * _zeros(number)}{number.national_number}"
    # Some countries have numbers inside that no one abroad can dial, such as Japan's 0037 0 ….
    return dialled if is_valid_number(number) and len(dialled) in _E164_DIGITS else None


def _zeros(number: PhoneNumber) -> int:
    """Italian numbers keep the zeros they begin with; the library stores those apart."""
    return (number.number_of_leading_zeros or 1) if number.italian_leading_zero else 0


def _refusal(text: str, digits: str, *, abroad: bool, home: bool) -> InvalidPhoneNumber:
    if len(digits) <= _LONGEST_SHORT_CODE:
        reason = "is a short code or too short to be a phone number"
    elif len(digits) < 9:
        reason = "is too short for a phone number"
    elif len(digits) > 15:
        reason = "is too long for a phone number"
    elif home and len(digits) != _HOME_DIGITS:
        reason = f"has {len(digits)} digits, {_HOME_DIGITS} are expected"
    elif abroad:
        reason = "reads like a number of another country, which is written with a plus"
    else:
        reason = "is not in any operator's range"
    named = f"the phone {digits}" if len(digits) <= _LONGEST_SHOWN_CODE else _named(text.strip())
    return InvalidPhoneNumber(f"{named} {reason}: {_RIGHT}")


def _named(text: str) -> str:
    """Return the subject of a refusal: the phone, with as much of it as may be shown."""
    if len(text) > _LONGEST_INPUT:
        return f"the phone, a text of {len(text)} characters,"
    masked = mask_phone(text)
    # Stars alone tell nothing.
    return f"the phone {masked}" if masked.strip("*") else "the phone"
