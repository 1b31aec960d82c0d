"""The list of recipients as CSV: delimiters, encodings, headers, quotes."""

import csv
from pathlib import Path

import pytest

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.lists import open_list
from tests.campaigns.test_lists import Write, refused, write

__all__ = ["write"]  # A fixture: it is used by its name alone.


def texts(path: Path, column: str | None = None) -> list[str]:
    return [row.text for row in open_list(path, column)]


@pytest.mark.parametrize(
    "text",
    [
        "phone\n380501234567\n",
        "\ufeffphone\n380501234567",
        "ім'я;телефон\nОлена;380501234567\n",
        "name\tMobile\nOlena\t380501234567\n",
        'note|number\n"a|b"|380501234567\n',
        "id,contact\n7,380501234567\n",
        "380501234567\r\n\r\n",
        "sep=;\nname;phone\nOlena;380501234567\n",
        "id,phone1,note\n7,380501234567,x\n",
        "'380501234567\n",
        "phone\r380501234567\r",
        "\n\n,,\nphone,name\n,\n380501234567,Olena\n",
        "№,Контакт 1\n1,380501234567\n",
    ],
)
def test_lists_as_people_have_them(write: Write, text: str) -> None:
    """Any usual delimiter and line end, blank lines, a header in two languages, or none."""
    assert texts(write(text)) == ["380501234567"]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ('name;phone;note\n"Olena, Kyiv";0501234567;"a, b, c"\n', "semicolon"),
        (
            "Name, as in the passport; the phone, or none\nOlena;0501234567\nTaras;067\n",
            "semicolon",
        ),
        ("0501234567;12,50\n0671234567;13,50\n", "semicolon"),
        ('phone,note\n0501234567,"x\n' + "a;b\n" * 10 + '"\n', "comma"),
        ('"a;b;c;d",phone\n"e;f;g;h",0501234567\n', "comma"),
        ("phone,name\n0501234567,Olena\n067\n063\n091\n", "comma"),
        ("phone\tnote\n0501234567\tone, two; three|four\n0671234567\tfive\n", "tab"),
    ],
)
def test_delimiter_is_what_fits_most_rows(write: Write, text: str, delimiter: str) -> None:
    """Delimiters in quotes, in sentences and in sums do not mislead, nor do missing cells."""
    found = open_list(write(text))
    assert f"delimiter {delimiter}," in found.described
    assert next(iter(found)).text == "0501234567"


def test_one_column_is_not_cut_at_the_commas_of_its_header(write: Write) -> None:
    """A header that is a sentence stays one column over one column of phones."""
    found = open_list(write("Phone, mobile if there is one\n0501234567\n0671234567\n"))
    assert found.columns == ("Phone, mobile if there is one",)


@pytest.mark.parametrize("note", ["sep=#", "SEP=#", '"sep=#"', "\r\nsep=#"])
def test_note_of_the_delimiter_is_obeyed(write: Write, note: str) -> None:
    """What a spreadsheet's note says is the delimiter, however unusual; lines are counted on."""
    found = open_list(write(f"{note}\r\nname#phone\r\nOlena, Kyiv#0501234567\r\n"))
    row = next(iter(found))
    assert (row.text, row.values) == ("0501234567", {"name": "Olena, Kyiv", "phone": "0501234567"})
    assert (3 if note[0] != "\r" else 4) == row.line


def test_tab_may_be_the_noted_delimiter(write: Write) -> None:
    """A tab at the end of the note is not taken for a blank."""
    assert texts(write("sep=\t\nname, first\tphone\nO\t0501234567\n")) == ["0501234567"]


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("cp1251", "Windows-1251"),
        ("utf-16", "UTF-16"),
    ],
)
def test_encoding_is_found_out(write: Write, codec: str, name: str) -> None:
    """Letters arrive whole in each encoding that lists come in."""
    rows = "ім'я;телефон\n" + "Ґалаґан Їжакевич, Київ;0501234567\n" * 5000
    found = open_list(write(rows.encode(codec)))
    assert next(iter(found)).values == {"ім'я": "Ґалаґан Їжакевич, Київ", "телефон": "0501234567"}
    assert f"CSV, {name}, " in found.described


