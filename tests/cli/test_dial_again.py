"""`alphasms dial` calls nobody of a list again, unless a person says so."""

from pathlib import Path

import pytest

from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import listed, names, only_line
from tests.cli.conftest import Alphasms
from tests.cli.dialled import NUMBERS, RESULTS, dial, results, written
from tests.sounds import wav


def test_finished_list_is_not_dialled_again(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The same command exits with 2 and names what calls everybody anew; the results stay."""
    listed(NUMBERS)
    words = ("dial", "list.csv", "--audio", "promo.wav", "--yes")
    alphasms(*words)
    before = Path(RESULTS).read_bytes()
    said = only_line(alphasms(*words))
    assert said.startswith("already dialled; `--again` starts a new campaign (alphasms campaign ")
    assert len(sandbox.calls()) == 3
    assert Path(RESULTS).read_bytes() == before


def test_again_is_a_new_campaign(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--again` calls everybody once more, with results of its own beside the earlier ones."""
    listed(NUMBERS)
    words = ("dial", "list.csv", "--audio", "promo.wav", "--yes")
    alphasms(*words)
    for rings in (2, 3):
        ran = alphasms(*words, "--again")
        assert ran.code == 0, ran.err
        assert [sandbox.rings(phone) for phone in NUMBERS] == [rings] * 3
    first, second, third = names(alphasms)
    assert (second, third) == (f"{first}-2", f"{first}-3")
    for name in ("list", second, third):
        assert len(results(f"{name}.results.csv")) == 3


def test_again_goes_on_with_what_it_began(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A second `--again` before the first has ended is no third campaign."""
    listed(NUMBERS)
    words = ("dial", "list.csv", "--audio", "promo.wav", "--yes")
    alphasms(*words)
    sandbox.banned = True
    assert alphasms(*words, "--again").code == 4
    sandbox.banned = False
    assert alphasms(*words, "--again").code == 0
    assert [sandbox.rings(phone) for phone in NUMBERS] == [2, 2, 2]
    assert len(names(alphasms)) == 2


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (("--audio", "other.wav"), "--audio or --say"),
        (("--audio", "promo.wav", "--dtmf"), "--audio or --say"),
        (("--say", "Вітаємо"), "--audio or --say"),
        (("--audio", "promo.wav", "--budget", "5"), "--budget"),
        (("--audio", "promo.wav", "--per-second", "5"), "--per-second"),
        (("--audio", "promo.wav", "--hook", "https://app.example/hook?token=1"), "--hook"),
        (("--audio", "promo.wav", "--column", "work"), "--column"),
    ],
)
@pytest.mark.parametrize("is_over", [True, False])
def test_changed_option_is_another_campaign(
    sandbox: Sandbox,
    alphasms: Alphasms,
    changed: tuple[str, ...],
    named: str,
    *,
    is_over: bool,
) -> None:
    """One list is not called twice by a changed option alone: the line names what is changed."""
    Path("other.wav").write_bytes(wav(seconds=2))
    written("phone,work\n0501234567,0671234567\n")
    sandbox.banned = not is_over
    alphasms("dial", "list.csv", "--yes", "--audio", "promo.wav")
    sandbox.banned = False
    rings = len(sandbox.calls())
    said = only_line(alphasms("dial", "list.csv", "--yes", *changed))
    assert f" with another {named}" in said
    assert "`--again` starts a new campaign" in said
    assert len(sandbox.calls()) == rings
    again = alphasms("dial", "list.csv", "--yes", *changed, "--again")
    assert again.code == 0, again.err
    assert len(sandbox.calls()) == rings + 1
    first, second = names(alphasms)
    assert {*Path().glob("*.results.csv")} == {Path(RESULTS), Path(f"{second}.results.csv")}
    assert first.startswith("list-")


@pytest.mark.parametrize(
    ("changed", "differs", "command"),
    [
        (("--budget", "50"), "a budget of 30, not 50", "budget NAME 50"),
        (
            ("--budget", "30", "--per-second", "5"),
            "another --per-second",
            "pace NAME --per-second 5",
        ),
    ],
)
def test_changed_limit_names_the_harmless_way(
    sandbox: Sandbox, alphasms: Alphasms, changed: tuple[str, ...], differs: str, command: str
) -> None:
    """The line tells the commands that change a limit and go on; they ring nobody twice."""
    text = "\n".join(NUMBERS)
    sandbox.banned = True
    dial(alphasms, text, "--budget", "30")
    sandbox.banned = False
    (name,) = names(alphasms)
    command, run = f"alphasms campaign {command.replace('NAME', name)}", f"campaign run {name}"
    said = only_line(dial(alphasms, text, *changed))
    assert said == (
        f"this list is already being dialled as {name} with {differs}: `{command}` changes that, "
        f"and `alphasms {run}` goes on with it; `--again` starts a new campaign, which calls "
        "everybody anew"
    )
    assert alphasms(*command.split()[1:]).code == 0
    assert alphasms(*run.split(), "--yes").code == 0
    assert not sandbox.rang_more_than_once()


def test_changed_recording_is_noticed(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Another sound under the same name is another recording; the same one elsewhere is not."""
    listed(NUMBERS)
    sandbox.banned = True
    alphasms("dial", "list.csv", "--audio", "promo.wav", "--yes")
    sandbox.banned = False
    Path("promo.wav").rename("moved.wav")
    Path("promo.wav").write_bytes(wav(seconds=2))
    said = only_line(alphasms("dial", "list.csv", "--audio", "promo.wav", "--yes"))
    assert "--audio or --say" in said
    assert alphasms("dial", "list.csv", "--audio", "moved.wav", "--yes").code == 0
    assert len(names(alphasms)) == 1


def test_changed_list_is_another_campaign(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """New lines make it a new list, whose results do not take the place of the old one's."""
    dial(alphasms, "phone\n0501234567\n")
    ran = dial(alphasms, "phone\n0671234567\n")
    assert ran.code == 0, ran.err
    first, second = names(alphasms)
    assert first != second
    assert [row["phone"] for row in results()] == ["380501234567"]
    assert [row["phone"] for row in results(f"{second}.results.csv")] == ["380671234567"]


@pytest.mark.parametrize("options", [("--yes",), ()])
def test_longer_list_calls_nobody_again(
    sandbox: Sandbox,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    """A line more makes it a new list: who was just called is counted, and nothing is written."""
    dial(alphasms, "\n".join(NUMBERS))
    before = names(alphasms), Path(RESULTS).read_bytes()
    written("\n".join([*NUMBERS, "380991234567"]))
    words = ("dial", "list.csv", "--audio", "promo.wav")
    monkeypatch.setattr("alphasms_async.cli.dial.asks", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: pytest.fail("it asked"))
    assert only_line(alphasms(*words, *options)) == (
        "another campaign called 3 of these phones in the last 24 hours: "
        "take them out of the list, or `--again` calls them again"
    )
    assert (names(alphasms), Path(RESULTS).read_bytes()) == before
    assert [sandbox.rings(phone) for phone in NUMBERS] == [1, 1, 1]
    assert alphasms(*words, "--yes", "--again").code == 0
    assert [sandbox.rings(phone) for phone in NUMBERS] == [2, 2, 2]


def test_longer_list_names_what_goes_on(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """When the shorter list is not at its end, the line has the command that goes on with it."""
    dial(alphasms, "\n".join(NUMBERS), "--budget", "0.80", "--max-price", "0.40")
    (name,) = names(alphasms)
    said = only_line(dial(alphasms, "\n".join([*NUMBERS, "380991234567"])))
    assert said.startswith("another campaign called 2 of these phones in the last 24 hours: ")
    assert said.endswith(f" (alphasms campaign run {name} goes on with it)")


def test_new_list_beside_another_is_dialled(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Phones that nobody has called are dialled, however many campaigns the journal has."""
    dial(alphasms, "\n".join(NUMBERS))
    ran = dial(alphasms, "380991234567")
    assert ran.code == 0, ran.err
    assert sandbox.rings("380991234567") == 1


def test_renamed_list_is_known(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A list is known by its content: under another name its people are not called twice."""
    listed(NUMBERS)
    alphasms("dial", "list.csv", "--audio", "promo.wav", "--yes")
    Path("list.csv").rename("people.csv")
    said = only_line(alphasms("dial", "people.csv", "--audio", "promo.wav", "--yes"))
    assert said.startswith("already dialled")
    assert len(sandbox.calls()) == 3
