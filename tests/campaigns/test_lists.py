"""The list of recipients: what every form of it promises."""

import hashlib
import itertools
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.lists import ListedRecipient, open_list

PHONE = "380501234567"
LIST = "name,phone\nOlena,0501234567\n"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of bytes or text, and return its path."""

    def written(content: bytes | str, name: str = "list.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def refused(path: Path, column: str | None = None) -> str:
    """Return the one line that a list is refused with, without its path."""
    with pytest.raises(InvalidRequest) as caught:
        list(open_list(path, column))
    line = str(caught.value)
    assert line.startswith(str(path))
    assert len(line.splitlines()) == 1
    return line.removeprefix(str(path))


def test_rows_come_with_their_line_and_columns(write: Write) -> None:
    """A row is given with its line, the phone as written, and every column by header."""
    rows = list(open_list(write("Name,Phone\nOlena, 050 123 45 67\n")))
    assert [(row.line, row.text) for row in rows] == [(2, "050 123 45 67")]
    assert dict(rows[0].values) == {"Name": "Olena", "Phone": " 050 123 45 67"}


def test_list_is_read_as_often_as_wanted(write: Write) -> None:
    """Iterating twice, or both at once, gives the same rows."""
    found = open_list(write(LIST * 3))
    assert list(found) == list(found)
    assert all(one == other for one, other in zip(found, found, strict=True))


def test_list_tells_how_it_was_understood(write: Write) -> None:
    """The form, the phone column and the headers are there, and one line for a person."""
    found = open_list(write(LIST))
    assert (found.form, found.column, found.columns) == ("csv", "phone", ("name", "phone"))
    assert found.described == "CSV, UTF-8, delimiter comma, phones from column 'phone'"


def test_list_without_header_tells_the_number_of_the_column(write: Write) -> None:
    """Without a header there are no columns by name, and the phone column is a number from 1."""
    found = open_list(write("7;0501234567\n"))
    assert (found.column, found.columns) == ("2", ())
    assert found.described == "CSV, UTF-8, delimiter semicolon, phones from column 2, no header"
    assert [dict(row.values) for row in found] == [{}]


def test_digest_is_of_the_bytes_of_the_file(write: Write) -> None:
    """`sha256` is what any other program says of the file, also when it is long."""
    content = LIST.encode() * 20_000
    assert hashlib.sha256(content).hexdigest() == open_list(write(content)).sha256


def test_repr_of_a_row_masks_the_phone(write: Write) -> None:
    """Neither the phone nor another column stands in the repr of a row or of a list."""
    found = open_list(write(f"name,phone\nOlena,{PHONE}\n"))
    row = next(iter(found))
    assert repr(row) == "ListedRecipient(line=2, text='380*****4567')"
    assert PHONE not in repr(found)


def test_row_is_frozen() -> None:
    """A row cannot be changed, and is equal to one with the same content."""
    row = ListedRecipient(1, PHONE, {})
    with pytest.raises(AttributeError):
        row.text = "112"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue] - the claim
    assert ListedRecipient(1, PHONE, {}) == row
    assert hash(row) == hash(ListedRecipient(1, PHONE, {}))


def test_list_crosses_a_process(write: Write) -> None:
    """What was found out about a file can be sent to another process, which reads it there."""
    found = open_list(write(LIST))
    assert list(found) == list(pickle.loads(pickle.dumps(found)))  # noqa: S301 - our own bytes


def test_path_may_be_text(write: Write) -> None:
    """A path is text or anything that stands for a path."""
    assert [row.text for row in open_list(str(write(LIST)))] == ["0501234567"]


@pytest.mark.parametrize("path", [b"list.csv", 3, None])
def test_what_is_no_path_is_refused(path: object) -> None:
    """Bytes, an open file's number or nothing is no path."""
    with pytest.raises(InvalidRequest, match="the list is a path, not"):
        open_list(path)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - the claim