def test_utf_16_of_either_order_is_read(write: Write) -> None:
    """A byte order mark says which of the two bytes comes first."""
    text = "\ufeffім'я\tтелефон\nОлена\t0501234567\n"
    for codec in ("utf-16-le", "utf-16-be"):
        assert texts(write(text.encode(codec))) == ["0501234567"]


@pytest.mark.parametrize("at", range(65_530, 65_540))
def test_letter_cut_by_the_pieces_of_reading_is_no_fault(write: Write, at: int) -> None:
    """A letter of several bytes may lie across the place where one piece ends."""
    text = "phone,name\n".ljust(at, "\n") + "0501234567,Їжак\n"
    found = open_list(write(text))
    assert "UTF-8" in found.described
    assert next(iter(found)).values["name"] == "Їжак"


def test_one_broken_letter_makes_no_other_encoding(write: Write) -> None:
    """A UTF-8 list with one bad byte is refused with its line, for all its names would be wrong."""
    text = "ім'я,телефон\nОлена,0501234567\nТарас,0671234567\n".encode()
    line = refused(write(text.replace("Т".encode(), b"\xff")))
    assert line.startswith(", line 3: bytes that are not UTF-8")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"phone\n0501234567\n\x00\n", ", line 3: a NUL character"),
        (b"phone\n\x98\xe5\n", " is neither UTF-8 nor Windows-1251 text"),
        ("phone\n\0".encode("utf-16"), ", line 2: a NUL character"),
        ("phone\n0501234567".encode("utf-16")[:-1], " begins as UTF-16 text and does not go on"),
        ("phone".encode("utf-16-le"), ", line 1: a NUL character"),
        ("phone\n0501234567".encode("utf-32"), ", line 1: a NUL character"),
        (b"\xef\xbb\xbfphone\n\xff", ", line 2: bytes that are not UTF-8"),
    ],
)
def test_what_is_no_text_is_refused(write: Write, content: bytes, says: str) -> None:
    """Bytes that are no text in any known encoding are one line that says how to save the list."""
    line = refused(write(content))
    assert line.startswith(says)
    assert line.endswith("save the list as CSV in UTF-8")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("work", "0671234567"),
        (" WORK ", "0671234567"),
        ("3", "0671234567"),
        ("1", "0631234567"),
        ("phone", "0501234567"),
    ],
)
def test_column_is_chosen(write: Write, column: str, expected: str) -> None:
    """A column is named by its header whatever its capitals, or by its number from 1."""
    path = write("home,phone,Work\n0631234567,0501234567,0671234567\n")
    assert texts(path, column) == [expected]


def test_header_that_is_a_number_is_no_position(write: Write) -> None:
    """A number is the column with that header, if there is one."""
    path = write("name,1,2\nOlena,0671234567,0501234567\n")
    assert texts(path, "1") == ["0671234567"]
    assert texts(path, "2") == ["0501234567"]


def test_column_without_header_is_chosen(write: Write) -> None:
    """A number is a position also where the first row is a recipient's."""
    path = write("0501234567,0671234567\n0501234568,0671234568\n")
    assert texts(path, "2") == ["0671234567", "0671234568"]
    assert texts(path) == ["0501234567", "0501234568"]


def test_column_spelt_exactly_wins(write: Write) -> None:
    """Of two headers that differ in capitals the one spelt as wanted is meant."""
    path = write("Phone,phone\n0501234567,0671234567\n")
    assert texts(path, "phone") == ["0671234567"]
    assert texts(path, "Phone") == ["0501234567"]
    assert texts(path, "PHONE") == ["0501234567"]


def test_column_with_most_phones_is_taken(write: Write) -> None:
    """One number that looks like a phone does not make its column the phones'."""
    path = write("tax,contact\n0501234567,0671234567\n1234567890,0671234568\n")
    assert texts(path) == ["0671234567", "0671234568"]


