"""DSNs: told from files, shown without what is secret in them, refused in one line."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from alphasms_async.campaigns.dsn import check_dsn, check_kind, is_dsn, shown
from alphasms_async.errors import JournalError

SECRET = "hunter2"
SHOWN = {
    "postgresql://u:hunter2@h/db": "postgresql://u@h/db",
    "postgres://u:hunter2@h:5433/db": "postgres://u@h:5433/db",
    "postgresql://u@h/db": "postgresql://u@h/db",
    "postgresql://h/db": "postgresql://h/db",
    "postgresql://": "postgresql://",
    "postgresql:///db?host=/run/postgresql&port=5433": (
        "postgresql:///db?host=/run/postgresql&port=5433"
    ),
    "postgresql://%2Frun%2Fpostgresql/db": "postgresql://%2Frun%2Fpostgresql/db",
    "postgresql://:hunter2@h/db": "postgresql://@h/db",
    "postgresql://u:hunter2@a:1,b:2,c/db?target_session_attrs=read-write": (
        "postgresql://u@a:1,b:2,c/db?target_session_attrs=read-write"
    ),
    "postgresql://u:hunter2@[::1]:5433/db": "postgresql://u@[::1]:5433/db",
    "postgresql://h/db?password=hunter2": "postgresql://h/db",
    "postgresql://h/db?user=u&password=hunter2&sslmode=require": (
        "postgresql://h/db?user=u&sslmode=require"
    ),
    "postgresql://h/db?pass%77ord=hunter2": "postgresql://h/db",
    "postgresql://h/db?sslpassword=hunter2&sslkey=k.pem": "postgresql://h/db?sslkey=k.pem",
    "postgresql://h/db?password=a&hunter2": "postgresql://h/db",
    "postgresql://h/db?pasword=hunter2": "postgresql://h/db",
    "postgresql://h?password=hunter2": "postgresql://h",
    "postgresql://u:hunter2?x@h/db": "postgresql://u@h/db",
    "postgresql://u:%68unter2@h/db": "postgresql://u@h/db",
    "postgresql:///?service=calls&password=hunter2": "postgresql:///?service=calls",
    # What cannot be read may have it anywhere.
    "postgresql://u:hunter2/x@h/db": "postgresql://…",
    "postgresql://u:1/hunter2@h/db": "postgresql://…",
    "postgresql://u:p@hunter2@h/db": "postgresql://…",
    "postgresql://u:hunter2 x@h/db": "postgresql://…",
    "postgresql://u:hunter2\n@h/db": "postgresql://…",
    "postgresql://u:hunter2%zz@h/db": "postgresql://…",
    "postgresql://h:hunter2/db": "postgresql://…",
    "postgresql://[::hunter2/db": "postgresql://…",
}
UNREADABLE = [
    *(dsn for dsn, told in SHOWN.items() if told.endswith("…")),
    *("postgresql://h/db?hunter2", "postgresql://h/db?password=hunter2=", "postgresql://h/db?&"),
]


@pytest.mark.parametrize("dsn", SHOWN)
def test_what_is_shown_of_a_dsn(dsn: str) -> None:
    """It leads to the same database, and has no password in it, wherever that stood."""
    assert shown(dsn) == SHOWN[dsn]
    assert SECRET not in shown(dsn)


@given(
    user=st.text(min_size=1),
    password=st.text(min_size=1).map(lambda text: f"{SECRET}{text}"),
    hosts=st.lists(st.sampled_from(["h", "127.0.0.1:5432", "[::1]", "%2Frun"]), min_size=1),
    database=st.text(),
    in_query=st.booleans(),
)
def test_no_password_is_shown_and_all_else_is(
    user: str, password: str, hosts: list[str], database: str, *, in_query: bool
) -> None:
    """Whatever it consists of, as long as it is encoded; PostgreSQL's own library is the judge."""
    at, told = ",".join(hosts), quote(password, safe="")
    name = quote(database.replace("\0", ""), safe="")
    who = quote(user.replace("\0", "") or "u", safe="")
    told = told.replace("%00", "")
    dsn = f"postgresql://{who}:{told}@{at}/{name}?connect_timeout=3"
    if in_query:
        dsn = f"postgresql://{who}@{at}/{name}?password={told}&connect_timeout=3"
    check_dsn(dsn)
    whole = conninfo_to_dict(dsn)
    assert whole.pop("password")
    assert conninfo_to_dict(shown(dsn)) == whole


