"""`alphasms dnc`: the phones that no campaign of a journal calls."""

from pathlib import Path

import pytest

from tests.cli.campaigns import JOURNAL, listed, only_line
from tests.cli.conftest import Alphasms
from tests.doubles import phones


def test_phones_are_added_and_removed(folder: Path, alphasms: Alphasms) -> None:
    """However they are written, they are listed in E.164 and in order, each once."""
    assert alphasms("dnc", "add", "067 123 45 67", "+380501234567").out == (
        "2 phones not to be called\n"
    )
    alphasms("dnc", "add", "0501234567")
    assert alphasms("dnc", "list").out == "+380501234567\n+380671234567\n"
    assert alphasms("dnc", "remove", "0501234567").out == "1 phone allowed again\n"
    assert alphasms("dnc", "list").out == "+380671234567\n"


def test_list_of_wishes_is_read(folder: Path, alphasms: Alphasms) -> None:
    """`--file` takes any list that can be dialled, with `--column` and phones beside it."""
    Path("stop.csv").write_text("phone;work\n0501234567;0671234567\n0501234568;\n", "utf-8")
    assert alphasms("dnc", "add", "--file", "stop.csv").code == 0
    assert alphasms("dnc", "list").out == "+380501234567\n+380501234568\n"
    Path("more.csv").write_text("phone;work\n0501234567;0671234567\n", "utf-8")
    alphasms("dnc", "add", "0931234567", "--file", "more.csv", "--column", "work")
    assert alphasms("dnc", "list").out.split()[2:] == ["+380671234567", "+380931234567"]


def test_good_lines_of_a_list_are_added(folder: Path, alphasms: Alphasms) -> None:
    """Each line that is no phone is named, nothing of it shown whole, and exit 3 tells of it."""
    ran = alphasms("dnc", "add", "--file", listed([*phones(2), "112", "+38050123456", *phones(3)]))
    assert (ran.code, ran.out) == (3, "3 phones not to be called\n")
    first, second = ran.err.splitlines()
    assert (first[:8], second[:8]) == ("line 4: ", "line 5: ")
    assert "38050123456" not in ran.err
    assert len(alphasms("dnc", "list").out.split()) == 3


def test_what_is_listed_reads_back(folder: Path, alphasms: Alphasms) -> None:
    """The list is a list to be added elsewhere, numbers of other countries among them."""
    alphasms("dnc", "add", "0501234567", "+48512345678")
    said = alphasms("dnc", "list").out
    Path("copy.txt").write_text(said, "utf-8")
    ran = alphasms("dnc", "add", "--file", "copy.txt", "--journal", "other.journal")
    assert (ran.code, ran.err) == (0, "")
    assert alphasms("dnc", "list", "--journal", "other.journal").out == said


def test_only_whom_it_had_is_removed(folder: Path, alphasms: Alphasms) -> None:
    """How many of the phones were on the list is told, and how many were not."""
    alphasms("dnc", "add", *phones(2))
    ran = alphasms("dnc", "remove", *phones(3)[1:])
    assert ran.out == "1 phone allowed again, 1 was not on the list\n"
    ran = alphasms("dnc", "remove", *phones(3)[1:])
    assert ran.out == "0 phones allowed again, 2 were not on the list\n"


def test_each_journal_has_its_own(folder: Path, alphasms: Alphasms) -> None:
    """`--journal` says whose wishes are meant; the file is for its owner alone."""
    alphasms("dnc", "add", "0501234567", "--journal", "other.journal")
    assert Path("other.journal").stat().st_mode & 0o777 == 0o600
    assert alphasms("dnc", "list", "--journal", "other.journal").out == "+380501234567\n"
    assert not Path(JOURNAL).exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add",), "give phones, such as +380501234567, or a list with --file"),
        (("remove",), "give phones"),
        (("add", "0501234567", "112"), "the phone 112 is a short code"),
        (("add", "--file", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("add", "--file", "list.csv", "--column", "cell"), "no column 'cell'"),
        (("remove", "nobody"), "has letters in it"),
        (("add", "--file", "none.csv"), "none of the 2 lines is a phone: line 2: "),
    ],
)
def test_bad_input_changes_nothing(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...], says: str
) -> None:
    """One phone that is none refuses them all, in one line."""
    alphasms("dnc", "add", *phones(1))
    listed(phones(2))
    listed(["112", "nobody"], "none.csv")
    assert says in only_line(alphasms("dnc", *words))
    assert alphasms("dnc", "list").out.split() == [f"+{phone}" for phone in phones(1)]


def test_phones_are_shown_only_to_who_asks(folder: Path, alphasms: Alphasms) -> None:
    """Adding and removing tell how many, never which."""
    for word in ("add", "remove"):
        ran = alphasms("dnc", word, *phones(3))
        assert not [phone for phone in phones(3) if phone in ran.out + ran.err]
