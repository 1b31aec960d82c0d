"""How long outcomes are waited for, and how often they are counted."""

from collections import Counter

import pytest

from alphasms_async.campaigns.patience import Patience, Recount
from alphasms_async.campaigns.records import Tally
from alphasms_async.campaigns.states import RowState, SkipReason
from alphasms_async.models import CallOutcome


def tally(answered: int = 0, keys: int = 0, accepted: int = 0) -> Tally:
    return Tally(
        Counter({RowState.ACCEPTED: accepted}),
        Counter[SkipReason](),
        Counter({CallOutcome.ANSWERED: answered}),
        Counter({"1": keys}),
    )


def test_patience_ends_so_long_after_the_last_news() -> None:
    """And is never less than none."""
    patience = Patience(60)
    patience.renew(100)
    assert [patience.left(now) for now in (100, 130, 160, 200)] == [60, 30, 0, 0]


@pytest.mark.parametrize("news", [tally(answered=1), tally(keys=1)])
def test_what_events_tell_is_news(news: Tally) -> None:
    """An outcome or a key; that it is told still is none."""
    patience = Patience(60)
    patience.look(tally(), 0)
    patience.look(news, 50)
    patience.look(news, 90)
    assert patience.left(100) == 10


def test_that_somebody_was_accepted_is_no_event() -> None:
    """Whoever dials says so, and a count does not."""
    patience = Patience(60)
    patience.look(tally(), 0)
    patience.look(tally(accepted=5), 50)
    assert patience.left(50) == 10


@pytest.mark.parametrize(
    ("took", "is_awaited", "seconds"),
    [(0, True, 0.25), (0, False, 5), (0.001, True, 0.25), (0.02, True, 1), (1, False, 50)],
)
def test_a_count_takes_a_fiftieth_of_the_time(
    took: float, seconds: float, *, is_awaited: bool
) -> None:
    """A cheap one is made four times a second while it is waited for, else every five seconds."""
    recount = Recount()
    recount.counted(100 - took, 100)
    assert not recount.is_due(100 + seconds - 0.01, is_awaited=is_awaited)
    assert recount.is_due(100 + seconds + 0.01, is_awaited=is_awaited)
