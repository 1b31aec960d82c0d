"""Which files a sandbox is kept in and which it refuses, and what follows when one is full."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from alphasms_async.sandbox import DatabaseUnusable, Sandbox, SandboxCall, keeping
from alphasms_async.sandbox.changes import About
from alphasms_async.sandbox.database.file import opened
from alphasms_async.sandbox.database.writing import Writer

from .receiver import HOOK, accept_call
from .wire import PHONE, wav

_PATIENCE_SECONDS = 15


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "sandbox.db"


def refusal(path: Path) -> str:
    """Return why a sandbox is not kept in a file."""
    with pytest.raises(DatabaseUnusable) as refused, keeping(Sandbox(), path):
        pass
    return str(refused.value)


def change(path: Path, *statements: str) -> None:
    """Change a file as no sandbox does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def keep_a_call(path: Path) -> None:
    """Make a file that knows one call."""
    with keeping(sandbox := Sandbox(hook=HOOK), path):
        accept_call(sandbox)


def call(seconds: float) -> SandboxCall:
    """Return a draft of a call with a recording so long."""
    return SandboxCall(kind="voice", phone=PHONE, price=Decimal("0.40"), audio=wav(seconds=seconds))


def test_file_is_its_owners_alone(path: Path) -> None:
    """It holds phones and the secrets of hooks, and so does the log beside it."""
    path.touch(0o644)
    with keeping(sandbox := Sandbox(), path):
        accept_call(sandbox)
        modes = {one.stat().st_mode & 0o777 for one in path.parent.iterdir()}
    assert modes == {0o600}


def test_folder_is_refused(tmp_path: Path) -> None:
    """A file is asked for."""
    assert refusal(tmp_path) == f"{tmp_path} is a folder: name a file for the database"


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    """It is not made, for it may be a slip."""
    folder = tmp_path / "nowhere"
    assert refusal(folder / "s.db") == f"there is no folder {folder} for the database"


def test_device_is_refused() -> None:
    """Nothing could be read back from it."""
    assert (
        refusal(Path("/dev/null")) == "/dev/null is no regular file: name another for the database"
    )


@pytest.mark.parametrize(
    ("content", "meaning"),
    [
        (b"phone\n0501234567\n", "is no database of a sandbox: name another file"),
        (b"SQLite format 3\0" + bytes(100), "is a database of something else: name another file"),
    ],
)
def test_other_file_is_refused_and_left_alone(path: Path, content: bytes, meaning: str) -> None:
    """Whatever it is, somebody wants to keep it."""
    path.write_bytes(content)
    assert refusal(path) == f"{path} {meaning}"
    assert (path.read_bytes(), [*path.parent.iterdir()]) == (content, [path])


def test_other_database_is_refused_and_left_alone(path: Path) -> None:
    """A journal, say: it is not even opened."""
    change(path, "create table journal(id)", "insert into journal values(1)")
    before = path.read_bytes()
    assert "is a database of something else" in refusal(path)
    assert before == path.read_bytes()


def test_newer_file_is_refused(path: Path) -> None:
    """An older sandbox would lose what it does not know."""
    keep_a_call(path)
    change(path, "pragma user_version = 2")
    assert refusal(path) == (
        f"{path} is the database of a newer sandbox (version 2, this is 1): update alphasms-async"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "update entry set accepted = '{'",
        'update entry set accepted = \'{"phone":"380501234567","what":7}\'',
        "update entry set standing = '[]'",
        "update entry set what = 'parcel'",
        "update account set settings = '{}'",
        "update account set settings = cast(x'ff' as text)",
        "pragma writable_schema = on",
        "drop table recording",
    ],
)
def test_damaged_file_is_refused(path: Path, statement: str) -> None:
    """In one line that shows nothing of what stands in it."""
    keep_a_call(path)
    change(path, "pragma foreign_keys = off", statement)
    if statement == "pragma writable_schema = on":
        content = bytearray(path.read_bytes())
        content[4096:8192] = bytes(4096)
        path.write_bytes(content)
    if statement == "drop table recording":
        change(path, "update entry set recording = 'abc'")
    assert refusal(path) == (
        f"the database {path} cannot be used: it is damaged: put it away, and a new one is made"
    )


