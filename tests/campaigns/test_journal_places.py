"""Where a journal may lie, what may lie there already, and the line for everything else."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.sqlite.filesystem import network_filesystem
from alphasms_async.errors import JournalError, JournalLocked
from tests.campaigns.journals import NAME, listed
from tests.campaigns.paths import names, remove, write
from tests.campaigns.processes import python
from tests.doubles import phones

pytestmark = pytest.mark.anyio

NO_JOURNAL = "the journal {} cannot be used: it is not a journal: name another file with --journal"
NOBODY = 65_534
MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
23 22 0:20 / /proc rw - proc proc rw
30 22 0:40 / /mnt/share rw - nfs4 server:/share rw
31 30 8:2 / /mnt/share/local rw - xfs /dev/sdb rw
32 22 0:41 / /mnt/with\040blank rw - cifs //server/x rw
33 22 0:42 / /mnt/laptop rw shared:3 master:1 - fuse.sshfs me@host: rw
34 22 0:43 / /mnt/twice rw - nfs server:/a rw
35 22 8:3 / /mnt/twice rw - ext4 /dev/sdc rw
a line that is cut off
36 22 0:44 / /mnt/cut
"""

OPEN = """
import anyio, os, sys
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.errors import JournalError

async def use(path):
    async with SqliteJournal(path) as journal:
        await journal.plan("spring", {}, [])

anyio.run(anyio.sleep, 0)  # whatever that has to import
os.setuid(int(sys.argv[1]))
for path in sys.argv[2:]:
    try:
        anyio.run(use, path)
    except JournalError as error:
        print(error)
"""

SHUT = """
import anyio, os, sys
from pathlib import Path
from alphasms_async.campaigns.records import PlannedRow, Settlement
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import Verdict
from alphasms_async.errors import JournalError

async def use(path, shut):
    async with SqliteJournal(path) as journal:
        await journal.plan("spring", {}, [PlannedRow(1, "380501111111"), PlannedRow(2, "2")])
        (campaign,) = await journal.campaigns()
        claimed = await journal.claim(campaign.id)
        shut.chmod(0)
        try:
            print((await journal.claim(campaign.id)).line)
        except JournalError as error:
            print(error)
        print(await journal.settle(Settlement(ref=claimed.ref, verdict=Verdict.ACCEPTED)))

anyio.run(anyio.sleep, 0)
os.setuid(int(sys.argv[1]))
anyio.run(use, *map(Path, sys.argv[2:]))
"""


async def refusal(path: Path, *, read_only: bool = False) -> str:
    """Try to open a journal that cannot be, and return the line that is said."""
    with pytest.raises(JournalError) as caught:
        async with SqliteJournal(path, read_only=read_only):
            pass
    assert not isinstance(caught.value, JournalLocked)
    text = str(caught.value)
    assert [text] == text.splitlines()
    return text


def database(path: Path, *statements: str) -> Path:
    """Make a database of somebody else's, or change a journal behind its back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def text(path: Path) -> None:
    write(path, "Dear diary, today I called three people.\n" * 100)


def short_text(path: Path) -> None:
    write(path, "phone\n")


def other_database(path: Path) -> None:
    database(path, "create table diary(day)")


def other_version(path: Path) -> None:
    database(path, "pragma user_version = 7")


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (text, NO_JOURNAL),
        (short_text, NO_JOURNAL),
        (other_database, "{} is a database of something else: name another with --journal"),
        (other_version, "{} is a database of something else: name another with --journal"),
        (Path.mkdir, "{} is a folder: name a file with --journal"),
        (os.mkfifo, "{} is not a regular file: name another with --journal"),
    ],
)
async def test_what_is_no_journal_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], object], said: str, *, read_only: bool
) -> None:
    """One line says what is there instead, whether it is to be written or read."""
    path = tmp_path / "diary"
    make(path)
    before = content(path)
    assert await refusal(path, read_only=read_only) == said.format(path)
    assert content(path) == before


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


async def test_a_device_is_no_journal() -> None:
    """Nothing is opened that might answer by itself."""
    assert await refusal(Path("/dev/null")) == (
        "/dev/null is not a regular file: name another with --journal"
    )


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_journal_of_a_newer_version_is_left_alone(
    tmp_path: Path, *, read_only: bool
) -> None:
    """Whoever is too old for it says so, and what to do."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path) as journal:
        await journal.plan(NAME, {}, listed(phones(3)))
    database(path, "pragma user_version = 2")
    assert await refusal(path, read_only=read_only) == (
        f"{path} is a journal of a newer version (2, this is 1): update alphasms-async"
    )
    database(path, "pragma user_version = 1")
    async with SqliteJournal(path, read_only=True) as journal:
        assert len(await journal.campaigns()) == 1


