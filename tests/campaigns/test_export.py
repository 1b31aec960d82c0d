"""The export: everybody in a campaign, as a file that other programs read."""

import csv
import errno
import io
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, cast

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.campaigns.export import ExportForm, export_rows
from alphasms_async.campaigns.export.cells import COLUMNS, guarded
from alphasms_async.campaigns.export.outlets import write_whole
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.states import Verdict
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, Stage, Time, staged
from tests.doubles import phones

pytestmark = pytest.mark.anyio

FORMS: tuple[ExportForm, ...] = ("csv", "jsonl", "xlsx")
TRIGGERS = ("=", "+", "-", "@", "\t", "\r")


async def exported(journal: Journal, form: ExportForm, name: str = NAME) -> bytes:
    out = io.BytesIO()
    await export_rows(journal, name, form, out)
    return out.getvalue()


async def read_csv(journal: Journal) -> list[dict[str, str]]:
    text = (await exported(journal, "csv")).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def read_json(journal: Journal) -> list[dict[str, Any]]:
    lines = (await exported(journal, "jsonl")).decode().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
async def full(journal: Journal, time: Time) -> Stage:
    """A campaign in which somebody was called, and somebody could not be."""
    first, second = phones(2)
    rows = [
        PlannedRow(2, first),
        PlannedRow(3, None, "не номер"),
        PlannedRow(4, second),
        PlannedRow(7, first),
    ]
    await journal.plan(NAME, {}, rows)
    stage = Stage(journal, time, (await journal.campaign(NAME)).id)
    ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=100500, price=Decimal("0.40"))
    time.forward(30.5)
    await stage.event(CallOutcome.NO_ANSWER, ref, seconds=21, digits="07")
    return stage


async def test_json_lines_have_plain_values(full: Stage) -> None:
    """Numbers are numbers, a price and keys are exact texts, and what is not known is null."""
    called, invalid, planned, duplicate = await read_json(full.journal)
    assert called == {
        "line": 2,
        "phone": phones(1)[0],
        "state": "done",
        "reason": None,
        "outcome": "no_answer",
        "id": 100500,
        "price": "0.40",
        "attempts": 1,
        "digits": "07",
        "seconds": 21,
        "error": None,
        "called_at": "2026-06-01T12:00:00+00:00",
        "told_at": "2026-06-01T12:00:30+00:00",
    }
    assert (invalid["phone"], invalid["state"], invalid["reason"]) == (
        *("не номер", "skipped", "invalid"),
    )
    assert invalid["error"] == (
        "the phone has letters in it: use international form, like +380 50 123 45 67"
    )
    assert duplicate["error"] is None
    assert (planned["line"], planned["attempts"], planned["called_at"]) == (4, 0, None)
    assert (duplicate["line"], duplicate["reason"]) == (7, "duplicate")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "the phone number is empty"),
        ("0501", "short code or too short"),
        ("380501234567", "not all else that the campaign needs"),
    ],
)
async def test_invalid_line_tells_what_is_wrong(
    journal: Journal, time: Time, given: str, told: str
) -> None:
    """Why a line is no recipient stands beside it; a good number's line lacks something else."""
    await staged(journal, time, 1, name="other")
    await journal.plan(NAME, {}, [PlannedRow(1, None, given), PlannedRow(2, phones(1)[0])])
    invalid, planned = await read_json(journal)
    assert told in invalid["error"]
    assert planned["error"] is None


async def test_csv_says_the_same(full: Stage) -> None:
    """CSV has the same columns, with nothing for what is not known."""
    rows = await read_csv(full.journal)
    told = await read_json(full.journal)
    assert [list(row) for row in rows] == [list(COLUMNS)] * 4
    assert rows == [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in told
    ]


async def test_csv_is_what_excel_opens(full: Stage) -> None:
    """It begins with a byte order mark and its lines end with CR LF."""
    data = await exported(full.journal, "csv")
    assert data.startswith(b"\xef\xbb\xbfline,phone,state,")
    assert data.endswith(b"\r\n")
    assert data.count(b"\r\n") == data.count(b"\n") == 5


