"""How far a run has got, as it counts by itself and as the journal counts."""

from collections import Counter

from alphasms_async.campaigns.progress import Progress
from alphasms_async.campaigns.records import Tally
from alphasms_async.campaigns.states import RowState, SkipReason
from alphasms_async.models import CallOutcome


def counted(**states: int) -> Tally:
    by_state = Counter({RowState(name): count for name, count in states.items()})
    return Tally(by_state, Counter[SkipReason](), Counter[CallOutcome](), Counter[str]())


def test_whoever_moves_while_the_journal_counts_is_counted_as_well() -> None:
    """A count of many takes a while, and the run goes on meanwhile."""
    progress = Progress(states=Counter({RowState.PLANNED: 5, RowState.ACCEPTED: 2}))
    before = Counter(progress.states)
    progress.move(RowState.PLANNED, RowState.DIALING)
    progress.take(counted(planned=5, accepted=1, done=1), before)
    assert progress.states == {"planned": 4, "dialing": 1, "accepted": 1, "done": 1}


def test_accepted_calls_have_an_outcome_or_are_awaited() -> None:
    """Both together are those that the gateway has, or had."""
    progress = Progress(states=Counter({RowState.DONE: 3, RowState.ACCEPTED: 2}))
    assert (progress.told, progress.awaited, progress.accepted) == (3, 2, 5)
