"""One object of a json.php request, read field by field."""

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

import attrs

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.phones import is_international
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import Json
from alphasms_async.sandbox.wire.numerals import whole_number

JsonObject: TypeAlias = Mapping[str, object]

Handler: TypeAlias = "Callable[[Account, Item], Mapping[str, Json]]"
"""What does one type of object: gives the result's data, or raises RefusedError."""

_ALPHA_NAME = re.compile(r"[A-Za-z0-9]{3,11}", re.ASCII)
_BIGGEST_ID = 2**63 - 1


def json_object(value: object) -> JsonObject | None:
    """Return `value` if it is a JSON object, else None."""
    return cast("JsonObject", value) if isinstance(value, dict) else None


@attrs.frozen
class Item:
    """A request object. Every method raises RefusedError for a field the gateway would refuse."""

    fields: JsonObject = attrs.field(repr=False)

    def client_id(self) -> int:
        """Return the client's own id: a positive number or its digits."""
        number = whole_number(self.fields.get("id"))
        if number is None or not 0 < number <= _BIGGEST_ID:
            raise RefusedError(Refusal.BAD_ID)
        return number

    def phone(self) -> str:
        """Return the phone, which the documents write as a number, as digits."""
        number = self.fields.get("phone")
        digits = str(number) if whole_number(number) is not None else ""
        if not is_international(digits):
            raise RefusedError(Refusal.PHONE_MISSING)
        return digits

    def text(self, name: str) -> str:
        """Return a text that must be there and not be empty."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value.strip():
            raise RefusedError(Refusal.BAD_TEXT)
        return value

    def alpha_name(self, name: str) -> str:
        """Return a sender: 3 to 11 Latin letters and digits."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not _ALPHA_NAME.fullmatch(value):
            raise RefusedError(Refusal.ALPHA_NAME)
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text that may be left out."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, str):
            raise RefusedError(Refusal.BAD_FORM)
        return value

    def flag(self, name: str) -> bool:
        """Return a JSON true or false that may be left out, which is false."""
        value = self.fields.get(name, False)
        if not isinstance(value, bool):
            raise RefusedError(Refusal.BAD_FORM)
        return value

    def inner(self, name: str) -> "Item":
        """Return an object inside this one."""
        value = json_object(self.fields.get(name))
        if value is None:
            raise RefusedError(Refusal.BAD_FORM)
        return Item(value)

    def unknown_fields(self, known: frozenset[str]) -> Mapping[str, str]:
        """Return the fields beside `known`, each value as JSON text."""
        return {
            name: json.dumps(value, ensure_ascii=False)
            for name, value in self.fields.items()
            if name not in known
        }