@pytest.mark.parametrize("column", ["", "  ", 2])
def test_what_names_no_column_is_refused(write: Write, column: object) -> None:
    """A column is named by a text that is not blank."""
    with pytest.raises(InvalidRequest, match="a header or a number from 1"):
        open_list(write(LIST), column)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - the claim


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is named, with what the system says."""
    assert refused(tmp_path / "no.csv") == " cannot be read: No such file or directory"


def test_folder_is_refused(tmp_path: Path) -> None:
    """A folder is no list."""
    assert "is a folder" in refused(tmp_path)


def test_pipe_and_device_are_refused(tmp_path: Path) -> None:
    """What can be read once only is refused instead of waited for."""
    os.mkfifo(tmp_path / "pipe")
    assert "is a pipe or a device" in refused(tmp_path / "pipe")
    assert "is a pipe or a device" in refused(Path("/dev/null"))


def test_file_of_another_person_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is named, with what the system says."""

    def denied(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(LIST)
    monkeypatch.setattr(Path, "open", denied)
    assert refused(path) == " cannot be read: Permission denied"


def test_name_that_no_file_can_have_is_refused() -> None:
    """A name with a NUL character, or a whole list in its place, is one short line."""
    with pytest.raises(InvalidRequest, match=r"^a\\x00b cannot be read"):
        open_list("a\0b")
    with pytest.raises(InvalidRequest) as caught:
        open_list("phone\n0501234567\n" * 1000)
    assert len(str(caught.value)) < 300
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("content", [LIST * 2, LIST.replace("Olena", "Elena")])
def test_file_saved_anew_is_refused(write: Write, content: str) -> None:
    """A list whose file has another size or another time of writing is not read any more."""
    path = write(LIST)
    found = open_list(path)
    write(content)
    os.utime(path, ns=(0, 1_000_000_000))
    with pytest.raises(InvalidRequest, match="has changed since it was looked at"):
        next(iter(found))


def test_file_saved_while_it_is_read_is_refused(write: Write) -> None:
    """A change of the file between the first row and the last is not passed over."""
    path = write(LIST + "Taras,0671234567\n")
    rows = iter(open_list(path))
    assert next(rows).text == "0501234567"
    os.utime(path, ns=(0, 1_000_000_000))
    with pytest.raises(InvalidRequest, match="has changed"):
        list(rows)


def test_file_saved_while_it_is_looked_at_is_refused(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that another program is still writing is not taken for complete."""
    times = itertools.count()

    def growing(_: int) -> SimpleNamespace:
        return SimpleNamespace(st_size=1, st_mtime_ns=next(times))

    path = write(LIST)
    monkeypatch.setattr(os, "fstat", growing)
    assert refused(path) == " is being written to: try again when it is complete"


def test_change_that_left_the_time_is_refused_when_it_is_no_text(write: Write) -> None:
    """Bytes that were no part of the list when it was looked at do not end in a traceback."""
    path = write(LIST)
    found, saved = open_list(path), path.stat().st_mtime_ns
    write(LIST.encode()[:-1] + b"\xff")
    os.utime(path, ns=(saved, saved))
    with pytest.raises(InvalidRequest, match="has changed since it was looked at"):
        list(found)


def test_file_that_is_gone_is_refused(write: Write) -> None:
    """A list whose file was removed is refused like one that never was."""
    path = write(LIST)
    found = open_list(path)
    path.unlink()
    with pytest.raises(InvalidRequest, match="No such file"):
        list(found)


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl"])
@pytest.mark.parametrize("content", ["", "\n\r\n \n", "\ufeff"])
def test_empty_file_is_refused(write: Write, name: str, content: str) -> None:
    """A file without anything in it has nobody to call."""
    assert "is empty: one phone number a line" in refused(write(content, name))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "save it as .xlsx or CSV"),
        (b'[{"phone": "0501234567"}]', "is a JSON array: write one object a line"),
        (b"\n  [\n", "is a JSON array"),
        (b"<html><table><tr><td>0501234567</td></tr></table></html>", "is a web page or XML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><x/>', "is a web page or XML"),
    ],
    ids=["xls", "array", "array later", "html", "xml"],
)
def test_other_forms_are_refused_by_name(write: Write, content: bytes, says: str) -> None:
    """What people take for a list is named, with what to do about it, whatever it is called."""
    assert says in refused(write(content, "list.csv"))
    assert says in refused(write(content, "list.xlsx"))


def test_content_outweighs_the_extension(write: Write) -> None:
    """A CSV called .xlsx is a CSV, and objects in a file called .csv are JSON Lines."""
    assert open_list(write(LIST, "list.xlsx")).form == "csv"
    assert open_list(write('\n{"phone": "0501234567"}\n', "list.csv")).form == "jsonl"
