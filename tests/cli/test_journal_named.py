"""How a command learns which journal is meant: `--journal`, `ALPHASMS_JOURNAL`, or neither."""

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from alphasms_async.cli.journals import command_line, tell_of_password
from tests.cli.campaigns import JOURNAL, NAME, names, only_line, plan
from tests.cli.conftest import Alphasms

PASSWORD = "hunter2"
DSN = f"postgresql://calls:{PASSWORD}@127.0.0.1:1/spring?sslmode=disable"
RUN = f"alphasms campaign run {NAME}"


@pytest.fixture(autouse=True)
def untold() -> Generator[None]:
    """Nobody was told yet that passwords are left out."""
    tell_of_password.cache_clear()
    yield
    tell_of_password.cache_clear()


def test_the_variable_names_the_journal(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file or a DSN; what is in this folder is left alone."""
    monkeypatch.setenv("ALPHASMS_JOURNAL", "calls.journal")
    ran = plan(alphasms)
    assert names(alphasms) == [NAME]
    assert (Path("calls.journal").exists(), Path(JOURNAL).exists()) == (True, False)
    # Whoever copies it has the variable too.
    assert ran.err.endswith(f"next: {RUN}\n")


def test_the_option_comes_first(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is in the commands to copy, also where it names the file that is usual elsewhere."""
    monkeypatch.setenv("ALPHASMS_JOURNAL", "calls.journal")
    assert plan(alphasms, "--journal", JOURNAL).err.endswith(f"next: {RUN} --journal {JOURNAL}\n")
    assert not Path("calls.journal").exists()


def test_an_empty_variable_names_none(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with every other variable."""
    monkeypatch.setenv("ALPHASMS_JOURNAL", "")
    assert plan(alphasms).err.endswith(f"next: {RUN}\n")
    assert Path(JOURNAL).exists()


def test_listening_heeds_the_variable(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that is not there is refused before anything is received."""
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", "s" * 43)
    monkeypatch.setenv("ALPHASMS_JOURNAL", "calls.journal")
    assert "there is no journal calls.journal" in only_line(alphasms("listen", "--port", "0"))


def test_a_command_to_copy_has_no_password(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it is left out, and what gives it then, is told once."""
    told = f"{RUN} --journal 'postgresql://calls@127.0.0.1:1/spring?sslmode=disable'"
    assert (command_line("run", NAME, DSN), command_line("run", NAME, DSN)) == (told, told)
    (said,) = capsys.readouterr().err.splitlines()
    assert "PGPASSWORD or ~/.pgpass" in said
    monkeypatch.setenv("ALPHASMS_JOURNAL", DSN)
    assert command_line("run", NAME, DSN) == RUN


def test_nothing_is_told_of_a_dsn_without_password(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is copied as it stands."""
    dsn = "postgresql://calls@127.0.0.1/spring"
    assert command_line("run", NAME, dsn) == f"{RUN} --journal {dsn}"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (DSN, "nobody answers there"),
        ("postgresql://calls:hunter2/x@h/db", "the DSN of the journal cannot be read"),
        ("postgresql://calls:hunter2@h/db?pasword=1", "a setting that PostgreSQL has not"),
        ("mysql://calls:hunter2@h/db", "a journal is a file, or postgresql://user@host/database"),
        ("host=h password=hunter2", "a journal is a file, or postgresql://user@host/database"),
    ],
)
@pytest.mark.parametrize("words", [("status",), ("run", NAME), ("pause", NAME)])
def test_a_journal_that_cannot_be_used_is_told(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...], place: str, told: str
) -> None:
    """In one line, exit 2, without the password."""
    line = only_line(alphasms("campaign", *words, "--journal", place))
    assert told in line
    assert PASSWORD not in line


@pytest.mark.parametrize(
    "words", [("campaign", "status"), ("dnc", "list"), ("dnc", "add", "0501234567")]
)
def test_the_lacking_extra_is_told(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Where psycopg is not installed one line names the extra, exit 2."""
    for name in [one for one in sys.modules if one.startswith("alphasms_async.campaigns.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    line = only_line(alphasms(*words, "--journal", DSN))
    assert 'pip install "alphasms-async[postgres]"' in line
    assert PASSWORD not in line
