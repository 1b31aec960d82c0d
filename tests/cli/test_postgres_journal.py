"""Every command that takes `--journal` takes a DSN of PostgreSQL, and never shows its password."""

import csv
from contextlib import ExitStack
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.cli.journals import tell_of_password
from alphasms_async.sandbox import Sandbox, State
from tests.cli.campaigns import AUDIO, NAME, listed, only_line, plan, standing, states
from tests.cli.conftest import Alphasms
from tests.doubles import phones

PASSWORD = "hunter2"
RUN = ("campaign", "run", NAME, "--yes")
# What asks the journal for a campaign, whatever it is to do with it.
ASKING = [
    ("campaign", "status", NAME),
    RUN,
    *(("campaign", word, NAME) for word in ("pause", "resume", "report", "export", "next", "poll")),
    ("campaign", "cancel", NAME, "--yes"),
    ("campaign", "pace", NAME, "--unlimited"),
    ("campaign", "budget", NAME, "5"),
    ("campaign", "reconcile", NAME),
]
# What does something with a journal, whatever is in it.
USING = [
    ("campaign", "plan", "list.csv", "--audio", AUDIO, "--name", NAME),
    ("dial", "list.csv", "--audio", AUDIO, "--yes"),
    ("dnc", "add", "0501234567"),
    ("dnc", "remove", "0501234567"),
    ("dnc", "list"),
]
EVERY = [pytest.param(words, id=" ".join(words[:2])) for words in (*ASKING, *USING)]


@pytest.fixture
def dsn(postgres_dsn: str) -> str:
    """A database with no campaign in it, by an address with a password that nobody asks for."""
    return postgres_dsn.replace("postgres@", f"postgres:{PASSWORD}@")


