"""What is shown of a run while it goes on, on terminals of several widths and elsewhere."""

import io
import os
import pty
import re
import sys
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from alphasms_async.campaigns import Hold, Progress, RowState
from alphasms_async.cli.campaign.screen import Screen
from alphasms_async.cli.terminal import answers, notes

WIDTHS = pytest.mark.parametrize("width", [40, 80, 120, 300])
NAME = "clients-5d47a8cd"


class Clock:
    """Seconds that a test sets forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Tell the seconds."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which a run's speed is measured."""
    clock = Clock()
    monkeypatch.setattr("alphasms_async.cli.campaign.screen.time", clock)
    return clock


def progress(**facts: Any) -> Progress:
    """Return a run of 200 recipients, of whom 50 are done."""
    states = Counter(
        {
            RowState.ACCEPTED: 40,
            RowState.DONE: 6,
            RowState.REFUSED: 3,
            RowState.UNCERTAIN: 1,
            RowState.DIALING: 5,
            RowState.PLANNED: 145,
            RowState.SKIPPED: 9,
        }
    )
    made = Progress(states=states, in_flight=5, begun=50, spent=Decimal("18.4"))
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def shown(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, run: Progress, *, width: int = 80
) -> list[str]:
    """Return the lines a terminal shows after two seconds with ten calls a second."""
    file = io.StringIO()
    terminal = Console(file=file, force_terminal=True, width=width, height=30, color_system=None)
    monkeypatch.setattr("alphasms_async.cli.campaign.screen.notes", terminal)
    with Screen(NAME, run) as screen:
        screen.show()
        clock.now += 2
        run.begun += 20
        file.truncate(0)
        screen.show()
        # Without what moves the cursor.
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue()).replace("\r", "")
    return [line.rstrip() for line in text.strip("\0\n").splitlines()]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Where a run's lines go that is shown on no terminal."""
    file = io.StringIO()
    plain = Console(file=file, width=80, soft_wrap=True)
    monkeypatch.setattr("alphasms_async.cli.campaign.screen.notes", plain)
    return file


def test_all_that_matters_is_told(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """The name, how many are done and how, in flight, rate, time left, spent of the budget."""
    name, bar, *facts = shown(monkeypatch, clock, progress(budget=Decimal(100)))
    assert name == NAME
    assert bar.endswith("50 of 200")
    assert facts == [
        "done   46 accepted, 3 refused, 1 uncertain",
        "now    5 in flight, 10.0 a second, about 15 s left",
        "spent  18.40 of 100.00",
        "told   6 of 46 outcomes",
    ]


@WIDTHS
def test_no_line_reaches_the_edge(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, width: int
) -> None:
    """There is room for the terminal's own `^C`, and the bar is as long as it may be."""
    said = shown(monkeypatch, clock, progress(budget=Decimal(100)), width=width)
    assert max(map(len, said)) == min(width - 4, 100)
    assert len(said[1]) == min(width - 4, 100)


@pytest.mark.parametrize("width", [80, 120])
def test_bar_shows_how_much_is_done(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, width: int
) -> None:
    """A quarter of the list is a quarter of the bar."""
    bar = shown(monkeypatch, clock, progress(), width=width)[1].removesuffix("  50 of 200")
    assert bar.count("━") == len(bar) // 4


@pytest.mark.parametrize(
    ("hold", "seconds", "says"),
    [
        (Hold.WINDOW, 11_100.0, "waiting: outside the window, 3 h 05 min more"),
        (Hold.STARTS_LATER, 200_000.0, "waiting: starts later, 2 d 7 h more"),
        (Hold.UNREACHABLE, 4.0, "waiting: the gateway cannot be reached, 4 s more"),
        (Hold.RATE_LIMITED, 60.0, "waiting: the gateway asks to wait, 60 s more"),
        (Hold.RESTING, 1800.0, "waiting: the rest is due later, 30 min more"),
        (Hold.OUTCOMES, 40.0, "waiting for 41 outcomes, until 40 s pass without one"),
        (Hold.PAUSED, None, "waiting: paused, `alphasms campaign resume` goes on"),
        (Hold.BUDGET, None, "waiting: the budget is held by calls in flight"),
    ],
)
def test_reason_for_waiting_is_told(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, hold: Hold, seconds: float | None, says: str
) -> None:
    """Why nobody is dialled stands where the speed stood, with how long it lasts."""
    run = progress(hold=hold, hold_seconds=seconds)
    now = shown(monkeypatch, clock, run)[3]
    assert now == f"now    5 in flight, {says}"
    run.in_flight = 0
    assert shown(monkeypatch, clock, run)[3] == f"now    {says}"


@pytest.mark.parametrize("hold", [Hold.PACE, Hold.RESTING])
def test_pauses_of_an_ordinary_run_are_not_told(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, hold: Hold
) -> None:
    """The moment until the next start, and the last answers, are no waiting."""
    now = shown(monkeypatch, clock, progress(hold=hold))[3]
    assert now == "now    5 in flight, 10.0 a second, about 15 s left"


def test_slowing_down_is_told(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """That the gateway asked for it, not a person."""
    now = shown(monkeypatch, clock, progress(slowed=True))[3]
    assert "10.0 a second, slowed by the gateway, about 15 s left" in now


def test_limit_in_force_caps_what_is_told(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A pace that was lowered just now holds for all that are left, and stands beside the rate."""
    now = shown(monkeypatch, clock, progress(per_second=5))[3]
    assert now == "now    5 in flight, 5.0 a second (limit 5), about 30 s left"


def test_money_nobody_tells_of_is_not_nothing(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Accepted calls without a price have not cost 0.00."""
    assert shown(monkeypatch, clock, progress(spent=Decimal(0)))[-2] == "spent  not told"
    fresh = Progress(spent=Decimal(0), budget=Decimal(9))
    assert shown(monkeypatch, clock, fresh)[-1] == "spent  0.00 of 9.00"


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"kept": Decimal("0.8")}, "18.40 of 100.00, 0.80 held for unknown outcomes"),
        (
            {"kept": Decimal("1.2"), "unpriced": 1, "unpriced_held": Decimal("0.4")},
            (
                "at least 18.40 of 100.00, 1 call without a told price (up to 0.40 held), "
                "0.80 held for unknown outcomes"
            ),
        ),
        ({"unpriced": 2}, "at least 18.40 of 100.00, 2 calls without a told price"),
        (
            {"unpriced": 1, "unpriced_held": Decimal("0.4"), "spent": Decimal(0)},
            "not told of 100.00, 1 call without a told price (up to 0.40 held)",
        ),
        (
            {
                "tells_price": False,
                "kept": Decimal("1.2"),
                "unpriced": 1,
                "unpriced_held": Decimal("0.4"),
            },
            "at most 18.80 of 100.00, 0.80 held for unknown outcomes",
        ),
    ],
)
def test_money_that_nobody_is_sure_of_is_told(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, facts: dict[str, Any], says: str
) -> None:
    """What was paid at a price nobody told, and what is held for those who may not have rung."""
    run = progress(budget=Decimal(100), **facts)
    spent = " ".join(shown(monkeypatch, clock, run)[4:-1]).split()
    assert spent == ["spent", *says.split()]


