"""One attempt: a call placed for a claimed recipient, and what is written of how it ended."""

import logging
from decimal import Decimal

from attrs import frozen

from alphasms_async.bodies import Delivery
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.hooks import CallHooks
from alphasms_async.campaigns.kinds import Placed
from alphasms_async.campaigns.records import LONGEST_REST_SECONDS, Claimed, Settlement
from alphasms_async.campaigns.states import Verdict
from alphasms_async.campaigns.verdicts import verdict_of
from alphasms_async.client import AlphaSMS
from alphasms_async.errors import AlphaSMSError, NotSent, OutcomeUnknown, RateLimited
from alphasms_async.phone import mask_phone

__all__ = ["End", "cut_off", "given_back", "place", "settlement_of"]

_log = logging.getLogger("alphasms_async")

_FIRST_REST_SECONDS = 0.5


@frozen
class End:
    """How one attempt ended."""

    verdict: Verdict
    placed: Placed | None = None
    """The queued call. `None` unless it was accepted."""
    error: AlphaSMSError | None = None
    """Why it was not. `None` when it was."""
    fault: Exception | None = None
    """What nobody foresaw, after which the run must not go on. `None` when all is well."""


async def place(
    alphasms: AlphaSMS,
    campaign: Campaign,
    claimed: Claimed,
    hooks: CallHooks | None,
    delivery: Delivery,
) -> End:
    """Place one call. Whatever happens to it is how it ended; only cancellation is raised."""
    try:
        hook = campaign.hook if hooks is None else hooks.of(claimed, campaign.kind)
        placed = await campaign.kind.place(alphasms, claimed, hook, delivery)
    except AlphaSMSError as error:
        return End(verdict_of(error), error=error)
    except Exception as error:  # noqa: BLE001 - the edge of one recipient's attempt
        _log.error("a call failed in a way that nobody foresaw: %s", type(error).__name__)
        return cut_off(claimed, delivery, fault=error)
    return End(Verdict.ACCEPTED, placed)


def cut_off(claimed: Claimed, delivery: Delivery, fault: Exception | None = None) -> End:
    """Return the end of an attempt that was broken off: what counts is whether it had begun."""
    asked = f"call to {mask_phone(claimed.phone)}"
    if delivery.began:
        error = OutcomeUnknown(f"{asked}: outcome unknown: cut off after it began to leave")
        return End(Verdict.UNCERTAIN, error=error, fault=fault)
    unsent = NotSent(f"{asked}: not sent: cut off before it left")
    return End(Verdict.NOT_SENT, error=unsent, fault=fault)


def given_back(claimed: Claimed, why: str) -> End:
    """Return the end of a claim whose request is not to leave any more."""
    asked = f"call to {mask_phone(claimed.phone)}"
    return End(Verdict.PUT_BACK, error=NotSent(f"{asked}: given back: {why}"))


def settlement_of(claimed: Claimed, end: End, price: Decimal | None) -> Settlement:
    """Return what the journal is told."""
    # Else one who is turned away every time would be the first to be dialled every time.
    is_resting = end.verdict is Verdict.NOT_SENT or isinstance(end.error, RateLimited)
    return Settlement(
        ref=claimed.ref,
        verdict=end.verdict,
        gateway_id=_id_of(end),
        price=price,
        error=None if end.error is None else str(end.error),
        rest_seconds=_rest_seconds(claimed.ref.attempt) if is_resting else 0,
    )


def _id_of(end: End) -> int | None:
    """Return the gateway's id, which some unreadable answers tell too."""
    if end.placed is not None:
        return end.placed.id
    return end.error.id if isinstance(end.error, OutcomeUnknown) else None


def _rest_seconds(attempt: int) -> float:
    return min(LONGEST_REST_SECONDS, _FIRST_REST_SECONDS * 2.0 ** min(attempt - 1, 10))
