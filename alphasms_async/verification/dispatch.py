"""The way of each send: counted, written down, sent, and what became of it written down."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import anyio
from attrs import evolve, field, frozen

from alphasms_async.errors import LimitReached, StoreError
from alphasms_async.phone import mask_phone
from alphasms_async.recording import Recording
from alphasms_async.verification import moves
from alphasms_async.verification.codes import mint_code
from alphasms_async.verification.records import VerificationRecord
from alphasms_async.verification.register import Move, Register
from alphasms_async.verification.rules import Rules
from alphasms_async.verification.sending import FLASH_CALL, Sender, Sent
from alphasms_async.verification.timers import Sending, Timers
from alphasms_async.verification.turnstile import Ticket, Turnstile

__all__ = ["Dispatch"]

T = TypeVar("T")

_log = logging.getLogger("alphasms_async")


@frozen
class _Begun:
    """A send that is written down, and may leave."""

    record: VerificationRecord
    ticket: Ticket
    code: str = field(default="", repr=False)
    """Our code. Empty where the gateway chooses one."""

    @property
    def number(self) -> int:
        return len(self.record.sends)


class Dispatch:
    """Sends what somebody asks for, and by its timers what nobody has to ask for.

    Args:
        register: The verifications.
        turnstile: What counts sends.
        sender: What sends.
        rules: What the verifier was set up with.
        now: Returns the time, in seconds since 1970.
    """

    def __init__(
        self,
        register: Register,
        turnstile: Turnstile,
        sender: Sender,
        rules: Rules,
        now: Callable[[], float],
    ) -> None:
        self.timers: Timers = Timers(register, self._begin_due, now)
        """What is sent by itself."""
        self._register = register
        self._turnstile = turnstile
        self._sender = sender
        self._rules = rules
        self._now = now

    async def change(self, id: str, move: Move) -> bool:
        """Move a verification, and see to what is due then; return whether it was moved."""
        moved = await self._register.change(id, move, self._now())
        if moved is not None:
            self.timers.expect(moved.due_at)
        return moved is not None

    async def cancel(self, id: str) -> None:
        """Take a verification back, if it is not over."""
        now = self._now()
        await self.change(id, lambda one: moves.cancelled(one) if one.is_open(now) else None)

    async def send_first(
        self, record: VerificationRecord, recording: Recording | None = None
    ) -> None:
        """Send the first send of a new verification.

        Args:
            record: The verification, which no store has yet.
            recording: What asks for a key. `None`: it is a flash call.

        Raises:
            LimitReached: There were too many.
            AlphaSMSError: It was not sent, for a reason that lies not with the phone.
        """
        ticket = await self._turnstile.take(record.phone, record.asked_at, is_first=True)
        begun = _Begun(record, ticket)
        try:
            await self._written(self._register.create(record, record.asked_at), ticket)
            self.timers.expect(record.due_at)
            await self._send(begun, None, recording)
        except (anyio.get_cancelled_exc_class(), StoreError):
            # Nobody has been told the id, so no fallback could be of use to anybody.
            with anyio.CancelScope(shield=True), suppress(StoreError):
                await self.cancel(record.id)
            raise

    async def send_asked(self, record: VerificationRecord, channel: int) -> bool:
        """Send what a person asks for once more; return whether nobody else was faster.

        Raises:
            LimitReached: There were too many.
            AlphaSMSError: It was not sent, for a reason that lies not with the phone.
        """
        begun = await self._begin(moves.asked(record, self._now()), channel)
        if begun is None:
            return False
        await self._send(begun, record)
        return True

    async def _begin(self, record: VerificationRecord, channel: int) -> _Begun | None:
        """Write down that a channel is being sent. `None`: somebody else was faster."""
        now = self._now()
        ticket = await self._turnstile.take(record.phone, now)
        begun, code = moves.began(record, channel, now, self._rules), ""
        if channel != FLASH_CALL:
            number, code = len(begun.sends), mint_code()
            digest = self._sender.codes.digest(record.id, number, code)
            begun = begun.with_send(number, evolve(begun.last, digest=digest))
        if await self._written(self._register.replace(begun, now), ticket):
            self.timers.expect(begun.due_at)
            return _Begun(begun, ticket, code)
        await self._turnstile.give_back(ticket)
        return None

    async def _written(self, writing: Awaitable[T], ticket: Ticket) -> T:
        """Return what writing a send down gives. Failing that nothing leaves, nor is it counted."""
        try:
            return await writing
        except (anyio.get_cancelled_exc_class(), StoreError):
            with anyio.CancelScope(shield=True), suppress(StoreError):
                await self._turnstile.give_back(ticket)
            raise

    async def _send(
        self,
        begun: _Begun,
        before: VerificationRecord | None,
        recording: Recording | None = None,
    ) -> None:
        """Send for somebody who waits, and raise what is wrong if that lies not with the phone."""
        if recording is None:
            sent = await self._sender.send(begun.record, begun.code)
        else:
            sent = await self._sender.ask(begun.record, recording)
        # Shielded: a code that is not written down could not be checked.
        with anyio.CancelScope(shield=True):
            is_undone = sent.is_free and await self._take_back(begun, before)
            if not is_undone:
                await self._write(begun, sent)
            if sent.is_free:
                await self._turnstile.give_back(begun.ticket)
            if is_undone and sent.error is not None:
                raise sent.error

    async def _take_back(self, begun: _Begun, before: VerificationRecord | None) -> bool:
        """Undo a send that did not leave; return whether that was done.

        Not when the next channel has followed it: then something was sent, and its code is good.
        """
        return await self.change(
            begun.record.id, lambda one: moves.taken_back(one, begun.number, before)
        )

    async def _begin_due(self, record: VerificationRecord) -> Sending | None:
        """Begin what a timer is to send. `None`: nothing is, or somebody else was faster."""
        now = self._now()
        if record.due_at is None or record.due_at > now:
            # A store may have read it when it was not due any more.
            return None
        channel = moves.after(record, self._rules) if record.is_open(now) else None
        if channel is None:
            await self._register.replace(evolve(record, due_at=None), now)
            return None
        try:
            begun = await self._begin(record, channel)
        except LimitReached as error:
            _log.warning("verification of %s: %s", mask_phone(record.phone), error)
            later = moves.postponed(record, now + error.retry_after)
            await self._register.replace(later, now)
            return None
        if begun is not None:
            return partial(self._send_alone, begun)
        found = await self._register.get(record.id)
        if found is None or evolve(found, due_at=record.due_at) != record:
            return None
        # It was only put off, by one who was told that the last place is taken: by this one.
        return await self._begin_due(evolve(found, due_at=record.due_at))

    async def _send_alone(self, begun: _Begun) -> None:
        """Send for nobody who waits, so that the log is the only place to tell of a failure."""
        sent = await self._sender.send(begun.record, begun.code)
        if sent.error is not None:
            _log.warning("verification: %s", sent.error)
        with anyio.CancelScope(shield=True):
            await self._write(begun, sent)
            if sent.is_free:
                await self._turnstile.give_back(begun.ticket)

    async def _write(self, begun: _Begun, sent: Sent) -> None:
        now = self._now()
        await self.change(
            begun.record.id,
            lambda one: moves.ended(one, begun.number, sent.end, now, self._rules),
        )
