"""`alphasms campaign report` and `export`: what became of everybody."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import (
    AUDIO,
    JOURNAL,
    LIST,
    NAME,
    listed,
    lose_answers,
    only_line,
    plan,
    standing,
)
from tests.cli.conftest import Alphasms
from tests.doubles import phones

EXPORT = ("campaign", "export", NAME)
REPORT = ("campaign", "report", NAME)
COLUMNS = {"phone", "state", "id", "price", "attempts", "outcome", "digits"}


@pytest.fixture
def dialled(sandbox: Sandbox, alphasms: Alphasms) -> Sandbox:
    """A campaign of three phones and a line that is none, dialled to its end."""
    plan(alphasms)
    with Path(LIST).open("a", encoding="utf-8") as file:
        file.write("\n=HYPERLINK(1)\n")
    alphasms("campaign", "cancel", NAME, "--yes")
    words = ("campaign", "plan", LIST, "--audio", "promo.wav", "--name", "summer")
    assert alphasms(*words).code == 0
    assert alphasms("campaign", "run", "summer", "--yes").code == 3
    return sandbox


def test_export_has_everybody(dialled: Sandbox, alphasms: Alphasms) -> None:
    """Standard output gets a line for each row of the list, digits whole, and nothing else."""
    ran = alphasms("campaign", "export", "summer")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert set(rows[0]) >= COLUMNS
    ids = {call.phone: str(call.id) for call in dialled.calls()}
    assert {row["phone"]: row["id"] for row in rows[:3]} == ids
    assert [(row["state"], row["price"]) for row in rows[:3]] == [("accepted", "0.40")] * 3
    assert (rows[3]["phone"], rows[3]["reason"]) == ("'=HYPERLINK(1)", "invalid")


@pytest.mark.parametrize("name", ["out.jsonl", "out.xlsx", "out.csv"])
def test_export_takes_its_form_from_the_file(
    dialled: Sandbox, alphasms: Alphasms, name: str
) -> None:
    """The ending tells the form, the file is its owner's alone, and all rows are in it."""
    ran = alphasms("campaign", "export", "summer", "--output", name)
    assert (ran.code, ran.out) == (0, "")
    made = Path(name)
    assert made.stat().st_mode & 0o777 == 0o600
    match made.suffix:
        case ".jsonl":
            first = json.loads(made.read_text("utf-8").splitlines()[0])["phone"]
        case ".xlsx":
            book = CalamineWorkbook.from_filelike(io.BytesIO(made.read_bytes()))
            first = book.get_sheet_by_index(0).to_python()[1][1]
        case _:
            first = next(csv.DictReader(io.StringIO(made.read_text("utf-8-sig"))))["phone"]
    assert first == phones(1)[0]


