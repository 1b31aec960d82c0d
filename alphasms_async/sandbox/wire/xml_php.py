"""`POST /api/xml.php`: states of many things at once, messages, and the money left."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxEntry
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import xml_answer
from alphasms_async.sandbox.wire.bodies import read_text
from alphasms_async.sandbox.wire.json_item import Item
from alphasms_async.sandbox.wire.json_sends import accept_sms
from alphasms_async.sandbox.wire.numerals import whole_number
from alphasms_async.sandbox.wire.xml_package import Command, Msg, read_package

_Answer: TypeAlias = Callable[[Account, Command], str]

_IDS = ("id", "sms_id")
# When to send, until when, and where a WAP message leads: taken, and nothing follows from them.
_EXTRA = ("date_beg", "date_end", "url")
_RECEIVED = 1
_CODES: Final[Mapping[Refusal, int]] = {
    Refusal.BAD_FORM: 201,
    Refusal.BAD_ID: 201,
    Refusal.KEY_MISSING: 202,
    Refusal.WRONG_KEY: 202,
    Refusal.BANNED: 205,
    Refusal.API_DISABLED: 209,
    Refusal.IP_DENIED: 210,
}
# Of one message; the same numbers mean other things than of a whole request.
_MESSAGE_CODES: Final[Mapping[Refusal, int]] = {
    Refusal.OPERATOR: 111,
    Refusal.BAD_ID: 201,
    Refusal.ALPHA_NAME: 202,
    Refusal.PHONE_MISSING: 203,
    Refusal.BAD_TEXT: 204,
    Refusal.INSUFFICIENT_FUNDS: 206,
    Refusal.REPEATED_ID: 208,
}


async def xml_php(account: Account, request: Request) -> Response:
    """Answer each command of the package, in their order."""
    try:
        commands = _commands(account, await read_text(request) or "")
    except RefusedError as error:
        return xml_answer(f"<package><error>{_CODES[error.refusal]}</error></package>")
    answers = "".join(
        f"<{command.name}>{_ANSWERS[command.name](account, command)}</{command.name}>"
        for command in commands
    )
    return xml_answer(f"<package>{answers}</package>")


def _commands(account: Account, text: str) -> list[Command]:
    package = read_package(text)
    account.admit(package.key)
    if not package.commands:
        raise RefusedError(Refusal.BAD_FORM)
    return package.commands


def _states(account: Account, command: Command) -> str:
    return "".join(_state(account, asked.attributes) for asked in command.messages)


def _state(account: Account, asked: Mapping[str, str]) -> str:
    entry = _find(account, asked)
    if entry is None:
        repeated = {name: asked[name] for name in _IDS if name in asked}
        return _msg(repeated, _CODES[Refusal.BAD_ID])
    standing = account.standing(entry)
    names = _names(entry)
    if standing.state.is_final:
        names["date_completed"] = standing.kyiv_second
    return _msg(names, standing.state.xml_code)


def _find(account: Account, asked: Mapping[str, str]) -> SandboxEntry | None:
    if "sms_id" in asked:
        return account.ledger.find(whole_number(asked["sms_id"]) or 0)
    return account.ledger.find_by_client_id(whole_number(asked.get("id")) or 0)


def _sent(account: Account, command: Command) -> str:
    """Send each message and answer, as public clients of the gateway read it, what came of it."""
    return "".join(_send(account, message) for message in command.messages)


def _send(account: Account, message: Msg) -> str:
    asked = message.attributes
    try:
        item = _as_json(message)
        client_id = Item(asked).client_id() if "id" in asked else None
        entry = accept_sms(account, item, client_id)
    except RefusedError as error:
        repeated = {"id": asked["id"]} if "id" in asked else {}
        return _msg({**repeated, "sms_id": "0", "sms_count": "0"}, _MESSAGE_CODES[error.refusal])
    return _msg(_names(entry), _RECEIVED)


def _as_json(message: Msg) -> Item:
    """Return the message as json.php has it; what only xml.php knows goes along."""
    known = {
        # Public clients write a plus before it.
        "phone": message.attributes.get("recipient", "").removeprefix("+"),
        "sms_signature": message.attributes.get("sender"),
        "sms_message": message.text,
    }
    extra = {name: message.attributes[name] for name in _EXTRA if name in message.attributes}
    return Item({**known, **extra})


def _balance(account: Account, command: Command) -> str:  # noqa: ARG001 one signature
    money = f"{account.ledger.balance:f}"
    return f"<amount>{money}</amount><currency>{escape(account.currency)}</currency>"


def _names(entry: SandboxEntry) -> dict[str, str]:
    own = {} if entry.client_id is None else {"id": str(entry.client_id)}
    return {**own, "sms_id": str(entry.id), "sms_count": str(entry.parts)}


def _msg(attributes: Mapping[str, str], code: int) -> str:
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<msg{written}>{code}</msg>"


_ANSWERS: Final[Mapping[str, _Answer]] = {"status": _states, "message": _sent, "balance": _balance}
