"""`POST /api/xml.php`: the states of many things at once."""

from collections.abc import Mapping
from html import escape
from typing import Final, NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

import attrs
from starlette.requests import Request
from starlette.responses import Response

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxEntry
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import xml_answer
from alphasms_async.sandbox.wire.bodies import read_text
from alphasms_async.sandbox.wire.numerals import whole_number

_IDS = ("id", "sms_id")
_CODES: Final[Mapping[Refusal, int]] = {
    Refusal.BAD_FORM: 201,
    Refusal.BAD_ID: 201,
    Refusal.KEY_MISSING: 202,
    Refusal.WRONG_KEY: 202,
    Refusal.BANNED: 205,
    Refusal.API_DISABLED: 209,
    Refusal.IP_DENIED: 210,
}


async def xml_php(account: Account, request: Request) -> Response:
    """Answer the code of each message asked about, in their order."""
    try:
        package = _read(await read_text(request) or "")
        account.admit(package.key)
        lines = _lines(account, package)
    except RefusedError as error:
        return xml_answer(f"<package><error>{_CODES[error.refusal]}</error></package>")
    return xml_answer(f"<package><status>{lines}</status></package>")


@attrs.define
class _Package:
    """A request, filled as the parser meets its elements."""

    key: str | None = attrs.field(default=None, repr=False)
    asks_status: bool = False
    asked: list[Mapping[str, str]] = attrs.field(factory=list[Mapping[str, str]])
    path: list[str] = attrs.field(factory=list[str])

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        match self.path:
            case ["package"]:
                self.key = attributes.get("key")
            case ["package", "status"]:
                self.asks_status = True
            case ["package", "status", "msg"]:
                self.asked.append({name: attributes[name] for name in _IDS if name in attributes})
            case _:
                raise RefusedError(Refusal.BAD_FORM)

    def end(self, name: str) -> None:  # noqa: ARG002 the parser's signature
        self.path.pop()


def _read(text: str) -> _Package:
    package = _Package()
    # Named here, the encoding is not looked for in the document, which is text already.
    parser = ParserCreate("utf-8")
    parser.StartElementHandler = package.start
    parser.EndElementHandler = package.end
    # Entities, and with them the ways to make a small document big, are declared in a doctype.
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003 the parser takes no names
    except ExpatError as error:
        raise RefusedError(Refusal.BAD_FORM) from error
    return package


def _refuse_doctype(*_: object) -> NoReturn:
    raise RefusedError(Refusal.BAD_FORM)


def _lines(account: Account, package: _Package) -> str:
    if not package.asks_status:
        raise RefusedError(Refusal.BAD_FORM)
    return "".join(_line(account, asked) for asked in package.asked)


def _line(account: Account, asked: Mapping[str, str]) -> str:
    entry = _find(account, asked)
    if entry is None:
        return f"<msg{_attributes(asked)}>{_CODES[Refusal.BAD_ID]}</msg>"
    standing = account.standing(entry)
    names = {"sms_id": str(entry.id), "sms_count": str(entry.parts)}
    if entry.client_id is not None:
        names = {"id": str(entry.client_id), **names}
    if standing.state.is_final:
        names["date_completed"] = standing.kyiv_second
    return f"<msg{_attributes(names)}>{standing.state.xml_code}</msg>"


def _find(account: Account, asked: Mapping[str, str]) -> SandboxEntry | None:
    if "sms_id" in asked:
        return account.ledger.find(whole_number(asked["sms_id"]) or 0)
    return account.ledger.find_by_client_id(whole_number(asked.get("id")) or 0)


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in values.items())
