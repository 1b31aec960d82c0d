"""`alphasms dial`: a list in, results out, and the same command goes on.

That it goes on after Ctrl-C and kill -9 is in `test_campaign_signals.py`, and what keeps a list
from being called again in `test_dial_again.py`.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import JOURNAL, listed, lose_answers, names, only_line, states
from tests.cli.conftest import Alphasms
from tests.cli.dialled import NUMBERS, RESULTS, dial, results, written
from tests.doubles import phones


def test_each_number_is_called_once(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Each number of the list rings once, and the recording arrives byte for byte."""
    ran = dial(alphasms, "phone\n" + "\n".join([*NUMBERS, "0501234567"]))
    assert ran.code == 0, ran.err
    assert sorted(NUMBERS) == sorted(call.phone for call in sandbox.calls())
    assert {Path("promo.wav").read_bytes()} == {call.audio for call in sandbox.calls()}


def test_every_line_has_a_result(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The results tell the line, the digits, the state, the id and the price of each."""
    ran = dial(
        alphasms, "name,phone\nA,0501234567\nB,nobody\nC,+380501234567\nD,\nE,067 123 45 67\n"
    )
    assert ran.code == 3
    rows = {row["line"]: row for row in results()}
    assert [(rows[line]["state"], rows[line]["reason"]) for line in "23456"] == [
        ("accepted", ""),
        ("skipped", "invalid"),
        ("skipped", "duplicate"),
        ("skipped", "invalid"),
        ("accepted", ""),
    ]
    (call, _) = sorted(sandbox.calls(), key=lambda call: call.phone)
    assert ("380501234567", str(call.id), "0.40") == (
        rows["2"]["phone"],
        rows["2"]["id"],
        rows["2"]["price"],
    )


def test_summary_comes_as_json(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--json` prints the tally alone on standard output, the sum exact."""
    told = json.loads(dial(alphasms, "\n".join(NUMBERS), "--json").out)
    assert told["states"]["accepted"] == 3
    assert told["spent"] == "1.20"


@pytest.mark.parametrize(
    "text",
    [
        "380501234567\n",
        "\ufeffphone\n380501234567\n",
        "ім'я;телефон\nОлена;380501234567\n",
        "name\tMobile\nOlena\t380501234567\n",
        'note|number\n"a|b"|380501234567\n',
        "id,contact\n7,380501234567\n",
        "380501234567\r\n\r\n",
        "sep=;\nname;phone\nOlena;380501234567\n",
        "id,phone1,note\n7,380501234567,x\n",
        "'380501234567\n",
    ],
)
def test_lists_as_people_have_them(sandbox: Sandbox, alphasms: Alphasms, text: str) -> None:
    """Any usual delimiter, a byte order mark, a header in two languages, or none."""
    assert dial(alphasms, text).code == 0
    assert [sandbox.rings(call.phone) for call in sandbox.calls()] == [1]


def test_list_in_windows_1251_is_read(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """As old spreadsheets of this country write it."""
    Path("list.csv").write_bytes("ім'я;телефон\nОлена;0501234567\n".encode("cp1251"))
    ran = alphasms("dial", "list.csv", "--yes", "--say", "Вітаю, {ім'я}!")
    assert ran.code == 0, ran.err
    assert [call.text for call in sandbox.calls()] == ["Вітаю, Олена!"]


def test_column_is_chosen(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--column` says where the numbers stand when several columns have some."""
    dial(alphasms, "phone,work\n0501234567,0671234567\n", "--column", "work")
    assert [call.phone for call in sandbox.calls()] == ["380671234567"]


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("", (), "is empty"),
        ("phone\n", (), "empty but for its header"),
        ("phone\n112\nnobody\n", (), "none of the list's 2 lines"),
        ("name,city\nOlena,Kyiv\n", (), "no phone column"),
        ("phone\n0501234567\n", ("--column", "cell"), "no column 'cell'"),
        ("phone\n0501234567\n", ("--concurrency", "0"), "concurrency"),
        ("phone\n0501234567\n", ("--per-second", "nan"), "per_second"),
        ("phone\n0501234567\n", ("--hook", "nonsense"), "the hook"),
        ("phone\n0501234567\n", ("--window", "9to5"), "the hours"),
        ("phone\n0501234567\n", ("--say", "Hello"), "and not both"),
        ("phone\n0501234567\n", ("--expires-at", "2020-01-01"), "is over already"),
        ("phone\n0501234567\n", ("--output", "nowhere/results.csv"), "there is no such folder"),
        ("phone\n0501234567\n", ("--output", "."), "name another with --output"),
        ("phone\n0501234567\n", ("--output", "promo.wav"), "promo.wav is there already"),
    ],
)
def test_bad_input_dials_nobody(
    sandbox: Sandbox, alphasms: Alphasms, text: str, arguments: tuple[str, ...], says: str
) -> None:
    """Bad input exits with 2 and one clear line, nobody is dialled, and no campaign is left."""
    assert says in only_line(dial(alphasms, text, *arguments))
    assert not sandbox.calls()
    assert not Path(RESULTS).exists()
    assert not Path(JOURNAL).exists() or not names(alphasms)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere.csv", "--audio", "promo.wav"), "nowhere.csv"),
        (("list.csv", "--audio", "nowhere.wav"), "nowhere.wav"),
        (("list.csv", "--audio", "list.csv"), "list.csv: this is text, not a WAV"),
    ],
)
def test_missing_files_are_named(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...], says: str
) -> None:
    """A list or a recording that is not there, or is none, is named in the line."""
    listed(NUMBERS)
    assert says in only_line(alphasms("dial", *words, "--yes"))


def test_list_from_a_pipe_is_refused(folder: Path, alphasms: Alphasms) -> None:
    """It is read twice, and a pipe gives its content once: the line says to save it."""
    os.mkfifo("pipe")
    said = only_line(alphasms("dial", "pipe", "--audio", "promo.wav", "--yes"))
    assert "save the list as a file" in said


@pytest.mark.parametrize("name", ["-.csv", "- x.csv", "two\nlines.csv", "[red] :smile:.csv"])
def test_list_may_have_any_name(sandbox: Sandbox, alphasms: Alphasms, name: str) -> None:
    """What a campaign cannot be called is left out of its name."""
    words = ("dial", "--audio", "promo.wav", "--yes", "--", written("0501234567", name))
    ran = alphasms(*words)
    assert ran.code == 0, ran.err
    assert only_line(alphasms(*words)).startswith("already dialled")


@pytest.mark.parametrize("target", ["list.csv", "promo.wav", JOURNAL, f"{JOURNAL}-wal"])
def test_results_never_take_the_place_of_what_they_came_from(
    sandbox: Sandbox, alphasms: Alphasms, target: str
) -> None:
    """It is refused before anybody is called, also by the command that goes on."""
    sandbox.banned = True
    dial(alphasms, "\n".join(NUMBERS))
    sandbox.banned = False
    said = only_line(dial(alphasms, "\n".join(NUMBERS), "--output", target))
    assert said.endswith(": name another file")
    assert not sandbox.calls()


def test_results_of_somebody_else_are_not_overwritten(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A file that is there already may tell whom an earlier run called: nobody is dialled."""
    Path(RESULTS).write_text("mine", "utf-8")
    assert f"{RESULTS} is there already" in only_line(dial(alphasms, "0501234567"))
    assert (Path(RESULTS).read_text("utf-8"), sandbox.calls()) == ("mine", [])
    assert dial(alphasms, "0501234567", "--output", "out.csv").code == 0
    assert results("out.csv")[0]["phone"] == "380501234567"


def test_nobody_to_ask_dials_nobody(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Without --yes and without a terminal nobody is dialled, and the line says what to add."""
    said = only_line(alphasms("dial", listed(NUMBERS), "--audio", "promo.wav"))
    assert "add --yes" in said
    assert not sandbox.calls()
    assert not [*Path().glob("*.journal*"), *Path().glob(RESULTS)]


@pytest.mark.parametrize("key", ["", "   ", "two words"])
def test_no_key_is_told_before_anything_is_planned(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Nobody reads a plan and agrees to it in vain; the line says it in the command's words."""
    monkeypatch.setenv("ALPHASMS_API_KEY", key)
    said = only_line(dial(alphasms, "0501234567"))
    assert said.startswith("the API key has" if key.strip() else "no API key: set ALPHASMS_API_KEY")
    assert "api_key=" not in said
    assert not [*Path().glob("*.journal*")]


@pytest.mark.parametrize(("answer", "code", "rings"), [("y", 0, 1), ("", 130, 0)])
def test_a_person_is_asked_first(
    sandbox: Sandbox,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    rings: int,
) -> None:
    """The count and the cost are shown, and only "yes" dials; a "no" leaves nothing behind."""
    monkeypatch.setattr("alphasms_async.cli.dial.asks", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: answer)
    ran = alphasms("dial", written("0501234567"), "--audio", "promo.wav", "--per-second", "10")
    assert code == ran.code
    assert rings == sandbox.rings("380501234567")
    assert "1 line, CSV, UTF-8, delimiter comma, phones from column 1, no header" in ran.out
    assert "Dial 1 phone?" in ran.err
    assert "about 0.40 UAH" in ran.out
    assert len(names(alphasms)) == rings


@pytest.mark.parametrize("ending", [EOFError, KeyboardInterrupt])
def test_leaving_the_question_dials_nobody(
    sandbox: Sandbox,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    ending: type[BaseException],
) -> None:
    """Ctrl-D and Ctrl-C at the question end with 130, nobody dialled and nothing left."""

    def leave() -> str:
        raise ending

    monkeypatch.setattr("alphasms_async.cli.dial.asks", lambda: True)
    monkeypatch.setattr("builtins.input", leave)
    ran = alphasms("dial", written("0501234567"), "--audio", "promo.wav")
    assert ran.code == 130
    assert not sandbox.calls()
    assert not Path(RESULTS).exists()
    assert not names(alphasms)


def test_plan_is_shown_without_a_question_too(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """With `--yes` nobody is asked, and the plan stands in the log all the same."""
    ran = dial(alphasms, "phone\n112\n" + "\n".join(NUMBERS))
    assert "to dial    3 phones" in ran.out
    assert "about 1.20 UAH" in ran.out
    assert "  line 2 cannot be called: the phone is a short code" in ran.err
    assert "[y/N]" not in ran.err


def test_plan_stands_beside_what_is_read_by_a_program(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """With `--json` standard output is one object, and the plan is told with the rest."""
    ran = dial(alphasms, "\n".join(NUMBERS), "--json")
    assert json.loads(ran.out)["states"]["accepted"] == 3
    assert "to dial    3 phones" in ran.err


def test_refused_account_stops_the_run(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A refusal of the account ends the run with 4, and every line still has a result."""
    sandbox.banned = True
    ran = dial(alphasms, "\n".join(phones(50)), "--concurrency", "2")
    assert ran.code == 4
    assert "Banned" in ran.err
    assert [row["state"] for row in results()] == ["planned"] * 50


def test_same_command_goes_on_after_a_stop(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """What never had its turn is called by the same command, and the results are brought up."""
    text = "\n".join(phones(10))
    sandbox.banned = True
    dial(alphasms, text)
    sandbox.banned = False
    again = dial(alphasms, text)
    assert again.code == 0
    assert "going on with list-" in again.err
    assert phones(10) == sorted(call.phone for call in sandbox.calls())
    assert [row["state"] for row in results()] == ["accepted"] * 10


def test_raised_budget_counts_for_the_same_command(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Stopped by its budget, the campaign goes on with the one that a person has set since."""
    text, budget = "\n".join(phones(5)), ("--budget", "0.80")
    ran = dial(alphasms, text, *budget)
    (name,) = names(alphasms)
    assert ran.code == 4
    assert f"raise it to go on: alphasms campaign budget {name} SUM" in ran.err
    alphasms("campaign", "budget", name, "2")
    assert dial(alphasms, text, *budget).code == 0
    assert len(sandbox.calls()) == 5


def test_unknown_outcomes_are_in_the_results(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are uncertain there with why, exit 3, and nobody is called a second time."""
    lose_answers(monkeypatch)
    assert dial(alphasms, "\n".join(NUMBERS)).code == 3
    assert {(row["state"], row["error"]) for row in results()} == {
        ("uncertain", "the answer cannot be read")
    }
    assert only_line(dial(alphasms, "\n".join(NUMBERS))).startswith("already dialled")
    assert not sandbox.rang_more_than_once()


def test_campaign_of_a_list_can_be_run(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """What `dial` began is an ordinary campaign: `campaign run` goes on with it."""
    text = "\n".join(NUMBERS)
    sandbox.banned = True
    assert dial(alphasms, text, "--window", "0-24").code == 4
    sandbox.banned = False
    (name,) = names(alphasms)
    assert alphasms("campaign", "run", name, "--no-wait").code == 0
    assert len(sandbox.calls()) == 3
    assert states(alphasms, name) == {"accepted": 3}


def test_results_that_cannot_be_written_are_in_the_journal(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at the end is exit 1 after everybody was called, and the line says what to do."""

    def full(*_: object, **__: object) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("alphasms_async.cli.campaign.outputs.tempfile.mkstemp", full)
        ran = dial(alphasms, "\n".join(NUMBERS))
    (name,) = names(alphasms)
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == (
        f"cannot write {RESULTS}: No space left on device; the journal has the results: "
        f"alphasms campaign export {name} --output FILE"
    )
    assert len(sandbox.calls()) == 3
    assert alphasms("campaign", "export", name).out.count(",accepted,") == 3


def test_cells_cannot_become_formulas(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """What stood in the list cannot run as a formula in the results."""
    dial(alphasms, "phone\n=HYPERLINK(1)\n@SUM(1)\n0501234567\n")
    assert {"'", "3"} == {row["phone"][0] for row in results()}
