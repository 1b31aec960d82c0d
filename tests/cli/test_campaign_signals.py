"""A run in a process of its own, which signals end and other processes steer."""

import io
import math
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from tests.cli.campaigns import JOURNAL, NAME, names, only_line, standing, states
from tests.cli.conftest import Alphasms
from tests.doubles import phones
from tests.torture.commands import DIAL, PLAN, PROGRAM, RUN, Desk, Switchboard

COUNT, CONCURRENCY = 60, 4
IN_FLIGHT = ("--concurrency", str(CONCURRENCY))
ALL = math.inf


@pytest.fixture
def board() -> Switchboard:
    """A gateway on a socket."""
    return Switchboard(seconds=0)


@pytest.fixture
def desk(tmp_path: Path, board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> Generator[Desk]:
    """A folder with a list, a recording and that gateway, for this process and for others."""
    monkeypatch.chdir(tmp_path)
    with Desk.at(tmp_path, board, phones(COUNT)) as desk:
        for name, value in desk.environment.items():
            monkeypatch.setenv(name, value)
        yield desk


def planned(alphasms: Alphasms, *options: str) -> None:
    """Plan the list's campaign."""
    ran = alphasms(*PLAN, NAME, *options)
    assert ran.code == 0, ran.err


def held(board: Switchboard) -> int:
    """Let the first call be answered and no other; return how many are begun until all wait."""
    board.answered = 1
    return 1 + CONCURRENCY


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_first_signal_waits_for_calls_in_flight(
    desk: Desk, board: Switchboard, alphasms: Alphasms, number: int
) -> None:
    """Nobody more is called, the outcomes in flight are written, exit 130, the rest is planned."""
    planned(alphasms, *IN_FLIGHT)
    begun = held(board)
    with desk.start(*RUN) as command:
        assert board.wait(begun, command)
        command.send(number)
        command.hear("stopping: waiting for the calls in flight; once more cuts them off")
        board.answered = ALL
        code, said = command.end()
    assert code == 130
    assert f"{COUNT - begun} recipients still to dial: alphasms campaign run {NAME}" in said
    assert states(alphasms) == {"accepted": begun, "planned": COUNT - begun}
    assert len(board.sandbox.calls()) == begun


def test_second_signal_cuts_off_what_is_in_flight(
    desk: Desk, board: Switchboard, alphasms: Alphasms
) -> None:
    """It ends at once, what was in flight is uncertain, and the next run rings nobody twice."""
    planned(alphasms, *IN_FLIGHT)
    begun = held(board)
    with desk.start(*RUN) as command:
        assert board.wait(begun, command)
        command.send(signal.SIGINT)
        command.hear("stopping")
        command.send(signal.SIGINT)
        code, said = command.end()
    assert code == 130
    assert f"{CONCURRENCY} recipients uncertain: alphasms campaign reconcile {NAME}" in said
    assert said.splitlines()[0] == "cut off: what was in flight is uncertain"
    assert len(said.splitlines()) == 3
    assert states(alphasms)["uncertain"] == CONCURRENCY
    board.answered = ALL
    assert alphasms(*RUN).code == 3
    assert states(alphasms) == {"accepted": COUNT - CONCURRENCY, "uncertain": CONCURRENCY}
    assert not board.sandbox.rang_more_than_once()


def test_signal_while_it_waits_ends_it(desk: Desk, alphasms: Alphasms) -> None:
    """A run that waits for its time leaves at the first signal, and says what it waited for."""
    planned(alphasms, "--starts-at", "2100-01-01 09:00")
    with desk.start(*RUN) as command:
        command.hear(f"0 of {COUNT}: 0 accepted; waiting: starts later")
        command.send(signal.SIGINT)
        code, _ = command.end()
    assert (code, states(alphasms)) == (130, {"planned": COUNT})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_same_dial_command_goes_on(
    desk: Desk, board: Switchboard, alphasms: Alphasms, number: int
) -> None:
    """After Ctrl-C and after kill -9 it calls the others; dialled to its end, it exits with 2."""
    words = (*DIAL, *IN_FLIGHT)
    begun = held(board)
    with desk.start(*words) as command:
        assert board.wait(begun, command)
        command.send(number)
        if number == signal.SIGINT:
            command.hear("stopping")
        board.answered = ALL
        command.end()
    again = alphasms(*words)
    assert "going on with list-" in again.err
    uncertain = CONCURRENCY if number == signal.SIGKILL else 0
    assert again.code == (3 if uncertain else 0)
    assert sorted(call.phone for call in board.sandbox.calls()) == phones(COUNT)
    text = Path("list.results.csv").read_text("utf-8-sig")
    assert text.count(",uncertain,") == uncertain
    assert text.count(",accepted,") == COUNT - uncertain
    said = only_line(alphasms(*words))
    assert said.startswith("already dialled; `--again` starts a new campaign")
    assert len(board.sandbox.calls()) == COUNT


def test_pause_and_resume_take_effect_within_a_second(
    desk: Desk, board: Switchboard, alphasms: Alphasms
) -> None:
    """By the gateway's own ledger nobody is called between them, and everybody at the end."""
    planned(alphasms, "--per-second", "20")
    with desk.start(*RUN) as command:
        assert board.wait(5, command)
        paused_at = datetime.now(UTC)
        assert alphasms("campaign", "pause", NAME).out == "spring: paused\n"
        command.hear("waiting: paused")
        resumed_at, begun = datetime.now(UTC), len(board.sandbox.calls())
        assert standing(alphasms)["state"] == "paused"
        assert len(board.sandbox.calls()) == begun
        assert alphasms("campaign", "resume", NAME).out == "spring: resumed\n"
        assert board.wait(1, command)
        alphasms("campaign", "pace", NAME, "--unlimited")
        assert command.end()[0] == 0
    calls = board.sandbox.calls()
    assert calls[begun - 1].at <= paused_at + timedelta(seconds=1)
    assert resumed_at < calls[begun].at
    assert sorted(call.phone for call in calls) == phones(COUNT)


def test_pace_changes_a_run(desk: Desk, board: Switchboard, alphasms: Alphasms) -> None:
    """A run that would take an hour ends as soon as it is let go."""
    planned(alphasms, "--per-second", "0.0166")
    with desk.start(*RUN) as command:
        assert board.wait(1, command)
        assert alphasms("campaign", "pace", NAME, "--unlimited").out == "spring: no limit\n"
        assert command.end()[0] == 0
    assert states(alphasms) == {"accepted": COUNT}


def test_cancel_ends_a_run(desk: Desk, board: Switchboard, alphasms: Alphasms) -> None:
    """The calls in flight end as they end, everybody else is skipped, exit 3."""
    planned(alphasms, *IN_FLIGHT)
    begun = held(board)
    with desk.start(*RUN) as command:
        assert board.wait(begun, command)
        assert alphasms("campaign", "cancel", NAME, "--yes").out == "spring: cancelled\n"
        board.answered = ALL
        code, _ = command.end()
    assert (code, states(alphasms)) == (3, {"accepted": begun, "skipped": COUNT - begun})


def test_budget_waits_for_the_next_run(desk: Desk, board: Switchboard, alphasms: Alphasms) -> None:
    """It is told that this run keeps the old one, which it does."""
    planned(alphasms, *IN_FLIGHT, "--budget", "24")
    begun = held(board)
    with desk.start(*RUN) as command:
        assert board.wait(begun, command)
        ran = alphasms("campaign", "budget", NAME, "0.40")
        assert ran.out == "spring: may cost 0.40 in all, from its next run on\n"
        board.answered = ALL
        assert command.end()[0] == 0
    assert standing(alphasms)["spent"] == "24.00"


def test_do_not_call_list_reaches_a_run(desk: Desk, board: Switchboard, alphasms: Alphasms) -> None:
    """Whoever asks while others are called is not called any more."""
    planned(alphasms, *IN_FLIGHT)
    begun = held(board)
    with desk.start(*RUN) as command:
        assert board.wait(begun, command)
        last = phones(COUNT)[-1]
        assert alphasms("dnc", "add", last).out == "1 phone not to be called\n"
        assert alphasms("dnc", "list").out == f"+{last}\n"
        board.answered = ALL
        assert command.end()[0] == 0
    assert (len(board.sandbox.calls()), board.sandbox.rings(last)) == (COUNT - 1, 0)


def test_others_are_told_who_dials(desk: Desk, board: Switchboard, alphasms: Alphasms) -> None:
    """Whoever needs the journal for itself is refused by name; whoever looks or asks is not."""
    planned(alphasms, *IN_FLIGHT)
    begun = held(board)
    with desk.start(*RUN) as command:
        assert board.wait(begun, command)
        who = f"alphasms campaign run {NAME} (process {command.pid} on "
        for words in (RUN, (*PLAN, "other"), DIAL, ("campaign", "reconcile", NAME)):
            said = only_line(alphasms(*words))
            assert said.startswith(f"the journal {JOURNAL} is in use by {who}")
        told = standing(alphasms)
        assert told["in_use_by"].startswith(who)
        assert (told["states"]["accepted"], told["states"]["dialing"]) == (1, CONCURRENCY)
        assert alphasms("campaign", "export", NAME).out.count("\n") == COUNT + 1
        assert alphasms("campaign", "report", NAME).code == 0
        board.answered = ALL
        assert command.end()[0] == 0
    assert standing(alphasms)["in_use_by"] is None


def test_reader_that_leaves_does_not_end_a_run(desk: Desk, alphasms: Alphasms) -> None:
    """What is shown is lost, warnings and table, as with `| head`; everybody is called."""
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", PROGRAM, *DIAL], stdout=writing, stderr=writing
    ) as process:
        os.close(writing)
        assert process.wait(20) == 0
    assert states(alphasms, *names(alphasms)) == {"accepted": COUNT}


