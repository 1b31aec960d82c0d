"""`PhoneVerifier`: a code by flash call, then by what comes next, until it is typed in."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import ceil
from types import TracebackType
from typing import Self

import anyio
from anyio.abc import TaskGroup
from attrs import frozen

from alphasms_async.checks import is_key
from alphasms_async.client import AlphaSMS
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import (
    ConfigurationError,
    HookNotProven,
    InvalidRequest,
    LimitReached,
    StoreError,
    VerificationError,
    VerificationOver,
)
from alphasms_async.phone import mask_phone, parse_phone
from alphasms_async.recording import Audio, Recording
from alphasms_async.verification import moves
from alphasms_async.verification.channels import Fallback, VoiceSms, check_fallback
from alphasms_async.verification.codes import Codes, mint_id, typed
from alphasms_async.verification.dispatch import Dispatch
from alphasms_async.verification.hooks import contradicts, hook_ref, news_of, read_ref
from alphasms_async.verification.limits import Limits
from alphasms_async.verification.records import VerificationRecord, VerificationState
from alphasms_async.verification.register import Register
from alphasms_async.verification.rules import Rules
from alphasms_async.verification.sending import FLASH_CALL, Sender
from alphasms_async.verification.store import VerificationStore
from alphasms_async.verification.turnstile import Turnstile
from alphasms_async.webhooks.events import HookEvent, HookKind
from alphasms_async.webhooks.signing import gather_secrets
from alphasms_async.webhooks.tokens import HookTokens

__all__ = ["PhoneVerifier", "Verification"]

_CLOSE_SECONDS = 5.0


@frozen
class Verification:
    """A verification that has begun; it is the same for a phone that exists and for any other."""

    id: str
    """What `check` is asked with; whoever has it may try, so only the person's own page has it."""
    expires_at: datetime
    """Until when a code is accepted, aware, in UTC."""
    hint: str
    """The phone with its middle hidden, to show to the person: `380*****4567`."""