async def test_an_empty_file_becomes_a_journal(tmp_path: Path) -> None:
    """As a temporary file does, or one whose maker died right after."""
    path = tmp_path / "calls.journal"
    write(path, "")
    async with SqliteJournal(path) as journal:
        await journal.plan(NAME, {}, [])
        assert len(await journal.campaigns()) == 1


@pytest.mark.parametrize("is_there", [False, True])
async def test_there_is_nothing_to_read_without_a_journal(
    tmp_path: Path, *, is_there: bool
) -> None:
    """Reading makes none, be there an empty file or nothing at all."""
    path = tmp_path / "calls.journal"
    if is_there:
        write(path, "")
    assert await refusal(path, read_only=True) == (
        f"there is no journal {path}: plan a campaign first, or name one with --journal"
    )
    assert names(tmp_path) == ([path.name] if is_there else [])


async def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    """A slip in the path is told, not followed."""
    folder = tmp_path / "nowhere"
    assert await refusal(folder / "calls.journal") == (
        f"there is no folder {folder} for the journal"
    )
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["calls\0journal", "x" * 300])
async def test_an_impossible_name_is_one_clear_line(tmp_path: Path, name: str) -> None:
    """Whatever the system says of it is told in our words."""
    assert "cannot be used: " in await refusal(tmp_path / name)


@pytest.mark.parametrize(
    "name",
    [
        "two words",
        "50%20.journal",
        "what?mode=ro",
        "#1",
        "журнал дзвінків",
        "a&b=c;d",
        "-",
        "'\"`\\",
    ],
)
async def test_any_name_is_good(tmp_path: Path, name: str) -> None:
    """The file is called what it was named, and nothing else is made of it."""
    path = tmp_path / f"{name} folder" / name
    path.parent.mkdir()
    async with SqliteJournal(path) as journal:
        await journal.plan(NAME, {}, [])
    assert names(path.parent) == sorted([name, f"{name}.lock"])
    async with SqliteJournal(path, read_only=True) as journal:
        assert len(await journal.campaigns()) == 1


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_file_with_two_names_is_refused(tmp_path: Path, *, read_only: bool) -> None:
    """Each name would have a lock of its own, and phones would ring twice; one alone is good."""
    path, other = tmp_path / "calls.journal", tmp_path / "other"
    async with SqliteJournal(path):
        pass
    other.hardlink_to(path)
    for one in (path, other):
        assert await refusal(one, read_only=read_only) == (
            f"the journal {one} has another name (a hard link), and nobody can tell who writes "
            "it under that: remove one of them, or make a copy instead"
        )
    remove(path)
    async with SqliteJournal(other, read_only=read_only) as journal:
        assert await journal.campaigns() == []


async def test_a_link_is_named_as_it_was_given(tmp_path: Path) -> None:
    """Errors speak of what a person typed, wherever it leads."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "calls.journal")
    assert await refusal(link, read_only=True) == (
        f"there is no journal {link}: plan a campaign first, or name one with --journal"
    )
    short_text(link)
    assert await refusal(link) == NO_JOURNAL.format(link)
    assert names(tmp_path) == ["calls.journal", "calls.journal.lock", "link"]


@pytest.mark.parametrize("target", ["link", "nowhere/calls.journal"])
async def test_a_link_that_leads_nowhere_is_one_clear_line(tmp_path: Path, target: str) -> None:
    """Be it to itself or into a folder that is not there."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / target)
    assert await refusal(link, read_only=True) == (
        f"there is no journal {link}: plan a campaign first, or name one with --journal"
    )
    assert (await refusal(link)).startswith(f"the journal {link} cannot be ")