def test_export_is_whole_or_not_there(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A folder that is not there is named, and nothing is left beside it."""
    plan(alphasms)
    line = only_line(alphasms(*EXPORT, "--output", "nowhere/out.csv"))
    assert "cannot write nowhere/out.csv" in line


def test_reader_of_an_export_may_leave(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`head` takes what it wants, and the command says nothing about it."""
    plan(alphasms, count=5000)
    program = (sys.executable, "-c", "from alphasms_async.cli import main; main()", *EXPORT)
    with subprocess.Popen(  # noqa: S603 - our own command
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"line,phone,")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("words", [EXPORT, REPORT, ("campaign", "status", "--json")], ids=" ".join)
def test_standard_output_may_be_closed(
    sandbox: Sandbox, alphasms: Alphasms, words: tuple[str, ...]
) -> None:
    """Where nobody reads, as under `>&-`, nothing is said either."""
    plan(alphasms)
    program = "import sys; sys.stdout = None; from alphasms_async.cli import main; main()"
    ran = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", program, *words], capture_output=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_names_are_shown_as_they_are(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """What would be a style or a picture elsewhere is a text here, in files and in columns."""
    name, column, written = "[/b] :smile:", "phone [red]", "[/i].csv"
    Path("[").mkdir()
    Path(LIST).write_text(f"{column}\n{phones(1)[0]}\n", "utf-8")
    words = ("--audio", AUDIO, "--name", name, "--column", column)
    planned = alphasms("campaign", "plan", LIST, *words)
    assert column in planned.out
    assert name in planned.err
    assert name in alphasms("campaign", "status").out
    alphasms("campaign", "run", name, "--yes")
    assert name in alphasms("campaign", "run", name).err
    ran = alphasms("campaign", "export", name, "--output", written)
    assert ran.err == f"1 line written to {written}\n"
    assert name in alphasms("campaign", "report", name).out
    assert name in only_line(alphasms("campaign", "plan", f"--{name}"))


def test_report_tells_why_a_run_stopped(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The line that a run ended with is still told the day after."""
    plan(alphasms)
    sandbox.banned = True
    assert alphasms("campaign", "run", NAME, "--yes").code == 4
    told = alphasms(*REPORT).out
    assert "Banned" in told
    assert "planned" in told


def test_report_tells_what_went_wrong(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who are uncertain stand there with what they have in common, and no phone."""
    plan(alphasms)
    lose_answers(monkeypatch)
    alphasms("campaign", "run", NAME, "--yes")
    ran = alphasms(*REPORT)
    assert "3 uncertain: " in ran.out
    assert phones(1)[0] not in ran.out


@pytest.mark.parametrize(
    ("words", "name"), [((), "spring.html"), (("x.html",), "x.html")], ids=["default", "named"]
)
def test_report_is_one_page(
    sandbox: Sandbox, alphasms: Alphasms, words: tuple[str, ...], name: str
) -> None:
    """`--html` writes one file that asks for nothing from anywhere; its name may be given."""
    plan(alphasms)
    ran = alphasms(*REPORT, "--html", *words)
    assert ran.code == 0, ran.err
    page = Path(name).read_text("utf-8").lower()
    assert page.startswith("<!doctype html>")
    assert not re.findall(r"(?:src|href)=\"(?!data:)|url\(|@import", page)


def test_a_file_without_html_is_refused(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A file that nothing would be written to is bad input."""
    plan(alphasms)
    assert "--html" in only_line(alphasms(*REPORT, "x.html"))


def test_an_ending_that_is_no_form_is_refused(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Nothing is written under a name that promises something else, unless the form is said."""
    plan(alphasms)
    assert "not pdf" in only_line(alphasms(*EXPORT, "--output", "out.pdf"))
    assert alphasms(*EXPORT, "--output", "out.txt", "--format", "csv").code == 0
    assert Path("out.txt").read_text("utf-8-sig").startswith("line,phone,")


@pytest.mark.parametrize("words", [("--format", "csv", "--output"), ("--html",)], ids=str)
@pytest.mark.parametrize(
    ("target", "what"),
    [
        (JOURNAL, "part of the journal"),
        (f"{JOURNAL}-wal", "part of the journal"),
        (f"{JOURNAL}-shm", "part of the journal"),
        (f"{JOURNAL}.lock", "part of the journal"),
        (f"{JOURNAL}.inbox", "part of the journal"),
        (LIST, "the list of 'spring'"),
        (AUDIO, "the recording of 'spring'"),
        ("copy.csv", "the list of 'spring'"),
        ("link.csv", "part of the journal"),
        ("link.wav", "the recording of 'spring'"),
    ],
)
def test_what_a_campaign_is_made_of_is_not_overwritten(
    sandbox: Sandbox, alphasms: Alphasms, words: tuple[str, ...], target: str, what: str
) -> None:
    """Neither export nor report takes the place of an input, under whatever name it is given."""
    plan(alphasms)
    Path("copy.csv").write_bytes(Path(LIST).read_bytes())
    Path("link.csv").symlink_to(JOURNAL)
    Path("link.wav").symlink_to(AUDIO)
    before = Path(LIST).read_bytes(), Path(AUDIO).read_bytes()
    command = REPORT if "--html" in words else EXPORT
    line = only_line(alphasms(*command, *words, target))
    assert line == f"{target} is {what}: name another file"
    assert (Path(LIST).read_bytes(), Path(AUDIO).read_bytes()) == before
    assert standing(alphasms)["states"]["planned"] == 3


def test_what_is_no_file_is_not_replaced(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A device, a pipe or a folder is never changed into a file."""
    plan(alphasms)
    os.mkfifo("pipe.csv")
    Path("folder.csv").mkdir()
    for target in ("pipe.csv", "folder.csv"):
        line = only_line(alphasms(*EXPORT, "--output", target))
        assert line == f"{target} is no regular file: name another file"
    assert Path("pipe.csv").is_fifo()


def test_another_export_is_overwritten(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """What an export has written before, the next one brings up, also where a link leads to it."""
    plan(alphasms)
    Path("out.csv").write_text("old", "utf-8")
    Path("link.csv").symlink_to("out.csv")
    assert alphasms(*EXPORT, "--output", "link.csv").code == 0
    assert Path("link.csv").is_symlink()
    assert Path("out.csv").read_text("utf-8-sig").startswith("line,phone,")


def test_form_and_ending_agree(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A file that ends like another form is refused; an ending of no form takes any."""
    plan(alphasms)
    said = only_line(alphasms(*EXPORT, "--format", "csv", "--output", "x.jsonl"))
    assert said == "x.jsonl ends like jsonl, and --format is csv: choose one"
    for name in ("out.txt", "out", "out.ndjson"):
        assert alphasms(*EXPORT, "--format", "jsonl", "--output", name).code == 0


def test_money_nobody_tells_of_is_not_nothing(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The gateway tells no price of a text: no table says that it cost 0.00."""
    plan(alphasms, name="summer")
    assert alphasms("campaign", "plan", LIST, "--say", "Вітаємо", "--name", NAME).code == 0
    ran = alphasms("campaign", "run", NAME, "--yes")
    for said in (ran.out, alphasms(*REPORT).out, alphasms("campaign", "status", NAME).out):
        assert "not told" in said
        assert "0.00" not in said


def test_reckoned_money_is_no_price(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """With a budget each text counts as dear as it may be, which no table takes for its price."""
    limits = ("--budget", "1", "--max-price", "0.50")
    words = ("campaign", "plan", listed(phones(3)), "--say", "Вітаємо", "--name", NAME)
    assert alphasms(*words, *limits).code == 0
    ran = alphasms("campaign", "run", NAME, "--yes")
    for said in (ran.out, alphasms(*REPORT).out, alphasms("campaign", "status", NAME).out):
        assert "at most 1.00" in said
    assert "the budget of 1 is used up: at most 1.00 spent" in ran.err


def test_page_stays_in_its_folder(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A campaign's name leads to no other folder."""
    plan(alphasms, name="../../up")
    assert alphasms("campaign", "report", "../../up", "--html").code == 0
    assert [one.name for one in Path().glob("*up.html")] == ["-..-up.html"]


def test_report_comes_as_json(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--json` prints one object, sums exact as text."""
    plan(alphasms)
    alphasms("campaign", "run", NAME, "--yes")
    told = json.loads(alphasms(*REPORT, "--json").out)
    assert (told["states"]["accepted"], told["spent"]) == (3, "1.20")


def test_every_command_tells_the_same(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Run, status and report print one shape: state, budget, and whether it is over."""
    plan(alphasms, "--budget", "9")
    ran = json.loads(alphasms("campaign", "run", NAME, "--yes", "--json").out)
    assert (ran["state"], ran["budget"], ran["finished"]) == ("finished", "9", True)
    assert json.loads(alphasms(*REPORT, "--json").out) == standing(alphasms) == ran