@pytest.mark.parametrize("words", [RUN, (*DIAL, *IN_FLIGHT)], ids=["run", "dial"])
def test_closed_terminal_waits_for_calls_in_flight(
    desk: Desk, board: Switchboard, alphasms: Alphasms, words: tuple[str, ...]
) -> None:
    """Whoever closes the window stops the run as Ctrl-C does, exit 130: no outcome is lost."""
    if words == RUN:
        planned(alphasms, *IN_FLIGHT)
    begun = held(board)
    terminal, end = pty.openpty()
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", PROGRAM, *words], stdout=end, stderr=end
    ) as process:
        os.close(end)
        shown = b""
        while f"{CONCURRENCY} in flight".encode() not in shown:
            shown += os.read(terminal, 4096)
        os.close(terminal)
        process.send_signal(signal.SIGHUP)
        board.answered = ALL
        assert process.wait(20) == 130
    (name,) = names(alphasms)
    assert states(alphasms, name) == {"accepted": begun, "planned": COUNT - begun}
    if words != RUN:
        assert Path("list.results.csv").read_text("utf-8-sig").count(",accepted,") == begun


def test_run_under_nohup_outlives_its_terminal(
    desk: Desk, board: Switchboard, alphasms: Alphasms
) -> None:
    """Whoever started it so that it goes on without a terminal is taken at their word."""
    planned(alphasms, *IN_FLIGHT)
    begun = held(board)
    program = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); {PROGRAM}"
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", program, *RUN], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while standing(alphasms)["states"]["dialing"] < begun - 1:
            assert process.poll() is None
        process.send_signal(signal.SIGHUP)
        board.answered = ALL
        assert process.wait(20) == 0
    assert states(alphasms) == {"accepted": COUNT}