async def test_a_relative_name_is_one_of_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a person writes it."""
    monkeypatch.chdir(tmp_path)
    async with SqliteJournal("calls.journal") as journal:
        assert await journal.campaigns() == []
    assert (tmp_path / "calls.journal").is_file()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody without permission")
def test_no_permission_is_one_clear_line() -> None:
    """A folder nobody else may write, a file nobody else may read, a file that is only read."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        closed, locked, fixed = folder / "closed", folder / "locked", folder / "fixed"
        closed.mkdir(mode=0o755)
        for path, mode in ((locked, 0o600), (fixed, 0o644)):
            write(path, "")
            path.chmod(mode)
        process = python(OPEN, str(NOBODY), closed / "calls", locked, fixed)
        lines = process.communicate()[0].splitlines()
    look = "look at its permissions and those of its folder"
    assert lines == [
        f"the journal {closed}/calls cannot be used: {closed}/calls.lock: Permission denied",
        f"the journal {locked} cannot be used: it cannot be opened: {look}",
        f"the journal {fixed} cannot be used: it cannot be written: {look}",
    ]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody without permission")
def test_permissions_may_be_taken_away_in_use() -> None:
    """Those of the file do not count any more; without those of the folder nobody is dialled."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name, "folder")
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
        one, other = folder / "one", folder / "other"
        for path, shut in ((one, one), (other, folder)):
            process = python(SHUT, str(NOBODY), path, shut)
            *said, settled = process.communicate()[0].splitlines()
            assert settled == "accepted"
            if shut == folder:
                moved = f"the journal {path} was moved, deleted or overwritten while in use: "
                assert said[0].startswith(moved)
            else:
                assert said == ["2"]


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/me/calls.journal", None),
        ("/mnt/calls.journal", None),
        ("/mnt/share", "nfs4"),
        ("/mnt/share/deep/down/calls.journal", "nfs4"),
        ("/mnt/shared/calls.journal", None),
        ("/mnt/share/local/calls.journal", None),
        ("/mnt/with blank/calls.journal", "cifs"),
        ("/mnt/laptop/calls.journal", "fuse.sshfs"),
        ("/mnt/twice/calls.journal", None),
        ("/mnt/cut/calls.journal", None),
    ],
)
def test_a_network_file_system_is_known(place: str, kind: str | None) -> None:
    """The deepest mount counts, and of two on one place the one on top."""
    assert network_filesystem(Path(place), MOUNTS) == kind


def test_a_link_is_followed_to_where_the_file_lies(tmp_path: Path) -> None:
    """A local name for a place on another machine is that place."""
    (tmp_path / "link").symlink_to("/mnt/share")
    assert network_filesystem(tmp_path / "link" / "calls.journal", MOUNTS) == "nfs4"


def test_a_system_without_a_list_of_mounts_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody tells, nothing is refused; with a list, this machine's own is asked."""
    mounts = "alphasms_async.campaigns.sqlite.filesystem._MOUNTS"
    monkeypatch.setattr(mounts, tmp_path / "nothing")
    assert network_filesystem(Path("/mnt/share/calls.journal")) is None
    write(tmp_path / "mountinfo", MOUNTS)
    monkeypatch.setattr(mounts, tmp_path / "mountinfo")
    assert network_filesystem(Path("/mnt/share/calls.journal")) == "nfs4"


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_journal_on_a_network_file_system_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, read_only: bool
) -> None:
    """Its locks and flushes may lie, and then two would dial; nothing is made there."""
    write(tmp_path / "mountinfo", f"1 0 0:40 / {tmp_path}/share rw - nfs4 server:/share rw\n")
    monkeypatch.setattr(
        "alphasms_async.campaigns.sqlite.filesystem._MOUNTS", tmp_path / "mountinfo"
    )
    path = tmp_path / "share" / "calls.journal"
    path.parent.mkdir()
    if read_only:
        write(path, "")
    assert await refusal(path, read_only=read_only) == (
        f"the journal {path} lies on a network file system (nfs4), whose locks and "
        "flushes cannot be relied on: keep it on a local disk"
    )
    assert names(path.parent) == ([path.name] if read_only else [])
