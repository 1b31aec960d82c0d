"""The third gateway: a fake `httpx` transport that knows the documented answers, and no more."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import httpx
from attrs import define, field, frozen

_NOT_PCM = re.compile(rb"RIFF....WAVEfmt .{4}(?!\x01\x00)", re.DOTALL)


@frozen
class Accepted:
    """One thing that was accepted."""

    id: int
    kind: str
    phone: str
    price: Decimal
    client_id: int | None = None
    audio: bytes | None = None
    text: str | None = None
    hook: str | None = None
    dtmf: bool = False
    code: str | None = None


class _RefusedError(Exception):
    pass


@define
class FakeGateway:
    """An account with its ledger, by the names the sandbox has."""

    api_key: str = "fake-key"
    price: Decimal = Decimal("0.40")
    balance: Decimal = Decimal("250.00")
    banned: bool = False
    api_disabled: bool = False
    ip_denied: bool = False
    max_bytes: int = 5 * 1024 * 1024
    unsupported_operators: set[str] = field(factory=set[str])
    accepted: list[Accepted] = field(factory=list[Accepted])
    delivered: set[int] = field(factory=set[int])

    def calls(self, *, to: str | None = None) -> list[Accepted]:
        """Return what rings, in order."""
        rings = (one for one in self.accepted if one.kind != "sms")
        return [one for one in rings if to is None or one.phone == to]

    def rings(self, to: str) -> int:
        """Return how often a phone was rung."""
        return len(self.calls(to=to))

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the page that is asked would."""
        assert request.method == "POST"
        return _PAGES[request.url.path](self, request)

    def admit(self, key: Any) -> None:
        """Let a key in, or refuse with the documented text."""
        if not key:
            raise _RefusedError("API key missing")
        if key != self.api_key:
            raise _RefusedError("Wrong API key")
        for applies, text in (
            (self.banned, "Banned"),
            (self.api_disabled, "API disabled"),
            (self.ip_denied, "IP denied"),
        ):
            if applies:
                raise _RefusedError(text)

    def accept(self, kind: str, phone: str, **facts: Any) -> Accepted:
        """Charge for something and keep it."""
        client_id = facts.get("client_id")
        if client_id is not None and self.find(client_id=client_id):
            raise _RefusedError("ERR_DUPLICATE")
        if self.balance < self.price:
            raise _RefusedError("Insufficient funds")
        self.balance -= self.price
        one = Accepted(100500 + len(self.accepted), kind, phone, self.price, **facts)
        self.accepted.append(one)
        return one

    def find(self, **facts: int | None) -> Accepted | None:
        """Return what has these facts."""
        ((name, value),) = facts.items()
        return next((one for one in self.accepted if getattr(one, name) == value), None)

    def known(self, **facts: int) -> Accepted:
        """Return what has these facts, or refuse."""
        one = self.find(**facts)
        if one is None:
            raise _RefusedError("ERR_ID")
        return one


def _form(request: httpx.Request) -> dict[str, bytes]:
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    parts = request.content.split(b"--" + boundary)[1:-1]
    fields: dict[str, bytes] = {}
    for part in parts:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        (name,) = re.findall(rb'; name="(\w+)"', head)
        fields[name.decode()] = body.removesuffix(b"\r\n")
    return fields


def _phone(told: str) -> str:
    if not re.fullmatch(r"[1-9]\d{7,14}", told):
        raise _RefusedError('Param "phone" is missing')
    return told


def _listen(account: FakeGateway, sound: bytes) -> None:
    if len(sound) > account.max_bytes:
        raise _RefusedError("File is too big")
    if _NOT_PCM.match(sound):
        raise _RefusedError("Unsupported audio format")


def _number(amount: Decimal) -> str:
    """A JSON number, written as it is and not by way of a float."""
    return format(amount, "f")


def _voice(account: FakeGateway, request: httpx.Request) -> httpx.Response:
    form = _form(request)
    try:
        account.admit(form["key"].decode())
        _listen(account, form["voice"])
        one = account.accept(
            "voice",
            _phone(form["phone"].decode()),
            audio=form["voice"],
            hook=form["hook"].decode() if "hook" in form else None,
            dtmf=form.get("dtmf") == b"true",
        )
    except _RefusedError as error:
        return httpx.Response(200, json={"errors": [str(error)]})
    return httpx.Response(200, text=f'{{"id": {one.id}, "price": {_number(one.price)}}}')