async def test_csv_for_a_program_begins_with_its_header(full: Stage) -> None:
    """Without the mark, the first header is what it says."""
    out = io.BytesIO()
    await export_rows(full.journal, "spring", "csv", out, byte_order_mark=False)
    assert out.getvalue().startswith(b"line,phone,state,")


async def test_latest_attempt_is_told(stage: Stage) -> None:
    """Of somebody called twice the row tells the second call."""
    await stage.attempt(Verdict.NOT_SENT, error="not sent")
    called = stage.time.forward(60)
    await stage.attempt(Verdict.REFUSED, error="refused", price=None)
    row = (await read_json(stage.journal))[0]
    assert (row["attempts"], row["error"]) == (2, "refused")
    assert datetime.fromisoformat(row["called_at"]) == called


@pytest.mark.parametrize("form", FORMS)
async def test_rows_come_in_the_order_of_the_list(
    journal: Journal, time: Time, form: ExportForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages are written, each row once, and progress is told after each page."""
    monkeypatch.setattr("alphasms_async.campaigns.export.rows._PAGE", 4)
    await staged(journal, time, 10)
    told: list[int] = []
    count = await export_rows(journal, NAME, form, io.BytesIO(), told.append)
    assert (count, told) == (10, [4, 8, 10])
    assert [row["line"] for row in await read_json(journal)] == list(range(1, 11))
    assert [row["phone"] for row in await read_csv(journal)] == phones(10)


async def test_empty_campaign_has_a_header(journal: Journal, time: Time) -> None:
    """Nobody is nobody: a header in CSV, nothing at all in JSON Lines."""
    await staged(journal, time, 0)
    assert (await exported(journal, "csv")).decode("utf-8-sig") == ",".join(COLUMNS) + "\r\n"
    assert await exported(journal, "jsonl") == b""


@pytest.mark.parametrize("first", TRIGGERS)
async def test_csv_cells_are_no_formulas(stage: Stage, first: str) -> None:
    """What a list, a gateway or a key says is never run by a spreadsheet."""
    bad = f"{first}cmd|' /C calc'!A0"
    await stage.journal.plan("bad", {}, [PlannedRow(1, None, bad)])
    await stage.attempt(Verdict.REFUSED, error=bad)
    ref = await stage.attempt(Verdict.ACCEPTED)
    await stage.event(CallOutcome.ANSWERED, ref, digits=bad)
    refused, answered, _ = await read_csv(stage.journal)
    assert refused["error"] == answered["digits"] == f"'{bad}"
    text = (await exported(stage.journal, "csv", "bad")).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["phone"] == f"'{bad}"


@given(st.text("=+-@\t\r\n;,|'\" aЇ", max_size=12), st.sampled_from([",", ";", "\t"]))
def test_no_cell_begins_a_formula_wherever_it_is_cut(text: str, separator: str) -> None:
    """A spreadsheet that looks for another separator finds no formula behind it either."""
    for cell in guarded(text).split(separator):
        assert not cell.startswith(("=", "+", "-", "@"))
    assert not guarded(text).startswith(TRIGGERS)


@given(st.text(max_size=30))
def test_guard_adds_apostrophes_alone(text: str) -> None:
    """A text without a formula stays as it is, and any other can be read again."""
    assert guarded(text).replace("'", "") == text.replace("'", "")


async def test_json_lines_are_left_as_they_are(stage: Stage) -> None:
    """JSON knows no formulas, so its texts are exact."""
    await stage.attempt(Verdict.REFUSED, error='=1+1\u2028\n"Їжак"')
    assert (await read_json(stage.journal))[0]["error"] == '=1+1\u2028\n"Їжак"'


@pytest.mark.parametrize("form", FORMS)
async def test_unknown_campaign_writes_nothing(stage: Stage, form: ExportForm) -> None:
    """A wrong name leaves what was to be written to as it was."""
    out = io.BytesIO()
    with pytest.raises(InvalidRequest, match=NAME):
        await export_rows(stage.journal, "nobody", form, out)
    assert not out.getvalue()


@pytest.mark.parametrize("form", ["", "CSV", "xls", None])
async def test_unknown_form_is_refused(stage: Stage, form: Any) -> None:
    """Any other form is told which there are."""
    with pytest.raises(InvalidRequest, match="an export is csv, jsonl or xlsx"):
        await export_rows(stage.journal, NAME, form, io.BytesIO())


class Full(io.RawIOBase):
    """A file on a disk that has room for so many bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def writable(self) -> bool:
        """It takes bytes, as long as there is room."""
        return True

    def write(self, data: Any) -> int:
        """Take what there is room for."""
        taken = min(self.room, len(data))
        self.room -= taken
        return taken


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("room", [0, 2, 60])
async def test_full_disk_is_an_error(stage: Stage, form: ExportForm, room: int) -> None:
    """A disk that takes a part of it and then nothing is no success."""
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        await export_rows(stage.journal, NAME, form, cast("BinaryIO", Full(room)))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")
@pytest.mark.parametrize("form", FORMS)
async def test_full_disk_behind_a_buffer_is_an_error(stage: Stage, form: ExportForm) -> None:
    """What stays in a buffer is not written, and is not told to be."""
    out = Path("/dev/full").open("wb")  # noqa: ASYNC230, SIM115 - closed below, where it may fail
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        await export_rows(stage.journal, NAME, form, out)
    # What is still in its buffer has no room either.
    with suppress(OSError):
        out.close()


@pytest.mark.parametrize("form", FORMS)
async def test_reader_that_left_is_an_error(stage: Stage, form: ExportForm) -> None:
    """A pipe that nobody reads is a broken pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb", buffering=0) as out, pytest.raises(BrokenPipeError):  # noqa: ASYNC230, PTH123 - a pipe has no path
        await export_rows(stage.journal, NAME, form, out)


@given(st.binary(max_size=50), st.integers(1, 7))
def test_bytes_are_written_whole(data: bytes, at_once: int) -> None:
    """However little is taken at a time, everything is written, once."""
    taken = bytearray()

    class Slow(io.BytesIO):
        def write(self, data: Any) -> int:
            taken.extend(data[:at_once])
            return min(at_once, len(data))

    write_whole(Slow(), data)
    assert bytes(taken) == data


@pytest.mark.parametrize("form", FORMS)
async def test_failure_on_the_way_is_passed_on(
    stage: Stage, form: ExportForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong between two pages is raised, and what was opened is let go."""

    def fail(count: int) -> None:
        raise RuntimeError(f"after {count}")

    with pytest.raises(RuntimeError, match="after 3"):
        await export_rows(stage.journal, NAME, form, io.BytesIO(), fail)


@pytest.mark.parametrize("form", FORMS)
async def test_export_can_be_cancelled(stage: Stage, form: ExportForm) -> None:
    """A cancelled export ends, and leaves nothing open behind it."""
    with anyio.CancelScope() as scope:

        def cancel(_count: int) -> None:
            scope.cancel()

        await export_rows(stage.journal, NAME, form, io.BytesIO(), cancel)
    assert scope.cancelled_caught


@pytest.mark.parametrize("form", FORMS)
async def test_out_is_left_open(stage: Stage, form: ExportForm) -> None:
    """Whoever opened it closes it."""
    out = io.BytesIO()
    await export_rows(stage.journal, NAME, form, out)
    assert not out.closed


async def test_export_changes_nothing(full: Stage, opened: Callable[[], Journal]) -> None:
    """Rows, ledger and campaign are the same after an export."""
    before = (await full.rows(), await full.ledger())
    await read_csv(full.journal)
    assert (await full.rows(), await full.ledger()) == before
