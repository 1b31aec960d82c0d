"""JSON as the page is answered, and what it is told when something is wrong."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
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
    """Return `value` as JSON in one line, ASCII alone."""
    return json.dumps(value, separators=(",", ":"))


def json_answer(value: Json, status: int = 200) -> Response:
    """Return the answer that says `value`."""
    return Response(json_text(value), status, media_type="application/json")


def problem_answer(status: int, text: str) -> Response:
    """Return the answer that says what is wrong."""
    return json_answer({"error": text}, status)


def milliseconds(moment: datetime) -> int:
    """Return `moment` as the page counts time: milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def maybe_milliseconds(moment: datetime | None) -> int | None:
    """Return `moment` in milliseconds since 1970, None for None."""
    return None if moment is None else milliseconds(moment)
