"""The words and codes of the three status interfaces, and the one state each stands for."""

import re
from datetime import UTC, datetime, tzinfo
from functools import cache

from alphasms_async.models import State

__all__ = [
    "name_of_xml_code",
    "state_of_http_code",
    "state_of_word",
    "state_of_xml_code",
    "utc",
]

# API pages, http.php.
_HTTP_CODES = {
    0: State.QUEUED,
    1: State.SENDING,
    2: State.SENT,
    3: State.DELIVERED,
    5: State.UNREACHABLE,
    10: State.DELETED,
    50: State.PARTIALLY_DELIVERED,
    96: State.UNDELIVERABLE,
    99: State.REJECTED,
    116: State.READ,
}

# API pages, xml.php, of one message: its states, then its errors, each by the name it has there.
_XML_CODES = {
    1: ("RECEIVED", State.QUEUED),
    100: ("SCHEDULED", State.QUEUED),
    101: ("ENROUTE", State.SENDING),
    102: ("DELIVERED", State.DELIVERED),
    103: ("EXPIRED", State.EXPIRED),
    104: ("DELETED", State.DELETED),
    105: ("UNDELIVERABLE", State.UNDELIVERABLE),
    106: ("ACCEPTED", State.QUEUED),
    107: ("UNKNOWN", State.UNKNOWN),
    108: ("REJECTED", State.REJECTED),
    109: ("DISCARDED", State.REJECTED),
    110: ("SENDING", State.SENDING),
    111: ("NOT_SUPPORTED", State.REJECTED),  # not billed
    112: ("WRONG_ALPHANAME", State.REJECTED),
    113: ("WRONG_ALPHANAME_RETURNED", State.REJECTED),
    200: ("ERR_UNKNOWN", State.UNKNOWN),
    201: ("ERR_ID", State.NOT_FOUND),
    202: ("ERR_SENDER", State.REJECTED),
    203: ("ERR_RECIPIENT", State.REJECTED),
    204: ("ERR_LENGTH", State.REJECTED),
    206: ("ERR_BILLING", State.REJECTED),
    207: ("ERR_OVERLIMIT", State.REJECTED),
    208: ("ERR_DUPLICATE", State.UNKNOWN),  # an earlier message has this id
    211: ("ERR_DELETE", State.UNKNOWN),  # it could not be deleted
}

# API pages, json.php.
_WORDS = {
    "ACCEPTED": State.QUEUED,
    "DELETED": State.DELETED,
    "ERR ID": State.NOT_FOUND,  # xml.php's name for it
    "DELIVERED": State.DELIVERED,
    "EXPIRED": State.EXPIRED,
    "FILTERED": State.REJECTED,
    "INVALID DESTINATION ADDRESS": State.REJECTED,
    "INVALID SOURCE ADDRESS": State.REJECTED,
    "NO ROUTE": State.UNDELIVERABLE,
    "PARTIALLY DELIVERED": State.PARTIALLY_DELIVERED,
    "QUEUED": State.QUEUED,
    "READ": State.READ,
    "REJECTED": State.REJECTED,
    "REPLIED": State.READ,
    "ROUTING": State.SENDING,
    "SIM FULL": State.UNREACHABLE,
    "UNDELIVERABLE": State.UNDELIVERABLE,
    "UNKNOWN": State.UNKNOWN,
}


def state_of_http_code(code: int | None) -> State:
    """Return the state for a code of http.php; `None` and unknown codes are `UNKNOWN`."""
    return State.UNKNOWN if code is None else _HTTP_CODES.get(code, State.UNKNOWN)


def state_of_xml_code(code: int | None) -> State:
    """Return the state for a code of xml.php; `None` and unknown codes are `UNKNOWN`."""
    return State.UNKNOWN if code not in _XML_CODES else _XML_CODES[code][1]


def name_of_xml_code(code: int) -> str | None:
    """Return what the API pages call a code of xml.php; `None` for one they do not have."""
    return None if code not in _XML_CODES else _XML_CODES[code][0]


def state_of_word(word: str) -> State:
    """Return the state for a word of json.php, however it is cased or joined."""
    plain = re.sub(r"[\s_-]+", " ", word).strip().upper()
    return _WORDS.get(plain, State.UNKNOWN)


def utc(text: str | None) -> datetime | None:
    """Return a time of the gateway as aware UTC; `None` for none, or one nobody can read.

    Times without a zone are Kyiv's, where the gateway stands.
    """
    if not text or not text.isascii():
        return None
    try:
        told = datetime.fromisoformat(text.strip().replace("/", "-"))
        return (told if told.tzinfo else told.replace(tzinfo=_kyiv())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@cache
def _kyiv() -> tzinfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Europe/Kyiv")
