"""`POST /api/json.php` and its queue `POST /v1/json`: many request objects in one body."""

import json
from collections.abc import Mapping
from typing import NoReturn, cast
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import Json, json_answer
from alphasms_async.sandbox.wire.bodies import read_text
from alphasms_async.sandbox.wire.json_item import Handler, Item, json_object
from alphasms_async.sandbox.wire.json_pipeline import send_pipeline
from alphasms_async.sandbox.wire.json_reads import READS
from alphasms_async.sandbox.wire.json_sends import SENDS

_HANDLERS: Mapping[str, Handler] = {
    **SENDS,
    "pipeline": send_pipeline,
    **READS,
}


async def json_php(account: Account, request: Request) -> Response:
    """Do what each object asks and answer one result per object, in their order."""
    try:
        asked = _objects(account, await _body(request))
    except RefusedError as error:
        return json_answer({"success": False, "error": error.refusal})
    return json_answer({"success": True, "data": [_result(account, item) for item in asked]})


async def json_queue(account: Account, request: Request) -> Response:
    """Do the same, and answer only that it was taken."""
    try:
        asked = _objects(account, await _body(request))
    except RefusedError as error:
        return json_answer({"success": False, "error": error.refusal})
    for item in asked:
        _result(account, item)
    return json_answer({"request_id": str(uuid4()), "success": True})


async def _body(request: Request) -> Mapping[str, object]:
    """Return the body's JSON object; one that cannot be read is empty, so it shows no key."""
    content_type = request.headers.get("content-type", "").partition(";")[0]
    text = await read_text(request)
    if content_type.strip().lower() != "application/json" or text is None:
        return {}
    try:
        return json_object(json.loads(text, parse_constant=_refuse_constant)) or {}
    except (ValueError, RecursionError):
        return {}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is Python's, not JSON's")


def _objects(account: Account, body: Mapping[str, object]) -> list[Item]:
    key = body.get("auth")
    try:
        account.admit(key if isinstance(key, str) else None)
    except RefusedError as error:
        raise RefusedError(Refusal.ACCESS_DENIED) from error
    data = body.get("data")
    if not isinstance(data, list):
        raise RefusedError(Refusal.BAD_FORM)
    # What is no object at all becomes one without a type, which is refused in its place.
    return [Item(json_object(each) or {}) for each in cast("list[object]", data)]


def _result(account: Account, item: Item) -> Mapping[str, Json]:
    try:
        return {"success": True, "data": _handler(item)(account, item)}
    except RefusedError as error:
        return {"success": False, "error": error.refusal, "data": _identity(item)}


def _handler(item: Item) -> Handler:
    handler = _HANDLERS.get(item.optional_text("type") or "")
    if handler is None:
        raise RefusedError(Refusal.BAD_FORM)
    return handler


def _identity(item: Item) -> Mapping[str, Json]:
    try:
        return {"id": item.client_id()}
    except RefusedError:
        return {}
