"""The export as a spreadsheet's workbook."""

import importlib
import io
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from alphasms_async.campaigns.export import export_rows
from alphasms_async.campaigns.export.cells import COLUMNS
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.states import Verdict
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, PRICE, Stage, Time, staged
from tests.doubles import phones

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files are made; there are none after any test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


async def exported(journal: Journal, name: str = NAME) -> bytes:
    out = io.BytesIO()
    await export_rows(journal, name, "xlsx", out)
    return out.getvalue()


def read(data: bytes) -> list[dict[str, Any]]:
    """Return the rows of a workbook by its header."""
    head, *rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert head == list(COLUMNS)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def summary(data: bytes) -> list[tuple[Any, ...]]:
    """Return the lines of the second sheet."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.sheet_names == ["recipients", "summary"]
    head, *lines = book.get_sheet_by_name("summary").to_python()
    assert head == ["what", "which", "recipients", "of the answered"]
    return [tuple(line) for line in lines]


def sheet(data: bytes) -> str:
    """Return the sheet as it is in the workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


async def test_workbook_has_every_value(journal: Journal, time: Time) -> None:
    """Phones and keys are texts, counts and prices are numbers, times are as in the other forms."""
    (phone,) = phones(1)
    await journal.plan(NAME, {}, [PlannedRow(2, phone), PlannedRow(3, None, "не номер")])
    stage = Stage(journal, time, (await journal.campaign(NAME)).id)
    ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=100500, price=PRICE)
    await stage.event(CallOutcome.ANSWERED, ref, seconds=21, digits="07")
    called, invalid = read(await exported(journal))
    assert called == {
        "line": 2.0,
        "phone": phone,
        "state": "done",
        "reason": "",
        "outcome": "answered",
        "id": 100500.0,
        "price": 0.4,
        "attempts": 1.0,
        "digits": "07",
        "seconds": 21.0,
        "error": "",
        "called_at": "2026-06-01T12:00:00+00:00",
        "told_at": "2026-06-01T12:00:00+00:00",
    }
    assert (invalid["phone"], invalid["reason"]) == ("не номер", "invalid")


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "http://", "{="])
async def test_workbook_has_no_formulas(stage: Stage, first: str) -> None:
    """What a list or a gateway says is text with an apostrophe before it, and no link."""
    bad = f"{first}cmd|' /C calc'!A0}}"
    await stage.attempt(Verdict.REFUSED, error=bad)
    data = await exported(stage.journal)
    told = read(data)[0]["error"]
    assert told in {bad, f"'{bad}"}
    assert not told.startswith(("=", "+", "-", "@"))
    assert not re.search("<f>|<f |hyperlink", sheet(data))


async def test_numbers_that_a_sheet_cannot_keep_are_texts(stage: Stage) -> None:
    """An id or a price of more digits than a spreadsheet keeps stays exact."""
    large, exact = 2**62, Decimal("0.1234567890123456789")
    await stage.attempt(Verdict.ACCEPTED, gateway_id=large, price=exact)
    row = read(await exported(stage.journal))[0]
    assert (row["id"], row["price"]) == (str(large), str(exact))


async def test_text_longer_than_a_cell_is_cut(stage: Stage) -> None:
    """A text that no cell holds is there as far as it fits, and not missing."""
    await stage.attempt(Verdict.REFUSED, error="ї" * 40_000)
    assert read(await exported(stage.journal))[0]["error"] == "ї" * 32_767


async def test_control_characters_break_no_workbook(stage: Stage) -> None:
    """What XML cannot hold is written in a way that a spreadsheet reads."""
    await stage.attempt(Verdict.REFUSED, error='a\x01\x1b<&>"b')
    assert read(await exported(stage.journal))[0]["error"] == 'a\x01\x1b<&>"b'


async def test_header_stays_in_sight(stage: Stage) -> None:
    """The first row is bold and frozen, columns have widths, and rows can be filtered."""
    xml = sheet(await exported(stage.journal))
    assert 'ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"' in xml
    assert '<autoFilter ref="A1:M4"/>' in xml
    assert xml.count("<col ") >= 4
    assert '<c r="A1" s="' in xml


