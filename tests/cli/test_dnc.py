"""`alphasms dnc`: the phones that no campaign of a journal calls."""

from pathlib import Path

import pytest

from tests.cli.campaigns import JOURNAL, listed, only_line
from tests.cli.conftest import Alphasms
from tests.doubles import phones


def test_phones_are_added_and_removed(folder: Path, alphasms: Alphasms) -> None:
    """However they are written, they are listed as digits in order, and each once."""
    assert alphasms("dnc", "add", "067 123 45 67", "+380501234567").out == (
        "2 phones not to be called\n"
    )
    alphasms("dnc", "add", "0501234567")
    assert alphasms("dnc", "list").out == "380501234567\n380671234567\n"
    assert alphasms("dnc", "remove", "0501234567").out == "1 phone allowed again\n"
    assert alphasms("dnc", "list").out == "380671234567\n"


def test_list_of_wishes_is_read(folder: Path, alphasms: Alphasms) -> None:
    """`--file` takes any list that can be dialled, with `--column` and phones beside it."""
    Path("stop.csv").write_text("phone;work\n0501234567;0671234567\n0501234568;\n", "utf-8")
    assert alphasms("dnc", "add", "--file", "stop.csv").code == 0
    assert alphasms("dnc", "list").out == "380501234567\n380501234568\n"
    Path("more.csv").write_text("phone;work\n0501234567;0671234567\n", "utf-8")
    alphasms("dnc", "add", "0931234567", "--file", "more.csv", "--column", "work")
    assert alphasms("dnc", "list").out.split()[2:] == ["380671234567", "380931234567"]


def test_each_journal_has_its_own(folder: Path, alphasms: Alphasms) -> None:
    """`--journal` says whose wishes are meant; the file is for its owner alone."""
    alphasms("dnc", "add", "0501234567", "--journal", "other.journal")
    assert Path("other.journal").stat().st_mode & 0o777 == 0o600
    assert alphasms("dnc", "list", "--journal", "other.journal").out == "380501234567\n"
    assert not Path(JOURNAL).exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add",), "give phones, such as +380501234567, or a list with --file"),
        (("remove",), "give phones"),
        (("add", "0501234567", "112"), "*** is a short code"),
        (("add", "--file", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("add", "--file", "list.csv", "--column", "cell"), "no column 'cell'"),
        (("remove", "nobody"), "has letters in it"),
    ],
)
def test_bad_input_changes_nothing(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...], says: str
) -> None:
    """One phone that is none refuses them all, in one line."""
    alphasms("dnc", "add", *phones(1))
    listed(phones(2))
    assert says in only_line(alphasms("dnc", *words))
    assert alphasms("dnc", "list").out.split() == phones(1)


def test_phones_are_shown_only_to_who_asks(folder: Path, alphasms: Alphasms) -> None:
    """Adding and removing tell how many, never which."""
    for word in ("add", "remove"):
        ran = alphasms("dnc", word, *phones(3))
        assert not [phone for phone in phones(3) if phone in ran.out + ran.err]