def _otp(account: FakeGateway, request: httpx.Request) -> httpx.Response:
    form = _form(request)
    try:
        account.admit(form["key"].decode())
        one = account.accept("otp", _phone(form["phone"].decode()), code="0471")
    except _RefusedError as error:
        return httpx.Response(200, json={"errors": [str(error)]})
    return httpx.Response(200, json={"id": one.id, "code": 471})


def _json(account: FakeGateway, request: httpx.Request) -> httpx.Response:
    asked = json.loads(request.content)
    try:
        account.admit(asked.get("auth"))
    except _RefusedError:
        return httpx.Response(200, json={"success": False, "error": "Access denied"})
    # In reverse, for nobody promises their order.
    results = ", ".join(_result(account, item) for item in reversed(asked["data"]))
    return httpx.Response(200, text=f'{{"success": true, "data": [{results}]}}')


def _result(account: FakeGateway, item: dict[str, Any]) -> str:
    try:
        data = _data(account, item)
    except _RefusedError as error:
        told = {"success": False, "error": str(error), "data": {"id": item.get("id")}}
        return json.dumps(told)
    return f'{{"success": true, "data": {data}}}'


def _data(account: FakeGateway, item: dict[str, Any]) -> str:
    phone = str(item.get("phone", ""))
    if phone.startswith(tuple(account.unsupported_operators)):
        raise _RefusedError("Operator not supported")
    match item["type"]:
        case "balance":
            return f'{{"amount": {_number(account.balance)}, "currency": "UAH"}}'
        case "hlr":
            return json.dumps({"phone": phone, "status": "DELIVERED", "ported": False})
        case "status":
            one = account.known(client_id=item["id"])
            word = "DELIVERED" if one.id in account.delivered else "ACCEPTED"
            return json.dumps({"id": item["id"], "type": "sms", "status": word})
        case "call/otp":
            one = account.accept("call/otp", phone, client_id=item["id"], code="0471")
            return f'{{"code": "0471", "price": {_number(one.price)}}}'
        case kind:
            one = account.accept(_kind(kind, item), phone, **_facts(item))
            return json.dumps({"id": item["id"], "msg_id": one.id, "data": 1, "parts": 1})


def _kind(kind: str, item: dict[str, Any]) -> str:
    if kind == "sms" and item["sms_signature"] == "Voice":
        return "voice_sms"
    if kind == "pipeline":
        return "pipeline" if item["pipeline"][0] == "voice" else "sms"
    return {"voice": "say"}.get(kind, kind)


def _facts(item: dict[str, Any]) -> dict[str, Any]:
    first = item.get(item["pipeline"][0], {}) if item["type"] == "pipeline" else item
    return {
        "client_id": item["id"],
        "text": first.get("message", item.get("sms_message")),
        "hook": item.get("hook"),
        "dtmf": first.get("dtmf", False),
    }


def _http(account: FakeGateway, request: httpx.Request) -> httpx.Response:
    asked = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    try:
        account.admit(asked.get("key"))
        if asked["command"] == "price":
            _phone(asked["to"])
            return httpx.Response(200, text=f"price:{_number(account.price)} currency:UAH")
        one = account.known(id=int(asked["id"]))
    except _RefusedError as error:
        return httpx.Response(200, text=f"errors:{error}")
    told = "Delivered code:3" if one.id in account.delivered else "Pending code:0"
    return httpx.Response(200, text=f"status:{told} status_time:2024/10/12")


_XML_ERRORS = {"Wrong API key": 202, "Banned": 205, "API disabled": 209, "IP denied": 210}


def _xml(account: FakeGateway, request: httpx.Request) -> httpx.Response:
    package = ET.fromstring(request.content)  # noqa: S314 - our own client wrote it
    try:
        account.admit(package.get("key"))
    except _RefusedError as error:
        code = _XML_ERRORS[str(error)]
        return httpx.Response(200, text=f"<package><error>{code}</error></package>")
    told = "".join(
        f'<msg sms_id="{one.get("sms_id")}">{_code(account, one)}</msg>'
        for one in package.iter("msg")
    )
    return httpx.Response(200, text=f"<package><status>{told}</status></package>")


def _code(account: FakeGateway, asked: ET.Element) -> int:
    one = account.find(id=int(asked.get("sms_id", "0")))
    if one is None:
        return 201
    return 102 if one.id in account.delivered else 106


_PAGES: dict[str, Callable[[FakeGateway, httpx.Request], httpx.Response]] = {
    "/api/voice.php": _voice,
    "/api/otp.php": _otp,
    "/api/json.php": _json,
    "/api/http.php": _http,
    "/api/xml.php": _xml,
}
