"""How a verification goes from one step to the next: pure functions over its record.

A send is written down before it leaves, and what became of it after. What was being sent when its
process died is left as it is: it is never sent again, and the timer goes on to the next channel.
"""

from attrs import evolve, field, frozen

from alphasms_async.verification.hooks import News
from alphasms_async.verification.records import (
    Send,
    SendState,
    VerificationRecord,
    VerificationState,
)
from alphasms_async.verification.rules import Rules

__all__ = [
    "End",
    "after",
    "again",
    "asked",
    "began",
    "cancelled",
    "confirmed",
    "ended",
    "mistyped",
    "postponed",
    "taken_back",
    "told",
    "verified",
]

_RETRY_SECONDS = 5.0


@frozen(kw_only=True)
class End:
    """What became of one send."""

    state: SendState
    """One of sent, unknown, refused and not sent."""
    call_id: int | None = None
    """The gateway's id. `None` when it did not tell one."""
    retry_after: float | None = None
    """Seconds that the gateway asks to wait. `None` when it does not."""
    digest: str | None = field(default=None, repr=False)
    """The keyed hash of the code that the gateway chose. `None` when it did not choose one."""


def after(record: VerificationRecord, rules: Rules) -> int | None:
    """Return the channel that comes next by itself. `None` when none does."""
    last = record.last
    if record.key is not None:
        return None
    if last.state is SendState.NOT_SENT:
        return _known(last.channel, rules)
    following = last.channel + 1
    return following if following < rules.channels else None


def again(record: VerificationRecord, rules: Rules) -> int | None:
    """Return the channel that a person's wish is sent by: the next one, at the end the last again.

    `None` when there were enough wishes. What was sent by itself does not count, or the number
    of wishes would tell whether the phone was reached.
    """
    if record.wishes >= rules.most_resends:
        return None
    channel = after(record, rules)
    return _known(record.last.channel, rules) if channel is None else channel


def asked(record: VerificationRecord, now: float) -> VerificationRecord:
    """Return it with one more wish for another code."""
    return evolve(record, asked_at=now, wishes=record.wishes + 1)


def began(record: VerificationRecord, channel: int, now: float, rules: Rules) -> VerificationRecord:
    """Return it with one more send, or with one in place of the last, which did not leave."""
    kept = record.sends
    if kept and kept[-1].state is SendState.NOT_SENT:
        kept = kept[:-1]
    sends = (*kept, Send(channel=channel))
    begun = evolve(record, sends=sends)
    return _due(begun, None if after(begun, rules) is None else now + rules.fallback_seconds)


def ended(
    record: VerificationRecord, number: int, end: End, now: float, rules: Rules
) -> VerificationRecord:
    """Return it with what became of a send, and the next channel due at once if that is no use."""
    send = record.sends[number - 1]
    # An event may have told of it before the answer came, and knows better.
    is_first_news = send.state is SendState.SENDING
    send = evolve(
        send,
        state=end.state if is_first_news else send.state,
        digest=end.digest or send.digest,
        call_id=end.call_id,
    )
    record = record.with_send(number, send)
    if record.is_open(now) and _has_brought(send):
        return _due(record, None)
    is_settled = not is_first_news and send.state is not SendState.REACHED
    if is_settled or number < len(record.sends) or not record.is_open(now):
        return record
    if record.key is not None:
        is_over = end.state is SendState.REFUSED
        return evolve(record, state=VerificationState.FAILED) if is_over else record
    if end.state is SendState.NOT_SENT:
        wait = max(end.retry_after or 0, _RETRY_SECONDS)
        return postponed(record, now + wait)
    # A call whose code nobody knows is as good as none, even if it rings.
    if end.state is SendState.REFUSED or send.digest is None:
        return _due(record, None if after(record, rules) is None else now)
    # The phone rings from now on, and not from when we began to ask for it.
    return _due(record, None if after(record, rules) is None else now + rules.fallback_seconds)


def taken_back(
    record: VerificationRecord, number: int, before: VerificationRecord | None
) -> VerificationRecord | None:
    """Return it without a send that did not leave. `None`: there is another after it.

    Args:
        record: The verification.
        number: The number of the send.
        before: What it was before that send. `None`: it was not, and is over.
    """
    if number != len(record.sends):
        return None
    if before is None:
        return cancelled(record)
    kept = evolve(record, sends=record.sends[:-1], asked_at=before.asked_at, wishes=before.wishes)
    # Whoever ended it meanwhile, or brought news of a code, has stopped the timer.
    is_pending = record.state is VerificationState.PENDING
    is_stopped = not is_pending or _count_brought(kept) > _count_brought(before)
    return _due(kept, None if is_stopped else before.due_at)


def told(
    record: VerificationRecord, number: int, news: News, now: float, rules: Rules
) -> VerificationRecord | None:
    """Return it with what an event tells of a send. `None` when that changes nothing."""
    send = record.sends[number - 1]
    state = SendState.REACHED if news.is_reached else SendState.NOT_REACHED
    # Whoever was reached once was reached: what comes after that, or late, takes it back no more.
    if send.state in {state, SendState.REACHED} or not record.is_open(now):
        return None
    send = evolve(send, state=state)
    record = record.with_send(number, send)
    if news.is_reached:
        # While the gateway has not told a flash call's code, the timer goes on: it may never.
        return _due(record, None) if _has_brought(send) else record
    # An older channel's news triggers nothing, nor does any when another channel got through.
    is_reached_otherwise = any(map(_has_brought, record.sends))
    if (
        number == len(record.sends)
        and not is_reached_otherwise
        and after(record, rules) is not None
    ):
        return _due(record, now)
    return record


def confirmed(record: VerificationRecord, news: News, now: float) -> VerificationRecord | None:
    """Return it with what a call to confirm came to. `None` when that changes nothing.

    Whoever answered and pressed nothing may still be told of with a key by a later event.
    """
    digits = news.digits or ""
    if record.key is None or not record.is_open(now) or (news.is_reached and not digits):
        return None
    has_key = news.is_reached and record.key in digits
    return verified(record) if has_key else _over(record, VerificationState.FAILED)


def postponed(record: VerificationRecord, due_at: float) -> VerificationRecord:
    """Return it due later, or never by itself when that is after its end."""
    return _due(record, due_at if due_at < record.expires_at else None)


def verified(record: VerificationRecord) -> VerificationRecord:
    """Return it used up by the right code or key."""
    return _over(record, VerificationState.VERIFIED)


def mistyped(record: VerificationRecord, rules: Rules) -> VerificationRecord:
    """Return it with one more wrong code, and over after the last that is allowed."""
    tries = record.tries + 1
    record = evolve(record, tries=tries)
    return _over(record, VerificationState.FAILED) if tries >= rules.attempts else record


def cancelled(record: VerificationRecord) -> VerificationRecord:
    """Return it taken back."""
    return _over(record, VerificationState.CANCELLED)


def _has_brought(send: Send) -> bool:
    """Return whether a send has reached the phone with a code that can be checked."""
    return send.state is SendState.REACHED and send.digest is not None


def _count_brought(record: VerificationRecord) -> int:
    return sum(map(_has_brought, record.sends))


def _known(channel: int, rules: Rules) -> int:
    """Return a channel, or the last there is where another process had more of them."""
    return min(channel, rules.channels - 1)


def _over(record: VerificationRecord, state: VerificationState) -> VerificationRecord:
    return evolve(record, state=state, due_at=None)


def _due(record: VerificationRecord, due_at: float | None) -> VerificationRecord:
    return evolve(record, due_at=due_at)