async def test_phones_are_not_called_mistakes(stage: Stage) -> None:
    """A spreadsheet that warns of numbers kept as texts is told that they are meant."""
    assert 'numberStoredAsText="1"' in sheet(await exported(stage.journal))


async def test_empty_campaign_is_a_header(journal: Journal, time: Time) -> None:
    """Nobody is a workbook with a header."""
    await staged(journal, time, 0)
    assert read(await exported(journal)) == []


async def test_too_many_rows_are_refused_before_anything_is_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no sheet holds is not begun, and the error says what to do instead."""
    monkeypatch.setattr("alphasms_async.campaigns.export.rows.MAX_ROWS", 2)
    out = io.BytesIO()
    with pytest.raises(InvalidRequest, match=r"holds 2 rows .* has 3: export it as csv or jsonl"):
        await export_rows(stage.journal, NAME, "xlsx", out)
    assert not out.getvalue()


def test_most_rows_are_those_of_a_sheet() -> None:
    """A sheet has 1,048,576 rows, and one of them is the header."""
    limit = importlib.import_module("alphasms_async.campaigns.export.spreadsheets").MAX_ROWS
    assert limit == 1_048_575


async def test_missing_extra_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without xlsxwriter the error says what to install, and nothing is written."""
    for name in [one for one in sys.modules if one.partition(".")[0] == "xlsxwriter"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    out = io.BytesIO()
    with pytest.raises(ImportError, match=re.escape('pip install "alphasms-async[xlsx]"')) as told:
        await export_rows(stage.journal, NAME, "xlsx", out)
    assert (told.value.name, out.getvalue()) == ("xlsxwriter", b"")


async def test_no_room_for_temporary_files_is_an_error_of_the_system(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up while the workbook is put together is told as any full disk."""
    real = zipfile.ZipFile.write

    def write(self: zipfile.ZipFile, *args: Any) -> None:
        if args[1].endswith("sheet1.xml"):
            raise OSError(28, "No space left on device")
        real(self, *args)

    monkeypatch.setattr(zipfile.ZipFile, "write", write)
    out = io.BytesIO()
    with pytest.raises(OSError, match="No space left on device") as told:
        await export_rows(stage.journal, NAME, "xlsx", out)
    assert (told.value.errno, out.getvalue()) == (28, b"")


async def test_a_second_sheet_tells_what_they_come_to(journal: Journal, time: Time) -> None:
    """By state, by why they were skipped, by outcome, without a price, and by keys as shares."""
    rows = [*map(PlannedRow, range(1, 6), phones(5)), PlannedRow(6, None, "не номер")]
    await journal.plan(NAME, {"opt_out": "9"}, rows)
    stage = Stage(journal, time, (await journal.campaign(NAME)).id)
    for digits in ("1", "1", "19#", None):
        ref = await stage.attempt(Verdict.ACCEPTED)
        await stage.event(CallOutcome.ANSWERED, ref, digits=digits)
    assert summary(await exported(journal)) == [
        ("recipients", "", 6.0, ""),
        ("state", "done", 4.0, ""),
        ("state", "planned", 1.0, ""),
        ("state", "skipped", 1.0, ""),
        ("reason", "invalid", 1.0, ""),
        ("outcome", "answered", 4.0, ""),
        ("price", "not told", 4.0, ""),
        ("keys", "1", 2.0, 0.5),
        ("keys", "19#", 1.0, 0.25),
        ("opted out", "9", 1.0, 0.25),
    ]


async def test_keys_are_no_formula_in_the_summary_either(stage: Stage) -> None:
    """Whatever an event says was pressed."""
    ref = await stage.attempt(Verdict.ACCEPTED)
    await stage.event(CallOutcome.ANSWERED, ref, digits="=1+1")
    assert ("keys", "'=1+1", 1.0, 1.0) in summary(await exported(stage.journal))
