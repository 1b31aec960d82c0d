"""Webhook handlers that bring the events of campaigns' calls into a journal."""

from datetime import datetime

import anyio
from attrs import define, evolve, field, frozen

from alphasms_async.campaigns.commands import RecordEvent
from alphasms_async.campaigns.dsn import JournalPlace, is_dsn, shown
from alphasms_async.campaigns.hooks import call_event_of
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.places import tell
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import JournalError
from alphasms_async.webhooks.events import HookEvent

__all__ = ["EventRecorder", "EventSender"]


@frozen
class EventRecorder:
    """A webhook handler for the process that writes the journal: it records campaigns' events.

    It returns when the event is durable. An event that contradicts the call it names changes
    nothing, and is logged; one that is no campaign's is left to other handlers.
    """

    journal: Journal = field(repr=False)
    """The journal, entered."""

    async def __call__(self, event: HookEvent) -> None:
        """Record one event.

        Raises:
            JournalError: It could not be written; the gateway may send it again.
        """
        told = call_event_of(event)
        if told is not None:
            await self.journal.record(told)


@define(eq=False)
class _Letter:
    """An event on its way to the journal."""

    command: RecordEvent
    is_sent: bool = False


def _shown(place: JournalPlace) -> str:
    return repr(shown(place))


@define(eq=False)
class EventSender:
    """A webhook handler for any other process: it leaves campaigns' events for the journal.

    Whoever dials finds them within a moment; when nobody does, or the journal is in a database,
    they are recorded here. It returns when the event is durable; those that come meanwhile go
    together next. An event that is no campaign's is left to other handlers.
    """

    place: JournalPlace = field(repr=_shown)
    """The journal's file, or its DSN, such as `postgresql://user@host/database`."""
    clock: Clock | None = field(default=None, kw_only=True, repr=False)
    """Returns the time, aware; tests set it. `None`: this machine's for a file, the database's."""
    _turn: anyio.Lock = field(factory=anyio.Lock, init=False, repr=False)
    _waiting: list[_Letter] = field(factory=list[_Letter], init=False, repr=False)

    async def __call__(self, event: HookEvent) -> None:
        """Leave one event.

        Raises:
            JournalError: There is no such journal, or it cannot be used; the gateway may send the
                event again.
        """
        told = call_event_of(event)
        if told is None:
            return
        letter = _Letter(RecordEvent(evolve(told, at=self._now())))
        self._waiting.append(letter)
        try:
            async with self._turn:
                if not letter.is_sent:
                    await self._send()
        finally:
            # Whoever fails or is cut off takes its own along; the others try for themselves.
            if not letter.is_sent:
                self._waiting.remove(letter)

    def _now(self) -> datetime | None:
        """Return when an event comes: it may wait for a file's writer, and redials count from it.

        A database is told at once, and goes by its own clock.
        """
        if self.clock is not None:
            return self.clock()
        return None if is_dsn(self.place) else utc_now()

    async def _send(self) -> None:
        # A journal that is made new for an event would take it, and have nobody to tell of it.
        if not is_dsn(self.place) and not await anyio.Path(self.place).exists():
            raise JournalError(f"there is no journal {self.place}: plan a campaign first")
        letters = [*self._waiting]
        events = [letter.command for letter in letters]
        # The gateway has no use for knowing when a dialer takes its next look.
        await tell(self.place, events, clock=self.clock, is_awaited=False)
        for letter in letters:
            letter.is_sent = True
        self._waiting = [letter for letter in self._waiting if not letter.is_sent]
