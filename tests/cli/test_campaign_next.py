"""`alphasms campaign next`: a list of those whom a campaign left in a certain way."""

import csv
from functools import partial
from pathlib import Path

import anyio
import pytest

from alphasms_async.campaigns import CallEvent, RecordEvent, tell
from alphasms_async.models import CallOutcome
from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import AUDIO, JOURNAL, LIST, NAME, only_line
from tests.cli.conftest import Alphasms
from tests.doubles import phones

NEXT = ("campaign", "next", NAME)
ANNA, OLHA, PETRO, IVAN = phones(4)
NAMES = {ANNA: "Анна", OLHA: "Ольга, Київ", PETRO: "=1+1", IVAN: "Іван"}


@pytest.fixture
def called(sandbox: Sandbox, alphasms: Alphasms) -> Sandbox:
    """Four phones were called by name: one pressed 1, one 2, one was busy, one is not known of."""
    with Path(LIST).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("phone", "name"), *NAMES.items()])
    text = ("--say", "Вітаємо, {name}", "--dtmf")
    assert alphasms("campaign", "plan", LIST, *text, "--name", NAME).code == 0
    assert alphasms("campaign", "run", NAME, "--yes").code == 0
    ids = {call.phone: call.id for call in sandbox.calls()}
    events = [
        CallEvent(outcome=CallOutcome.ANSWERED, id=ids[ANNA], digits="1"),
        CallEvent(outcome=CallOutcome.ANSWERED, id=ids[OLHA], digits="2"),
        CallEvent(outcome=CallOutcome.BUSY, id=ids[PETRO]),
    ]
    anyio.run(partial(tell, Path(JOURNAL), [RecordEvent(event) for event in events]))
    return sandbox


def where(*conditions: str) -> tuple[str, ...]:
    """Return conditions as options."""
    return tuple(word for one in conditions for word in ("--where", one))


def test_list_comes_on_standard_output(called: Sandbox, alphasms: Alphasms) -> None:
    """A header, whole phones and the columns of the text, and how many beside it."""
    ran = alphasms(*NEXT, *where("digits=2"))
    assert (ran.code, ran.err) == (0, "1 phone\n")
    assert [*csv.reader(ran.out.splitlines())] == [["phone", "name"], [OLHA, NAMES[OLHA]]]


@pytest.mark.parametrize(
    ("conditions", "chosen"),
    [
        (("outcome=answered",), [ANNA, OLHA]),
        (("outcome=answered,busy",), [ANNA, OLHA, PETRO]),
        (("outcome=answered", "digits=1"), [ANNA]),
        (("state=accepted",), [IVAN]),
    ],
)
def test_all_conditions_hold(
    called: Sandbox, alphasms: Alphasms, conditions: tuple[str, ...], chosen: list[str]
) -> None:
    """Of several values one, of several conditions all, in the list's order."""
    rows = csv.DictReader(alphasms(*NEXT, *where(*conditions)).out.splitlines())
    assert [row["phone"] for row in rows] == chosen


def test_nobody_who_wants_no_call(called: Sandbox, alphasms: Alphasms) -> None:
    """The do-not-call list is heeded."""
    alphasms("dnc", "add", ANNA)
    assert ANNA not in alphasms(*NEXT, *where("outcome=answered")).out


def test_list_can_be_planned(called: Sandbox, alphasms: Alphasms) -> None:
    """What `--output` wrote is a list, its values as they were, and the hint says how to go on."""
    ran = alphasms(*NEXT, *where("outcome=answered,busy"), "--output", "again.csv")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (
        "3 phones written to again.csv; next: "
        "alphasms campaign plan again.csv --name NAME --audio FILE\n"
    )
    text = ("--say", "{name}, ще раз", "--dtmf")
    assert alphasms("campaign", "plan", "again.csv", *text, "--name", "again").code == 0
    alphasms("campaign", "run", "again", "--yes")
    texts = {call.phone: call.text for call in called.calls()[4:]}
    assert texts == {phone: f"{NAMES[phone]}, ще раз" for phone in (ANNA, OLHA, PETRO)}


def test_nobody_is_told(called: Sandbox, alphasms: Alphasms) -> None:
    """Without anybody to call no file is written, exit 3."""
    ran = alphasms(*NEXT, *where("outcome=failed"), "--output", "again.csv")
    assert only_line(ran, code=3) == "nobody is to be on that list, so there is none"
    assert not Path("again.csv").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "say who is to be on the list, like outcome=no_answer"),
        (("--where", "outcome"), "outcome=no_answer,busy"),
        (("--where", "answer=yes"), "outcome, digits, state, reason"),
        (("--where", "outcome=maybe"), "answered, no_answer, busy"),
        (("--where", "digits=x"), "0-9 * #"),
        ((*where("digits=1"), "--output", LIST), f"the list of {NAME!r}"),
        ((*where("digits=1"), "--output", JOURNAL), "part of the journal"),
        ((*where("digits=1"), "--output", f"{JOURNAL}.inbox"), "part of the journal"),
        ((*where("digits=1"), "--output", "none/again.csv"), "cannot write"),
    ],
)
def test_bad_input_is_refused(
    called: Sandbox, alphasms: Alphasms, words: tuple[str, ...], says: str
) -> None:
    """One line says what would be right, exit 2, and the list is as it was."""
    before = Path(LIST).read_bytes()
    assert says in only_line(alphasms(*NEXT, *words))
    assert Path(LIST).read_bytes() == before


def test_recording_has_phones_alone(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Without a text there is nothing to fill in, and the list has one column."""
    Path(LIST).write_text(f"phone,name\n{ANNA},Анна\n", "utf-8")
    alphasms("campaign", "plan", LIST, "--audio", AUDIO, "--name", NAME)
    alphasms("campaign", "run", NAME, "--yes")
    assert alphasms(*NEXT, *where("state=accepted")).out.splitlines() == ["phone", ANNA]
