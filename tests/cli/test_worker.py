import json
import signal
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import pytest

from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import NAME, only_line, plan, standing, states
from tests.cli.conftest import Alphasms, Ran
from tests.cli.processes import first_words, running
from tests.ports import free_port
from tests.postgresql import empty
from tests.torture.commands import Switchboard

_PATIENCE_SECONDS = 15


@pytest.fixture
def dsn(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A journal in PostgreSQL with nothing in it, which the environment names."""
    empty(postgres_dsn, "alphasms_jobs")
    monkeypatch.setenv("ALPHASMS_JOURNAL", postgres_dsn)
    return postgres_dsn


@pytest.fixture
def worker(sandbox: Sandbox, dsn: str) -> Generator[Any]:
    """A worker at work, in a process of its own."""
    with running("worker", "--concurrency", "2") as process:
        assert first_words(process).endswith(f"at work on the campaigns of {dsn}")
        yield process


def looked_on(*options: str) -> Ran:
    """Have workers dial the campaign, and look on in a process of its own, which must end."""
    with running("campaign", "run", NAME, "--distributed", "--yes", *options) as process:
        out, err = process.communicate(timeout=_PATIENCE_SECONDS)
        return Ran(process.returncode, out, err)


def ended(process: Any, *signals: signal.Signals) -> tuple[int, list[str]]:
    """Send it signals; return its exit code and what it still said."""
    for one in signals:
        process.send_signal(one)
    _, said = process.communicate(timeout=_PATIENCE_SECONDS)
    return process.returncode, [line.partition("  ")[2] or line for line in said.splitlines()]


def test_workers_dial_and_the_command_looks_on(
    sandbox: Sandbox, alphasms: Alphasms, worker: Any
) -> None:
    """The campaign is dialled by the worker, and the command ends as a run of its own does."""
    plan(alphasms)
    ran = looked_on("--workers", "1")
    assert ran.code == 0, ran.err
    assert "1 worker asked for; Ctrl-C stops looking, not them" in ran.err
    assert "accepted" in ran.out
    assert states(alphasms) == {"accepted": 3}
    assert len(sandbox.calls()) == 3
    code, said = ended(worker, signal.SIGTERM)
    assert code == 0
    assert said == [
        f"{NAME}: taken up",
        f"{NAME}: ended after 3 calls: the campaign is finished (3 accepted)",
        "stopping: waiting for the calls in flight; once more cuts them off",
    ]


def test_how_it_ended_is_json_when_asked(alphasms: Alphasms, worker: Any) -> None:
    """As many workers as run are asked for, and standard output is one JSON object."""
    plan(alphasms)
    ran = looked_on("--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["finished"]
    assert told["states"]["accepted"] == 3


def test_a_campaign_that_stops_itself_says_why(
    sandbox: Sandbox, alphasms: Alphasms, worker: Any
) -> None:
    """A budget that is used up ends all its workers, and the command with 4, with what to do."""
    plan(alphasms, "--budget", "0.80", count=20)
    ran = looked_on()
    assert ran.code == 4
    assert "stopped: the budget of 0.80 is used up" in ran.err
    assert "raise it to go on: alphasms campaign budget spring SUM" in ran.err
    assert standing(alphasms)["spent"] == "0.80"
    assert len(sandbox.calls()) == 2


def test_a_recording_that_a_worker_lacks_is_told_to_everybody(
    folder: Path, alphasms: Alphasms, worker: Any
) -> None:
    """The worker, the command and the journal say the same line; nobody is lost."""
    plan(alphasms)
    (folder / "promo.wav").unlink()
    ran = looked_on()
    assert ran.code == 4
    assert "stopped: the recording of 'spring' is not on" in ran.err
    assert states(alphasms) == {"planned": 3}
    assert "--audio-dir FOLDER" in standing(alphasms)["halted"]
    _, said = ended(worker, signal.SIGINT)
    assert said[0].startswith(f"{NAME}: stopped: the recording of 'spring' is not on")


def test_a_recording_is_found_in_the_folder_given(
    sandbox: Sandbox, dsn: str, folder: Path, alphasms: Alphasms
) -> None:
    """On another machine it lies elsewhere, under another name."""
    plan(alphasms)
    (folder / "audio").mkdir()
    (folder / "promo.wav").rename(folder / "audio" / "spring 2026.wav")
    with running("worker", "--audio-dir", "audio") as process:
        first_words(process)
        ran = looked_on()
    assert ran.code == 0, ran.err


def test_ctrl_c_stops_looking_and_nothing_else(
    sandbox: Sandbox, dsn: str, alphasms: Alphasms
) -> None:
    """It says so, with the command that does stop them; and that no worker is there, if so."""
    plan(alphasms)
    with running("campaign", "run", NAME, "--distributed", "--workers", "2") as process:
        assert first_words(process).startswith("2 workers asked for")
        told = f"no worker is running: start one with: alphasms worker --journal {dsn}"
        assert first_words(process) == told
        code, said = ended(process, signal.SIGINT)
    assert code == 130
    assert "not watched any more; the workers go on" in said
    assert f"have them pause: alphasms campaign pause {NAME}" in said
    assert states(alphasms) == {"planned": 3}


def test_a_campaign_that_is_over_is_shown(alphasms: Alphasms, worker: Any) -> None:
    """Nobody is asked for it any more."""
    plan(alphasms)
    looked_on()
    ran = alphasms("campaign", "run", NAME, "--distributed")
    assert ran.code == 0
    assert ran.err == "the campaign 'spring' is finished: nobody is left to dial\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("worker", "--journal", "alphasms.journal"),
            (
                "a worker needs a journal in PostgreSQL, --journal "
                "postgresql://user@host/database: alphasms.journal is a file"
            ),
        ),
        (
            ("campaign", "run", NAME, "--distributed", "--journal", "alphasms.journal"),
            (
                "--distributed needs a journal in PostgreSQL, --journal "
                "postgresql://user@host/database: alphasms.journal is a file"
            ),
        ),
        (("worker", "--concurrency", "0"), "--concurrency is a whole number above 0, not 0"),
        (("worker", "--audio-dir", "nowhere"), "--audio-dir is a folder: there is none at nowhere"),
        (
            ("worker", "--hook-url", "https://app.example/hooks"),
            (
                "no webhook secret: pass one or set ALPHASMS_WEBHOOK_SECRET; make one with "
                'python -c "import secrets; print(secrets.token_urlsafe(32))"'
            ),
        ),
        (
            ("campaign", "run", NAME, "--workers", "2"),
            "--workers says how many workers are to dial: add --distributed",
        ),
        (
            ("campaign", "run", NAME, "--distributed", "--workers", "0"),
            "--workers is a whole number above 0, not 0",
        ),
        (
            ("campaign", "run", NAME, "--distributed", "--no-wait"),
            (
                "with --distributed the workers dial: start them with --audio-dir and --hook-url, "
                "and have `alphasms listen --journal` take the events"
            ),
        ),
        (
            ("campaign", "run", NAME, "--distributed"),
            "no campaign 'spring' in this journal; there is none yet",
        ),
    ],
)
def test_what_cannot_work_is_told_in_one_line(
    folder: Path, dsn: str, alphasms: Alphasms, words: tuple[str, ...], said: str
) -> None:
    """Before anybody is dialled, with the exit code of bad input."""
    assert only_line(alphasms(*words)) == said


def test_no_journal_is_told(folder: Path, alphasms: Alphasms) -> None:
    """A worker has no file beside it to begin with, as the other commands have."""
    said = only_line(alphasms("worker"))
    assert (
        said == "a worker needs a journal in PostgreSQL, --journal postgresql://user@host/database"
    )


def test_no_key_is_told_before_anything_is_opened(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that could call nobody does not begin, whatever database it is given."""
    monkeypatch.delenv("ALPHASMS_API_KEY")
    place = f"postgresql://127.0.0.1:{free_port()}/calls"
    said = only_line(alphasms("worker", "--journal", place))
    assert said == "no API key: set ALPHASMS_API_KEY to the one of your account"


@pytest.mark.parametrize("words", [("worker",), ("campaign", "run", NAME, "--distributed")])
def test_a_database_that_is_not_there_is_told(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...]
) -> None:
    """Its address stands in the line, its password does not."""
    place = f"postgresql://olena:geheim@127.0.0.1:{free_port()}/calls"
    said = only_line(alphasms(*words, "--journal", place))
    assert said.startswith("the journal postgresql://olena@127.0.0.1:")
    assert "geheim" not in said