@pytest.mark.parametrize("words", [RUN, (*DIAL, *IN_FLIGHT, "--again")], ids=["run", "dial"])
def test_status_says_who_is_at_work(
    desk: Desk, board: Switchboard, alphasms: Alphasms, words: tuple[str, ...]
) -> None:
    """A campaign that is dialled just now is running, and others of the journal are not."""
    planned(alphasms, *IN_FLIGHT)
    begun = held(board)
    with desk.start(*words) as command:
        assert board.wait(begun, command)
        *others, name = names(alphasms)
        told = standing(alphasms, name)
        assert (told["running"], told["state"], told["died_in_flight"]) == (True, "ready", 0)
        said = alphasms("campaign", "status").out
        (line,) = (line for line in said.splitlines() if line.startswith(name))
        assert "running" in line
        assert "in use by" not in said
        assert not [other for other in others if standing(alphasms, other)["running"]]
        board.answered = ALL
        assert command.end()[0] == 0
    assert standing(alphasms, name)["running"] is False


def test_status_shows_whom_a_kill_left(desk: Desk, board: Switchboard, alphasms: Alphasms) -> None:
    """Who was in flight when the run died is told before the next run makes them uncertain."""
    planned(alphasms, *IN_FLIGHT)
    begun = held(board)
    with desk.start(*RUN) as command:
        assert board.wait(begun, command)
        command.send(signal.SIGKILL)
        command.end()
    said = alphasms("campaign", "status").out
    assert f"{NAME}: {CONCURRENCY} in flight when it died: uncertain at the next run\n" in said
    told = standing(alphasms)
    assert (told["died_in_flight"], told["running"]) == (CONCURRENCY, False)
    board.answered = ALL
    alphasms(*RUN)
    assert standing(alphasms)["died_in_flight"] == 0


def test_watch_tells_speed_and_why_it_waits(
    desk: Desk, board: Switchboard, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From two looks: how fast it goes and how long it will; outside its hours, that it waits."""
    seen = io.StringIO()
    planned(alphasms, "--per-second", "20")
    with desk.start(*RUN) as command, monkeypatch.context() as patch:
        # By its name the package has the command, not the module.
        module = sys.modules["alphasms_async.cli.campaign.status"]
        patch.setattr(module, "_WATCH_SECONDS", 0.05)
        patch.setattr(module, "answers", Console(file=seen, force_terminal=True, width=80))
        assert board.wait(2, command)
        alphasms("campaign", "status", NAME, "--watch")
        assert command.end()[0] == 0
    assert re.search(rf"{NAME}: [0-9.]+ a second \(limit 20\), about \d+ s left", seen.getvalue())
    assert alphasms(*PLAN, "later", "--starts-at", "2100-01-01 09:00").code == 0
    with desk.start("campaign", "run", "later", "--yes") as command:
        command.hear("waiting: starts later")
        assert "later: waiting: starts later, " in alphasms("campaign", "status").out
        command.send(signal.SIGINT)
        command.end()
