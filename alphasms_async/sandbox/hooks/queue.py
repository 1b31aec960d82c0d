"""The hooks that wait to be posted, those in flight, and the log of every attempt."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count
from operator import attrgetter
from threading import Condition
from typing import Final

import attrs

from alphasms_async.clock import Clock
from alphasms_async.sandbox.bell import Bells
from alphasms_async.sandbox.changes import Changes
from alphasms_async.sandbox.entries import SandboxEntry
from alphasms_async.sandbox.fate import Fate

AT_ONCE: Final = 16
"""How many hooks are in flight to one receiver."""


@attrs.frozen(kw_only=True)
class HookDelivery:
    """One attempt to post a hook. Its repr shows neither the address nor what was posted."""

    entry_id: int
    """The gateway's id of what had ended."""
    url: str = attrs.field(repr=False)
    """The hook as it was given."""
    attempt: int
    """Which attempt it was, from 1."""
    at: datetime
    """When it was over, UTC."""
    seconds: float = 0.0
    """How long it took."""
    pause_seconds: float = 0.0
    """How long it had waited, after the attempt before it failed."""
    status: int | None = None
    """The status of the answer, None when there was none."""
    error: str | None = None
    """Why there was no answer, None when there was one."""
    body: str = attrs.field(repr=False)
    """The fields as written: JSON, a form, or the query that was added."""
    is_resent: bool = False
    """Whether a person had the hook posted again, be it at the first attempt or a later one."""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver took it: any status from 200 to 299."""
        return self.status is not None and 200 <= self.status < 300


@attrs.frozen(eq=False)
class Post:
    """A hook to be posted, for the `attempt`-th time."""

    entry: SandboxEntry
    fate: Fate
    url: str = attrs.field(repr=False)
    attempt: int = 1
    pause_seconds: float = 0.0
    """How long it waits, after the attempt before it failed."""
    is_resent: bool = False
    """Whether a person had it posted again."""


@attrs.frozen
class HookThread:
    """All that has been, and is still to be, told of one accepted thing."""

    deliveries: tuple[HookDelivery, ...] = ()
    """The attempts so far, in the order they were over."""
    waiting: tuple[tuple[datetime, Post], ...] = ()
    """What waits, with the moment it is due, in the order it was planned."""
    in_flight_posts: tuple[Post, ...] = ()
    """What is being posted."""

    @property
    def in_flight(self) -> int:
        """How many attempts are being made."""
        return len(self.in_flight_posts)

    @property
    def next_at(self) -> datetime | None:
        """When the next attempt is due, UTC; None when none waits."""
        return min((due for due, _ in self.waiting), default=None)


@attrs.define
class _Lane:
    """The hooks of one receiver: so one that hangs holds up nobody else's."""

    waiting: list[tuple[datetime, int, Post]] = attrs.field(
        factory=list[tuple[datetime, int, Post]]
    )
    in_flight: int = 0

    def is_due(self, now: datetime) -> bool:
        return bool(self.waiting) and self.waiting[0][0] <= now

    def has_room(self) -> bool:
        return self.in_flight < AT_ONCE


