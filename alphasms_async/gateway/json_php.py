"""json.php: many objects in one request, one result for each [API pages, JSON API].

The order of the results is promised nowhere, so they are matched by the client's own `id`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from alphasms_async.errors import GatewayError, UnexpectedAnswer
from alphasms_async.gateway.reading import (
    as_object,
    judge_status,
    optional_whole,
    parse_json,
    read_code,
    read_id,
    read_money,
    refuses,
    texts_of,
    unexpected,
)
from alphasms_async.gateway.refusals import refusal
from alphasms_async.gateway.states import state_of_word, utc
from alphasms_async.gateway.wire import Answer, Request
from alphasms_async.models import Balance, Lookup, Message, State, Status, TrackedOtpCall

__all__ = [
    "Result",
    "ask",
    "read_balance",
    "read_lookup",
    "read_message",
    "read_otp_call",
    "read_results",
    "read_single",
    "read_statuses",
]

_NETWORKS = ("ported", "origin")

_Told = Mapping[int, Mapping[str, Any] | None]

Result = Mapping[str, Any] | GatewayError | UnexpectedAnswer
"""What became of one object: its `data`, the gateway's refusal, or an unreadable result."""


def ask(
    api_key: str,
    objects: Sequence[Mapping[str, Any]],
    asked: str,
    *,
    client_id: int | None = None,
    is_read: bool = False,
) -> Request:
    """Return the request that carries all the objects.

    Args:
        api_key: The account's.
        objects: What is asked for, or sent.
        asked: The same in words, phones masked.
        client_id: The id of ours that an only one carries. `None`: none, or there are many.
        is_read: Whether nothing rings by it and nothing is written.
    """
    body = json.dumps(
        {"auth": api_key, "data": list(objects)}, ensure_ascii=False, separators=(",", ":")
    )
    return Request(
        page="/api/json.php",
        content_type="application/json",
        pieces=(body.encode(),),
        asked=asked,
        api_key=api_key,
        client_id=client_id,
        is_read=is_read,
    )


def read_results(answer: Answer, client_ids: Iterable[int]) -> dict[int, Result]:
    """Return the result of each object by its client id; one left out says so.

    Raises:
        GatewayError: The whole request was refused.
        UnexpectedAnswer: The answer as a whole cannot be read.
    """
    told = _told(answer)
    return {wanted: _only(answer, told, wanted) for wanted in client_ids}


def read_single(answer: Answer) -> Mapping[str, Any]:
    """Return the `data` of the only result of a request with one object.

    Raises:
        GatewayError: The request or its object was refused.
        UnexpectedAnswer: There is not exactly one result, it is unreadable, or it is another's.
    """
    items = _items(answer)
    if len(items) != 1:
        raise unexpected(answer, f"it has {len(items)} results for 1")
    asked, told = answer.request.client_id, _data(items[0]).get("id")
    if asked is not None and told is not None and read_id(told) != asked:
        raise unexpected(answer, "it is about another message")
    result = _result(answer, items[0], asked)
    if isinstance(result, Exception):
        raise result
    return result


def read_message(answer: Answer, data: Mapping[str, Any], client_id: int, phone: str) -> Message:
    """Return the queued message of one result's `data`.

    Raises:
        UnexpectedAnswer: It has no `msg_id`, so nobody can say that it was accepted.
    """
    message_id = read_id(data.get("msg_id"))
    if message_id is None:
        raise unexpected(answer, "msg_id is missing or unreadable", client_id=client_id)
    parts = optional_whole(data.get("parts"))
    return Message(id=message_id, client_id=client_id, phone=phone, parts=parts, raw=data)


def read_statuses(answer: Answer, client_ids: Sequence[int]) -> list[Status]:
    """Return a status for each of our ids, in that order.

    Only one the gateway says it does not know is `NOT_FOUND`; silence is `UNKNOWN`, and so is what
    cannot be read, for somebody may send again what is not found.

    Raises:
        GatewayError: The whole request, or the account, was refused.
        UnexpectedAnswer: The answer as a whole cannot be read.
    """
    told = _told(answer)
    return [_status(one, _only(answer, told, one)) for one in client_ids]


