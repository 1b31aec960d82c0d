"""One file on a disk that may lose its power: what it holds, and what a cut leaves of it."""

from bisect import bisect_right
from operator import attrgetter
from random import Random

from attrs import field, frozen, mutable

__all__ = ["SECTOR_BYTES", "Change", "Stored"]

SECTOR_BYTES = 512
"""What a disk writes whole or not at all."""


@frozen
class Change:
    """A write, or a truncation."""

    instant: int
    """The number of the operation."""
    offset: int
    """Where the data go; for a truncation, the new length."""
    data: bytes | None
    """`None`: a truncation."""

    def apply(self, content: bytearray) -> None:
        """Make the change in a content; a gap before it is filled with zeros."""
        content.extend(bytes(max(0, self.offset - len(content))))
        if self.data is None:
            del content[self.offset :]
        else:
            content[self.offset : self.offset + len(self.data)] = self.data

    def tear(self, content: bytearray, rng: Random) -> None:
        """Make a write in some of the sectors it touches; a truncation is made or not."""
        if self.data is None:
            if rng.random() < 0.5:
                self.apply(content)
            return
        start = 0
        while start < len(self.data):
            end = start + SECTOR_BYTES - (self.offset + start) % SECTOR_BYTES
            if rng.random() < 0.5:
                Change(self.instant, self.offset + start, self.data[start:end]).apply(content)
            start = end


@mutable(eq=False)
class Stored:
    """A file from its creation on, with all that was done to it."""

    name: str
    """Empty for one that nobody else can open."""
    born: int
    """The last operation before its creation, so that a cut right after that one is without it."""
    first: bytes = b""
    """What it held when it was created."""
    died: int | None = None
    """The instant it was deleted at. `None`: it was not."""
    locks: dict[int, int] = field(init=False, factory=dict[int, int])
    """The level of the lock of each handle that has one, by the handle's `id`."""
    content: bytearray = field(init=False)
    """What a running program reads."""
    _changes: list[Change] = field(init=False, factory=list[Change])
    _syncs: list[int] = field(init=False, factory=list[int])
    _durable: bytearray = field(init=False)
    _applied: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self.content = bytearray(self.first)
        self._durable = bytearray(self.first)

    def change(self, instant: int, offset: int, data: bytes | None) -> None:
        """Write, or truncate, without making it durable."""
        change = Change(instant, offset, data)
        change.apply(self.content)
        self._changes.append(change)

    def sync(self, instant: int) -> None:
        """Make durable all that was done before."""
        self._syncs.append(instant)

    def left(self, instant: int, rng: Random) -> bytes:
        """Return what a power cut after so many operations may leave.

        Args:
            instant: The last operation before the cut.
            rng: Decides which of the changes since the last sync are there, torn or lost.
        """
        nth = bisect_right(self._syncs, instant)
        synced = self._count(self._syncs[nth - 1]) if nth else 0
        content = bytearray(self._synced(synced))
        # Else a hundred writes in flight would never be spared as a whole, nor lost as a whole.
        spared, torn = rng.choice((0.0, rng.random(), 1.0)), rng.choice((0.0, 0.5))
        for change in self._changes[synced : self._count(instant)]:
            if rng.random() < spared:
                change.apply(content)
            elif rng.random() < torn:
                change.tear(content, rng)
        return bytes(content)

    def _count(self, instant: int) -> int:
        return bisect_right(self._changes, instant, key=attrgetter("instant"))

    def _synced(self, changes: int) -> bytearray:
        # Kept from one cut to the next: to apply a whole past anew for each of thousands of cuts
        # would take the most of their time.
        if changes < self._applied:
            self._durable, self._applied = bytearray(self.first), 0
        for change in self._changes[self._applied : changes]:
            change.apply(self._durable)
        self._applied = changes
        return self._durable