@pytest.mark.parametrize("first", ["Olena,n/a,0501234567", "Olena,,0501234567"])
def test_row_with_a_phone_is_no_header(write: Write, first: str) -> None:
    """Where somebody can be called, the first row is a recipient's, whichever column is chosen."""
    found = open_list(write(f"{first}\nTaras,0631234567,0671234567\n"), "2")
    assert [row.line for row in found] == [1, 2]


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("phone\n", None, "is empty but for its header"),
        ("sep=,\n", None, "is empty: one phone"),
        ("name,city\nOlena,Kyiv\n", None, "has no phone column: name it, it has: 'name', 'city'"),
        ("name,phone\nO,0501234567\n", "cell", "has no column 'cell', it has 2 columns: 'name'"),
        ("name,phone\nO,0501234567\n", "3", "has no column '3', it has 2 columns"),
        ("name,phone\nO,0501234567\n", "0", "has no column '0'"),
        ("0501234567\n", "phone", "has no column 'phone', it has 1 column: no header"),
        ("0501234567,x\n", "0501234567", "has no column '050***4567', it has 2 columns: no header"),
    ],
)
def test_column_that_is_not_there_is_refused(
    write: Write, text: str, column: str | None, says: str
) -> None:
    """A list without phones, or without the column wanted, says what it has, phones masked."""
    assert says in refused(write(text), column)


def test_headers_in_an_error_are_few_and_short(write: Write) -> None:
    """A table of many long headers does not fill the screen."""
    path = write(",".join(f"{'column' * 20} {n}" for n in range(200)) + "\n" + "x," * 199 + "x\n")
    assert len(refused(path)) < 1000


def test_doubled_header_means_its_first_column(write: Write) -> None:
    """Of two columns with one header the first is given, and both are told."""
    found = open_list(write("phone,name,name,\n0501234567,Olena,Taras,x\n"))
    assert next(iter(found)).values == {"phone": "0501234567", "name": "Olena"}
    assert found.columns == ("phone", "name", "name")


def test_missing_cells_are_empty(write: Write) -> None:
    """A row shorter than the header is a row, with nothing in its last columns."""
    rows = list(open_list(write("name,phone,city\nOlena\nTaras,0501234567,Kyiv,more\n")))
    assert [row.text for row in rows] == ["", "0501234567"]
    assert rows[0].values == {"name": "Olena", "phone": "", "city": ""}
    assert rows[1].values == {"name": "Taras", "phone": "0501234567", "city": "Kyiv"}


def test_marks_against_formulas_are_taken_off(write: Write) -> None:
    """The mark that keeps a spreadsheet from computing a cell is no part of it; others are."""
    path = write("phone,a,b\n'+380501234567,'=1+1,'tis\n")
    row = next(iter(open_list(path)))
    assert (row.text, row.values["a"], row.values["b"]) == ("+380501234567", "=1+1", "'tis")


def test_line_is_where_the_row_begins(write: Write) -> None:
    """Line ends in quotes and blank lines are counted as an editor counts them."""
    path = write('phone,note\r\n\r\n0501234567,"a\nb\r\nc"\r\n\r\n0671234567,x\r\n')
    assert [(row.line, row.values["note"]) for row in open_list(path)] == [
        (3, "a\nb\r\nc"),
        (7, "x"),
    ]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ('0501234567,"a\n' + "b\n" * 50, ", line 32: a quote is opened here and never closed"),
        ('0501234567,"a"b\n', ", line 32: a quote stands inside a quoted field"),
        ("0501234567," + "b" * 200_000 + "\n", ", line 32: a field of over 128 KB"),
        ("0501234567," + "b," * 600_000 + "\n", ", line 32: a row of over a million characters"),
    ],
)
def test_broken_row_is_named_by_its_line(write: Write, rows: str, says: str) -> None:
    """A row that cannot be read ends the list with the line it begins on, wherever that is."""
    good = "phone,note\n" + "0501234567,x\n" * 30
    path = write(good + rows + "0671234567,x\n")
    found = iter(open_list(path))
    assert len([next(found) for _ in range(30)]) == 30
    with pytest.raises(InvalidRequest) as caught:
        next(found)
    assert str(caught.value).startswith(f"{path}{says}")
    assert says.partition("line 32")[2] in refused(write("phone,note\n" + rows))


def test_row_has_an_end_whatever_other_libraries_allow(write: Write) -> None:
    """A raised limit of Python's own CSV reader does not let a quote swallow the file."""
    path = write('phone\n0501234567\n"' + "0501234567\n" * 200_000)
    limit = csv.field_size_limit(10**9)
    try:
        assert ", line 3: a row of over a million characters" in refused(path)
    finally:
        csv.field_size_limit(limit)
