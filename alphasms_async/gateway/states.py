"""The words and codes of the three status interfaces, and the one state each stands for."""

import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from alphasms_async.models import State

__all__ = ["state_of_http_code", "state_of_word", "state_of_xml_code", "utc"]

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

# API pages, xml.php, of one message: its states, then its errors.
_XML_CODES = {
    1: State.QUEUED,  # received
    100: State.QUEUED,  # SCHEDULED
    101: State.SENDING,  # ENROUTE
    102: State.DELIVERED,
    103: State.EXPIRED,
    104: State.DELETED,
    105: State.UNDELIVERABLE,
    106: State.QUEUED,  # ACCEPTED
    107: State.UNKNOWN,
    108: State.REJECTED,
    109: State.REJECTED,  # DISCARDED
    110: State.SENDING,
    111: State.REJECTED,  # NOT_SUPPORTED, not billed
    112: State.REJECTED,  # WRONG_ALPHANAME
    113: State.REJECTED,  # WRONG_ALPHANAME_RETURNED
    200: State.UNKNOWN,  # ERR_UNKNOWN
    201: State.NOT_FOUND,  # ERR_ID
    202: State.REJECTED,  # ERR_SENDER
    203: State.REJECTED,  # ERR_RECIPIENT
    204: State.REJECTED,  # ERR_LENGTH
    206: State.REJECTED,  # ERR_BILLING
    207: State.REJECTED,  # ERR_OVERLIMIT
    208: State.UNKNOWN,  # ERR_DUPLICATE: an earlier message has this id
    211: State.UNKNOWN,  # ERR_DELETE: it could not be deleted
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
    return State.UNKNOWN if code is None else _XML_CODES.get(code, State.UNKNOWN)


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
def _kyiv() -> ZoneInfo:
    return ZoneInfo("Europe/Kyiv")
