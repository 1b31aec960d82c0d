"""The bulk dialer in memory: bounded, paced, and never more recipients taken than can be dialled.

A slot is taken before a recipient is, and given back when its result is read. So whatever the
length of the list, there are as many tasks and unread results as slots, and no more.
"""

from collections import deque
from collections.abc import AsyncIterable, Iterable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio
from attrs import field, frozen

from alphasms_async.bodies import Delivery
from alphasms_async.checks import check_count, check_hook, check_rate
from alphasms_async.errors import (
    AlphaSMSError,
    ClientClosed,
    ConfigurationError,
    GatewayError,
    InvalidPhoneNumber,
    InvalidRequest,
    NotSent,
    OutcomeUnknown,
)
from alphasms_async.exchange import Exchange
from alphasms_async.gateway import voice_php
from alphasms_async.models import VoiceCall
from alphasms_async.outcomes import DialOutcome, DialResult, Summary, outcome_of
from alphasms_async.pacing import Pace
from alphasms_async.phone import mask_phone, parse_phone
from alphasms_async.recording import Audio, Recording
from alphasms_async.settings import Settings

if TYPE_CHECKING:
    # anyio loads its parts when they are first named.
    from anyio.abc import TaskGroup

__all__ = ["Dialing"]

Recipients = Iterable[str] | AsyncIterable[str]


@frozen(eq=False)
class _Flight:
    """A recipient whose result is not known yet."""

    recipient: str = field(repr=False)
    phone: str = field(repr=mask_phone)
    delivery: Delivery = field(factory=Delivery)