def test_slow_pace_is_measured_over_a_longer_time(lines: io.StringIO, clock: Clock) -> None:
    """One call in half a minute is two a minute, not none a second."""
    run = progress(per_second=1 / 30, in_flight=0)
    with Screen(NAME, run) as screen:
        for _ in range(5):
            screen.show()
            clock.now += 30
            run.begun += 1
        screen.show()
    assert (
        "2.0 a minute (limit 2.0 a minute), about 1 h 15 min left"
        in lines.getvalue().splitlines()[-1]
    )


def test_begin_is_shown_without_a_speed(lines: io.StringIO, clock: Clock) -> None:
    """Nothing is told that is not known: no rate and no time left before the first calls."""
    with Screen(NAME, Progress()) as screen:
        clock.now += 31
        screen.show()
    assert lines.getvalue() == "0 of 0: 0 accepted; 0 in flight; spent 0.00\n"


def test_line_is_said_now_and_then(lines: io.StringIO, clock: Clock) -> None:
    """Where no terminal is, one line in half a minute tells the same, without colours."""
    run = progress(budget=Decimal(100))
    with Screen(NAME, run) as screen:
        for _ in range(4 * 90):
            screen.show()
            clock.now += 0.25
            run.begun += 1
    said = lines.getvalue().splitlines()
    assert len(said) == 2
    assert said[0] == (
        "50 of 200: 46 accepted, 3 refused, 1 uncertain; 5 in flight, 4.0 a second, "
        "about 38 s left; spent 18.40 of 100.00"
    )


def test_waiting_is_said_at_once_and_once(lines: io.StringIO, clock: Clock) -> None:
    """A log tells when a run began to wait and why, without a line for each look."""
    run = progress(in_flight=0)
    with Screen(NAME, run) as screen:
        for hold in (None, Hold.PAUSED, Hold.PAUSED, None, Hold.PACE, Hold.PAUSED):
            run.hold = hold
            screen.show()
            clock.now += 0.25
    assert lines.getvalue().count("waiting: paused") == lines.getvalue().count("\n") == 2


@pytest.mark.parametrize(("console", "name"), [(notes, "stderr"), (answers, "stdout")])
def test_terminal_that_is_gone_takes_everything(
    monkeypatch: pytest.MonkeyPatch, console: Console, name: str
) -> None:
    """Whoever closes the window loses what is shown, and nothing fails for it."""
    terminal, end = pty.openpty()
    os.close(terminal)
    monkeypatch.setattr(console, "quiet", False)
    with os.fdopen(end, "w", encoding="utf-8") as file:
        monkeypatch.setattr(sys, name, file)
        console.print("3 phones")
        assert console.quiet
        console.print("3 phones")


class Disk(io.StringIO):
    """A file on a disk that may be full."""

    is_full = True

    def write(self, text: str) -> int:
        """Take it, or fail as the system does then."""
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_full_disk_takes_the_view_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said beside the answers may fail, and is said again once there is room."""
    file = Disk()
    monkeypatch.setattr("sys.stderr", file)
    notes.print("many are called")
    file.is_full = False
    notes.print("all are called")
    assert "all are called\n" in file.getvalue()


def test_answer_that_cannot_be_written_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked for it must not take a part of it for the whole."""
    file = Disk()
    monkeypatch.setattr("sys.stdout", file)
    with pytest.raises(OSError, match="No space left"):
        answers.print("3 phones")
    file.is_full = False
    answers.print()
