"""What calls have cost, told alike by every command: known prices, others, and what is held."""

import io
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from python_calamine import CalamineWorkbook

from alphasms_async import CallOutcome, UnexpectedAnswer, VoiceCall
from alphasms_async.campaigns import CallEvent, RecordEvent, Ref, tell
from alphasms_async.gateway import voice_php
from alphasms_async.gateway.wire import Answer
from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import JOURNAL, LIST, NAME, lose_answers, plan, standing
from tests.cli.conftest import Alphasms, Ran
from tests.doubles import phones

RUN = ("campaign", "run", NAME, "--yes")
REPORT = ("campaign", "report", NAME)
UNPRICED = "1 call without a told price: up to 0.40 of what is held"


def table(ran: Ran) -> list[list[str]]:
    """Return the cells of the rows that a table has, without its heads."""
    lines = [line for line in ran.out.splitlines() if "│" in line]
    return [[cell.strip() for cell in line.split("│")[:3]] for line in lines]


def prove(*recipients: int) -> None:
    """Let the gateway tell that these recipients were called, who stand in the journal so."""
    events = [CallEvent(outcome=CallOutcome.ANSWERED, ref=Ref(one, 1)) for one in recipients]
    anyio.run(tell, Path(JOURNAL), [RecordEvent(event) for event in events])


def losing(*lost: str) -> Callable[[Answer, str], VoiceCall]:
    """Return a reader of answers that cannot read those about these phones."""
    read = voice_php.read_call

    def half(answer: Answer, phone: str) -> VoiceCall:
        if phone in lost:
            raise UnexpectedAnswer("the answer cannot be read")
        return read(answer, phone)

    return half


@pytest.fixture
def half_proven(sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """A campaign of five calls, of which three were lost, and one of those is proven since."""
    plan(alphasms, "--budget", "100", count=5)
    monkeypatch.setattr(voice_php, "read_call", losing(*phones(5)[2:]))
    ran = alphasms(*RUN)
    prove(3)
    return ran


@pytest.mark.usefixtures("half_proven")
def test_table_adds_up(alphasms: Alphasms) -> None:
    """Each state has its prices and what is held for it, and what is not told is said."""
    ran = alphasms(*REPORT)
    assert table(ran) == [
        ["accepted", "2", "0.80"],
        ["done", "1", "0.40 held"],
        ["uncertain", "2", "0.80 held"],
        ["total", "5", "at least 0.80 UAH"],
        ["", "", "1.20 held"],
    ]
    assert UNPRICED in ran.out.splitlines()
    assert table(alphasms(*RUN)) == table(ran)


@pytest.mark.usefixtures("half_proven")
def test_what_was_dropped_stays_held(alphasms: Alphasms) -> None:
    """A person who lets a call be does not know whether it was charged either."""
    alphasms("campaign", "reconcile", NAME, "--drop", "--yes")
    assert table(alphasms(*REPORT))[2:] == [
        ["dropped", "2", "0.80 held"],
        ["total", "5", "at least 0.80 UAH"],
        ["", "", "1.20 held"],
    ]


@pytest.mark.usefixtures("half_proven")
def test_status_tells_the_same(alphasms: Alphasms) -> None:
    """In its table and below it, and to a program."""
    said = alphasms("campaign", "status", NAME).out
    assert [line.split()[-3:] for line in said.splitlines()[2:4]] == [
        ["at", "least", "0.80"],
        ["of", "100.00"],
    ]
    assert (
        f"{NAME}: 1 call without a told price (up to 0.40 held), 0.80 held for unknown outcomes"
        in said.splitlines()
    )
    told = standing(alphasms)
    assert (told["spent"], told["held"]) == ("0.80", "1.20")
    assert (told["unpriced"], told["unpriced_held"]) == (1, "0.40")


@pytest.mark.usefixtures("half_proven")
def test_status_fits_a_terminal(alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is cut off at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    assert "…" not in alphasms("campaign", "status", NAME).out


@pytest.mark.usefixtures("half_proven")
def test_export_tells_the_same(alphasms: Alphasms) -> None:
    """What has no price is counted beside the file and in the workbook, and is no error."""
    ran = alphasms("campaign", "export", NAME, "--output", "out.xlsx")
    assert ran.err == "5 lines written to out.xlsx, 1 call without a told price\n"
    book = CalamineWorkbook.from_filelike(io.BytesIO(Path("out.xlsx").read_bytes()))
    rows, summary = (book.get_sheet_by_index(number).to_python() for number in (0, 1))
    proven = dict(zip(rows[0], rows[3], strict=True))
    assert (proven["state"], proven["price"], proven["error"]) == ("done", "", "")
    assert ["price", "not told", 1.0, ""] in summary


@pytest.mark.usefixtures("half_proven")
def test_page_tells_the_same(alphasms: Alphasms) -> None:
    """Where the sum stands it says that it is the least."""
    assert alphasms(*REPORT, "--html", "x.html").code == 0
    page = Path("x.html").read_text("utf-8")
    assert "at least 0.80" in page
    assert "1.20 held, up to 0.40 of it for 1 call without a told price" in page


def test_known_prices_are_told_plainly(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Nothing is held and nothing is at least where every price was told."""
    plan(alphasms)
    ran = alphasms(*RUN)
    assert table(ran) == [["accepted", "3", "1.20"], ["total", "3", "1.20 UAH"]]
    assert ran.out.splitlines()[0].split("┃")[2].strip() == "price"
    assert alphasms("campaign", "status").out.splitlines()[-1].split()[-1] == "1.20"


def test_reckoned_texts_cost_at_most(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text has a told price, so what is proven counts as dear as it may be, like the others."""
    plan(alphasms, name="summer")
    words = ("campaign", "plan", LIST, "--say", "Вітаємо", "--name", NAME)
    alphasms(*words, "--budget", "9", "--max-price", "0.50")
    lose_answers(monkeypatch)
    alphasms(*RUN)
    prove(4)
    ran = alphasms(*REPORT)
    assert table(ran) == [
        ["done", "1", "at most 0.50"],
        ["uncertain", "2", "1.00 held"],
        ["total", "3", "at most 0.50"],
        ["", "", "1.00 held"],
    ]
    assert "without a told price" not in ran.out