class Dialing:
    """A run of `AlphaSMS.dial`: an async context manager that gives its results as they come."""

    def __init__(
        self,
        settings: Settings,
        exchange: Exchange,
        recipients: Recipients,
        audio: Audio,
        *,
        concurrency: int,
        per_second: float | None,
        hook: str | None,
        dtmf: bool,
        allow_repeats: bool,
    ) -> None:
        self.summary: Summary = Summary()
        """The tally so far; complete once the block is left."""
        self._settings = settings
        self._exchange = exchange
        self._recipients = _iterate(recipients)
        self._audio = audio
        self._slots = anyio.Semaphore(
            check_count("concurrency", concurrency), max_value=concurrency, fast_acquire=True
        )
        self._pace = Pace(check_rate("per_second", per_second))
        self._hook = check_hook(hook)
        self._dtmf = dtmf
        self._seen: set[str] | None = None if allow_repeats else set()
        self._flights: set[_Flight] = set()
        self._ready: deque[DialResult] = deque()
        self._news = anyio.Event()
        self._taking: anyio.CancelScope | None = None
        self._fed = False
        self._source_error: Exception | None = None
        self._group: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        if self._group is not None:
            raise RuntimeError("a dial is entered once: call dial() again")
        self._exchange.check_open("dial")
        recording = await Recording.load(self._audio)
        self._taking = anyio.CancelScope()
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._feed, self._group, self._taking, recording)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._group is not None  # noqa: S101 - entered, or we would not be here
        self.stop()
        try:
            await self._come_down(exc_value)
        except BaseException as error:
            # Cancelled from outside: the calls are cancelled with us, and told apart below.
            await self._group.__aexit__(type(error), error, error.__traceback__)
            raise
        else:
            await self._group.__aexit__(None, None, None)
        finally:
            self._settle()
        if self._source_error is not None and exc_value is None:
            raise self._source_error

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DialResult:
        if self._group is None:
            raise RuntimeError("enter the dial first: async with alphasms.dial(…) as results")
        while not self._ready:
            if self._over():
                error, self._source_error = self._source_error, None
                if error is not None:
                    raise error
                raise StopAsyncIteration
            await self._news.wait()
        self._slots.release()
        return self._ready.popleft()

    def stop(self) -> None:
        """Take no more recipients. What is in flight goes on, and its results still come."""
        if self._taking is not None:
            self._taking.cancel()

    async def _come_down(self, broken: BaseException | None) -> None:
        """Wait until nothing is in flight any more, unless the block was cancelled."""
        if isinstance(broken, anyio.get_cancelled_exc_class()):
            # An asyncio task is told of its cancellation once: a wait here would not end by it.
            raise broken
        # Also after an error in the block: cutting off what is in flight would turn calls that
        # succeed into unknowns.
        while not self._over():
            await self._news.wait()

    async def _feed(
        self, group: "TaskGroup", taking: "anyio.CancelScope", recording: Recording
    ) -> None:
        """Take recipients one by one, each once there is a slot for it, and start its call."""
        try:
            with taking:
                await self._slots.acquire()
                async for recipient in self._recipients:
                    flight = self._admit(recipient)
                    if flight is not None:
                        await self._take_off(flight)
                        group.start_soon(self._fly, flight, recording)
                    await self._slots.acquire()
        except Exception as error:  # noqa: BLE001 - the caller's own iterable may raise anything
            self._source_error = error
        finally:
            self._fed = True
            self._tell()

    def _admit(self, recipient: str) -> _Flight | None:
        """Return the flight of a recipient that may be dialled; record the end of any other."""
        try:
            phone = parse_phone(recipient, region=self._settings.default_region)
        except InvalidPhoneNumber as error:
            self._record(DialResult(recipient, None, DialOutcome.INVALID, error=error))
            return None
        if self._seen is not None:
            if phone in self._seen:
                self._record(DialResult(recipient, phone, DialOutcome.DUPLICATE))
                return None
            self._seen.add(phone)
        return _Flight(recipient, phone)

    async def _take_off(self, flight: _Flight) -> None:
        """Wait for the flight's turn; a run that ends meanwhile gives it back as not sent."""
        self._flights.add(flight)
        try:
            await self._pace.wait()
        except BaseException:
            self._land(flight, error=_cut_off(flight))
            raise

    async def _fly(self, flight: _Flight, recording: Recording) -> None:
        """Place one call. However it ends, the end is a result and never an exception."""
        request = voice_php.call(
            self._settings.api_key, flight.phone, recording, hook=self._hook, dtmf=self._dtmf
        )
        read = partial(voice_php.read_call, phone=flight.phone)
        try:
            call = await self._exchange.send(request, read, delivery=flight.delivery)
        except AlphaSMSError as error:
            if isinstance(error, ClientClosed | ConfigurationError) or (
                isinstance(error, GatewayError) and error.scope in {"account", "message"}
            ):
                self.summary.stopped = self.summary.stopped or error
                self.stop()
            self._land(flight, error=error)
        except anyio.get_cancelled_exc_class():
            # Not passed on: the run's own task is told of its cancellation, and one that a
            # transport raises by itself must not cancel everybody else's call.
            self._land(flight, error=_cut_off(flight))
        else:
            self._land(flight, call=call)

    def _land(
        self,
        flight: _Flight,
        *,
        call: VoiceCall | None = None,
        error: AlphaSMSError | None = None,
    ) -> None:
        self._flights.discard(flight)
        outcome = DialOutcome.ACCEPTED if error is None else outcome_of(error)
        self._record(DialResult(flight.recipient, flight.phone, outcome, call, error))

    def _record(self, result: DialResult) -> None:
        self.summary.add(result)
        self._ready.append(result)
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    def _over(self) -> bool:
        return self._fed and not self._flights

    def _settle(self) -> None:
        """Give everyone taken a result: cancellation leaves flights that never landed."""
        for flight in tuple(self._flights):
            self._land(flight, error=_cut_off(flight))
        self.summary.unread.extend(self._ready)
        self._ready.clear()


def _cut_off(flight: _Flight) -> AlphaSMSError:
    asked = f"voice call to {mask_phone(flight.phone)}"
    if flight.delivery.began:
        return OutcomeUnknown(f"{asked}: outcome unknown: cancelled after it began to leave")
    return NotSent(f"{asked}: not sent: the run ended before its turn")


class _Walk:
    """A plain iterable, walked asynchronously.

    Not an async generator: one that is left half-way makes trio warn when it is collected.
    """

    def __init__(self, recipients: Iterable[str]) -> None:
        self._recipients = iter(recipients)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        try:
            return next(self._recipients)
        except StopIteration:
            raise StopAsyncIteration from None


def _iterate(recipients: Recipients) -> AsyncIterable[str]:
    if isinstance(recipients, str | bytes):
        raise InvalidRequest("recipients is a list of phone numbers, not one: write [number]")
    if isinstance(recipients, AsyncIterable):
        return recipients
    if isinstance(recipients, Iterable):
        return _Walk(recipients)
    kind = type(recipients).__name__
    raise InvalidRequest(f"recipients is any iterable of phone numbers, not {kind}")