class PhoneVerifier:
    """Proves that a phone is in the hands of whoever asks, by a code or by a key.

        async with AlphaSMS() as alphasms, PhoneVerifier(alphasms, store, secret) as verifier:
            verification = await verifier.start("+380 50 123 45 67")
            ...
            if await verifier.check(verification.id, code): ...

    First a flash call; when that does not reach the phone, or nothing is heard of it, the
    fallbacks in their order, each with a code of its own. Every code of a verification is good
    until it ends. The promise: each channel is written down before its request leaves, by one of
    all processes there are, and what may have left is never repeated by itself.

    It is an async context manager, and runs the timers while it is entered; they live in the
    store, so whoever is next goes on with them. It is a handler of events as well: give it to a
    `WebhookReceiver` that proves them by `tokens`.

    Args:
        client: The client, open while this is.
        store: Where all is kept; closed with the verifier. Several processes may share it if they
            are set up alike.
        secret: 16 characters or more that nobody can guess, for the hashes of codes and the tokens
            of hooks. Of several the first makes and each checks. `None`: those in
            `ALPHASMS_WEBHOOK_SECRET`, parted by commas or spaces.
        ttl: How long a code is accepted, above 0 and at most a day.
        attempts: How many wrong codes end a verification, 1 to 10.
        hook_url: Where the gateway posts events: https, or http to this machine. `None`: where the
            hook of the account's settings leads.
        fallback: What is sent after the flash call, in order: `VoiceSms` and `TextSms`. Empty:
            nothing is.
        fallback_after: After how long without news the next channel is sent, above 0.
        resend_after: How long after a code was asked for nobody may ask for another, 0 or more.
        most_resends: How often another code may be asked for, 0 to 20; channels that follow by
            themselves do not count.
        limits: How many there may be to a phone, to its range and in all.
        clock: Returns the time of day, aware. Tests set it.

    Raises:
        ConfigurationError: There is no secret, or one is too short.
        InvalidRequest: Something else is out of its range.
        StoreError: On entering, the store cannot be used.
    """

    def __init__(
        self,
        client: AlphaSMS,
        store: VerificationStore,
        secret: str | Sequence[str] | None = None,
        *,
        ttl: timedelta = timedelta(minutes=5),
        attempts: int = 3,
        hook_url: str | None = None,
        fallback: Sequence[Fallback] = (VoiceSms(),),
        fallback_after: timedelta = timedelta(seconds=40),
        resend_after: timedelta = timedelta(seconds=30),
        most_resends: int = 3,
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
        clock: Clock = utc_now,
    ) -> None:
        keys = gather_secrets(secret)
        channels = check_fallback(fallback)
        self.tokens: HookTokens = HookTokens(keys, clock=clock)
        """What makes the hooks of its sends, and proves the events that come of them."""
        self._client = client
        self._store = store
        self._clock = clock
        self._register = Register(store)
        self._rules = Rules.of(
            channels=1 + len(channels),
            attempts=attempts,
            most_resends=most_resends,
            ttl=ttl,
            fallback_after=fallback_after,
            resend_after=resend_after,
        )
        self._codes = Codes(keys, self._rules.most_sends)
        if hook_url is not None:
            # A hook that nobody can be given is told now, and not at the first call.
            self.tokens.url(hook_url, HookKind.OTP, hook_ref(mint_id(), self._rules.most_sends))
        sender = Sender(client, self._codes, self.tokens, hook_url, channels)
        turnstile = Turnstile(store, limits, self._codes)
        self._dispatch = Dispatch(self._register, turnstile, sender, self._rules, self._now)
        self._group: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        if self._group is not None:
            raise RuntimeError("a verifier is entered once: make a new one")
        # A store that cannot be used is told to whoever starts the program, and not to the first
        # of its visitors.
        try:
            await self._store.next_due()
        except BaseException:
            # Nobody leaves what was never entered.
            with suppress(ConfigurationError, StoreError):
                await self._close_store()
            raise
        self._group = await anyio.create_task_group().__aenter__()
        self._dispatch.timers.start(self._group)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._dispatch.timers.stop()
        try:
            if self._group is not None:
                # Open, too, for what `send_due` is about to have sent by it.
                self._group.start_soon(self._dispatch.timers.settled)
                # Told of no exception, it waits for what is in flight instead of cutting it off.
                await self._group.__aexit__(None, None, None)
        finally:
            await self._close_store()

    async def __call__(self, event: HookEvent) -> None:
        """Take an event: it stops the timer, makes the next channel due, or confirms.

        What is not of this verifier, comes twice or comes too late changes nothing.

        Raises:
            HookNotProven: Nobody has proven the event; a `WebhookReceiver` does.
            StoreError: It could not be written down.
        """
        if event.proof is None:
            raise HookNotProven("an event is taken from a WebhookReceiver, which has it proven")
        news, place = news_of(event), await self._place_of(event)
        if news is None or place is None:
            return
        id, number = place
        now = self._now()

        def move(record: VerificationRecord) -> VerificationRecord | None:
            if contradicts(event, record, number):
                return None
            if record.key is not None:
                return moves.confirmed(record, news, now)
            return moves.told(record, number, news, now, self._rules)

        await self._dispatch.change(id, move)

    async def start(self, phone: str) -> Verification:
        """Begin to verify a phone: have it called from a number that ends in the code.

        The phone rings once: the flash call is repeated only while it is proven not to have left.
        When the gateway refuses the phone, or gives no answer that can be read, the next channel
        is sent at once, and the result is the same. Cancelled, or failed by its store, it takes the
        verification back.

        Args:
            phone: The phone, as people write it.

        Raises:
            InvalidPhoneNumber: It cannot be a phone; nothing was sent.
            LimitReached: Too many codes were sent of late; nothing was sent.
            NotSent: The call is proven not to have left; starting again is safe.
            GatewayError: The gateway refused the account; nothing rings.
            ConfigurationError: The verifier is not entered; nothing was sent.
            ClientClosed: The client is closed; nothing was sent.
            StoreError: The store cannot be used.

        Source: otp.php [instruction, section 4].
        """
        record = self._first(phone)
        await self._dispatch.send_first(record)
        return _shown(record)

    async def check(self, id: str, code: str) -> bool:
        """Return whether a code is right, once: the verification is used up by it.

        A wrong code is counted before this returns, by one of all processes that check.

        Args:
            id: The verification's id.
            code: What the person typed; spaces and dashes are left out.

        Returns:
            `False` for a wrong code, one that is no code, and for a verification that is unknown,
            expired, used, cancelled or over by too many wrong codes.

        Raises:
            StoreError: The store cannot be used; whether the code is right is not told.
        """
        tried = typed(code)
        while True:
            record = await self._register.get(id)
            now = self._now()
            digests = () if record is None else [send.digest for send in record.sends]
            is_right = self._codes.is_one_of(digests, id, tried)
            if record is None or tried is None or record.key or not record.is_open(now):
                return False
            moved = moves.verified(record) if is_right else moves.mistyped(record, self._rules)
            if await self._register.replace(moved, now):
                return is_right

    async def resend(self, id: str) -> Verification:
        """Send a new code by the next channel, by the last one again when there is no next.

        The phone rings once: the request is repeated only while it is proven not to have left.

        Args:
            id: The verification's id.

        Returns:
            The same verification; it ends when it would have ended.

        Raises:
            VerificationOver: It is unknown, expired, used or cancelled, or all is sent.
            LimitReached: The last wish is too fresh, or there were too many codes of late.
            VerificationError: It is one of `confirm`, which is not sent again.
            NotSent: It is proven not to have left; asking again is safe.
            InvalidRequest: A fallback of your own has made what cannot be sent; nothing was sent.
            GatewayError: The gateway refused the account or the message; nothing rings.
            ConfigurationError: The verifier is not entered; nothing was sent.
            ClientClosed: The client is closed; nothing was sent.
            StoreError: The store cannot be used.

        Source: otp.php [instruction, section 4]; json.php, type `sms` [API pages].
        """
        self._check_entered()
        while True:
            record = await self._resendable(id)
            channel = moves.again(record, self._rules)
            if channel is None:
                raise VerificationOver("all codes of this verification are sent: start a new one")
            if await self._dispatch.send_asked(record, channel):
                return _shown(record)

    async def confirm(self, phone: str, audio: Audio, key: str = "1") -> Verification:
        """Call a phone, play a recording, and wait for a key; ask `state` what came of it.

        The phone rings once: the request is repeated only while it is proven not to have left.
        Only an event tells of the key, so it comes to nothing where none arrive.

        Args:
            phone: The phone, as people write it.
            audio: A WAV of at most 5 MB that asks for the key: a path, bytes, a binary file or a
                `Recording`.
            key: The key that confirms: a digit, `*` or `#`. It may be pressed among others.

        Raises:
            InvalidPhoneNumber: It cannot be a phone; nothing was sent.
            InvalidRecording: The audio cannot be played; nothing was sent.
            InvalidRequest: The key is none; nothing was sent.
            LimitReached: Too many were sent of late; nothing was sent.
            NotSent: The call is proven not to have left; asking again is safe.
            GatewayError: The gateway refused the account or the recording; nothing rings.
            ConfigurationError: The verifier is not entered; nothing was sent.
            ClientClosed: The client is closed; nothing was sent.
            StoreError: The store cannot be used.

        Source: voice.php [instruction, section 2].
        """
        if not is_key(key):
            raise InvalidRequest("key is one key of a phone: a digit, * or #")
        record = self._first(phone, key)
        await self._dispatch.send_first(record, await Recording.load(audio))
        return _shown(record)

    async def cancel(self, id: str) -> None:
        """Accept no code any more and send no other; nothing happens when it is over already.

        Raises:
            StoreError: The store cannot be used.
        """
        await self._dispatch.cancel(id)

    async def state(self, id: str) -> VerificationState:
        """Return how far a verification is, as often as it is asked.

        Raises:
            StoreError: The store cannot be used.
        """
        record = await self._register.get(id)
        if record is None:
            return VerificationState.EXPIRED
        is_late = record.state is VerificationState.PENDING and not record.is_open(self._now())
        return VerificationState.EXPIRED if is_late else record.state

    async def send_due(self) -> None:
        """Send what is due by now, and return once nothing is in flight.

        The timers do the same by themselves; this is for tests, which set the clock.

        Raises:
            ConfigurationError: The verifier is not entered; nothing was sent.
            StoreError: The store cannot be used.
        """
        self._check_entered()
        await self._dispatch.timers.send_due()

    async def _close_store(self) -> None:
        with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
            await self._store.aclose()

    def _now(self) -> float:
        return self._clock().timestamp()

    def _check_entered(self) -> None:
        if not self._dispatch.timers.is_running:
            raise ConfigurationError("enter the verifier first: async with PhoneVerifier(…)")

    def _first(self, phone: str, key: str | None = None) -> VerificationRecord:
        """Return a record of which the first send is about to leave."""
        self._check_entered()
        digits = parse_phone(phone, region=self._client.default_region)
        now = self._now()
        record = VerificationRecord(
            id=mint_id(),
            phone=digits,
            expires_at=now + self._rules.ttl_seconds,
            asked_at=now,
            key=key,
        )
        return moves.began(record, FLASH_CALL, now, self._rules)

    async def _resendable(self, id: str) -> VerificationRecord:
        record = await self._register.get(id)
        now = self._now()
        if record is None or not record.is_open(now):
            raise VerificationOver("there is no such verification any more: start a new one")
        if record.key is not None:
            raise VerificationError("a call that waits for a key is not repeated: confirm anew")
        # Not counted from what was sent by itself, which would tell that the phone was not reached.
        wait = record.asked_at + self._rules.resend_seconds - now
        if wait > 0:
            raise LimitReached(
                f"a code was asked for just now: wait {ceil(wait)} s for another",
                retry_after=wait,
            )
        return record

    async def _place_of(self, event: HookEvent) -> tuple[str, int] | None:
        """Return which verification's send an event is about. `None`: none of this verifier's."""
        if event.ref is not None:
            return read_ref(event.ref)
        # An event by id may come before the answer that tells the id. It is ignored then: a call
        # is over seconds after its answer at the earliest, and the timer goes on without it.
        record = None if event.id is None else await self._register.find(event.id)
        if record is None:
            return None
        ids = [send.call_id for send in record.sends]
        return (record.id, 1 + ids.index(event.id)) if event.id in ids else None


def _shown(record: VerificationRecord) -> Verification:
    expires_at = datetime.fromtimestamp(record.expires_at, UTC)
    return Verification(record.id, expires_at, mask_phone(record.phone))