def read_otp_call(answer: Answer, client_id: int, phone: str) -> TrackedOtpCall:
    """Return the queued flash call of a `call/otp` object; its code is a string here.

    Raises:
        GatewayError: The gateway refused.
        UnexpectedAnswer: The answer is anything else.
    """
    data = read_single(answer)
    code = read_code(data.get("code"))
    if code is None:
        raise unexpected(answer, "the code is missing or unreadable")
    price = read_money(data.get("price"))
    return TrackedOtpCall(client_id=client_id, code=code, price=price, phone=phone, raw=data)


def read_balance(answer: Answer) -> Balance:
    """Return the account's balance.

    Raises:
        GatewayError: The gateway refused.
        UnexpectedAnswer: The answer is anything else.
    """
    data = read_single(answer)
    amount = read_money(data.get("amount"))
    if amount is None:
        raise unexpected(answer, "the amount is missing or unreadable")
    return Balance(amount=amount, currency=_text(data.get("currency")))


def read_lookup(answer: Answer, phone: str) -> Lookup:
    """Return what an `hlr` object found out.

    Raises:
        GatewayError: The gateway refused.
        UnexpectedAnswer: The answer is anything else.
    """
    data = read_single(answer)
    ported = data.get("ported")
    return Lookup(
        phone=phone,
        status=_text(data.get("status")),
        imsi=_text(data.get("imsi")),
        mccmnc=_text(data.get("mccmnc")),
        ported=None if ported is None else str(ported).lower() in {"true", "1", "yes"},
        network=_network(data.get("network")),
        raw=data,
    )


def _items(answer: Answer) -> list[Mapping[str, Any]]:
    """Return the list of results, or raise what the answer as a whole stands for."""
    fields = as_object(parse_json(answer))
    data: Any = fields.get("data")
    texts = texts_of(fields)
    if texts and not data and answer.status < 500:
        raise refusal(answer, texts)
    judge_status(answer, gave_id=bool(data))
    if refuses(fields) or fields.get("success") is not True or not isinstance(data, list):
        raise unexpected(answer, "it is not a list of results")
    return [as_object(item) for item in cast("Iterable[Any]", data)]


def _data(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_object(item.get("data"))


def _told(answer: Answer) -> _Told:
    """Return the one item for each client id; `None` stands for several that contradict."""
    told: dict[int, Mapping[str, Any] | None] = {}
    for item in _items(answer):
        client_id = read_id(_data(item).get("id"))
        if client_id is not None:
            # An id that was asked for twice is told of twice, in the same words.
            told[client_id] = item if told.get(client_id, item) == item else None
    return told


def _only(answer: Answer, told: _Told, client_id: int) -> Result:
    """Return the one thing that is told of a message; `None` stands for two different ones."""
    if client_id not in told:
        return unexpected(answer, "it says nothing of this message", client_id=client_id)
    item = told[client_id]
    if item is None:
        return unexpected(answer, "it says two things of this message", client_id=client_id)
    return _result(answer, item, client_id)


def _result(answer: Answer, item: Mapping[str, Any], client_id: int | None) -> Result:
    data = _data(item)
    texts = texts_of(item)
    accepted = read_id(data.get("msg_id"))
    if data.get("msg_id") is not None and (refuses(item) or refuses(data)):
        return unexpected(
            answer, "it gives an id and refuses at once", id=accepted, client_id=client_id
        )
    if texts and item.get("success") is not True:
        return refusal(answer, texts)
    if refuses(item) or item.get("success") is not True:
        return unexpected(answer, "a result neither accepts nor refuses", client_id=client_id)
    return data


def _status(client_id: int, result: Result) -> Status:
    if isinstance(result, GatewayError):
        if result.scope == "account":
            raise result
        word = result.messages[0]
        return Status(None, state_of_word(word), word, client_id=client_id)
    if isinstance(result, UnexpectedAnswer):
        return Status(None, State.UNKNOWN, "", client_id=client_id)
    word = _text(result.get("status")) or ""
    return Status(
        id=read_id(result.get("msg_id")),
        state=state_of_word(word),
        raw=word,
        at=utc(_text(result.get("updated"))),
        client_id=client_id,
    )


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _network(value: Any) -> str | None:
    """Name the network that serves the number: the one it was ported to, else its first."""
    if isinstance(value, str):
        return value or None
    names = (_text(as_object(as_object(value).get(place)).get("name")) for place in _NETWORKS)
    return next((name for name in names if name), None)
