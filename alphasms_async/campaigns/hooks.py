"""Hooks of campaigns: each attempt's own signed URL, and what an event that comes there means.

    tokens = HookTokens()
    recorder = EventRecorder(journal)                      # the process that writes the journal
    receiver = WebhookReceiver(tokens, recorder)
    hooks = CallHooks(tokens, "https://app.example/hooks/alphasms")
    run = await Dialer(alphasms, journal, campaign, hooks=hooks, outcomes_seconds=120).run()

A web app beside the dialer hands `EventSender(path)` to its receiver instead.
"""

import re
from datetime import timedelta

from attrs import field, frozen

from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.kinds import Kind
from alphasms_async.campaigns.records import Claimed
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from alphasms_async.webhooks.events import HookEvent, HookKind, MessageEvent, VoiceEvent
from alphasms_async.webhooks.tokens import HookTokens

__all__ = ["CallHooks", "call_event_of"]

# The letter parts a campaign's refs from those of a verification, whatever its ids look like.
_REF = re.compile(r"c:([0-9]{1,19})\.([0-9]{1,19})")
_LARGEST = Ref(2**63 - 1, 2**63 - 1)
# The gateway's own words are short; a text that is none is not kept whole.
_LONGEST_RAW = 100


def _check_lifetime(lifetime: timedelta) -> timedelta:
    if not isinstance(lifetime, timedelta) or lifetime <= timedelta():
        raise InvalidRequest("a hook's lifetime is a timedelta above 0, like timedelta(days=7)")
    return lifetime


@frozen
class CallHooks:
    """The hooks of a campaign's calls, signed one by one.

    Each names the recipient and the attempt, so an event finds its attempt even when the answer
    to the call was lost, and proves where it came from.

    Raises:
        InvalidRequest: The URL cannot be a hook, or the lifetime is none.
    """

    tokens: HookTokens
    """What signs them."""
    url: str = field(repr=False)
    """Where the gateway posts to: the receiver's URL, without a token."""
    lifetime: timedelta = field(default=timedelta(days=7), kw_only=True, converter=_check_lifetime)
    """How long after the call was begun its events are taken."""

    def __attrs_post_init__(self) -> None:
        # The longest there can be, so that none is refused once people are dialled.
        self._signed(_LARGEST, HookKind.MESSAGE)

    def of(self, claimed: Claimed, kind: Kind) -> str:
        """Return the hook of one attempt.

        Args:
            claimed: Whose call it is.
            kind: What is sent, which tells what the hook is for.
        """
        return self._signed(claimed.ref, kind.hook_kind)

    def _signed(self, ref: Ref, kind: HookKind) -> str:
        text = f"c:{ref.recipient}.{ref.attempt}"
        return self.tokens.url(self.url, kind, text, self.lifetime)


def call_event_of(event: HookEvent) -> CallEvent | None:
    """Return what a webhook's event tells of a campaign's call.

    Args:
        event: An event with its proof. One that came to a hook of ours is about the attempt that
            the hook was given out for; one that came to the account's hook is found by its id.

    Returns:
        `None` for what no campaign asked for: another's hook, a flash call, no proof, or nothing
        that tells which call it is about.
    """
    proof = event.proof
    ref = None if proof is None or proof.ref is None else _ref_of(proof.ref)
    if ref is None and (proof is None or proof.ref is not None or event.id is None):
        return None
    match event:
        case VoiceEvent():
            outcome, seconds, digits = event.outcome, event.seconds, event.digits
        case MessageEvent():
            outcome, seconds, digits = CallOutcome.of(event.state), None, None
        case _:
            return None
    return CallEvent(
        outcome=outcome,
        ref=ref,
        id=event.id,
        phone=event.phone,
        seconds=seconds,
        digits=digits,
        raw=event.raw[:_LONGEST_RAW],
    )


def _ref_of(text: str) -> Ref | None:
    """Return the attempt that a ref of ours names. `None`: it is somebody else's."""
    match = _REF.fullmatch(text)
    return None if match is None else Ref(int(match[1]), int(match[2]))
