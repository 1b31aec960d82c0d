"""Input refused here, in one line, before anything is sent."""

import re
import secrets
import sys
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from alphasms_async.errors import InvalidRequest, InvalidText

__all__ = [
    "VOICE_SENDER",
    "check_client_id",
    "check_count",
    "check_hook",
    "check_ids",
    "check_lifetime",
    "check_max_price",
    "check_rate",
    "check_sender",
    "check_sum",
    "check_text",
    "is_key",
    "is_number",
    "is_sum",
    "is_whole",
    "mint_client_id",
]

VOICE_SENDER = "Voice"
"""The alpha name whose SMS is read aloud."""

_ALPHA_NAME = re.compile(r"[A-Za-z0-9]{3,11}")
_MAX_CLIENT_ID = 2**53 - 1
_LIFETIME_SECONDS = range(3600, 259_200 + 1)
_MAX_HOOK = 2048
_MOST_DIGITS = 12
# About a start a day; with much less, the time a run takes is no number any more.
_LEAST_RATE = 0.00001
_LARGEST = sys.float_info.max
_LONGEST_SHOWN = 40
_KEYS = frozenset("0123456789*#")
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


def check_text(text: str) -> str:
    """Return the text, or raise `InvalidText` when it is blank or cannot be sent as it is."""
    _check_kind("the text", text, str)
    if all(unicodedata.category(character) in _INVISIBLE for character in text):
        raise InvalidText("the text is empty: give what is to be sent or read aloud")
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and character not in "\n\r\t"):
            raise InvalidText(f"the text holds U+{ord(character):04X}, which cannot be sent")
    return text


def check_sender(sender: str) -> str:
    """Return the alpha name, or raise `InvalidRequest` when it cannot be one."""
    _check_kind("the sender", sender, str)
    if not _ALPHA_NAME.fullmatch(sender):
        raise InvalidRequest("an alpha name is 3 to 11 Latin letters and digits, like 'MyShop'")
    return sender


def check_hook(hook: str | None) -> str | None:
    """Return the hook URL, or raise `InvalidRequest` when nothing could be posted to it."""
    if hook is None:
        return None
    _check_kind("the hook", hook, str)
    # The hook travels as a raw field of a multipart body, so nothing that could end a line or
    # need encoding may stand in it. It is not shown: its query holds the proof of our hooks.
    if len(hook) > _MAX_HOOK or not re.fullmatch(r"[!-~]+", hook):
        raise InvalidRequest(
            f"the hook is not a URL: at most {_MAX_HOOK} printable ASCII characters, no spaces"
        )
    try:
        parts = urlsplit(hook)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidRequest("the hook is a whole URL, like https://app.example/hooks/alphasms")
    return hook


def check_client_id(client_id: int | None) -> int:
    """Return the id, a new one for `None`, or raise `InvalidRequest` when it is out of range."""
    if client_id is None:
        return mint_client_id()
    _check_kind("client_id", client_id, int)
    if not 0 < client_id <= _MAX_CLIENT_ID:
        raise InvalidRequest(f"client_id is a number from 1 to 2**53 - 1, not {client_id}")
    return client_id


def check_ids(ids: Any) -> tuple[int, ...]:
    """Return the ids as a tuple, or raise `InvalidRequest` for one that no gateway gave."""
    if isinstance(ids, str | bytes) or not hasattr(ids, "__iter__"):
        raise InvalidRequest("ids are whole numbers in a list, like [100500, 100501]")
    listed: tuple[int, ...] = tuple(ids)
    for one in listed:
        _check_kind("an id", one, int)
        if not 0 < one < 2**63:
            raise InvalidRequest(f"an id is a positive whole number, not {one}")
    return listed


def check_lifetime(seconds: int | None) -> int | None:
    """Return the lifetime, or raise `InvalidRequest` when the gateway does not take it."""
    if seconds is not None:
        _check_kind("lifetime", seconds, int)
        if seconds not in _LIFETIME_SECONDS:
            raise InvalidRequest(f"lifetime is 3600 to 259200 seconds, not {seconds}")
    return seconds


def check_rate(name: str, per_second: float | None) -> float | None:
    """Return the rate, or raise `InvalidRequest` when it is below about a start a day."""
    if per_second is None:
        return None
    if isinstance(per_second, bool) or not isinstance(per_second, int | float):
        _check_kind(name, per_second, float)
    if not 0 < per_second <= _LARGEST:
        raise InvalidRequest(f"{name} is a number above 0, not {per_second}")
    if per_second < _LEAST_RATE:
        raise InvalidRequest(f"{name} is {_LEAST_RATE:.5f} or more, not {per_second}")
    return float(per_second)


def check_sum(name: str, text: str) -> Decimal:
    """Return the sum a text tells, with a point or a comma, or raise `InvalidRequest`."""
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except (InvalidOperation, AttributeError):
        amount = Decimal(0)
    if not is_sum(amount):
        shown = repr(str(text)[:_LONGEST_SHOWN])
        raise InvalidRequest(f"{name} is a sum above 0, such as 500.00, not {shown}")
    return amount


def check_max_price(max_price: Decimal, budget: Decimal) -> None:
    """Raise `InvalidRequest` when one call may cost more than all of them together."""
    if max_price > budget:
        raise InvalidRequest(f"the maximum price {max_price} is above the whole budget {budget}")


def is_sum(amount: Decimal) -> bool:
    """Return whether it is above 0, and has no more digits on either side than any sum has."""
    if not amount.is_finite() or amount <= 0 or abs(amount.adjusted()) > _MOST_DIGITS:
        return False
    return len(amount.as_tuple().digits) <= 2 * _MOST_DIGITS


def check_count(name: str, count: int) -> int:
    """Return the count, or raise `InvalidRequest` when it is not a whole number above 0."""
    _check_kind(name, count, int)
    if count < 1:
        raise InvalidRequest(f"{name} is a whole number above 0, not {count}")
    return count


def is_key(key: object) -> bool:
    """Return whether it is one key of a phone: a digit, `*` or `#`."""
    return isinstance(key, str) and key in _KEYS


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether it is a whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether it is a number that a float can hold, finite and no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_LARGEST <= value <= _LARGEST


def mint_client_id() -> int:
    """Return a new id of ours.

    Random over the 53 bits that JSON numbers carry everywhere: ids made from the clock would
    collide when several processes of one account dial at once.
    """
    return secrets.randbelow(_MAX_CLIENT_ID) + 1


def _check_kind(name: str, value: object, kind: type) -> None:
    """Checked at run time too, for not every caller runs a type checker."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InvalidRequest(f"{name} is {kind.__name__}, not {type(value).__name__}")
