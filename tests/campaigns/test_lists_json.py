"""The list of recipients as JSON Lines."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from alphasms_async.campaigns.lists import open_list
from tests.campaigns.test_lists import Write, refused, write

__all__ = ["write"]  # A fixture: it is used by its name alone.


def rows(path: Path, column: str | None = None) -> list[tuple[int, str, Mapping[str, str]]]:
    return [(row.line, row.text, dict(row.values)) for row in open_list(path, column)]


def test_objects_are_rows(write: Write) -> None:
    """Each line is a row, its scalars are texts, and what has parts is left out."""
    path = write(
        '{"name": "Олена", "phone": "0501234567", "sum": 12.50, "vip": true, "note": null}\n'
        '\n{"phone": "0671234567", "tags": ["a"], "more": {"x": 1}}\n',
        "list.jsonl",
    )
    first = {"name": "Олена", "phone": "0501234567", "sum": "12.50", "vip": "true", "note": ""}
    assert [
        (1, "0501234567", first),
        (3, "0671234567", {"phone": "0671234567"}),
    ] == rows(path)


def test_list_tells_how_it_was_understood(write: Write) -> None:
    """The columns are the keys of the first object."""
    found = open_list(write('{"name": "O", "Phone": "0501234567"}\n{"x": 1}\n', "list.ndjson"))
    assert (found.form, found.column, found.columns) == ("jsonl", "Phone", ("name", "Phone"))
    assert found.described == "JSON Lines, UTF-8, phones from column 'Phone'"


def test_lines_may_be_phones_alone(write: Write) -> None:
    """A text or a whole number a line is a phone without other columns."""
    path = write('"0501234567"\n380671234567\n', "list.jsonl")
    assert rows(path) == [(1, "0501234567", {}), (2, "380671234567", {})]
    assert rows(path) == rows(path, "1")
    assert open_list(path).described == "JSON Lines, UTF-8, a phone a line"


def test_objects_and_phones_alone_may_be_mixed(write: Write) -> None:
    """A text among objects is a phone too."""
    path = write('"0501234567"\n{"phone": "0671234567"}\n', "list.jsonl")
    assert rows(path) == [(1, "0501234567", {}), (2, "0671234567", {"phone": "0671234567"})]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("380501234567", "380501234567"),
        ("380501234567.0", "380501234567"),
        ("3.80501234567e11", "380501234567"),
        ("380501234567.5", "380501234567.5"),
        ("1e999999999", "1e999999999"),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("9" * 5000, "9" * 5000),
        ('"\'380501234567 "', "380501234567"),
        ("true", ""),
        ("null", ""),
        ('{"x": 1}', ""),
        ("[1]", ""),
    ],
)
def test_phone_may_be_a_whole_number(write: Write, value: str, text: str) -> None:
    """Whole numbers are phones as written; what cannot be one is a row without a phone."""
    path = write('{"phone": "0671234567"}\n{"phone": ' + value + "}\n", "list.jsonl")
    assert ["0671234567", text] == [row.text for row in open_list(path)]


def test_object_without_the_phone_is_a_row(write: Write) -> None:
    """A line without the phone's key is given too, to be counted as invalid."""
    path = write('{"phone": "0501234567"}\n{"name": "O"}\n', "list.jsonl")
    assert [row.text for row in open_list(path)] == ["0501234567", ""]


@pytest.mark.parametrize("column", ["work", " Work", "2"])
def test_key_is_chosen(write: Write, column: str) -> None:
    """A key is named whatever its capitals, in every line, or by its number in the first object."""
    path = write(
        '{"phone": "0501234567", "WORK": "0671234567"}\n{"work": "0671234568"}\n', "list.jsonl"
    )
    assert [row.text for row in open_list(path, column)] == ["0671234567", "0671234568"]


def test_key_with_phones_is_found(write: Write) -> None:
    """Without a telling name the key with most phones is taken."""
    path = write('{"id": 7, "contact": "0501234567"}\n', "list.jsonl")
    assert open_list(path).column == "contact"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{'phone': 1}", "no JSON: one whole object or text a line"),
        ("0501234567", "no JSON"),
        ('{"phone": "0501234567"} {}', "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"a": ' * 100_000, "no JSON"),
        ("[1]", "neither a JSON object nor a text: write the phone as a text"),
        ("null", "neither a JSON object nor a text"),
        ("true", "neither a JSON object nor a text"),
        ('{"phone": NaN}', "NaN is no JSON number"),
        ('{"a": 1, "phone": 2, "a": 3}', "the key 'a' stands twice in one object"),
        ('{"x": {"0501234567": 1, "0501234567": 1}}', "the key '050***4567' stands twice"),
        ('{"phone": "\\ud800"}', "a NUL character or half a character"),
        ('{"\\u0000": ""}', "a NUL character or half a character"),
        ('"\\udfff"', "a NUL character or half a character"),
        ('"' + "0" * 2_000_000 + '"', "a row of over a million characters"),
    ],
    ids=lambda one: one[:20],
)
def test_bad_line_is_named(write: Write, line: str, says: str) -> None:
    """A line that is no recipient ends the list with its number, wherever it stands."""
    good = '{"phone": "0501234567"}\n'
    assert refused(write(good * 30 + line + "\n", "list.jsonl")).startswith(f", line 31: {says}")
    assert refused(write(good + line + "\n", "list.jsonl")).startswith(f", line 2: {says}")


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ('{"a": "x", "b": "y"}', None, "has no phone column: name it, it has: 'a', 'b'"),
        ('{"a": "0501234567"}', "b", "has no column 'b', it has 1 column: 'a'"),
        ('{"a": "0501234567"}', "2", "has no column '2'"),
        ('"0501234567"', "phone", "has no column 'phone'"),
        ("{}", None, "has no phone column"),
    ],
)
def test_key_that_is_not_there_is_refused(
    write: Write, text: str, column: str | None, says: str
) -> None:
    """Lines without phones, or without the key wanted, say what keys there are."""
    assert says in refused(write(text, "list.jsonl"), column)


def test_escapes_and_encodings_are_read(write: Write) -> None:
    """Letters come as they are or escaped, in UTF-8 with a mark or in UTF-16."""
    item: dict[str, Any] = {"phone": "0501234567", "name": "Їжак 📞"}
    for ascii_only in (True, False):
        for codec in ("utf-8", "utf-8-sig", "utf-16"):
            text = json.dumps(item, ensure_ascii=ascii_only).encode(codec)
            assert [(1, "0501234567", item)] == rows(write(text, "list.jsonl"))
