"""What an export tells of each recipient, and how that becomes a cell."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from alphasms_async.campaigns.records import RowRecord
from alphasms_async.campaigns.states import SkipReason
from alphasms_async.errors import InvalidPhoneNumber
from alphasms_async.phone import parse_phone

__all__ = ["COLUMNS", "Cell", "cells_of", "guarded", "plain_values"]

Cell = str | int | Decimal | None
"""What stands in one cell; `None` for nothing."""

COLUMNS: tuple[str, ...] = (
    *("line", "phone", "state", "reason", "outcome", "id", "price", "attempts", "digits"),
    *("seconds", "error", "called_at", "told_at"),
)
"""The columns of every export, in their order."""

# Where a cell may begin: a comma-separated file is cut at other places by a spreadsheet that is
# set to another language, as it is in Ukraine, where it looks for semicolons.
_CUT = re.compile(r"(?<=[;,\t\r\n])(?=[=+\-@])")
# Some drop the blanks before a formula, and some know the wide letters of East Asian keyboards.
_BEGUN = re.compile(r"[\t\r\n]|[\s\ufeff\u200b]*[=+\-@＝＋－＠]")


def cells_of(row: RowRecord) -> tuple[Cell, ...]:
    """Return a recipient's cells, one for each of `COLUMNS`, as they are."""
    return (
        row.line,
        # Of one that is no number stands there what the list says.
        row.given if row.phone is None else row.phone,
        str(row.state),
        None if row.reason is None else str(row.reason),
        None if row.outcome is None else str(row.outcome),
        row.gateway_id,
        row.price,
        row.attempts,
        row.digits,
        row.seconds,
        _fault(row) if row.reason is SkipReason.INVALID else row.error,
        _written(row.claimed_at),
        _written(row.told_at),
    )


def plain_values(row: RowRecord) -> Mapping[str, str | int | None]:
    """Return a recipient's cells by their columns, as JSON can carry them: a price as text."""
    cells = zip(COLUMNS, cells_of(row), strict=True)
    return {name: f"{cell:f}" if isinstance(cell, Decimal) else cell for name, cell in cells}


def guarded(text: str) -> str:
    """Return a text that a spreadsheet takes for no formula: with an apostrophe before it."""
    inside = _CUT.sub("'", text)
    return f"'{inside}" if _BEGUN.match(text) else inside


def _fault(row: RowRecord) -> str:
    """Return what is wrong with a line that is no recipient."""
    try:
        parse_phone(row.given or "")
    except InvalidPhoneNumber as error:
        return str(error)
    return "the line has a phone number, and not all else that the campaign needs of it"


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
