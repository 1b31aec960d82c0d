"""Outcomes without a webhook: the gateway is asked what became of each accepted call."""

from collections.abc import Iterable, Sequence

import anyio
from attrs import define, frozen

from alphasms_async.campaigns.commands import RecordEvent
from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.places import tell
from alphasms_async.campaigns.records import RowRecord
from alphasms_async.campaigns.states import RowState
from alphasms_async.client import AlphaSMS
from alphasms_async.errors import JournalError
from alphasms_async.models import CallOutcome, Status

__all__ = ["Polled", "poll"]

# No more than one request to xml.php asks for: the next one may get no answer, and what this one
# told is in the journal by then.
_PAGE = 100


@frozen
class Polled:
    """What asking came to."""

    asked: int
    """How many calls the gateway was asked for."""
    reached: int
    """How many of them it says have reached their phones."""
    not_reached: int
    """How many of them it has given up."""
    left: int
    """How many accepted calls have no outcome still, those included that cannot be asked for."""


async def poll(alphasms: AlphaSMS, journal: Journal, name: str) -> Polled:
    """Ask the gateway for every accepted call whose outcome is not known, and record the answers.

    A status tells less than an event: whether the phone was reached, not for how long nor which
    keys were pressed. An event that comes later adds those, and one that says that the phone was
    answered outdoes a status that says it was not. What is not final changes nothing.

    Args:
        alphasms: The client, open.
        journal: The journal, entered. A file that is open for reading only is told through its
            inbox, so that this works beside a process that dials.
        name: The campaign's.

    Raises:
        InvalidRequest: The journal has no such campaign.
        GatewayUnavailable: The gateway does not answer; what it told before that is kept.
        GatewayError: The gateway refused.
        JournalError: The journal cannot be read or written.

    Source: xml.php, `status`, by the gateway's id; json.php, type `status`, by ours [API pages].
    """
    campaign = (await journal.campaign(name)).id
    count = _Count()
    after = 0
    while rows := await journal.rows(
        campaign, after=after, limit=_PAGE, states=[RowState.ACCEPTED]
    ):
        after = rows[-1].id
        count.accepted += len(rows)
        theirs = {row.gateway_id: row for row in rows if row.gateway_id is not None}
        # An event may have proven a call whose answer, and with it the gateway's id, was lost.
        ours = {
            row.client_id: row
            for row in rows
            if row.gateway_id is None and row.client_id is not None
        }
        count.asked += len(theirs) + len(ours)
        told = await alphasms.status.get_many(theirs)
        await _record(journal, count.events(theirs.values(), told))
        told = await alphasms.status.by_client_id(ours)
        await _record(journal, count.events(ours.values(), told))
    return count.polled()


@define
class _Count:
    """What the gateway has said so far."""

    accepted: int = 0
    asked: int = 0
    reached: int = 0
    not_reached: int = 0

    def events(self, rows: Iterable[RowRecord], told: Iterable[Status]) -> list[CallEvent]:
        """Count what it says of these, and return it as events; nothing of what is not final."""
        events: list[CallEvent] = []
        for row, status in zip(rows, told, strict=True):
            outcome = CallOutcome.of(status.state)
            if outcome is CallOutcome.UNKNOWN:
                continue
            self.reached += outcome is CallOutcome.ANSWERED
            self.not_reached += outcome is not CallOutcome.ANSWERED
            ref, id = Ref(row.id, row.attempts), row.gateway_id or status.id
            events.append(CallEvent(outcome=outcome, ref=ref, id=id, raw=status.raw))
        return events

    def polled(self) -> Polled:
        left = self.accepted - self.reached - self.not_reached
        return Polled(self.asked, self.reached, self.not_reached, left)


async def _record(journal: Journal, events: Sequence[CallEvent]) -> None:
    """Write events, or have them written by whoever dials."""
    if journal.is_read_only:
        await tell(journal.place, [RecordEvent(event) for event in events])
        return
    failed: list[JournalError] = []

    async def record(event: CallEvent) -> None:
        try:
            await journal.record(event)
        except JournalError as error:
            failed.append(error)

    # At once, so that they share a flush of the disk.
    async with anyio.create_task_group() as group:
        for event in events:
            group.start_soon(record, event)
    if failed:
        raise failed[0]
