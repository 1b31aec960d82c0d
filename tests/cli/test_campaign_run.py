"""`alphasms campaign run`: dials what is planned, and tells the shell how it ended."""

import io
import json
import os
import sys
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from alphasms_async import GatewayUnavailable
from alphasms_async.campaigns import Quotes, SetBudget
from alphasms_async.campaigns.gate import Gate
from alphasms_async.campaigns.sqlite.inbox import Inbox
from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import (
    AUDIO,
    CLOSED,
    JOURNAL,
    LIST,
    NAME,
    PRICE,
    listed,
    lose_answers,
    only_line,
    plan,
    standing,
    states,
)
from tests.cli.conftest import Alphasms, Ran
from tests.doubles import phones
from tests.sounds import wav

RUN = ("campaign", "run", NAME, "--yes")
PAST, FUTURE = "2020-01-01 09:00", "2100-01-01 09:00"


def told_by(ran: Ran) -> dict[str, Any]:
    """Return how a run ended, which was printed as JSON."""
    told: dict[str, Any] = json.loads(ran.out)
    return told


def test_each_phone_rings_once(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Everybody is called with the recording as it is, exit 0, and a second run calls nobody."""
    plan(alphasms, count=20)
    ran = alphasms(*RUN)
    assert ran.code == 0, ran.err
    assert sorted(call.phone for call in sandbox.calls()) == phones(20)
    assert {call.audio for call in sandbox.calls()} == {Path(AUDIO).read_bytes()}
    again = alphasms(*RUN)
    assert (again.code, len(sandbox.calls())) == (0, 20)
    assert "nobody is left to dial" in again.err


def test_options_of_the_plan_reach_the_gateway(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The hook and the wish for a key press go along with each call."""
    hook = "https://app.example/hook?token=b6589fc6"
    plan(alphasms, "--hook", hook, "--dtmf")
    alphasms(*RUN)
    assert {(call.hook, call.dtmf) for call in sandbox.calls()} == {(hook, True)}


def test_how_it_ended_comes_as_a_table(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The states that somebody is in are told with counts and meanings, then all, and the cost."""
    listed([*phones(3), phones(1)[0], "112"])
    alphasms("campaign", "plan", LIST, "--audio", AUDIO, "--name", NAME)
    ran = alphasms(*RUN)
    assert ran.code == 3
    lines = [[cell.strip() for cell in line.split("│")] for line in ran.out.splitlines()]
    heads = [cell.strip() for cell in ran.out.splitlines()[0].split("┃")]
    assert heads == ["state", "recipients", "price", "what it means"]
    assert ["accepted", "3", "1.20", "queued, the phone will ring"] in lines
    assert ["skipped: invalid", "1", "", "cannot be called as it stands"] in lines
    assert ["skipped: duplicate", "1", "", "stood in the list before"] in lines
    assert lines[-1] == ["total", "5", "1.20 UAH", ""]


def test_how_it_ended_comes_as_json(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--json` prints one object alone on standard output, sums exact as text."""
    plan(alphasms)
    told = told_by(alphasms(*RUN, "--json"))
    assert (told["name"], told["recipients"], told["states"]["accepted"]) == (NAME, 3, 3)
    assert (told["spent"], told["held"]) == ("1.20", "0")
    assert (told["halted"], told["finished"]) == (None, True)


def test_duplicates_and_wishes_are_no_failure(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Exit 0 when all others were accepted: nobody was to be called there."""
    alphasms("dnc", "add", phones(3)[2])
    listed([*phones(3), phones(1)[0]])
    alphasms("campaign", "plan", LIST, "--audio", AUDIO, "--name", NAME)
    assert alphasms(*RUN).code == 0
    assert len(sandbox.calls()) == 2


def test_refused_recipient_is_not_the_end(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """One that the gateway cannot reach is refused, the others are called, exit 3."""
    listed(phones(3))
    alphasms("campaign", "plan", LIST, "--say", "Вітаємо", "--dtmf", "--name", NAME)
    sandbox.unsupported_operators.add(phones(2)[1])
    ran = alphasms(*RUN)
    assert ran.code == 3
    assert states(alphasms) == {"accepted": 2, "refused": 1}
    assert f"1 recipient refused, why: alphasms campaign report {NAME}\n" in ran.err


def test_unknown_outcomes_are_shown(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are uncertain, their price stays held, exit 3, and the line says what to do next."""
    plan(alphasms)
    lose_answers(monkeypatch)
    ran = alphasms(*RUN)
    assert ran.code == 3
    assert f"3 recipients uncertain: alphasms campaign reconcile {NAME}" in ran.err
    assert (standing(alphasms)["held"], len(sandbox.calls())) == ("1.20", 3)
    assert alphasms(*RUN).code == 3
    assert not sandbox.rang_more_than_once()


def test_a_budget_held_for_want_of_a_price_says_how_to_go_on(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody told a price and the first answer is lost, it asks for a limit of one call."""
    with monkeypatch.context() as unquoted:
        # The package names the command `plan` too.
        unquoted.setattr(sys.modules["alphasms_async.cli.campaign.plan"], "quote", _no_quote)
        plan(alphasms, "--budget", "2", count=10)
    with monkeypatch.context() as losing:
        lose_answers(losing)
        ran = alphasms(*RUN)
    assert (ran.code, states(alphasms)) == (4, {"uncertain": 1, "planned": 9})
    assert "stopped: no price is known" in ran.err
    assert f"limit it: alphasms campaign budget {NAME} SUM --max-price PRICE" in ran.err
    assert alphasms("campaign", "budget", NAME, "2", "--max-price", "0.40").code == 0
    assert alphasms(*RUN).code == 4
    assert states(alphasms) == {"uncertain": 1, "accepted": 4, "planned": 5}
    assert sum(call.price for call in sandbox.calls()) == Decimal("2.00")


async def _no_quote(*_: object) -> Quotes:
    raise GatewayUnavailable("told")


def test_too_many_unknown_outcomes_stop_it(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ten in a row it stops itself, exit 4, and everybody else is planned still."""
    plan(alphasms, "--concurrency", "1", count=30)
    lose_answers(monkeypatch)
    ran = alphasms(*RUN)
    assert ran.code == 4
    assert "stopped: 10 outcomes in a row are unknown" in ran.err
    assert states(alphasms) == {"uncertain": 10, "planned": 20}


@pytest.mark.parametrize("reason", ["banned", "api_disabled", "ip_denied"])
def test_refused_account_stops_it(sandbox: Sandbox, alphasms: Alphasms, reason: str) -> None:
    """The first call finds it out: exit 4, nobody rang, everybody is planned, and it goes on."""
    plan(alphasms)
    setattr(sandbox, reason, True)
    ran = alphasms(*RUN)
    assert ran.code == 4
    assert ran.err.splitlines()[0].startswith("stopped: ")
    assert f"3 recipients still to dial: alphasms campaign run {NAME}" in ran.err
    assert (states(alphasms), sandbox.calls()) == ({"planned": 3}, [])
    setattr(sandbox, reason, False)
    assert alphasms(*RUN).code == 0


def test_budget_is_never_passed(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """It stops with 4 at the last call that fits, and goes on once the budget is raised."""
    plan(alphasms, "--budget", "2.10", count=10)
    ran = alphasms(*RUN)
    assert (ran.code, len(sandbox.calls())) == (4, 5)
    assert ran.err.count("to go on") == 1
    assert f"raise it to go on: alphasms campaign budget {NAME} SUM" in ran.err
    assert alphasms("campaign", "budget", NAME, "4").code == 0
    assert alphasms(*RUN).code == 0
    assert sum(call.price for call in sandbox.calls()) == Decimal("4.00")


def test_a_budget_lowered_before_the_run_holds_for_it(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """What another command has left in the inbox is done before the first call."""
    plan(alphasms, "--budget", "2.10", count=10)
    with closing(Inbox(Path(JOURNAL))) as inbox:
        inbox.put([SetBudget(NAME, "0.80")])
    assert (alphasms(*RUN).code, len(sandbox.calls())) == (4, 2)


def test_money_that_runs_out_stops_it(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """An empty account ends the run with 4, and whoever has to wait is planned."""
    plan(alphasms, "--concurrency", "1", count=10)
    sandbox.balance = Decimal(PRICE) * 4
    ran = alphasms(*RUN)
    assert (ran.code, states(alphasms)) == (4, {"accepted": 4, "planned": 6})
    assert "Insufficient funds" in ran.err


@pytest.mark.parametrize(
    ("options", "why"),
    [(("--starts-at", FUTURE), "starts later"), (("--days", CLOSED), "outside the window")],
)
def test_run_that_does_not_wait_stops_outside_its_hours(
    sandbox: Sandbox, alphasms: Alphasms, options: tuple[str, ...], why: str
) -> None:
    """With `--no-wait` it exits with 4 where it would wait, and nobody is called."""
    plan(alphasms, *options)
    ran = alphasms(*RUN, "--no-wait")
    assert ran.code == 4
    assert ran.err.splitlines()[0] == f"stopped: instead of waiting: {why}"
    assert (states(alphasms), sandbox.calls()) == ({"planned": 3}, [])


def test_campaign_that_has_begun_dials_inside_its_window(
    sandbox: Sandbox, alphasms: Alphasms
) -> None:
    """A start that has passed, an end to come and the whole day keep nobody back."""
    plan(alphasms, "--starts-at", PAST, "--expires-at", FUTURE, "--window", "0-24", "--tz", "UTC")
    assert alphasms(*RUN, "--no-wait").code == 0
    assert len(sandbox.calls()) == 3


def test_expired_campaign_calls_nobody(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was not dialled in time is skipped, and that is told with exit 3."""
    plan(alphasms, "--expires-at", FUTURE)

    def expired(gate: Gate, at: datetime) -> bool:
        return True

    monkeypatch.setattr(Gate, "has_expired", expired)
    ran = alphasms(*RUN)
    assert (ran.code, sandbox.calls()) == (3, [])
    assert "skipped: expired" in ran.out
    assert standing(alphasms)["skipped"]["expired"] == 3


def test_paused_campaign_says_how_it_goes_on(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A run that may not wait for it stops with 4, having told the command that resumes it."""
    plan(alphasms)
    alphasms("campaign", "pause", NAME)
    ran = alphasms(*RUN, "--no-wait")
    assert (ran.code, sandbox.calls()) == (4, [])
    assert ran.err.startswith(f"paused: alphasms campaign resume {NAME}\n")


def test_unreachable_gateway_loses_nobody(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that never left stay planned, however often they were tried."""
    plan(alphasms, "--concurrency", "2")
    monkeypatch.setenv("ALPHASMS_BASE_URL", "http://127.0.0.1:1")
    ran = alphasms(*RUN, "--no-wait")
    assert ran.code == 4
    assert states(alphasms) == {"planned": 3}


def test_moved_recording_is_named(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A recording that is not where it was is asked for, and `--audio` says where it lies now."""
    plan(alphasms)
    Path(AUDIO).rename("moved.wav")
    assert AUDIO in only_line(alphasms(*RUN))
    assert alphasms(*RUN, "--audio", "moved.wav").code == 0
    assert len(sandbox.calls()) == 3


@pytest.mark.skipif(sys.platform == "darwin", reason="its disks have no such names")
def test_recording_may_have_any_name(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Also one of bytes that are no text, as archives from other systems bring."""
    listed(phones(3))
    odd = os.fsdecode(b"\xef\xf0.wav")
    Path(AUDIO).rename(odd)
    assert alphasms("campaign", "plan", LIST, "--audio", odd, "--name", NAME).code == 0
    alphasms("campaign", "budget", NAME, "9")
    assert alphasms(*RUN).code == 0
    assert len(sandbox.calls()) == 3


@pytest.mark.parametrize("options", [(), ("--audio", "other.wav")])
def test_changed_recording_is_refused(
    sandbox: Sandbox, alphasms: Alphasms, options: tuple[str, ...]
) -> None:
    """Another sound than was planned is never dialled with, wherever it lies."""
    plan(alphasms)
    Path(options[-1] if options else AUDIO).write_bytes(wav(seconds=2))
    said = only_line(alphasms(*RUN, *options))
    assert f"is not the one '{NAME}' was planned with" in said
    assert (sandbox.calls(), states(alphasms)) == ([], {"planned": 3})


def test_unknown_campaign_names_those_there_are(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A name that is none is refused with those that are."""
    plan(alphasms)
    said = only_line(alphasms("campaign", "run", "sprnig", "--yes"))
    assert said == "no campaign 'sprnig' in this journal; there are: spring"


def test_no_key_dials_nobody(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key the line says how to give one."""
    plan(alphasms)
    monkeypatch.delenv("ALPHASMS_API_KEY")
    assert "ALPHASMS_API_KEY" in only_line(alphasms(*RUN))


@pytest.mark.parametrize(("answer", "code", "rings"), [("y", 0, 3), ("так", 0, 3), ("", 130, 0)])
def test_a_person_is_asked_before_the_first_call(
    sandbox: Sandbox,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    rings: int,
) -> None:
    """Only a "yes" dials, in English or Ukrainian; a "no" leaves everything as it was."""
    plan(alphasms)
    monkeypatch.setattr("alphasms_async.cli.terminal.asks", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: answer)
    ran = alphasms("campaign", "run", NAME)
    assert (ran.code, len(sandbox.calls())) == (code, rings)
    assert "Dial 3 phones?" in ran.err


def test_answer_that_cannot_be_read_is_a_no(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes in another charset than the terminal's dial nobody, and are no fault."""
    plan(alphasms)
    monkeypatch.setattr("alphasms_async.cli.terminal.asks", lambda: True)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xf2\xe0\xea\n"), "utf-8"))
    ran = alphasms("campaign", "run", NAME)
    assert (ran.code, sandbox.calls()) == (130, [])
    assert "nothing was dialled" in ran.err


def test_run_that_goes_on_does_not_ask(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who said yes once is not asked again where an earlier run ended."""
    plan(alphasms, "--budget", "0.40")
    alphasms(*RUN)
    alphasms("campaign", "budget", NAME, "2")
    monkeypatch.setattr("alphasms_async.cli.terminal.asks", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: pytest.fail("it asked"))
    assert alphasms("campaign", "run", NAME).code == 0
    assert len(sandbox.calls()) == 3
