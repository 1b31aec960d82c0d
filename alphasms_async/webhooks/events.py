"""What the gateway tells of a call or message after it was queued, as typed values.

The gateway documents one body, of voice calls; the other shapes are tolerated. A word that nobody
documented stands in `raw` as it came, and means `UNKNOWN`.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from alphasms_async.models import CallOutcome, State
from alphasms_async.phone import mask_digits, mask_known_phone

__all__ = ["HookEvent", "HookKind", "MessageEvent", "OtpEvent", "Proof", "VoiceEvent"]


class HookKind(StrEnum):
    """What a hook is for; it stands in its token."""

    VOICE = "voice"
    """One call that plays a recording or reads a text."""
    OTP = "otp"
    """One flash call."""
    MESSAGE = "message"
    """One SMS, voice SMS or pipeline."""
    ACCOUNT = "account"
    """Everything that the account sends: the hook of the provider's panel. It names no ref."""


@frozen
class Proof:
    """What a token of ours says, once its signature holds."""

    kind: HookKind
    ref: str | None
    """What the hook was given out for, in our own words. `None` for the account's hook."""
    expires_at: datetime | None
    """Until when it holds, aware. `None`: for ever."""


def _told(text: str | None) -> str:
    # Whatever the gateway, or a person at the keys, puts there.
    return "None" if text is None else repr(mask_digits(text))


def _nothing() -> Mapping[str, Any]:
    return {}


@frozen(kw_only=True)
class HookEvent:
    """What every event has."""

    id: int | None = None
    """The gateway's id of the call or message. `None` when the event carries none."""
    phone: str | None = field(default=None, repr=mask_known_phone)
    """The number, digits without the plus. `None` when the event carries none."""
    raw: str = field(default="", repr=_told)
    """The gateway's own word for what happened."""
    fields: Mapping[str, Any] = field(factory=_nothing, repr=False, eq=False)
    """All fields as they came, also those nobody documented."""
    proof: Proof | None = None
    """What the request was proven by. `None`: nobody has asked for proof."""

    @property
    def ref(self) -> str | None:
        """What the hook was given out for. `None` for the account's hook, and without proof."""
        return None if self.proof is None else self.proof.ref


@frozen(kw_only=True)
class VoiceEvent(HookEvent):
    """The outcome of a voice call."""

    outcome: CallOutcome
    seconds: int | None = None
    """How long it lasted, 0 or more. `None` when the event does not tell."""
    digits: str | None = field(default=None, repr=_told)
    """The keys pressed: digits, `*` and `#`. `None` when none were, or the event does not tell."""


@frozen(kw_only=True)
class OtpEvent(HookEvent):
    """Whether a flash call reached its phone."""

    is_reached: bool | None
    """`None`: the event's word does not tell."""


@frozen(kw_only=True)
class MessageEvent(HookEvent):
    """The delivery of an SMS, a voice SMS or a pipeline."""

    state: State
    client_id: int | None = None
    """Our id of the message. `None` when the event carries none."""
