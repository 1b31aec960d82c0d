"""`alphasms campaign reconcile`: what is uncertain is asked for, and the rest is a person's."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import (
    JOURNAL,
    LIST,
    NAME,
    grow_old,
    listed,
    lose_answers,
    only_line,
    plan,
    standing,
    states,
)
from tests.cli.conftest import Alphasms, Ran
from tests.doubles import phones

RUN = ("campaign", "run", NAME, "--yes")
RECONCILE = ("campaign", "reconcile", NAME)


def left(ran: Ran) -> list[dict[str, Any]]:
    """Return who is uncertain, who was printed as JSON lines."""
    return [json.loads(line) for line in ran.out.splitlines()]


@pytest.fixture
def uncertain(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A campaign of three recordings that the gateway took, and nobody knows of it."""
    plan(alphasms)
    with pytest.MonkeyPatch.context() as patch:
        lose_answers(patch)
        alphasms(*RUN)


@pytest.mark.usefixtures("uncertain")
def test_recordings_are_a_persons_to_decide(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """They carry no id of ours: all are listed with the phone whole, and exit 3 says so."""
    ran = alphasms(*RECONCILE)
    assert ran.code == 3
    shown = ran.out.splitlines()
    assert [line.split()[0] for line in shown[2:-1]] == phones(3)
    assert shown[-1] == "3 of them: the answer cannot be read"
    assert "3 recipients may have rung and may not" in ran.err


def test_reasons_are_told_once_each(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Errors of many people that say the same are one line, with no phone in it."""
    plan(alphasms)
    sandbox.chaos.on("http_503=100%")
    alphasms(*RUN)
    (reason,) = alphasms(*RECONCILE).out.splitlines()[5:]
    assert reason.startswith("3 of them: outcome unknown, it may have arrived: the answer (HTTP ")
    assert reason.endswith("look in the provider's panel.")
    assert "380" not in reason


@pytest.mark.usefixtures("uncertain")
def test_many_reasons_do_not_bury_the_rest(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most frequent ones are told, and how many are uncertain for others."""
    monkeypatch.setattr("alphasms_async.cli.campaign.settle._MOST_REASONS", 1)
    with closing(sqlite3.connect(JOURNAL)) as connection, connection:
        connection.execute("update attempt set error = 'lost at ' || char(64 + max(recipient, 2))")
    shown = alphasms(*RECONCILE).out.splitlines()
    assert shown[-2:] == ["2 of them: lost at B", "1 of them: other reasons"]


@pytest.mark.usefixtures("uncertain")
def test_list_comes_as_json(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--json` prints an object a line, phones as digits."""
    told = left(alphasms(*RECONCILE, "--json"))
    assert [(one["phone"], one["line"], one["attempts"]) for one in told] == [
        (phone, line, 1) for line, phone in enumerate(phones(3), start=2)
    ]
    assert told[0]["client_id"] is None
    assert told[0]["called_at"].endswith("+00:00")


def test_texts_are_asked_for(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """They carry an id of ours: what the gateway has is accepted, what it has not stays."""
    listed(phones(3))
    alphasms("campaign", "plan", LIST, "--say", "Вітаємо", "--name", NAME)
    with pytest.MonkeyPatch.context() as patch:
        lose_answers(patch)
        alphasms(*RUN)
    sandbox.reset()
    with pytest.MonkeyPatch.context() as patch:
        lose_answers(patch)
        alphasms("campaign", "plan", LIST, "--say", "Вітаємо", "--name", "summer")
        alphasms("campaign", "run", "summer", "--yes")
    unknown, known = alphasms(*RECONCILE), alphasms("campaign", "reconcile", "summer")
    assert (unknown.code, states(alphasms)) == (3, {"uncertain": 3})
    assert "the gateway has 0 of 3 it was asked for" in unknown.err
    assert (known.code, states(alphasms, "summer")) == (0, {"accepted": 3})
    assert known.out == "nothing is uncertain\n"


@pytest.mark.usefixtures("uncertain")
def test_redial_waits_for_late_answers(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """In the first ten minutes nobody is dialled again, whatever a person says."""
    ran = alphasms(*RECONCILE, "--redial", "--yes")
    assert ran.code == 3
    assert "3 attempts not 10 minutes old, whose answer may still come: redial later" in ran.err
    assert not ran.out
    assert states(alphasms) == {"uncertain": 3}


@pytest.mark.usefixtures("uncertain")
def test_redial_dials_again(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Those whom a person names are planned again, the next run calls them and nobody else."""
    grow_old()
    first, second, _ = phones(3)
    ran = alphasms(*RECONCILE, f"+{first}", second, "--redial", "--yes")
    assert ran.code == 3
    assert f"2 recipients to be dialled again: alphasms campaign run {NAME}" in ran.err
    assert states(alphasms) == {"planned": 2, "uncertain": 1}
    assert alphasms(*RUN).code == 3
    assert [sandbox.rings(phone) for phone in phones(3)] == [2, 2, 1]


@pytest.mark.usefixtures("uncertain")
def test_phones_are_meant_as_the_table_shows_them(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Digits of another country need no plus where a row has just these."""
    with closing(sqlite3.connect(JOURNAL)) as connection, connection:
        connection.execute("update recipient set phone = '48512345678' where line = 2")
    ran = alphasms(*RECONCILE, "48512345678", "--drop", "--yes")
    assert ran.code == 3, ran.err
    assert states(alphasms) == {"uncertain": 2, "dropped": 1}


@pytest.mark.usefixtures("uncertain")
def test_drop_lets_them_be(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Without phones all are meant: nothing is uncertain any more, and nobody is called again."""
    ran = alphasms(*RECONCILE, "--drop", "--yes")
    assert (ran.code, ran.out) == (0, "nothing is uncertain\n")
    assert "3 recipients dropped" in ran.err
    alphasms(*RUN)
    assert (states(alphasms), len(sandbox.calls())) == ({"dropped": 3}, 3)
    assert standing(alphasms)["finished"] is True


@pytest.mark.parametrize(
    ("choice", "code", "state"),
    [((), 3, "uncertain"), (("--drop",), 0, "dropped"), (("--redial",), 0, "planned")],
)
@pytest.mark.parametrize("lacks", ["ALPHASMS_BASE_URL", "ALPHASMS_API_KEY"])
def test_gateway_out_of_reach_keeps_nobody_from_deciding(
    sandbox: Sandbox,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    choice: tuple[str, ...],
    code: int,
    state: str,
    lacks: str,
) -> None:
    """Why it could not be asked is a note, and what a person says is done all the same."""
    listed(phones(3))
    alphasms("campaign", "plan", LIST, "--say", "Вітаємо", "--name", NAME)
    with pytest.MonkeyPatch.context() as patch:
        lose_answers(patch)
        alphasms(*RUN)
    grow_old()
    monkeypatch.setenv(lacks, "http://127.0.0.1:1" if lacks.endswith("URL") else "")
    ran = alphasms(*RECONCILE, *choice, "--yes")
    assert (ran.code, states(alphasms)) == (code, {state: 3})
    assert ran.err.startswith("the gateway could not be asked: ")


@pytest.mark.usefixtures("uncertain")
@pytest.mark.parametrize("choice", ["--redial", "--drop"])
def test_a_person_is_asked_first(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    """A "no" changes nothing; the question says that a phone may ring twice."""
    grow_old()
    monkeypatch.setattr("alphasms_async.cli.terminal.asks", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: "")
    ran = alphasms(*RECONCILE, choice)
    assert ("will ring twice" in ran.err) == (choice == "--redial")
    assert states(alphasms) == {"uncertain": 3}


@pytest.mark.usefixtures("uncertain")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--redial", "--drop"), "choose one: --redial dials them again, --drop lets them be"),
        (("0501112233",), "say what to do with these phones: --redial or --drop"),
        (("0501112233", "--drop"), "1 of these phones is not uncertain in this campaign"),
        (("112", "--drop"), "the phone 112 is a short code"),
    ],
)
def test_bad_input_changes_nothing(
    sandbox: Sandbox, alphasms: Alphasms, words: tuple[str, ...], says: str
) -> None:
    """It is named in one line, and nothing is settled."""
    assert says in only_line(alphasms(*RECONCILE, *words))
    assert states(alphasms) == {"uncertain": 3}


def test_nothing_uncertain_is_no_question(folder: Path, alphasms: Alphasms) -> None:
    """The gateway is not asked, no key is needed, exit 0."""
    plan(alphasms)
    ran = alphasms(*RECONCILE)
    assert (ran.code, ran.out) == (0, "nothing is uncertain\n")