@given(st.text(alphabet="uh:@/?&=%,[]#1 \n;").map("postgresql://".__add__))
def test_what_is_let_through_can_be_read(dsn: str) -> None:
    """What passes the check PostgreSQL's own library can take apart, and so can be shown."""
    try:
        check_dsn(dsn)
    except JournalError:
        return
    told = conninfo_to_dict(dsn)
    told.pop("password", None)
    assert conninfo_to_dict(shown(dsn)) == told


@given(st.text(alphabet="uh:@/?&=%,[]#1 ").map("postgresql://u:hunter2".__add__))
def test_nothing_behind_a_colon_is_shown(dsn: str) -> None:
    """Not even of a DSN in which the password is not where a password stands."""
    assert SECRET not in shown(dsn)


@pytest.mark.parametrize("dsn", UNREADABLE)
def test_a_dsn_that_cannot_be_read_is_refused(dsn: str) -> None:
    """One line says how it is written, and shows nothing of it."""
    with pytest.raises(JournalError, match=r"^the DSN of the journal cannot be read: .*%40") as it:
        check_dsn(dsn)
    assert SECRET not in str(it.value)
    assert "\n" not in str(it.value)


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        ("postgresql://h/db?pasword=hunter2", "a setting that PostgreSQL has not 'pasword'"),
        ("postgresql://h/db?password=a&hunter2=b", "a setting that PostgreSQL has not"),
    ],
)
def test_a_setting_that_there_is_not_is_refused(dsn: str, told: str) -> None:
    """It is named, unless it may be the end of a password."""
    with pytest.raises(JournalError) as caught:
        check_dsn(dsn)
    assert str(caught.value) == f"the DSN of the journal has {told}"


def test_every_setting_of_the_library_is_known() -> None:
    """What the installed libpq knows is let through, and shown unless it hides it itself."""
    for one in Conninfo.get_defaults():
        dsn = f"postgresql://h/db?{one.keyword.decode()}=1"
        check_dsn(dsn)
        conninfo_to_dict(dsn)
        assert one.dispchar != b"*" or shown(dsn) == "postgresql://h/db"


def test_what_the_library_refuses_shows_the_password() -> None:
    """Which is why its text is never passed on."""
    with pytest.raises(ProgrammingError, match=SECRET):
        conninfo_to_dict("postgresql://u:hunter2%zz@h/db")


@pytest.mark.parametrize("place", ["a.journal", Path("a.journal"), "postgresql:"])
def test_a_path_is_no_dsn(place: str | Path) -> None:
    """It is shown as it stands, and is no reason to look for a database."""
    assert not is_dsn(place)
    assert shown(place) == str(place)
    check_kind(place)


@pytest.mark.parametrize(
    "place",
    [
        "postgresql+psycopg://u:hunter2@h/db",
        "POSTGRESQL://u:hunter2@h/db",
        "mysql://u:hunter2@h/db",
        "host=h dbname=db password=hunter2",
        "password = hunter2 host=h",
        "dbname=db",
    ],
)
def test_what_was_meant_for_a_database_is_no_file(place: str) -> None:
    """Else it would be a file's name in every text, with the password in it."""
    with pytest.raises(JournalError, match="a file, or postgresql://user@host/database") as caught:
        check_kind(place)
    assert SECRET not in str(caught.value)


def test_a_file_may_have_such_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there is a file, whatever it is called."""
    monkeypatch.chdir(tmp_path)
    Path("host=h").touch()
    check_kind("host=h")
