"""The next list: recipients of a campaign, chosen by what became of them.

    selection = Selection.parse(["outcome=no_answer,busy"])
    async for row in selected_rows(journal, "spring", selection):
        print(row.phone)

Nobody comes onto it whom this campaign may yet call, or who asked to be called no more.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from enum import StrEnum
from typing import Self

from attrs import frozen

from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.keys import is_keys
from alphasms_async.campaigns.records import RowRecord
from alphasms_async.campaigns.states import RowState, SkipReason
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome

__all__ = ["Selection", "selected_rows"]

_PAGE = 1000
_NO_KEY = "none"
_LONGEST_SHOWN = 40

# Whom this campaign may yet call by itself, and who may be ringing just now or was never settled:
# on another list they would be called a second time.
_NOT_BY_THE_WAY = frozenset({RowState.PLANNED, RowState.DIALING, RowState.UNCERTAIN})

_WORDS: Mapping[str, tuple[StrEnum, ...]] = {
    "outcome": tuple(CallOutcome),
    "state": tuple(RowState),
    # Those skipped for another reason have no number, stand elsewhere in the list, or must not be
    # called.
    "reason": (SkipReason.EXPIRED, SkipReason.CANCELLED),
}
_CONDITIONS = ("outcome", "digits", "state", "reason")


@frozen
class Selection:
    """Conditions, all of which a recipient must meet. `None`: that is not asked."""

    outcomes: frozenset[str] | None = None
    """How the latest call ended, one of these `CallOutcome`s."""
    digits: frozenset[str] | None = None
    """All the keys pressed in the latest call, one of these; `none`: answered, and none pressed."""
    states: frozenset[str] | None = None
    """Where the recipient stands, one of these `RowState`s."""
    reasons: frozenset[str] | None = None
    """Why the recipient was skipped, one of these `SkipReason`s."""

    @classmethod
    def parse(cls, conditions: Iterable[str]) -> Self:
        """Read conditions as a person writes them.

        Args:
            conditions: Like `outcome=no_answer,busy`, `digits=2`, `digits=none`, `state=refused`
                or `reason=expired`; of several values one must be met.

        Raises:
            InvalidRequest: There is none, one stands twice, or one is about nothing there is; the
                text says what there is.
        """
        read: dict[str, frozenset[str]] = {}
        for condition in conditions:
            key, sign, values = condition.partition("=")
            key = key.strip().lower()
            if not sign or key not in _CONDITIONS:
                raise InvalidRequest(
                    f"a condition is {', '.join(_CONDITIONS)} and what it is to be, like "
                    f"outcome=no_answer,busy, not {condition[:_LONGEST_SHOWN]!r}"
                )
            if key in read:
                raise InvalidRequest(f"{key} stands twice: part its values by commas")
            read[key] = frozenset(_value(key, value) for value in values.split(","))
        if not read:
            raise InvalidRequest("say who is to be on the list, like outcome=no_answer")
        return cls(*(read.get(key) for key in _CONDITIONS))

    def has(self, row: RowRecord) -> bool:
        """Return whether a recipient meets all conditions and may be put on another list.

        Whoever this campaign may yet call, is being called or was perhaps called is on no other
        list, unless their state is asked for.
        """
        if row.phone is None or (self.states is None and row.state in _NOT_BY_THE_WAY):
            return False
        return all(
            wanted is None or told in wanted
            for wanted, told in (
                (self.outcomes, row.outcome),
                (self.digits, _pressed(row)),
                (self.states, row.state),
                (self.reasons, row.reason),
            )
        )


def selected_rows(journal: Journal, name: str, selection: Selection) -> AsyncIterator[RowRecord]:
    """Return the recipients of a campaign that a selection has, in the list's order.

    They are read while they are asked for; only the do-not-call list is held in memory whole.
    Nobody on it is among them. What a template needs of the list stands in their `columns`.

    Args:
        journal: The journal, entered.
        name: The campaign's.
        selection: Whom to choose.

    Raises:
        InvalidRequest: At the first of them: the journal has no such campaign.
        JournalError: While they are read: the journal cannot be read.
    """
    return _Rows(journal, name, selection)


class _Rows(AsyncIterator[RowRecord]):
    """No generator: one that is left half-way makes trio warn."""

    def __init__(self, journal: Journal, name: str, selection: Selection) -> None:
        self._journal = journal
        self._name = name
        self._selection = selection
        self._campaign: int | None = None
        self._forbidden = frozenset[str]()
        self._after = 0
        self._found = deque[RowRecord]()

    async def __anext__(self) -> RowRecord:
        if self._campaign is None:
            self._campaign = (await self._journal.campaign(self._name)).id
            self._forbidden = frozenset(await self._journal.do_not_call())
        while not self._found:
            rows = await self._journal.rows(self._campaign, after=self._after, limit=_PAGE)
            if not rows:
                raise StopAsyncIteration
            self._after = rows[-1].id
            self._found += (row for row in rows if self._has(row))
        return self._found.popleft()

    def _has(self, row: RowRecord) -> bool:
        return self._selection.has(row) and row.phone not in self._forbidden


def _pressed(row: RowRecord) -> str | None:
    """Return the keys of its latest call. `None` where nobody could have pressed one."""
    return row.digits or (_NO_KEY if row.outcome is CallOutcome.ANSWERED else None)


def _value(key: str, text: str) -> str:
    value = text.strip().lower()
    if key == "digits":
        if value == _NO_KEY or is_keys(value):
            return value
        raise InvalidRequest(
            f"digits is the keys pressed, of 0-9 * #, or {_NO_KEY}, not {text[:_LONGEST_SHOWN]!r}"
        )
    word = value.replace("-", "_").replace(" ", "_")
    if word in _WORDS[key]:
        return word
    raise InvalidRequest(
        f"{key} is {', '.join(_WORDS[key])}, one or more of them, not {text[:_LONGEST_SHOWN]!r}"
    )
