"""The list of recipients as a workbook."""

import importlib
import io
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from alphasms_async.campaigns.lists import open_list
from tests.campaigns.test_lists import Write, refused, write

__all__ = ["write"]  # A fixture: it is used by its name alone.

# It has no types that a type checker could go by.
xlsxwriter: Any = importlib.import_module("xlsxwriter")

PIECE_BYTES = 256 * 1024

Sheets = dict[str, list[list[Any]]]
FORMATS: dict[type, str] = {
    date: "yyyy-mm-dd",
    datetime: "yyyy-mm-dd hh:mm",
    time: "hh:mm",
    timedelta: "[h]:mm:ss",
}


def kind_of(value: object) -> type:
    return type(value)


def workbook(sheets: Sheets, *, at: tuple[int, int] = (0, 0), hidden: str = "") -> bytes:
    """Return a workbook with the rows of each sheet, from one cell on."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    form = book.add_format({"num_format": FORMATS.get(kind_of(value), "General")})
                    sheet.write(at[0] + number, at[1] + place, value, form)
            if name == hidden:
                sheet.hide()
            else:
                sheet.activate()
                sheet.set_first_sheet()
    return buffer.getvalue()


def changed(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return a workbook whose parts were changed behind the writer's back."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return buffer.getvalue()


LIST: Sheets = {"People": [["name", "phone"], ["Olena", 380501234567], ["Taras", "0671234567"]]}


def test_rows_of_a_sheet_are_read(write: Write) -> None:
    """A sheet's rows come with their numbers; a phone kept as a number is digits again."""
    found = open_list(write(workbook(LIST), "list.xlsx"))
    assert [(row.line, row.text) for row in found] == [(2, "380501234567"), (3, "0671234567")]
    assert dict(next(iter(found)).values) == {"name": "Olena", "phone": "380501234567"}
    assert (found.form, found.column, found.columns) == ("xlsx", "phone", ("name", "phone"))
    assert found.described == "XLSX, sheet 'People', phones from column 'phone'"


def test_workbook_is_known_by_its_content(write: Write) -> None:
    """The extension of a workbook does not matter."""
    assert open_list(write(workbook(LIST), "list.csv")).form == "xlsx"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (7, "7"),
        (True, "true"),
        (False, "false"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),  # noqa: DTZ001 - a sheet has no zones
        (time(3, 4), "03:04:00"),
        (timedelta(hours=30, minutes=5), "30:05:00"),
        ("Їжак\n=1", "Їжак\n=1"),
        (1e300, "1e+300"),
    ],
)
def test_values_are_texts(write: Write, value: Any, text: str) -> None:
    """Whatever a cell holds is given as a person would write it."""
    path = write(workbook({"a": [["phone", "x"], ["0501234567", value]]}), "list.xlsx")
    assert next(iter(open_list(path))).values["x"] == text


def test_rows_and_columns_are_counted_from_the_corner(write: Write) -> None:
    """A list that does not begin in A1 keeps the numbers that its rows and columns have."""
    rows = [["0501234567", "0671234567"], [], ["0501234568", "0671234568"]]
    path = write(workbook({"a": rows}, at=(4, 2)), "list.xlsx")
    assert [(row.line, row.text) for row in open_list(path, "4")] == [
        (5, "0671234567"),
        (7, "0671234568"),
    ]
    assert open_list(path).column == "3"


def test_first_sheet_with_rows_is_taken(write: Write) -> None:
    """Empty sheets are passed over, and a hidden one is taken only if no other has rows."""
    others: Sheets = {"hidden": [["0631234567"]], "empty": [], "second": [["0501234567"]]}
    path = write(workbook(others, hidden="hidden"), "list.xlsx")
    assert "sheet 'second'" in open_list(path).described
    others["second"] = []
    path = write(workbook(others, hidden="hidden"), "list.xlsx")
    assert "sheet 'hidden'" in open_list(path).described


@pytest.mark.parametrize(
    ("rows", "column", "says"),
    [
        ([], None, " is empty: one phone number a row"),
        ([["", " "]], None, " is empty: one phone number a row"),
        ([["phone"]], None, " is empty but for its header"),
        ([["a", "b"], ["x", "y"]], None, " has no phone column: name it, it has: 'a', 'b'"),
        ([["phone"], ["0501234567"]], "cell", " has no column 'cell'"),
        ([["phone"], ["050\0"]], None, ", line 2: a NUL character"),
        ([["phone", "x"], ["0501234567", timedelta(days=1)]], "y", " has no column 'y'"),
    ],
)
def test_bad_sheet_is_refused(
    write: Write, rows: list[list[Any]], column: str | None, says: str
) -> None:
    """A sheet without recipients or without the column is one clear line."""
    assert refused(write(workbook({"a": rows}), "list.xlsx"), column).startswith(says)


