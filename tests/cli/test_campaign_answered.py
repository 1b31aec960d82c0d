"""What the people called have done, on a terminal and off it."""

import io
from collections import Counter
from collections.abc import Mapping

import pytest
from rich.console import Console

from alphasms_async import CallOutcome
from alphasms_async.campaigns import Tally
from alphasms_async.cli.campaign.answered import outcomes_in_words, print_outcomes

NOTHING = Tally(states=Counter(), reasons=Counter(), outcomes=Counter(), digits=Counter())


def tally(answered: int, missed: int = 0, **digits: int) -> Tally:
    """Return the counts of a campaign, keys written as words: `k1` is 1."""
    outcomes = Counter({CallOutcome.ANSWERED: answered, CallOutcome.NO_ANSWER: missed})
    keys = Counter({key.removeprefix("k"): count for key, count in digits.items()})
    return Tally(states=Counter(), reasons=Counter(), outcomes=outcomes, digits=keys)


def printed(
    monkeypatch: pytest.MonkeyPatch,
    told: Tally,
    opt_out: str | None = None,
    meanings: Mapping[str, str] | None = None,
    *,
    terminal: bool = False,
) -> list[str]:
    """Return the lines that counts are printed as."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=80, color_system=None)
    monkeypatch.setattr("alphasms_async.cli.campaign.answered.answers", console)
    print_outcomes(told, opt_out, meanings)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_nothing_told_is_nothing_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign without events has no outcomes to show."""
    assert (printed(monkeypatch, NOTHING), outcomes_in_words(NOTHING)) == ([], "")


def test_shares_are_of_all_and_of_those_who_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys count among those who could press one."""
    assert printed(monkeypatch, tally(30, 10, k1=20, k2=5)) == [
        *("", "outcomes", "answered          30  75%", "no answer         10  25%"),
        *("", "keys pressed", "1                 20  67%", "2                  5  17%"),
        "no key             5  17%",
    ]


def test_terminal_has_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest is as wide as there is room, the others as wide as their share of it."""
    bars = [line.count("█") for line in printed(monkeypatch, tally(30, 10), terminal=True)]
    assert bars == [0, 0, 30, 10]


def test_keys_have_their_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a key stands for is said; the key to opt out is known without."""
    said = printed(monkeypatch, tally(9, k1=5, k9=3), "9", {"1": "yes"})
    assert [line.rsplit(maxsplit=2)[0].strip() for line in said[5:8]] == [
        *("1 yes", "9 opt out", "no key")
    ]
    assert said[8] == "opted out with 9: 3 phones, not to be called again"


def test_many_keys_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twelve most frequent are shown, the rest as one, and long ones are cut."""
    keys = {f"k{number:020}": 30 - number for number in range(15)}
    said = printed(monkeypatch, tally(sum(keys.values()), **keys))
    assert [line.split()[0] for line in said[-2:]] == ["00000000000…", "others"]


def test_one_line_tells_it_all() -> None:
    """The outcomes there are, and the keys, the most frequent first."""
    told = outcomes_in_words(tally(30, 10, k2=5, k1=20))
    assert told == "30 answered, 10 no answer; keys 1 ×20, 2 ×5"
