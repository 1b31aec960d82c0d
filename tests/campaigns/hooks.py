"""Events as the receiver hands them on: proven, and of a campaign's call unless said otherwise."""

from typing import Any

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.hooks import CallHooks
from alphasms_async.models import CallOutcome
from alphasms_async.webhooks.events import HookKind, Proof, VoiceEvent
from alphasms_async.webhooks.tokens import HookTokens

SECRET = "a secret of sixteen and more"
URL = "https://app.example/hooks/alphasms?shop=7"


def hooks(url: str = URL, **facts: Any) -> CallHooks:
    """Return what signs the hooks of a campaign's calls."""
    return CallHooks(HookTokens(SECRET), url, **facts)


def proof(ref: Ref | str | None, kind: HookKind = HookKind.VOICE) -> Proof:
    """Return what a hook proves that was given out for an attempt, or for what else is said."""
    text = f"c:{ref.recipient}.{ref.attempt}" if isinstance(ref, Ref) else ref
    return Proof(kind, text, None)


def account() -> Proof:
    """Return what the account's hook proves."""
    return Proof(HookKind.ACCOUNT, None, None)


def called(
    ref: Ref | str | None, outcome: CallOutcome = CallOutcome.ANSWERED, **facts: Any
) -> VoiceEvent:
    """Return an event of a voice call that came to the hook of an attempt."""
    told: dict[str, Any] = {"outcome": outcome, "proof": proof(ref), **facts}
    return VoiceEvent(**told)