def test_time_that_python_has_no_value_for_is_refused(write: Write) -> None:
    """A cell that cannot be read at all makes the workbook a broken one."""
    rows: list[list[Any]] = [["phone", "x"], ["0501234567", timedelta(days=1)]]
    content = changed(
        workbook({"a": rows}),
        lambda _, part: part.replace(b"<v>1</v></c></row></", b"<v>1e10</v></c></row></"),
    )
    assert "is a broken workbook" in refused(write(content, "list.xlsx"))


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (workbook(LIST)[:2000], " is a broken workbook: save the list anew"),
        (b"PK\x03\x04" + b"xl/" * 100, " is a broken workbook"),
        (archive("xl/workbook.xml"), " is a broken workbook"),
        (archive("list.csv"), " is an archive, not a workbook"),
        (archive(), " is an archive, not a workbook"),
        (archive("content.xml", "mimetype"), " is an archive, not a workbook"),
        (archive("xl/workbook.bin"), " is a binary workbook (.xlsb)"),
        (
            changed(workbook(LIST), lambda name, part: part[: -300 if "sheet1" in name else None]),
            " is a broken workbook",
        ),
    ],
    ids=["cut", "rubbish", "no workbook", "zip", "empty zip", "ods", "xlsb", "cut sheet"],
)
def test_what_is_no_workbook_is_refused(write: Write, content: bytes, says: str) -> None:
    """A broken workbook, or another kind of archive, is one clear line."""
    line = refused(write(content, "list.xlsx"))
    assert line.startswith(says)
    assert "as .xlsx or CSV" in line


def test_encrypted_archive_is_refused(write: Write) -> None:
    """An archive with a password is named as such."""
    content = bytearray(archive("xl/workbook.xml"))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    assert "is protected by a password" in refused(write(bytes(content), "list.xlsx"))


@pytest.mark.parametrize(
    ("row", "cell"), [("1048576", "XFD1048576"), ("2", "xfd2"), ("5", "A99999999"), ("5", "AAAAA5")]
)
def test_far_cell_does_not_end_the_process(write: Write, row: str, cell: str) -> None:
    """A stray cell that would make the reader ask for all memory there is is found before."""
    reference = f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>'.encode()
    content = changed(
        workbook({"a": [["0501234567"]] * 2000}),
        lambda _, part: part.replace(b"</sheetData>", reference),
    )
    line = refused(write(content, "list.xlsx"))
    assert "too far apart to read: delete the far ones" in line


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_far_cell_is_found_where_two_pieces_of_reading_meet(write: Write, cut: int) -> None:
    """A cell whose tag lies across the end of one piece is seen like any other."""
    cell = b'<c r="XFD1048576"><v>1</v></c>'

    def moved(_: str, part: bytes) -> bytes:
        begun = part.find(b"</sheetData>")
        return part[:begun].ljust(PIECE_BYTES - cut) + cell + part[begun:] if begun >= 0 else part

    content = changed(workbook({"a": [["0501234567"]]}), moved)
    assert "too far apart to read" in refused(write(content, "list.xlsx"))


def test_empty_far_cell_is_no_fault(write: Write) -> None:
    """A cell that has a colour and nothing else takes no room."""
    reference = b'<row r="1048576"/><row r="1048576" s="1" ><c r="XFD1048576" s="1"/></row>'
    content = changed(
        workbook({"a": [["0501234567"]] * 3}),
        lambda _, part: part.replace(b"</sheetData>", reference + b"</sheetData>"),
    )
    assert len(list(open_list(write(content, "list.xlsx")))) == 3


def test_archive_that_unpacks_without_end_is_refused(write: Write) -> None:
    """An archive that says it is over 1 GB when unpacked is not unpacked."""
    content = bytearray(workbook(LIST))
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = (2**30 + 1).to_bytes(4, "little")
    assert "unpacks to over 1 GB" in refused(write(bytes(content), "list.xlsx"))


def test_missing_reader_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra a workbook is an ImportError that says what to install."""
    path = write(workbook(LIST), "list.xlsx")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ImportError, match=r'pip install "alphasms-async\[xlsx\]"') as caught:
        open_list(path)
    assert caught.value.name == "python_calamine"


def test_interrupt_is_no_broken_workbook(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a workbook is read stays what it is."""

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    path: Path = write(workbook(LIST), "list.xlsx")
    monkeypatch.setattr(zipfile.ZipFile, "infolist", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_list(path)
