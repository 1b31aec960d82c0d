"""`alphasms dial`: a list in, results out."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from alphasms_async.sandbox import Sandbox
from alphasms_async.sandbox.server import serve
from tests.cli.conftest import Alphasms
from tests.sounds import wav

NUMBERS = ["380501234567", "380671234567", "380931234567"]


def listed(text: str, name: str = "list.csv") -> str:
    Path(name).write_text(text, "utf-8")
    return name


def results(name: str = "list.results.csv") -> list[dict[str, str]]:
    with Path(name).open(newline="") as file:
        return list(csv.DictReader(file))


def dial(alphasms: Alphasms, text: str, *arguments: str) -> Any:
    return alphasms("dial", listed(text), "--audio", "promo.wav", "--yes", *arguments)


def test_each_number_is_called_once(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Each number of the list rings once, and the recording arrives byte for byte."""
    ran = dial(alphasms, "phone\n" + "\n".join([*NUMBERS, "0501234567"]))
    assert ran.code == 0, ran.err
    assert sorted(NUMBERS) == sorted(call.phone for call in sandbox.calls())
    assert {Path("promo.wav").read_bytes()} == {call.audio for call in sandbox.calls()}


def test_every_line_has_a_result(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The results tell the line, the digits, the outcome, the id and the price of each."""
    ran = dial(
        alphasms, "name,phone\nA,0501234567\nB,nobody\nC,+380501234567\nD,\nE,067 123 45 67\n"
    )
    assert ran.code == 3
    rows = {row["line"]: row for row in results()}
    assert [rows[line]["outcome"] for line in "23456"] == [
        "accepted",
        "invalid",
        "duplicate",
        "invalid",
        "accepted",
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
    assert told["outcomes"]["accepted"] == 3
    assert told["price"] == "1.20"


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


def test_column_is_chosen(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--column` says where the numbers stand when several columns have some."""
    dial(alphasms, "phone,work\n0501234567,0671234567\n", "--column", "work")
    assert [call.phone for call in sandbox.calls()] == ["380671234567"]


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("", (), "is empty"),
        ("\n\n", (), "is empty"),
        ("phone\n", (), "empty but for its header"),
        ("phone\n112\nnobody\n", (), "none of its 2 lines"),
        ('name,phone\n"a,0501234567\n"c",0671112233\n', (), "line 3"),
        ("name,city\nOlena,Kyiv\n", (), "no phone column"),
        ("phone\n0501234567\n", ("--column", "cell"), "no column 'cell'"),
        ("phone\n0501234567\n", ("--concurrency", "0"), "concurrency"),
        ("phone\n0501234567\n", ("--per-second", "0"), "per_second"),
        ("phone\n0501234567\n", ("--per-second", "nan"), "per_second"),
        ("phone\n0501234567\n", ("--hook", "nonsense"), "the hook"),
        ("phone\n0501234567\n", ("--output", "nowhere/results.csv"), "cannot write"),
    ],
)
def test_bad_input_dials_nobody(
    sandbox: Sandbox, alphasms: Alphasms, text: str, arguments: tuple[str, ...], says: str
) -> None:
    """Bad input exits with 2 and one clear line, and nobody is dialled."""
    ran = dial(alphasms, text, *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert not sandbox.calls()


def test_list_that_is_not_utf8_is_refused(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A list in another encoding is named as such."""
    Path("list.csv").write_bytes("телефон\n0501234567\n".encode("cp1251"))
    ran = alphasms("dial", "list.csv", "--audio", "promo.wav", "--yes")
    assert ran.code == 2
    assert "UTF-8" in ran.err


def test_missing_files_are_named(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A list or a recording that is not there is named in the line."""
    assert "nowhere.csv" in alphasms("dial", "nowhere.csv", "--audio", "promo.wav", "--yes").err
    assert (
        "nowhere.wav"
        in alphasms("dial", listed("0501234567"), "--audio", "nowhere.wav", "--yes").err
    )


def test_earlier_results_are_not_overwritten(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A second run of the same command dials nobody: the results of the first are still there."""
    dial(alphasms, "0501234567")
    ran = dial(alphasms, "0501234567")
    assert ran.code == 2
    assert sandbox.rings("380501234567") == 1


def test_nobody_to_ask_dials_nobody(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Without --yes and without a terminal nobody is dialled, and the line says what to add."""
    ran = alphasms("dial", listed("0501234567"), "--audio", "promo.wav")
    assert ran.code == 2
    assert "add --yes" in ran.err
    assert not sandbox.calls()
    assert not Path("list.results.csv").exists()


@pytest.mark.parametrize(("answer", "code", "rings"), [("y", 0, 1), ("", 130, 0)])
def test_a_person_is_asked_first(
    sandbox: Sandbox,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    rings: int,
) -> None:
    """The count and the cost are shown, and only "yes" dials."""
    monkeypatch.setattr("alphasms_async.cli.dial.asks", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: answer)
    ran = alphasms("dial", listed("0501234567"), "--audio", "promo.wav", "--per-second", "10")
    assert code == ran.code
    assert rings == sandbox.rings("380501234567")
    assert "1 line, phones from column 1, no header" in ran.err
    assert "1 phone to dial" in ran.err
    assert "cost: about 0.40 UAH" in ran.err


def test_refused_account_stops_the_run(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A refusal of the account ends the run with 4, and every line still has a result."""
    sandbox.banned = True
    ran = dial(alphasms, "\n".join(f"05012345{n:02d}" for n in range(50)), "--concurrency", "2")
    assert ran.code == 4
    assert "Banned" in ran.err
    assert len(results()) == 50
    assert {"refused", "not_sent"} == {row["outcome"] for row in results()}


def test_results_can_be_dialled_again(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """What never had its turn stands in the results as digits, ready to be dialled."""
    sandbox.banned = True
    dial(alphasms, "\n".join(f"+38050123450{n}" for n in range(10)), "--concurrency", "1")
    sandbox.banned = False
    left = [row["phone"] for row in results() if row["outcome"] == "not_sent"]
    again = alphasms("dial", listed("\n".join(left), "again.csv"), "--audio", "promo.wav", "--yes")
    assert again.code == 0
    assert left == sorted(call.phone for call in sandbox.calls())


def test_full_disk_stops_the_run(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the results cannot be written the run stops, and the screen has what the file lacks."""
    monkeypatch.setattr("alphasms_async.cli.results.FileIO", FullDisk)
    numbers = "\n".join(f"05012345{n:02d}" for n in range(50))
    ran = dial(alphasms, numbers, "--concurrency", "1")
    assert ran.code == 1
    assert "No space left" in ran.err
    told = [line for line in ran.err.splitlines() if line.startswith("not in the results file")]
    assert len(told) + len(results()) == 50
    assert len(sandbox.calls()) == sum(",accepted," in line for line in told) + sum(
        row["outcome"] == "accepted" for row in results()
    )


class FullDisk(FileIO):
    """A file on a disk with room for three lines."""

    def write(self, data: Any) -> int:
        """Take what there is room for, and refuse the rest."""
        if self.tell() > 100:
            raise OSError(28, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("ending", [EOFError, KeyboardInterrupt])
def test_leaving_the_question_dials_nobody(
    sandbox: Sandbox,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    ending: type[BaseException],
) -> None:
    """Ctrl-D and Ctrl-C at the question end with 130, nobody dialled and no file left."""

    def leave() -> str:
        raise ending

    monkeypatch.setattr("alphasms_async.cli.dial.asks", lambda: True)
    monkeypatch.setattr("builtins.input", leave)
    ran = alphasms("dial", listed("0501234567"), "--audio", "promo.wav")
    assert ran.code == 130
    assert not sandbox.calls()
    assert not Path("list.results.csv").exists()


def test_list_from_a_pipe_needs_a_place_for_results(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A list that is no file can be dialled once it is said where the results go."""
    os.mkfifo("pipe")
    for arguments, code in (((), 2), (("--output", "out.csv"), 0)):
        writer = threading.Thread(target=Path("pipe").write_text, args=("0501234567\n",))
        writer.start()
        ran = alphasms("dial", "pipe", "--audio", "promo.wav", "--yes", *arguments)
        writer.join()
        assert code == ran.code, ran.err
    assert sandbox.rings("380501234567") == 1


def test_cells_cannot_become_formulas(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """What stood in the list cannot run as a formula in the results."""
    dial(alphasms, "phone\n=HYPERLINK(1)\n@SUM(1)\n0501234567\n")
    assert {"'", "3"} == {row["phone"][0] for row in results()}


def test_ctrl_c_waits_for_what_is_in_flight(tmp_path: Path) -> None:
    """Ctrl-C takes no more numbers, waits for the calls in flight, and leaves a line for each."""
    sandbox, third = Sandbox(), threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sandbox.app(scope, receive, send)
        if len(sandbox.calls()) == 3:
            third.set()

    (tmp_path / "promo.wav").write_bytes(wav())
    (tmp_path / "list.csv").write_text("\n".join(f"05012345{n:02d}" for n in range(50)))
    with serve(app, 0) as url:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [
                *(sys.executable, "-c", "from alphasms_async.cli import main; main()"),
                *("dial", "list.csv", "--audio", "promo.wav", "--yes", "--per-second", "20"),
            ],
            cwd=tmp_path,
            env=os.environ | {"ALPHASMS_API_KEY": sandbox.api_key, "ALPHASMS_BASE_URL": url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert third.wait(15)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=15)
    rows = results(str(tmp_path / "list.results.csv"))
    assert process.returncode == 130
    assert b"stopping" in said
    assert len(rows) == 50
    assert len(sandbox.calls()) == sum(row["outcome"] == "accepted" for row in rows)
