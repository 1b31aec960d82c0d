"""Strict readers for what an answer must say: an id, a price, a code, a JSON object."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, cast
from urllib.parse import urlsplit

from alphasms_async.errors import UnexpectedAnswer
from alphasms_async.gateway.refusals import refusal, refusal_of_status, shown
from alphasms_async.gateway.wire import Answer

__all__ = [
    "as_object",
    "judge_status",
    "optional_whole",
    "page_object",
    "parse_json",
    "read_code",
    "read_id",
    "read_json",
    "read_money",
    "refuses",
    "texts_of",
    "unexpected",
]

_LARGEST_ID = 2**63 - 1
# Wide enough for a float's every digit, narrow enough to be added up exactly.
_MONEY_EXPONENTS = range(-20, 16)


def page_object(answer: Answer) -> Mapping[str, Any]:
    """Return the fields of a 2xx answer of voice.php or otp.php.

    Raises:
        GatewayError: The gateway refused, in words below status 500 or by a 4xx.
        UnexpectedAnswer: Anything else, one that both gives an id and refuses included.
    """
    told = parse_json(answer)
    fields = as_object(told)
    texts = texts_of(fields)
    gave_id, its_id = fields.get("id") is not None, read_id(fields.get("id"))
    if gave_id and (refuses(fields) or fields.get("success") is False):
        raise unexpected(answer, "it gives an id and refuses at once", id=its_id)
    if texts and answer.status < 500:
        raise refusal(answer, texts)
    judge_status(answer, gave_id=gave_id, id=its_id)
    if not fields:
        raise unexpected(answer, "it is not a JSON object with something in it")
    return fields


def judge_status(answer: Answer, *, gave_id: bool = False, id: int | None = None) -> None:
    """Pass a 2xx; raise what any other status stands for when no documented text came with it.

    Raises:
        GatewayError: A 4xx but 408, unless its body gives an id.
        UnexpectedAnswer: A redirect, 408, 5xx, or a 4xx whose body gives an id.
    """
    if 200 <= answer.status < 300:
        return
    error = refusal_of_status(answer)
    if error is not None and not gave_id:
        raise error
    if 300 <= answer.status < 400:
        raise unexpected(answer, f"it points to {_target(answer)}", id=id)
    raise unexpected(answer, "its status settles nothing", id=id)


def parse_json(answer: Answer) -> Any:
    """Return the body's JSON, numbers with a point as `Decimal`; `None` when it is not JSON."""
    return read_json(answer.body)


def read_json(body: bytes) -> Any:
    """Return what JSON says, numbers with a point as `Decimal`; `None` when it is not JSON."""
    try:
        return _DECODER.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError, InvalidOperation):
        return None


def refuses(fields: Mapping[str, Any]) -> bool:
    """Return whether an answer or a result speaks of errors at all, readable or not."""
    return bool(fields.get("errors") or fields.get("error"))


def as_object(value: Any) -> Mapping[str, Any]:
    """Return a JSON object as it is, and an empty one for anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def texts_of(fields: Mapping[str, Any]) -> list[str]:
    """Return the texts of refusal in an answer or a result; empty when there are none.

    `errors` is documented as a list and `error` as a text; a text in place of the list and the
    object PHP makes of a list with holes are understood as well.
    """
    told = fields.get("errors") or fields.get("error")
    listed: Iterable[Any] = ()
    if isinstance(told, str):
        listed = (told,)
    elif isinstance(told, list):
        listed = cast("Iterable[Any]", told)
    elif isinstance(told, dict):
        listed = as_object(told).values()
    return [text for text in listed if isinstance(text, str) and text.strip()]


def read_id(value: Any) -> int | None:
    """Return an id given as a number or a string of digits, `None` for anything else."""
    number = optional_whole(value)
    return number if number is not None and 0 < number <= _LARGEST_ID else None


def optional_whole(value: Any) -> int | None:
    """Return a whole number from 0 up, given as a number or as digits; `None` for all else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and value >= 0 else None


def read_money(value: Any) -> Decimal | None:
    """Return a sum given as a number or a string, without a float in between; else `None`."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    if isinstance(value, str) and "_" in value:
        return None  # the way Python writes numbers, and nobody else
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount.adjusted() not in _MONEY_EXPONENTS:
        return None
    return amount if amount.as_tuple().exponent in _MONEY_EXPONENTS else None


def read_code(value: Any) -> str | None:
    """Return a code of 4 digits, with the leading zeros that a JSON number loses; else `None`."""
    number = optional_whole(value)
    if number is None or (isinstance(value, str) and len(value) > 4):
        return None
    return f"{number:04d}" if number <= 9999 else None


def unexpected(
    answer: Answer, why: str, *, id: int | None = None, client_id: int | None = None
) -> UnexpectedAnswer:
    """Return the error for an answer nobody can read. It tells of the body, not its text."""
    request = answer.request
    kind = shown(answer.headers.get("content-type", "no content type"), request.api_key)
    reason = (
        f"the answer (HTTP {answer.status}, {len(answer.body)} bytes, {kind[:60]}) "
        f"cannot be relied on: {why}"
    )
    return UnexpectedAnswer(
        f"{request.asked}: {reason}"
        if request.is_read
        else request.unknown(reason, id=id, client_id=client_id),
        status_code=answer.status,
        id=id,
        client_id=request.client_id if client_id is None else client_id,
    )


def _target(answer: Answer) -> str:
    """Name where a redirect points, without the query, which may carry what must not be shown."""
    try:
        parts = urlsplit(answer.headers.get("location", ""))
    except ValueError:
        return "an unreadable address"
    host = parts.netloc.rpartition("@")[2]
    target = parts._replace(netloc=host, query="", fragment="").geturl()
    return shown(target, answer.request.api_key)[:200] or "nowhere"


def _single_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says one thing twice: which of the two holds, nobody can tell."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key stands twice")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(
    parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_single_keys
)
