"""`kill -9` while events come in: what was answered with 200 stands in the journal, for good."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from random import Random

import pytest
from attrs import frozen

from alphasms_async.campaigns.states import RowState
from alphasms_async.sandbox import Fate, mixed
from alphasms_async.sandbox.fates import Fates
from tests.doubles import phones
from tests.torture import LONG
from tests.torture.commands import Command, tell
from tests.torture.receivers import BAD_DISK, OPT_OUT, Office, Words, in_journal

KILLS = 100 if LONG else 6
SEEDS = range(10 if LONG else 1)
CONCURRENCY = 8
# Enough, at this pace, for somebody to be left to call until the last kill.
NUMBERS, PER_SECOND = phones(30 * KILLS), 100
LIMITS = ("--concurrency", str(CONCURRENCY), "--per-second", str(PER_SECOND))
START_SECONDS, MOST, MOST_LATER_SECONDS = 0.7, 12, 0.05


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret to sign with."""
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", "b6589fc6ab0dc82cf12099d1c2d40ab994e8410c")


def fates(seed: int) -> Fates:
    """Return how the calls end: some before their requests are answered, some a little later."""
    return mixed(seed, keys={"1": 2, OPT_OUT: 1}, after_seconds=(0.0, 0.1))


@frozen
class Moment:
    """When somebody is killed."""

    calls: int = 0
    """After so many calls more."""
    events: int = 0
    """After so many more that were answered with 200."""
    later_seconds: float = 0
    """So much later than that. With neither of them: while it starts."""


def moments(seed: int) -> Iterator[Moment]:
    """Yield when to kill: each other time at the very moment an event is answered."""
    rng = Random(seed)  # noqa: S311 - chance that can be had again
    for number in range(KILLS):
        match number % 4:
            case 1:
                later_seconds = rng.uniform(0, MOST_LATER_SECONDS)
                yield Moment(calls=rng.randint(1, MOST), later_seconds=later_seconds)
            case 3:
                yield Moment(later_seconds=rng.uniform(0, START_SECONDS))
            case _:
                yield Moment(events=rng.randint(1, MOST))


def torment(
    office: Office, seed: int, together: Sequence[Words], deaths: Sequence[Collection[Words]]
) -> int:
    """Keep commands at work and kill them again and again, while somebody is left to call.

    Args:
        office: Where they work.
        seed: Decides when they are killed.
        together: The commands, the one that dials first.
        deaths: Which of them are killed at the same moment, in turn.

    Returns:
        How many were killed.
    """
    kills, at_work = 0, dict[Words, Command]()
    with ExitStack() as stack:
        for moment, dying in zip(moments(seed), cycle(deaths), strict=False):
            for words in [one for one in together if one not in at_work]:
                starting = office.desk.start(*words, program=BAD_DISK)
                at_work[words] = stack.enter_context(starting)
            wait(office, moment, at_work[together[0]])
            for words in dying:
                command = at_work.pop(words)
                if not command.kill(moment.later_seconds):
                    # Nobody is left to call; whoever only listens does not end by itself.
                    code, said = command.end()
                    assert (words, code in {0, 3}) == (together[0], True), said
                    return kills
                kills += 1
    return kills


def wait(office: Office, moment: Moment, dialer: Command) -> None:
    """Wait for the calls or the events after which somebody is killed."""
    if moment.calls:
        office.board.wait(moment.calls, dialer)
    if moment.events:
        office.wait_for_events(moment.events, dialer)


def check(office: Office) -> None:
    """Hold the journal against what the gateway did and told, call by call."""
    calls, told, book = office.sandbox.calls(), office.taken(), office.desk.read()
    figures = book.figures(office.board)
    tell(f"{len(calls)} calls, {len(office.sandbox.deliveries())} hooks: {figures}")
    assert figures.harm == (0, 0, 0)
    assert told.keys() == {call.id for call in calls}
    assert in_journal(book) == told
    assert not book.among(RowState.PLANNED, RowState.DIALING, RowState.ACCEPTED)
    # Whom a kill left uncertain stays so only where no phone rang.
    assert figures.uncertain_rang == 0
    assert office.do_not_call() == {one.phone for one in told.values() if one.digits == OPT_OUT}


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_runs_lose_no_event(seed: int, tmp_path: Path) -> None:
    """Dialled by a run that listens itself, everybody ends with what the gateway told of them."""
    with Office.at(tmp_path, NUMBERS, fates(seed), *LIMITS) as office:
        run = office.run_and_listen
        kills = torment(office, seed, [run], [[run]])
        tell(f"{kills} kills")
        office.dial(run)
        office.finish()
        check(office)


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_listeners_lose_no_event(seed: int, tmp_path: Path) -> None:
    """So it is where a process of its own takes the events, and either is killed, or both are."""
    with Office.at(tmp_path, NUMBERS, fates(seed), *LIMITS) as office:
        run, listen = office.run, office.listen
        kills = torment(office, seed, [run, listen], [[listen], [run], [run, listen]])
        tell(f"{kills} kills")
        office.finish(run)
        check(office)


def test_whom_a_kill_left_uncertain_the_event_settles(tmp_path: Path) -> None:
    """Calls whose answers never came are done once the gateway tells how they ended."""
    with Office.at(tmp_path, phones(1 + CONCURRENCY), None, *LIMITS) as office:
        office.board.answered = 1
        with office.desk.start(*office.run) as dialer:
            assert office.board.wait(1 + CONCURRENCY, dialer)
        left = office.desk.read().among(RowState.DIALING)
        for call in office.sandbox.calls():
            office.sandbox.end_call(call.id, Fate(talk_seconds=call.id % 60, digits=OPT_OUT))
        code = office.finish()
        check(office)
    assert len(left) == CONCURRENCY
    assert code == 0