def test_file_that_cannot_be_opened_is_refused(path: Path) -> None:
    """As the system says it."""
    path.symlink_to(path)
    assert str(path) in refusal(path)


def test_second_sandbox_is_refused(path: Path) -> None:
    """The two would write over each other; once the first has ended, there is room."""
    in_use = (
        f"the database {path} cannot be used: it is in use by another sandbox: end that, or name "
        "another file"
    )
    with keeping(Sandbox(), path):
        assert refusal(path) == in_use
        (path.parent / "link.db").symlink_to(path)
        assert "in use" in refusal(path.parent / "link.db")
    keep_a_call(path)


def test_file_that_another_program_writes_is_refused(path: Path) -> None:
    """Its lock is respected as that of a sandbox in another process is."""
    keep_a_call(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        assert "it is in use by another sandbox" in refusal(path)


def test_sandbox_that_has_accepted_something_is_refused(path: Path) -> None:
    """Its ids may be those of others in the file."""
    accept_call(sandbox := Sandbox())
    with pytest.raises(ValueError, match="before the sandbox has accepted anything"):  # noqa: SIM117
        with keeping(sandbox, path):
            pass


def end_in_the_middle(path: Path) -> None:
    """Keep a call, and have the program fail then."""
    with keeping(sandbox := Sandbox(), path):
        accept_call(sandbox)
        raise OSError("of the program")


def test_error_of_the_program_comes_through(path: Path) -> None:
    """What happens inside is none of the file's, and all until then is kept."""
    with pytest.raises(OSError, match="of the program"):
        end_in_the_middle(path)
    with keeping(after := Sandbox(), path):
        assert len(after.calls()) == 1


def test_full_disk_is_told_once_and_written_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox goes on without its file; with room again, everything is in it."""
    monkeypatch.setattr("alphasms_async.sandbox.database.writing._AGAIN_SECONDS", 0.001)
    said = Queue[str]()
    sandbox = Sandbox()
    with opened(path) as connection:
        connection.execute("pragma max_page_count = 20")
        writer = Writer(sandbox, connection, path, said.put)
        with writer.writing([About.SETTINGS]), sandbox.changes.listening(writer.note):
            for seconds in (5, 6):
                sandbox.accept(call(seconds))
            assert said.get(timeout=_PATIENCE_SECONDS) == (
                f"the database {path} cannot be used: the disk is full: free some space; the "
                "sandbox goes on without it"
            )
            connection.execute("pragma max_page_count = 10000")
            assert said.get(timeout=_PATIENCE_SECONDS) == (
                f"the database {path} is written again, and has everything"
            )
    with keeping(after := Sandbox(), path):
        assert after.ledger.entries() == sandbox.ledger.entries()


def test_end_says_what_could_not_be_written(path: Path) -> None:
    """What the file has is whole; what it lacks is said."""
    said = list[str]()
    sandbox = Sandbox()
    with opened(path) as connection:
        connection.execute("pragma max_page_count = 20")
        writer = Writer(sandbox, connection, path, said.append)
        with writer.writing([About.SETTINGS]):
            sandbox.accept(call(5))
    assert said[-1] == f"the database {path} lacks what happened last"
    with keeping(after := Sandbox(), path):
        assert (after.calls(), after.balance) == ([], Decimal("250.00"))


def test_program_is_told_by_its_log(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox in a program that gives no other way says there what is wrong with its file."""
    connected = sqlite3.connect

    def small(*given: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connected(*given, **options)
        connection.execute("pragma max_page_count = 20")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    with keeping(sandbox := Sandbox(), path):
        sandbox.accept(call(5))
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "the disk is full" in caplog.messages[0]
