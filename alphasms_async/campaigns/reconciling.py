"""Uncertain recipients: asked for where the gateway can be asked, shown to a person where not."""

from collections.abc import Iterable

from attrs import frozen

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import RowRecord, Settlement
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.client import AlphaSMS
from alphasms_async.models import State, Status

__all__ = ["Reconciled", "reconcile", "uncertain_rows"]

# No more than one request to json.php asks for: the next one may get no answer, and what this one
# told is in the journal by then.
_PAGE = 50
_SAYS_NOTHING = {State.NOT_FOUND, State.UNKNOWN}


@frozen
class Reconciled:
    """What asking came to."""

    asked: int
    """How many the gateway could be asked for."""
    settled: int
    """Of how many it said that it has them."""
    left: int
    """How many are uncertain still."""


async def reconcile(alphasms: AlphaSMS, journal: Journal, name: str) -> Reconciled:
    """Ask the gateway for every uncertain recipient that carries an id.

    Only "I have it" moves a row, to accepted. That the gateway does not know an id proves
    nothing: the request may still be on its way through it. A recording's call carries no id of
    ours, so nobody can be asked for one whose answer was lost.

    Args:
        alphasms: The client, open.
        journal: The journal, entered.
        name: The campaign's.

    Raises:
        InvalidRequest: The journal has no such campaign.
        GatewayUnavailable: The gateway does not answer; what it told before that is kept.
        GatewayError: The gateway refused.
        JournalError: The journal cannot be read or written.

    Source: json.php, type `status`, by our id; xml.php, `status`, by the gateway's [API pages].
    """
    campaign = (await journal.campaign(name)).id
    after = asked = settled = 0
    while rows := await _page(journal, campaign, after):
        after = rows[-1].id
        ours = [(row, row.client_id) for row in rows if row.client_id is not None]
        theirs = [
            (row, row.gateway_id)
            for row in rows
            if row.client_id is None and row.gateway_id is not None
        ]
        asked += len(ours) + len(theirs)
        by_ours = await alphasms.status.by_client_id([id for _, id in ours])
        settled += await _settle(journal, zip(ours, by_ours, strict=True))
        by_theirs = await alphasms.status.get_many([id for _, id in theirs])
        settled += await _settle(journal, zip(theirs, by_theirs, strict=True))
    # Counted anew, for late answers and events may have settled some meanwhile.
    left = (await journal.tally(campaign)).states[RowState.UNCERTAIN]
    return Reconciled(asked, settled, left)


async def uncertain_rows(journal: Journal, name: str) -> list[RowRecord]:
    """Return every uncertain recipient of a campaign, in the list's order.

    Raises:
        InvalidRequest: The journal has no such campaign.
        JournalError: The journal cannot be read.
    """
    campaign = (await journal.campaign(name)).id
    found: list[RowRecord] = []
    while rows := await _page(journal, campaign, found[-1].id if found else 0):
        found += rows
    return found


async def _page(journal: Journal, campaign: int, after: int) -> list[RowRecord]:
    # No generator: one that is left half-way, as by a gateway that goes away, makes trio warn.
    return await journal.rows(campaign, after=after, limit=_PAGE, states=[RowState.UNCERTAIN])


async def _settle(journal: Journal, told: Iterable[tuple[tuple[RowRecord, int], Status]]) -> int:
    """Write down what the gateway has; return how many that are."""
    settled = 0
    for (row, _), status in told:
        if status.state in _SAYS_NOTHING:
            continue
        await journal.settle(
            Settlement(
                ref=Ref(row.id, row.attempts),
                verdict=Verdict.ACCEPTED,
                gateway_id=status.id or row.gateway_id,
            )
        )
        settled += 1
    return settled