@pytest.fixture
def journal(folder: Path, dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same as the journal of all commands."""
    monkeypatch.setenv("ALPHASMS_JOURNAL", dsn)
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", "s" * 43)
    return dsn


@pytest.fixture
def called(journal: str, sandbox: Sandbox, alphasms: Alphasms) -> Sandbox:
    """A gateway that has called the three phones of a campaign."""
    plan(alphasms, "--budget", "5")
    assert alphasms(*RUN).code == 0
    return sandbox


def files() -> set[str]:
    """Return what lies in the folder beside list and recording."""
    return {one.name for one in Path().iterdir()} - {"list.csv", AUDIO}


def test_a_campaign_is_planned_run_and_told(called: Sandbox, alphasms: Alphasms) -> None:
    """Nobody is called twice by a second run, the counts are right, and no file is made."""
    assert alphasms(*RUN).code == 0
    assert sorted(call.phone for call in called.calls()) == sorted(phones(3))
    told = standing(alphasms)
    assert told["states"]["accepted"] == 3
    assert (told["spent"], told["running"], told["dialers"], told["in_use_by"]) == (
        *("1.20", False, 0),
        None,
    )
    report = alphasms("campaign", "report", NAME)
    assert "accepted" in report.out
    assert files() == set()


def test_what_was_called_is_written_to_files(called: Sandbox, alphasms: Alphasms) -> None:
    """Export, report and the next list, none of which can be a part of a database."""
    assert alphasms("campaign", "export", NAME, "--output", "all.csv").code == 0
    with Path("all.csv").open(newline="", encoding="utf-8-sig") as file:
        assert [row["phone"] for row in csv.DictReader(file)] == phones(3)
    assert alphasms("campaign", "report", NAME, "--html").code == 0
    again = ("campaign", "next", NAME, "--where", "state=accepted", "--output", "again.csv")
    ran = alphasms(*again)
    assert (ran.code, PASSWORD in ran.err) == (0, False)
    assert files() == {"all.csv", "spring.html", "again.csv"}


def test_a_campaign_is_steered(journal: str, sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Each command is done at once; a resumed campaign that nobody dials says how to."""
    plan(alphasms)
    for words, told in (
        (("pause", NAME), "paused"),
        (("pace", NAME, "--per-second", "5"), "5 a second"),
        (("budget", NAME, "4"), "may cost 4.00 in all"),
    ):
        ran = alphasms("campaign", *words)
        assert (ran.out, ran.err) == (f"{NAME}: {told}\n", "")
    now = standing(alphasms)
    assert (now["state"], now["per_second"], now["budget"]) == ("paused", 5, "4")
    ran = alphasms("campaign", "resume", NAME)
    assert ran.err == f"nobody dials it just now: alphasms campaign run {NAME}\n"
    assert alphasms("campaign", "cancel", NAME, "--yes").code == 0
    assert states(alphasms) == {"skipped": 3}


def test_outcomes_are_asked_for(called: Sandbox, alphasms: Alphasms) -> None:
    """What the gateway tells is written down at once."""
    for call in called.calls():
        called.set_status(call.id, State.DELIVERED)
    assert alphasms("campaign", "poll", NAME).code == 0
    assert states(alphasms) == {"done": 3}


def test_the_do_not_call_list_is_kept(journal: str, sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Whoever is on it is skipped by a campaign that is planned later."""
    first, *_ = phones(3)
    assert alphasms("dnc", "add", first).out == "1 phone not to be called\n"
    assert alphasms("dnc", "list").out == f"+{first}\n"
    plan(alphasms)
    assert states(alphasms) == {"planned": 2, "skipped": 1}
    assert alphasms("dnc", "remove", first).out == "1 phone allowed again\n"


def test_dial_goes_on_with_its_campaign(journal: str, sandbox: Sandbox, alphasms: Alphasms) -> None:
    """It plans and runs in one, and does not call the same list again."""
    words = ("dial", listed(phones(3)), "--audio", AUDIO, "--yes")
    assert alphasms(*words).code == 0
    assert "already dialled" in only_line(alphasms(*words))
    assert len(sandbox.calls()) == 3


def test_a_dry_run_keeps_nothing(journal: str, sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Neither in the database nor in a file."""
    ran = plan(alphasms, "--dry-run")
    assert "nothing was kept" in ran.err
    assert "no campaign yet" in only_line(alphasms("campaign", "status"))
    assert files() == set()


def test_a_command_to_copy_has_no_password(dsn: str, sandbox: Sandbox, alphasms: Alphasms) -> None:
    """It is left out of what is told next, and what gives it then is said before."""
    tell_of_password.cache_clear()
    said, told = plan(alphasms, "--journal", dsn).err.splitlines()[-2:]
    assert "PGPASSWORD or ~/.pgpass" in said
    shown = dsn.replace(f":{PASSWORD}", "")
    assert told == f"next: alphasms campaign run {NAME} --journal {shown}"


def test_how_many_dial_is_told(journal: str, sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Any number may, in any processes; a campaign that somebody dials needs nobody else."""
    plan(alphasms)
    with start_blocking_portal() as portal, ExitStack() as stack:
        for _ in range(2):
            one = stack.enter_context(portal.wrap_async_context_manager(PostgresJournal(journal)))
            campaign = portal.call(one.campaign, NAME).id
            stack.enter_context(portal.wrap_async_context_manager(one.taken_up(campaign)))
        assert f"{NAME}: 2 dialers at work" in alphasms("campaign", "status").out
        now = standing(alphasms)
        assert (now["running"], now["dialers"], now["died_in_flight"]) == (True, 2, 0)
        assert alphasms("campaign", "resume", NAME).err == ""
    assert "at work" not in alphasms("campaign", "status").out


def test_workers_that_are_wanted_are_told(
    journal: str, sandbox: Sandbox, alphasms: Alphasms
) -> None:
    """Where none of them dials yet, how to start one; whoever resumes it need not dial it."""
    plan(alphasms)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(PostgresJournal(journal)) as opened,
    ):
        portal.call(opened.enlist, NAME, 3)
    told = f"{NAME}: 3 workers wanted, none at work: a free `alphasms worker` takes it up"
    assert told in alphasms("campaign", "status").out
    assert alphasms("campaign", "resume", NAME).err == ""


@pytest.mark.parametrize("words", EVERY)
def test_no_password_is_shown(
    dsn: str,
    sandbox: Sandbox,
    alphasms: Alphasms,
    words: tuple[str, ...],
) -> None:
    """Not in answers, hints and commands to copy, nor where there is no such campaign."""
    if words in USING:
        listed(phones(3))
    else:
        assert PASSWORD not in alphasms(*words, "--journal", dsn).err
        plan(alphasms, "--journal", dsn)
    ran = alphasms(*words, "--journal", dsn)
    assert ran.code != 1
    assert PASSWORD not in ran.out + ran.err
