"""`GET` and `POST /api/http.php`: commands in a query or a form, answers in plain text."""

from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.phones import is_international
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import text_answer
from alphasms_async.sandbox.wire.bodies import read_text
from alphasms_async.sandbox.wire.numerals import whole_number

_Parameters: TypeAlias = Mapping[str, str]

_MAX_PARAMETERS = 100


async def http_php(account: Account, request: Request) -> Response:
    """Answer one command, or the first reason not to."""
    parameters = await _parameters(request)
    try:
        return text_answer(_answer(account, parameters))
    except RefusedError as error:
        return text_answer(f"errors:{error.refusal}")


async def _parameters(request: Request) -> _Parameters:
    """Return the query's parameters and the form's; of a repeated name the form's, the last."""
    texts = [request.url.query]
    if request.method == "POST":
        content_type = request.headers.get("content-type", "").partition(";")[0]
        text = await read_text(request)
        if content_type.strip().lower() == "application/x-www-form-urlencoded" and text:
            texts.append(text)
    found: dict[str, str] = {}
    for text in texts:
        try:
            found.update(parse_qsl(text, max_num_fields=_MAX_PARAMETERS, errors="replace"))
        except ValueError:
            # Too many of them to be a request.
            continue
    return found


def _answer(account: Account, parameters: _Parameters) -> str:
    account.admit(parameters.get("key"))
    command = _COMMANDS.get(parameters.get("command", ""))
    if command is None or parameters.get("version") != "http":
        raise RefusedError(Refusal.UNKNOWN_COMMAND)
    return command(account, parameters)


def _receive(account: Account, parameters: _Parameters) -> str:
    entry = account.ledger.find(whole_number(parameters.get("id")) or 0)
    if entry is None:
        raise RefusedError(Refusal.BAD_ID)
    standing = account.standing(entry)
    state = standing.state
    return f"status:{state.http_word} code:{state.http_code} status_time:{standing.kyiv_day}"


def _balance(account: Account, parameters: _Parameters) -> str:  # noqa: ARG001 one signature
    return f"balance:{account.ledger.balance:f}"


def _price(account: Account, parameters: _Parameters) -> str:
    if not is_international(parameters.get("to", "")):
        raise RefusedError(Refusal.PHONE_MISSING)
    return f"price:{account.price:f} currency:{account.currency}"


_COMMANDS: Mapping[str, Callable[[Account, _Parameters], str]] = {
    "receive": _receive,
    "balance": _balance,
    "price": _price,
}