class HookQueue:
    """Hooks by the moment they are due. Safe to use from several threads."""

    def __init__(self, clock: Clock, changes: Changes) -> None:
        self.changed: Condition = Condition()
        """Held for every change here, notified after each; whoever plans hooks uses it too."""
        self._clock = clock
        self._changes = changes
        self._order = count()
        self.bells: Bells = Bells()
        """Rung after each change, in whatever thread it is made."""
        self._lanes: dict[str, _Lane] = {}
        self._in_flight: set[Post] = set()
        self._waiting: defaultdict[int, dict[Post, datetime]] = defaultdict(dict)
        self._log: dict[int, HookDelivery] = {}
        self._threads: defaultdict[int, list[int]] = defaultdict(list)

    @property
    def left(self) -> int:
        """How many wait or are in flight."""
        with self.changed:
            waiting = sum(len(lane.waiting) for lane in self._lanes.values())
            return waiting + len(self._in_flight)

    def reset(self) -> None:
        """Forget what waits and the log; what is in flight leaves no trace when it comes back."""
        with self.changed:
            self._lanes.clear()
            self._in_flight.clear()
            self._waiting.clear()
            self._log.clear()
            self._threads.clear()
            self.tell()

    def forget(self, entry_id: int) -> None:
        """Forget the log of one thing, and what of it waits."""
        with self.changed:
            for place in self._threads.pop(entry_id, ()):
                del self._log[place]
            for post in self._waiting.pop(entry_id, ()):
                self._drop(post)
            for post in [one for one in self._in_flight if one.entry.id == entry_id]:
                self._in_flight.remove(post)
                self._leave(_receiver(post.url))

    def add(self, post: Post, due: datetime) -> None:
        """Let `post` wait until `due`."""
        with self.changed:
            lane = self._lanes.setdefault(_receiver(post.url), _Lane())
            heappush(lane.waiting, (due, next(self._order), post))
            self._waiting[post.entry.id][post] = due
            self.tell()
            self._changes.tell(post.entry.id)

    def take(self) -> Post | None:
        """Return a hook that is due and whose receiver has room, now in flight; None for none."""
        with self.changed:
            now = self._clock()
            lanes = self._lanes.values()
            lane = next((one for one in lanes if one.has_room() and one.is_due(now)), None)
            return self._begin(lane) if lane else None

    def take_all(self) -> list[Post]:
        """Return every hook that is due, now in flight."""
        with self.changed:
            return list(self._begin_all(self._clock()))

    def is_held(self) -> bool:
        """Say whether this thread holds `changed`."""
        try:
            self.changed.notify(0)
        except RuntimeError:
            return False
        return True

    def is_busy(self) -> bool:
        """Say whether a hook is in flight, or due."""
        with self.changed:
            now = self._clock()
            return bool(self._in_flight) or any(lane.is_due(now) for lane in self._lanes.values())

    def next_due(self) -> datetime | None:
        """Return when `take` has something to give, None while it cannot be told."""
        with self.changed:
            lanes = [lane for lane in self._lanes.values() if lane.waiting and lane.has_room()]
            return min((lane.waiting[0][0] for lane in lanes), default=None)

    def record(self, post: Post, delivery: HookDelivery, *, pause: float | None) -> bool:
        """Log how an attempt went, and let the next one wait.

        Args:
            post: What was in flight.
            delivery: How it went.
            pause: Seconds until the next attempt, None for no more.

        Returns:
            Whether it is logged: what was forgotten since it was taken is not.
        """
        with self.changed:
            if post not in self._in_flight:
                return False
            self._in_flight.remove(post)
            self._write(delivery)
            if pause is not None:
                again = attrs.evolve(post, attempt=post.attempt + 1, pause_seconds=pause)
                self.add(again, delivery.at + timedelta(seconds=pause))
            self._leave(_receiver(post.url))
            self.tell()
            self._changes.tell(post.entry.id)
            return True

    def note(self, delivery: HookDelivery) -> None:
        """Log an attempt that was never made."""
        with self.changed:
            self._write(delivery)
            self.tell()
            self._changes.tell(delivery.entry_id)

    def put_back(self, posts: Iterable[Post]) -> None:
        """Let those of `posts` that are in flight wait again, as if they had not been taken."""
        with self.changed:
            for post in self._in_flight.intersection(posts):
                self._in_flight.remove(post)
                self.add(post, self._clock())
                self._leave(_receiver(post.url))

    def log(self) -> tuple[HookDelivery, ...]:
        """Return every attempt so far, in the order they were over."""
        with self.changed:
            return tuple(self._log.values())

    def thread(self, entry_id: int) -> HookThread:
        """Return what has been, and is still to be, told of one accepted thing."""
        with self.changed:
            deliveries = tuple(self._log[place] for place in self._threads.get(entry_id, ()))
            waiting = tuple((due, post) for post, due in self._waiting.get(entry_id, {}).items())
            in_flight = tuple(post for post in self._in_flight if post.entry.id == entry_id)
            return HookThread(deliveries, waiting, in_flight)

    def restore(self, threads: Iterable[HookThread]) -> None:
        """Take back what was told of many things, and let what was still to be told wait again.

        What was in flight is posted at once, for nobody knows whether it arrived.
        """
        with self.changed:
            kept = list(threads)
            deliveries = (delivery for thread in kept for delivery in thread.deliveries)
            for delivery in sorted(deliveries, key=attrgetter("at")):
                self._write(delivery)
            for thread in kept:
                for due, post in thread.waiting:
                    self.add(post, due)
                for post in thread.in_flight_posts:
                    self.add(post, self._clock())

    def tell(self) -> None:
        """Tell all who wait that something has changed."""
        with self.changed:
            self.changed.notify_all()
            self.bells.ring()

    def _begin_all(self, now: datetime) -> Iterator[Post]:
        for lane in self._lanes.values():
            while lane.is_due(now):
                yield self._begin(lane)

    def _begin(self, lane: _Lane) -> Post:
        _, _, post = heappop(lane.waiting)
        lane.in_flight += 1
        self._in_flight.add(post)
        waiting = self._waiting[post.entry.id]
        waiting.pop(post, None)
        if not waiting:
            del self._waiting[post.entry.id]
        self._changes.tell(post.entry.id)
        return post

    def _write(self, delivery: HookDelivery) -> None:
        place = next(self._order)
        self._log[place] = delivery
        self._threads[delivery.entry_id].append(place)

    def _drop(self, post: Post) -> None:
        receiver = _receiver(post.url)
        lane = self._lanes[receiver]
        lane.waiting = [one for one in lane.waiting if one[2] is not post]
        heapify(lane.waiting)
        self._close_if_idle(receiver, lane)

    def _leave(self, receiver: str) -> None:
        lane = self._lanes[receiver]
        lane.in_flight -= 1
        self._close_if_idle(receiver, lane)

    def _close_if_idle(self, receiver: str, lane: _Lane) -> None:
        if not (lane.in_flight or lane.waiting):
            del self._lanes[receiver]


def _receiver(url: str) -> str:
    """Return whom `url` leads to: its scheme, host and port."""
    return "/".join(url.partition("?")[0].split("/", 3)[:3])
