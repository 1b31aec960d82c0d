"""`alphasms campaign poll`: outcomes asked for by id, where no hook reaches anybody."""

import json
import signal
from pathlib import Path

import pytest

from alphasms_async.sandbox import Sandbox, State
from tests.cli.campaigns import NAME, only_line, plan, standing, states
from tests.cli.conftest import Alphasms
from tests.doubles import phones
from tests.torture.commands import PLAN, RUN, Desk, Switchboard

POLL = ("campaign", "poll", NAME)


@pytest.fixture
def called(sandbox: Sandbox, alphasms: Alphasms) -> Sandbox:
    """A gateway that has called three phones: reached one, not reached one, and rings one."""
    plan(alphasms)
    assert alphasms("campaign", "run", NAME, "--yes").code == 0
    ids = {call.phone: call.id for call in sandbox.calls()}
    reached, missed, _ = phones(3)
    sandbox.set_status(ids[reached], State.DELIVERED)
    sandbox.set_status(ids[missed], State.UNDELIVERABLE)
    return sandbox


def test_outcomes_are_asked_for(called: Sandbox, alphasms: Alphasms) -> None:
    """A small table tells how many were reached, the journal knows whom; exit 3 for the rest."""
    ran = alphasms(*POLL)
    assert ran.code == 3, ran.err
    assert [line.split("│") for line in ran.out.replace(" ", "").splitlines()[2:]] == [
        ["reached", "1"],
        ["notreached", "1"],
        ["notknownyet", "1"],
    ]
    assert standing(alphasms)["outcomes"] == {"answered": 1, "no_answer": 1}
    assert ran.err == f"1 call without an outcome; ask again later: alphasms campaign poll {NAME}\n"


def test_asking_again_asks_for_the_rest(called: Sandbox, alphasms: Alphasms) -> None:
    """When the last one is known it ends with 0, and after that there is nothing to ask for."""
    alphasms(*POLL)
    (ringing,) = called.calls(to=phones(3)[-1])
    called.set_status(ringing.id, State.DELIVERED)
    assert alphasms(*POLL).code == 0
    assert states(alphasms) == {"done": 3}
    again = alphasms(*POLL)
    assert (again.code, again.err) == (0, "")
    assert again.out == "nothing to ask for: every accepted call has an outcome\n"


def test_counts_come_as_json(called: Sandbox, alphasms: Alphasms) -> None:
    """`--json` prints one object alone on standard output."""
    ran = alphasms(*POLL, "--json")
    told = {"asked": 3, "reached": 1, "not_reached": 1, "not_known_yet": 1}
    assert json.loads(ran.out) == {"name": NAME, **told}


def test_unreachable_gateway_is_a_fault(
    called: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, exit 1, and nothing is changed."""
    monkeypatch.setenv("ALPHASMS_BASE_URL", "http://127.0.0.1:1")
    only_line(alphasms(*POLL), code=1)
    assert states(alphasms) == {"accepted": 3}


def test_what_is_not_there_is_told(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """No journal, and another campaign than there is, are bad input."""
    assert "alphasms.journal" in only_line(alphasms(*POLL))
    plan(alphasms)
    assert "summer" in only_line(alphasms("campaign", "poll", "summer"))


def test_it_works_beside_a_run(
    tmp_path: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process dials, what is asked for reaches it, and it goes on."""
    monkeypatch.chdir(tmp_path)
    board = Switchboard(seconds=0)
    board.answered = 1
    with Desk.at(tmp_path, board, phones(3)) as desk:
        for name, value in desk.environment.items():
            monkeypatch.setenv(name, value)
        assert alphasms(*PLAN, NAME, "--concurrency", "1").code == 0
        with desk.start(*RUN) as command:
            assert board.wait(2, command)
            board.sandbox.set_status(board.sandbox.calls()[0].id, State.DELIVERED)
            assert alphasms(*POLL).code == 0
            command.send(signal.SIGINT)
            command.hear("stopping")
            board.answered = 99
            assert command.end()[0] == 130
        assert states(alphasms) == {"done": 1, "accepted": 1, "planned": 1}
