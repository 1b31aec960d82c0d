"""What an error means for the row it happened to."""

from alphasms_async.campaigns.states import Verdict
from alphasms_async.errors import (
    AlphaSMSError,
    ClientClosed,
    ConfigurationError,
    DuplicateId,
    GatewayError,
    InvalidRequest,
    NotSent,
    OutcomeUnknown,
    RateLimited,
)

__all__ = ["verdict_of"]


def verdict_of(error: AlphaSMSError) -> Verdict:
    """Return how an attempt ended that ended with this error."""
    match error:
        case NotSent():
            return Verdict.NOT_SENT
        case OutcomeUnknown() | DuplicateId():
            # A duplicate id means that something with it was accepted before.
            return Verdict.UNCERTAIN
        case GatewayError() if error.scope in {"recipient", "unknown"}:
            return Verdict.REFUSED
        case InvalidRequest():
            # Of this recipient's own text or number: all the rest was checked before the run.
            return Verdict.REFUSED
        case RateLimited() | GatewayError() | ClientClosed() | ConfigurationError():
            return Verdict.PUT_BACK
        case _:
            return Verdict.UNCERTAIN
