"""`kill -9` and Ctrl-C: at whatever moment, nobody rings twice and nobody is lost."""

import signal
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic

import pytest
from attrs import define, field, frozen

from alphasms_async.campaigns.states import RowState
from tests.doubles import phones
from tests.torture import LONG
from tests.torture.commands import DIAL, PLAN, RUN, Desk, Switchboard, tell

KILLS, DIAL_KILLS = 25, 5
SEEDS = range(40 if LONG else 1)
PLAN_KILLS, PLAN_LINES = 60 if LONG else 6, 10_000
CONCURRENCY = 8
CONCURRENCIES = (CONCURRENCY, 1, 32, 3)
# Every so many-th of a list.
REFUSED, FORBIDDEN = 29, 31
START_SECONDS = 0.7
MOST_CALLS, MOST_LATER_SECONDS = 16, 0.03


@frozen
class Moment:
    """When a run is killed."""

    calls: int
    """After so many calls more. 0: while it starts."""
    later_seconds: float
    """So much later than that."""


def moments(seed: int, kills: int) -> Iterator[Moment]:
    """Yield when to kill: mostly in the middle of dialling, each fifth time while it starts."""
    rng = Random(seed)  # noqa: S311 - chance that can be had again
    for number in range(kills):
        if number % 5 == 4:
            yield Moment(0, rng.uniform(0, START_SECONDS))
        else:
            yield Moment(rng.randint(1, MOST_CALLS), rng.uniform(0, MOST_LATER_SECONDS))


@define
class Torture:
    """A command that is killed again and again, and what each kill left in flight."""

    desk: Desk
    board: Switchboard
    words: Sequence[str]
    """The command, which goes on with the same campaign when it is given again."""
    left: list[int] = field(factory=list[int])
    """How many outcomes each kill made unknown."""

    def kill(self, moment: Moment) -> None:
        """Start the command, and kill it while it is at work."""
        with self.desk.start(*self.words) as command:
            assert not moment.calls or self.board.wait(moment.calls, command), command.end()
            assert command.kill(moment.later_seconds), f"{command} ended before it was killed"
        unknown = self.desk.read().among(RowState.DIALING, RowState.UNCERTAIN)
        self.left.append(len(unknown) - sum(self.left))
        assert not self.board.sandbox.rang_more_than_once()


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_runs_ring_nobody_twice(seed: int, tmp_path: Path) -> None:
    """After 25 kills the campaign ends by itself, and no kill left more than was in flight."""
    concurrency = CONCURRENCIES[seed % len(CONCURRENCIES)]
    numbers = phones(KILLS * (MOST_CALLS + 2 * concurrency))
    refused, forbidden = set(numbers[::REFUSED]), set(numbers[::FORBIDDEN])
    board = Switchboard(refused=refused)
    with Desk.at(tmp_path, board, numbers) as desk:
        assert desk.do("dnc", "add", *sorted(forbidden))[0] == 0
        desk.plan("--concurrency", str(concurrency))
        torture = Torture(desk, board, RUN)
        for moment in moments(seed, KILLS):
            torture.kill(moment)
        code, said = desk.do(*RUN)
        book = desk.read()
    figures = book.figures(board)
    tell(f"{KILLS} kills of {concurrency} calls at once left {torture.left}: {figures}")
    assert code == 3, said
    assert figures.harm == (0, 0, 0)
    assert figures.uncertain == sum(torture.left)
    assert max(torture.left) <= concurrency
    assert book.among(RowState.SKIPPED) == forbidden
    assert set() < book.among(RowState.REFUSED) <= refused - forbidden
    assert len(book.rows) == len(numbers)
    assert not book.among(RowState.PLANNED, RowState.DIALING)


def test_killed_plan_leaves_no_campaign(tmp_path: Path) -> None:
    """Whenever planning is killed, the campaign has its whole list or is not there at all."""
    rng = Random(PLAN_KILLS)  # noqa: S311 - chance that can be had again
    board = Switchboard()
    killed, tries = 0, count(1)
    with Desk.at(tmp_path, board, phones(PLAN_LINES)) as desk:
        began = monotonic()
        desk.plan()
        seconds = monotonic() - began
        while killed < PLAN_KILLS:
            began = monotonic()
            with desk.start(*PLAN, f"try {next(tries)}") as command:
                if command.kill(rng.uniform(seconds / 3, seconds)):
                    killed += 1
                else:
                    # Planning has become faster than it was the first time.
                    seconds = monotonic() - began
            assert {len(rows) for rows in desk.read().campaigns.values()} == {PLAN_LINES}
        there = len(desk.read().campaigns) - 1
        assert desk.do(*PLAN, "last")[0] == 0
        assert len(desk.read().campaigns["last"]) == PLAN_LINES
    tell(f"{killed} plans killed, {there} of {next(tries) - 1} campaigns are there")
    assert there < PLAN_KILLS
    assert not board.rang


def test_killed_dial_goes_on_with_the_same_words(tmp_path: Path) -> None:
    """The same command finishes the campaign it began, and then calls nobody any more."""
    words = (*DIAL, "--concurrency", str(CONCURRENCY))
    numbers = phones(DIAL_KILLS * (MOST_CALLS + CONCURRENCY))
    board = Switchboard()
    with Desk.at(tmp_path, board, numbers) as desk:
        torture = Torture(desk, board, words)
        for moment in moments(DIAL_KILLS, DIAL_KILLS):
            torture.kill(moment)
        assert desk.do(*words)[0] == 3
        book = desk.read()
        again, said = desk.do(*words)
    assert len(book.campaigns) == 1
    assert len(book.rows) == len(numbers)
    figures = book.figures(board)
    assert figures.harm == (0, 0, 0)
    assert figures.accepted == len(numbers) - figures.uncertain
    assert figures.uncertain == sum(torture.left)
    assert again == 2
    assert "already dialled" in said
    assert len(board.rang) == figures.accepted + figures.uncertain_rang


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_makes_unknown_what_it_cuts_off(times: int, tmp_path: Path) -> None:
    """Once, it waits for the calls in flight; twice, it cuts those off and makes them unknown."""
    numbers, answered = phones(60), 20
    board = Switchboard()
    board.answered = answered
    with Desk.at(tmp_path, board, numbers) as desk:
        desk.plan("--concurrency", str(CONCURRENCY))
        with desk.start(*RUN) as command:
            assert board.wait(answered + CONCURRENCY, command)
            command.send(signal.SIGINT)
            command.hear("stopping")
            if times == 1:
                board.answered = len(numbers)
            else:
                command.send(signal.SIGINT)
            code, said = command.end()
        board.answered = len(numbers)
        cut_off = desk.read().among(RowState.UNCERTAIN)
        left = desk.read().among(RowState.PLANNED)
        last, _ = desk.do(*RUN)
        figures = desk.read().figures(board)
    assert code == 130, said
    assert len(cut_off) == (0 if times == 1 else CONCURRENCY)
    assert len(left) == len(numbers) - answered - CONCURRENCY
    assert last == (0 if times == 1 else 3)
    assert figures.harm == (0, 0, 0)
    assert figures.accepted == len(numbers) - len(cut_off)
