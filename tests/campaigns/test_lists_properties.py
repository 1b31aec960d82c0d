"""The list of recipients, whatever is in it: what is written is read, and rubbish is refused."""

import csv
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.lists import open_list

PEAK_BYTES = 8 * 1024 * 1024

# A NUL is refused by name, and a lone surrogate is in no encoded file.
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
# Letters of Windows-1251 that do not happen to read as UTF-8 when they stand together.
CYRILLIC = st.text("абвгдежзклмнопрстуфхцчшщьюя ,;|\t\"'\n0123", max_size=12)
PHONES = st.integers(0, 9_999_999).map(lambda number: f"38050{number:07d}")
# Python's own writer leaves a lone carriage return unquoted unless it ends its lines with one.
STYLES = [(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file that every example is written to anew."""
    return tmp_path_factory.mktemp("lists") / "list.csv"


def without_mark(cell: str) -> str:
    """Return a cell as a spreadsheet shows one that is marked as no formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in {*"=+-@\t\r"} else cell


def written(rows: list[list[str]], delimiter: str, quoting: int, end: str) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - one of the module's numbers
    writer.writerows(rows)
    return buffer.getvalue()


@given(
    st.lists(st.tuples(PHONES, CELLS, CELLS), min_size=1, max_size=30),
    st.sampled_from(",;\t|"),
    st.sampled_from(STYLES),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read(
    path: Path,
    rows: list[tuple[str, str, str]],
    delimiter: str,
    style: tuple[int, str],
    codec: str,
) -> None:
    """Any text in any delimiter, quoting, line end and encoding is read back as it was."""
    text = written([["phone", "name", "note"], *map(list, rows)], delimiter, *style)
    path.write_bytes(text.encode(codec))
    found = open_list(path)
    assert found.columns == ("phone", "name", "note")
    assert [row.text for row in found] == [phone for phone, _, _ in rows]
    assert [(row.values["name"], row.values["note"]) for row in found] == [
        (without_mark(name), without_mark(note)) for _, name, note in rows
    ]


@given(st.lists(st.tuples(PHONES, CYRILLIC), min_size=1, max_size=10), st.sampled_from(",;\t|"))
def test_windows_1251_is_read(path: Path, rows: list[tuple[str, str]], delimiter: str) -> None:
    """What a spreadsheet set to Ukrainian writes is read back as it was."""
    text = written(
        [["телефон", "прізвище"], *map(list, rows)], delimiter, csv.QUOTE_MINIMAL, "\r\n"
    )
    path.write_bytes(text.encode("cp1251"))
    found = open_list(path)
    assert "Windows-1251" in found.described
    assert [(row.text, row.values["прізвище"]) for row in found] == [
        (phone, without_mark(name)) for phone, name in rows
    ]


@given(st.lists(st.dictionaries(CELLS, st.none() | st.booleans() | CELLS), min_size=1))
def test_json_lines_are_read(path: Path, items: list[dict[str, bool | str | None]]) -> None:
    """Any objects with a phone are read back, each on its line."""
    rows = [{**item, "phone": f"38050{number:07d}"} for number, item in enumerate(items)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words: dict[object, str] = {None: "", True: "true", False: "false"}
    assert [(row.line, dict(row.values)) for row in open_list(path)] == [
        (number, {key: words.get(value, str(value)) for key, value in row.items()})
        for number, row in enumerate(rows, start=1)
    ]


BEGINNINGS = [
    b"",
    b"PK\x03\x04",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"{",
    b'{"phone":',
    b"phone,x\n",
    b"sep=",
    b'"',
    b"0501234567\n",
]
# The bytes that mean something somewhere come more often than by chance.
RUBBISH = st.lists(st.binary(max_size=9) | st.sampled_from([b"\n", b'"', b",", b";", b"{}", b"0"]))


@given(st.sampled_from(BEGINNINGS), RUBBISH.map(b"".join), st.sampled_from([None, "phone", "2"]))
def test_rubbish_is_read_or_refused(
    path: Path, beginning: bytes, rest: bytes, column: str | None
) -> None:
    """Whatever the bytes are, there are rows or one line that begins with the path."""
    path.write_bytes(beginning + rest)
    rows, line = read_or_refused(path, column)
    assert rows or line.startswith(str(path))
    assert len(line.splitlines()) == (0 if rows else 1)


def read_or_refused(path: Path, column: str | None) -> tuple[int, str]:
    """Return how many rows there are, or the line that refuses them."""
    try:
        return sum(1 for _ in open_list(path, column)), ""
    except InvalidRequest as error:
        return 0, str(error)


def peak_of(path: Path) -> tuple[int, str, int]:
    """Return the rows of a list or its refusal, and the most memory that took, in bytes."""
    tracemalloc.start()
    try:
        rows, line = read_or_refused(path, None)
        return rows, line, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("form", "count"),
    [
        ("38050%07d,name %d,Kyiv\n", 300_000),
        ('{"phone": "38050%07d", "name": "%d"}\n', 60_000),
    ],
    ids=["csv", "json"],
)
def test_long_list_takes_little_memory(tmp_path: Path, form: str, count: int) -> None:
    """A list of 300,000 rows is read in less than 8 MB."""
    path = tmp_path / "list.csv"
    with path.open("w") as file:
        file.writelines(form % (number, number) for number in range(count))
    rows, _, peak = peak_of(path)
    assert rows == count
    assert peak < PEAK_BYTES


@pytest.mark.parametrize(
    "content", [b"0" * 20_000_000, b'"' + b"0\n" * 10_000_000], ids=["no end", "open quote"]
)
def test_endless_row_takes_little_memory(tmp_path: Path, content: bytes) -> None:
    """A file without line ends, or with a quote left open, is refused in less than 8 MB."""
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    _, line, peak = peak_of(path)
    assert ", line 1: " in line
    assert peak < PEAK_BYTES
