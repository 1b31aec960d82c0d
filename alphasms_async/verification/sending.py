"""One send of a verification over the client, and what each error of it means."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

from attrs import field, frozen

from alphasms_async.client import AlphaSMS
from alphasms_async.errors import (
    AlphaSMSError,
    ClientClosed,
    DuplicateId,
    GatewayError,
    InvalidRequest,
    NotSent,
    OutcomeUnknown,
    RateLimited,
)
from alphasms_async.models import Message, OtpCall, VoiceCall
from alphasms_async.recording import Recording
from alphasms_async.verification.channels import Fallback
from alphasms_async.verification.codes import Codes
from alphasms_async.verification.hooks import hook_ref
from alphasms_async.verification.moves import End
from alphasms_async.verification.records import SendState, VerificationRecord
from alphasms_async.webhooks.events import HookKind
from alphasms_async.webhooks.tokens import HookTokens

__all__ = ["FLASH_CALL", "Sender", "Sent"]

FLASH_CALL = 0
"""The number of the channel that comes first."""

_HOOK_ROOM = timedelta(minutes=5)
_NOT_THE_PHONE = frozenset({"account", "message"})


@frozen
class Sent:
    """What became of one send, and why when it was not queued."""

    end: End
    """What it becomes in its record."""
    error: AlphaSMSError | None = None
    """Why it was not queued. `None` when it was."""

    @property
    def is_free(self) -> bool:
        """Whether nothing rings, for a reason that lies not with the phone."""
        match self.error:
            case GatewayError():
                return self.error.scope in _NOT_THE_PHONE
            case InvalidRequest():
                return True
            case _:
                return self.end.state is SendState.NOT_SENT


@frozen
class Sender:
    """Sends codes and confirmations, each once, and raises nothing of ours."""

    client: AlphaSMS
    codes: Codes = field(repr=False)
    tokens: HookTokens = field(repr=False)
    hook_url: str | None = field(repr=False)
    """Where events are received. `None`: where the account's hook leads."""
    fallback: tuple[Fallback, ...]

    async def send(self, record: VerificationRecord, code: str) -> Sent:
        """Send the last send of a record, which is durable by now.

        Args:
            record: The verification, with the send that begins.
            code: Our code; the gateway chooses the flash call's.
        """
        channel = record.last.channel
        if channel == FLASH_CALL:
            hook = self._hook(record, HookKind.OTP)
            return await self._outcome(record, self.client.otp.call(_dialled(record), hook=hook))
        way = self.fallback[channel - 1]
        hook = self._hook(record, HookKind.MESSAGE)
        queueing = way.send(self.client, _dialled(record), way.compose(code), hook)
        return await self._outcome(record, queueing)

    async def ask(self, record: VerificationRecord, recording: Recording) -> Sent:
        """Have the gateway call, play a recording and wait for a key."""
        hook = self._hook(record, HookKind.VOICE)
        calling = self.client.voice.call(_dialled(record), recording, hook=hook, dtmf=True)
        return await self._outcome(record, calling)

    async def _outcome(
        self, record: VerificationRecord, sending: Awaitable[OtpCall | Message | VoiceCall]
    ) -> Sent:
        try:
            queued = await sending
        except AlphaSMSError as error:
            retry_after = error.retry_after if isinstance(error, GatewayError) else None
            return Sent(End(state=_state_of(error), retry_after=retry_after), error)
        digest = None
        if isinstance(queued, OtpCall):
            digest = self.codes.digest(record.id, len(record.sends), queued.code)
        return Sent(End(state=SendState.SENT, call_id=queued.id, digest=digest))

    def _hook(self, record: VerificationRecord, kind: HookKind) -> str | None:
        if self.hook_url is None:
            return None
        ref = hook_ref(record.id, len(record.sends))
        # With room, so that the last send of all has a hook too.
        expires = datetime.fromtimestamp(record.expires_at, UTC) + _HOOK_ROOM
        return self.tokens.url(self.hook_url, kind, ref, expires)


def _dialled(record: VerificationRecord) -> str:
    """Return the phone with its plus, without which another country's number is not known."""
    return f"+{record.phone}"


def _state_of(error: AlphaSMSError) -> SendState:
    match error:
        case NotSent() | ClientClosed() | RateLimited():
            return SendState.NOT_SENT
        case OutcomeUnknown() | DuplicateId():
            # A duplicate id means that something with it was accepted before.
            return SendState.UNKNOWN
        case _:
            # The gateway's "no", or input that was refused here: nothing rings.
            return SendState.REFUSED
