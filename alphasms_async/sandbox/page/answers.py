"""JSON as the page is answered, and what it is told when something is wrong."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from starlette.responses import Response

Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | Sequence[Json] | None"


class Problem(Exception):
    """A request cannot be done; the page shows its one line.

    Args:
        status: The status of the answer, from 400 to 499.
        text: What is wrong and what would be right.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def json_text(value: Json) -> str:
    """Return `value` as JSON in one line, ASCII alone; what is no number of JSON's as a text."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_without_infinity(value), separators=(",", ":"), allow_nan=False)


def json_answer(value: Json, status: int = 200) -> Response:
    """Return the answer that says `value`."""
    return Response(json_text(value), status, media_type="application/json")


def problem_answer(status: int, text: str) -> Response:
    """Return the answer that says what is wrong."""
    return json_answer({"error": text}, status)


def _without_infinity(value: Json) -> Json:
    match value:
        case float() if not math.isfinite(value):
            # As Python writes it.
            return json.dumps(value)
        case Mapping():
            return {name: _without_infinity(one) for name, one in value.items()}
        case list() | tuple():
            return [_without_infinity(one) for one in value]
        case _:
            return value


def money(amount: Decimal) -> str:
    """Return `amount` with two decimals; what has more of them keeps them."""
    exponent = amount.as_tuple().exponent
    is_short = isinstance(exponent, int) and exponent > -2
    return f"{amount:.2f}" if is_short else f"{amount:f}"


def milliseconds(moment: datetime) -> int:
    """Return `moment` as the page counts time: milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def maybe_milliseconds(moment: datetime | None) -> int | None:
    """Return `moment` in milliseconds since 1970, None for None."""
    return None if moment is None else milliseconds(moment)