@pytest.mark.parametrize("words", [("worker",), ("campaign", "run", NAME, "--distributed")])
def test_an_extra_that_is_not_installed_is_named(
    folder: Path,
    dsn: str,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    """One line says what is lacking, what for, and how to get it."""
    plan(alphasms)
    for module in [name for name in sys.modules if name.startswith("alphasms_async.workers")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    said = only_line(alphasms(*words))
    assert said == (
        "Work on a campaign by many machines needs procrastinate, which is not installed: "
        'pip install "alphasms-async[postgres]"'
    )


class _AtWork:
    """A command that goes on."""

    has_ended = False


def test_a_second_signal_cuts_off(
    sandbox: Sandbox, dsn: str, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended twice, a worker waits for nobody: who was in flight is uncertain, and it says so."""
    board = Switchboard()
    board.answered = 0
    with board.serve() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        plan(alphasms)
        with running("worker") as process:
            first_words(process)
            with running("campaign", "run", NAME, "--distributed", "--workers", "1"):
                assert "taken up" in first_words(process)
                assert board.wait(1, cast("Any", _AtWork()))
                process.send_signal(signal.SIGINT)
                assert first_words(process).startswith("stopping: waiting for the calls in flight")
                code, said = ended(process, signal.SIGINT)
    assert code == 130
    assert "cut off: what was in flight is uncertain" in said
    assert states(alphasms) == {"planned": 2, "uncertain": 1}
