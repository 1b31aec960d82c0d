"""Those a campaign did not reach, one by one, and by what went wrong."""

import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator

from attrs import frozen

from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import RowRecord
from alphasms_async.campaigns.states import RowState

__all__ = ["TROUBLES", "Trouble", "Troubles", "reason_of", "troubles_of"]

TROUBLES: tuple[RowState, ...] = (RowState.UNCERTAIN, RowState.REFUSED, RowState.DROPPED)
"""The states that need looking at, first those in which somebody has to do something."""

_PAGE = 1000
_MOST_GROUPS = 100
# An error begins with what was asked of whom, and two people's errors differ in that alone.
_ASKED = re.compile(r"^[^:*]*\*[\d*]*: ")
_MASKED = re.compile(r"\d*\*[\d*]+")
# Where to look for it is another place for each.
_ID = re.compile(r"\b((?:client_)?id) \d+")
_UNTOLD = "no reason was told"
_CALLED = "it was called after all"
_OTHERS = "other reasons"


@frozen(kw_only=True)
class Trouble:
    """Something that went wrong for one recipient or more."""

    state: RowState
    """Where it left them."""
    reason: str
    """What their errors have in common, in one line."""
    count: int
    """How many recipients it happened to, 1 or more."""
    rows: tuple[RowRecord, ...]
    """Those of them that are in the report one by one, in the list's order."""


@frozen(kw_only=True)
class Troubles:
    """Everybody refused, uncertain or dropped."""

    rows: tuple[RowRecord, ...]
    """One by one, the uncertain first, in the list's order; as many as were asked for."""
    rest: int
    """How many more there are, 0 or more."""
    groups: tuple[Trouble, ...]
    """All of them by what went wrong, the uncertain first, then the most frequent."""

    @property
    def total(self) -> int:
        """How many recipients it is about."""
        return len(self.rows) + self.rest


def reason_of(row: RowRecord) -> str:
    """Return what went wrong, without whom it happened to."""
    told = _MASKED.sub("…", _ASKED.sub("", row.error or ""))
    return _ID.sub(r"\1 …", told).strip() or (_UNTOLD if row.outcome is None else _CALLED)


async def troubles_of(journal: Journal, campaign: int, most: int) -> Troubles:
    """Read everybody who was not reached, and keep the first few.

    Args:
        journal: The journal, entered.
        campaign: The campaign's `id`.
        most: How many rows are kept, 0 or more.
    """
    kept: list[RowRecord] = []
    befell = defaultdict[tuple[RowState, str], list[RowRecord]](list)
    total = 0
    counts = {state: Counter[str]() for state in TROUBLES}
    async for row in _rows(journal, campaign):
        total += 1
        reason = _counted(counts[row.state], reason_of(row))
        if len(kept) < most:
            kept.append(row)
            befell[row.state, reason].append(row)
    groups = (
        Trouble(state=state, reason=reason, count=count, rows=tuple(befell[state, reason]))
        for state in TROUBLES
        for reason, count in counts[state].most_common()
    )
    return Troubles(rows=tuple(kept), rest=total - len(kept), groups=tuple(groups))


async def _rows(journal: Journal, campaign: int) -> AsyncIterator[RowRecord]:
    for state in TROUBLES:
        after = 0
        while page := await journal.rows(campaign, after=after, limit=_PAGE, states=[state]):
            for row in page:
                yield row
            after = page[-1].id


def _counted(counts: Counter[str], reason: str) -> str:
    """Count a reason, and return the one that it was counted as."""
    # Whoever writes the errors could write a different one each time.
    is_new = reason not in counts and len(counts) >= _MOST_GROUPS
    counted = _OTHERS if is_new else reason
    counts[counted] += 1
    return counted
