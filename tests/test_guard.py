"""The guard of speed, which judges what it has measured."""

import pytest

from benchmarks.guard import RECKONINGS, Reckoning, regressions
from benchmarks.rounds import Spread


def _measured(times: float, reckoning: Reckoning | None = None) -> dict[Reckoning, Spread]:
    """Return what is reckoned with, times as dear in one reckoning, or in all of them."""
    return {
        each: Spread.of([each.times * (times if reckoning in {None, each} else 1)])
        for each in RECKONINGS
    }


def test_what_is_reckoned_with_is_no_regression() -> None:
    """Calls that cost what they are reckoned to pass."""
    assert regressions(_measured(1)) == []


def test_ten_times_as_much_is_no_regression_yet() -> None:
    """A machine's whims fail nobody: ten times what is reckoned with still passes."""
    assert regressions(_measured(10)) == []


@pytest.mark.parametrize("reckoning", RECKONINGS, ids=lambda each: f"{each.ours}-{each.against}")
def test_more_than_ten_times_as_much_is_one_line(reckoning: Reckoning) -> None:
    """Each reckoning is guarded: what it compares is told, with what was measured."""
    (line,) = regressions(_measured(10.2, reckoning))

    assert line.startswith(f"{reckoning.ours} costs {10.2 * reckoning.times:.1f} times ")
    assert str(reckoning.against) in line


def test_a_single_bad_round_is_no_regression() -> None:
    """The middle of the rounds is judged: a neighbour at work during one of them does no harm."""
    rounds = {each: Spread.of([each.times, each.times, 99 * each.times]) for each in RECKONINGS}

    assert regressions(rounds) == []
