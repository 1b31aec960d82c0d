"""Campaigns are looked at and steered while nobody dials them.

What they do to a run that goes on is in `test_campaign_signals.py`.
"""

from pathlib import Path

import pytest

from alphasms_async.cli.terminal import answers
from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import NAME, only_line, plan, standing, states
from tests.cli.conftest import Alphasms
from tests.doubles import phones

RUN = ("campaign", "run", NAME, "--yes")
COMMANDS = [
    ("pause", NAME),
    ("resume", NAME),
    ("cancel", NAME, "--yes"),
    ("pace", NAME, "--per-second", "5"),
    ("budget", NAME, "100"),
]


def test_status_tells_where_campaigns_stand(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The table has a line for each campaign, or for the one that is named."""
    plan(alphasms, "--budget", "1")
    plan(alphasms, name="summer")
    alphasms(*RUN)
    said = alphasms("campaign", "status").out.splitlines()
    (spring,) = (line.split() for line in said if line.startswith("spring  "))
    assert spring == [NAME, "ready", *["2", "of", "3"], "2", *["0.80", "of", "1.00"]]
    assert ["summer", "ready"] in [line.split()[:2] for line in said]
    assert [line for line in said if line.startswith("spring stopped: the budget of 1 is used up")]
    assert "spring" not in alphasms("campaign", "status", "summer").out


def test_status_comes_as_json(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--json` prints an object a line with state, counts, money, pace and why it stopped."""
    plan(alphasms, "--budget", "1", "--per-second", "50")
    alphasms(*RUN)
    told = standing(alphasms)
    assert (told["state"], told["finished"], told["in_use_by"]) == ("ready", False, None)
    assert (told["spent"], told["budget"], told["per_second"]) == ("0.80", "1", 50)
    assert told["states"]["planned"] == 1
    assert told["halted"].startswith("the budget of 1 is used up")


def test_status_of_a_narrow_terminal_is_whole(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 80 columns no name and no number of an ordinary campaign is cut off."""
    monkeypatch.setenv("COLUMNS", "80")
    plan(alphasms, "--budget", "500", name="clients-5d47a8cd")
    ran = alphasms("campaign", "status")
    for told in ("clients-5d47a8cd", "0 of 3", "0.00 of 500.00"):
        assert told in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_long_name_can_be_copied(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the table has no room for stands below it, in one piece."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(answers, "_force_terminal", True)
    name = "spring-" * 14
    plan(alphasms, "--budget", "500", name=name)
    said = alphasms("campaign", "status").out.splitlines()
    assert f"in full: {name}" in said
    assert "0.00 of 500.00" in said[2]
    assert max(len(line) for line in said if not line.startswith("in full")) <= 80


def test_watch_ends_when_nobody_is_left(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--watch` shows a finished campaign once, and leaves."""
    plan(alphasms)
    alphasms(*RUN)
    ran = alphasms("campaign", "status", "--watch", NAME)
    assert (ran.code, "3 of 3" in ran.out) == (0, True)


def test_pause_and_resume_are_kept(folder: Path, alphasms: Alphasms) -> None:
    """With nobody dialling the journal is changed at once, and what comes next is told."""
    plan(alphasms)
    assert alphasms("campaign", "pause", NAME).out == "spring: paused\n"
    assert standing(alphasms)["state"] == "paused"
    ran = alphasms("campaign", "resume", NAME)
    assert ran.out == "spring: resumed\n"
    assert ran.err == "nobody dials it just now: alphasms campaign run spring\n"
    assert standing(alphasms)["state"] == "ready"


def test_pace_is_kept(folder: Path, alphasms: Alphasms) -> None:
    """A new pace is in the journal for the next run, and so is none."""
    plan(alphasms, "--per-second", "3")
    assert alphasms("campaign", "pace", NAME, "--per-second", "0.5").out == "spring: 0.5 a second\n"
    assert standing(alphasms)["per_second"] == 0.5
    assert alphasms("campaign", "pace", NAME, "--unlimited").out == "spring: no limit\n"
    assert standing(alphasms)["per_second"] is None


def test_budget_is_kept(folder: Path, alphasms: Alphasms) -> None:
    """A new budget is in the journal, exact, with a comma as people write it too."""
    plan(alphasms)
    assert alphasms("campaign", "budget", NAME, "12,345").out == "spring: may cost 12.345 in all\n"
    assert standing(alphasms)["budget"] == "12.345"


def test_budget_below_what_is_spent_says_so(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """It is kept all the same, and the line tells what comes of it."""
    plan(alphasms, "--budget", "1")
    alphasms(*RUN)
    assert alphasms("campaign", "budget", NAME, "0.50").out == (
        "spring: may cost 0.50 in all, less than the 0.80 that is spent: nobody more is dialled\n"
    )


def test_the_price_of_one_call_may_be_limited_later(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Together with the budget, as a run without any price asks for; never above the budget."""
    plan(alphasms, "--budget", "500")
    told = alphasms("campaign", "budget", NAME, "100", "--max-price", "0,50")
    assert told.out == "spring: may cost 100.00 in all, 0.50 each\n"
    for words in (("100", "--max-price", "101"), ("0.40",)):
        refused = only_line(alphasms("campaign", "budget", NAME, *words))
        assert "is above the whole budget" in refused
    alphasms(*RUN)
    assert states(alphasms) == {"accepted": 3}


def test_cancelled_campaign_is_over(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Everybody left is skipped, a run calls nobody, and nothing can be changed any more."""
    plan(alphasms)
    assert alphasms("campaign", "cancel", NAME, "--yes").out == "spring: cancelled\n"
    assert states(alphasms) == {"skipped": 3}
    assert alphasms(*RUN).code == 3
    assert not sandbox.calls()
    for command in COMMANDS:
        said = only_line(alphasms("campaign", *command))
        assert said == "the campaign 'spring' is cancelled: nothing to change"


@pytest.mark.parametrize(("answer", "code", "state"), [("yes", 0, "cancelled"), ("", 130, "ready")])
def test_cancelling_is_asked_for(
    folder: Path,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    state: str,
) -> None:
    """What cannot be undone happens after a "yes" alone."""
    plan(alphasms)
    monkeypatch.setattr("alphasms_async.cli.terminal.asks", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: answer)
    ran = alphasms("campaign", "cancel", NAME)
    assert (ran.code, standing(alphasms)["state"]) == (code, state)
    assert "Never dial the 3 recipients left?" in ran.err


def test_finished_campaign_cannot_be_changed(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Each command says so in one line, and the campaign stays as it is."""
    plan(alphasms)
    alphasms(*RUN)
    for command in COMMANDS:
        said = only_line(alphasms("campaign", *command))
        assert said == "the campaign 'spring' is finished: nothing to change"
    assert states(alphasms) == {"accepted": 3}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("pace", NAME), "give the pace: --per-second N, or --unlimited"),
        (("pace", NAME, "--per-second", "1", "--unlimited"), "give the pace"),
        (("pace", NAME, "--per-second", "0"), "--per-second is a number above 0"),
        (("pace", NAME, "--per-second", "inf"), "--per-second is a number above 0"),
        (("pace", NAME, "--per-second", "1e-320"), "--per-second is 0.00001 or more"),
        (("pace", NAME, "--per-second", "fast"), "--per-second"),
        (("budget", NAME, "0"), "the budget is a sum above 0, such as 500.00, not '0'"),
        (("budget", NAME, "lots"), "the budget is a sum above 0"),
        (("budget", NAME, "9", "--max-price", "0"), "--max-price is a sum above 0"),
        (("budget", NAME), "AMOUNT"),
        (("pause",), "NAME"),
    ],
)
def test_bad_input_changes_nothing(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...], says: str
) -> None:
    """It is named in one line, and the campaign is as it was."""
    plan(alphasms)
    before = standing(alphasms)
    assert says in only_line(alphasms("campaign", *words))
    assert standing(alphasms) == before


@pytest.mark.parametrize("command", [*COMMANDS, ("status", NAME), ("report", NAME)])
def test_unknown_campaign_names_those_there_are(
    folder: Path, alphasms: Alphasms, command: tuple[str, ...]
) -> None:
    """A name that is none is refused with those that are, and leaves nothing in an inbox."""
    plan(alphasms, name="summer")
    said = only_line(alphasms("campaign", *command))
    assert said == f"no campaign '{NAME}' in this journal; there are: summer"
    assert states(alphasms, "summer") == {"planned": 3}


def test_do_not_call_list_is_asked_again_when_it_is_dialled(
    sandbox: Sandbox, alphasms: Alphasms
) -> None:
    """Whoever asked not to be called after the plan is skipped by the run."""
    plan(alphasms)
    first, second, third = phones(3)
    alphasms("dnc", "add", second)
    assert alphasms(*RUN).code == 0
    assert sorted(call.phone for call in sandbox.calls()) == [first, third]
    assert standing(alphasms)["skipped"]["do_not_call"] == 1
