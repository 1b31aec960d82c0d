"""The JSON object that the page sends, read field by field."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NoReturn, cast

import attrs
from starlette.requests import Request

from alphasms_async.sandbox.page.answers import Problem

_MOST_BYTES: Final = 64 * 1024
_SHOWN: Final = 40
_MONEY: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,2})?", re.ASCII)


@attrs.frozen
class Fields:
    """The fields of one request. Every method raises Problem for a value that is not right."""

    values: Mapping[str, object] = attrs.field(repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, like: str) -> str:
        """Return a text that must be there.

        Args:
            name: The field.
            like: What would be right, for the problem.
        """
        value = self.values.get(name)
        # What no text can hold that is written anywhere: half of a character of UTF-16.
        if not isinstance(value, str) or any("\ud800" <= one <= "\udfff" for one in value):
            raise Problem(400, f"{name} is {like}.")
        return value

    def optional_text(self, name: str, like: str) -> str | None:
        """Return a text, None where it is null or left out."""
        return None if self.values.get(name) is None else self.text(name, like)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return true or false; left out, the default if there is one."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise Problem(400, f"{name} is true or false.")
        return value

    def money(self, name: str) -> Decimal:
        """Return an amount of money from 0 up, written as a text or a number."""
        value = self.values.get(name)
        text = str(value) if isinstance(value, str | int | float) else ""
        if not _MONEY.fullmatch(text):
            raise Problem(400, f'{name} is an amount from 0 to 999999999.99, like "250.00".')
        return round(Decimal(text), 2)

    def texts(self, name: str, like: str) -> list[str]:
        """Return a list of texts."""
        value = self.values.get(name)
        if not isinstance(value, list):
            raise Problem(400, f"{name} is {like}.")
        listed = cast("list[object]", value)
        return [Fields({name: one}).text(name, like) for one in listed]


async def read_fields(request: Request, *known: str) -> Fields:
    """Return the fields in the body of `request`; an empty body has none.

    Args:
        request: The request, its body not read yet.
        known: The fields there may be.

    Raises:
        Problem: It is no JSON object, is too long, or has a field beside `known`.
    """
    values = _object(await _body(request))
    unknown = next((name for name in values if name not in known), None)
    if unknown is not None:
        takes = f"there are {', '.join(known)}" if known else "nothing is to be told here"
        raise Problem(400, f"There is no field {unknown[:_SHOWN]!a}; {takes}.")
    return Fields(values)


async def _body(request: Request) -> bytes:
    body = bytearray()
    is_whole = True
    # Read on beyond the limit: who is answered while still writing may see the connection break.
    async for chunk in request.stream():
        is_whole = is_whole and len(body) + len(chunk) <= _MOST_BYTES
        if is_whole:
            body += chunk
    if not is_whole:
        raise Problem(413, "The body is longer than 64 KiB.")
    return bytes(body)


def _object(body: bytes) -> Mapping[str, object]:
    if not body:
        return {}
    try:
        value: object = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise Problem(400, 'The body is not a JSON object, like {"digits": "7"}.')
    return cast("Mapping[str, object]", value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is Python's, not JSON's")
