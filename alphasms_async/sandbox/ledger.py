"""The record of everything accepted, and the money it took: the truth that tests count."""

import math
from collections import Counter, deque
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from random import Random
from threading import Lock
from typing import Final, TypeVar

import attrs

from alphasms_async.clock import Clock
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.states import Standing, State

FIRST_ID: Final = 100500
"""The gateway's first id, that of its documents, where nobody chooses another."""

# A campaign sends one recording to everybody: kept once, ten thousand calls cost little memory.
_RECORDINGS: Final = 16
# How far the oldest that is over is looked for, among those that are not.
_SEARCHED: Final = 64

_Entry = TypeVar("_Entry", bound=SandboxEntry)


def _nothing_more(_: int) -> None:
    pass


@attrs.frozen
class Tally:
    """How far a ledger has come, beside what stands in it."""

    accepted: int
    """How much was accepted, what was forgotten since included."""
    next_id: int
    """The id of what is accepted next."""
    balance: Decimal
    """The money left."""
    codes: int
    """How many codes were minted."""


class Ledger:
    """Entries in the order they were accepted, their states, and the balance.

    Safe to use from several threads: the server writes it in one while a test reads it in
    another. An entry is recorded and charged in one step, or not at all.

    Args:
        balance: The money there is at the start.
        seed: Makes the sequence of codes repeatable; None leaves it to chance.
        clock: The time at which what is accepted was accepted.
        first_id: The id of what is accepted first; each further one is one more.
        keep: How many entries are kept: for each further one the oldest that is over is forgotten,
            or the oldest. None for all.
        keep_bytes: How many bytes of recordings are kept, one that several calls have in common
            counted once: for more, entries are forgotten likewise. None for all.
        forget: Called with the id of each entry that was forgotten so.
    """

    def __init__(
        self,
        balance: Decimal,
        seed: int | None,
        clock: Clock,
        first_id: int = FIRST_ID,
        *,
        keep: int | None = None,
        keep_bytes: int | None = None,
        forget: Callable[[int], None] = _nothing_more,
    ) -> None:
        self._lock = Lock()
        self._keep = math.inf if keep is None else keep
        self._keep_bytes = math.inf if keep_bytes is None else keep_bytes
        self._forget = forget
        self._first_id = first_id
        self._clock = clock
        self._opening_balance = balance
        self._seed = seed
        self._next_id = first_id
        self.reset()

    def reset(self, *, ids_go_on: bool = False) -> None:
        """Forget every entry and state, and restore the balance.

        Args:
            ids_go_on: Whether ids go on after those given so far, rather than begin anew.
        """
        with self._lock:
            self._entries: dict[int, SandboxEntry] = {}
            self._ids_by_client: dict[int, int] = {}
            self._standings: dict[int, Standing] = {}
            self._accepted = self._codes = 0
            if not ids_go_on:
                self._next_id = self._first_id
            self._recordings: deque[bytes] = deque(maxlen=_RECORDINGS)
            self._players = Counter[int]()
            self._bytes = 0
            self._balance = self._opening_balance
            # The codes open nothing outside the sandbox, and tests want them repeatable.
            self._random = Random(self._seed)  # noqa: S311

    @property
    def balance(self) -> Decimal:
        """The money left."""
        with self._lock:
            return self._balance

    @balance.setter
    def balance(self, amount: Decimal) -> None:
        with self._lock:
            self._balance = amount

    @property
    def accepted(self) -> int:
        """How much was accepted so far, what was forgotten since included."""
        with self._lock:
            return self._accepted

    def entries(self) -> tuple[SandboxEntry, ...]:
        """Return everything accepted so far, in order."""
        with self._lock:
            return tuple(self._entries.values())

    def mint_code(self) -> str:
        """Return 4 digits for a flash call, leading zeros included."""
        with self._lock:
            self._codes += 1
            return self._code()

    def accept(self, draft: _Entry) -> _Entry:
        """Record `draft`, charge for it, and return it with its id.

        Raises:
            RefusedError: The client's id was used before, or the balance is below the price.
        """
        with self._lock:
            if draft.client_id in self._ids_by_client:
                raise RefusedError(Refusal.REPEATED_ID)
            if self._balance < draft.price:
                raise RefusedError(Refusal.INSUFFICIENT_FUNDS)
            entry = attrs.evolve(draft, id=self._next_id, at=self._clock())
            self._accepted += 1
            self._next_id += 1
            self._balance -= entry.price
            self._add(entry)
            surplus = self._surplus()
        for entry_id in surplus:
            self._forget(entry_id)
        return entry

    def restore(self, entry: SandboxEntry, standing: Standing) -> None:
        """Take an entry back as it was when it was kept, without a charge."""
        with self._lock:
            self._accepted += 1
            self._next_id = max(self._next_id, entry.id + 1)
            self._add(entry)
            self._standings[entry.id] = standing

    @property
    def tally(self) -> Tally:
        """How far it has come, what is accepted and what it took at one moment."""
        with self._lock:
            return Tally(self._accepted, self._next_id, self._balance, self._codes)

    def restore_tally(self, tally: Tally) -> None:
        """Go on from where another one was, with its ids, its money and the codes after its own.

        Those too many of what was restored are forgotten.
        """
        with self._lock:
            self._accepted, self._next_id = tally.accepted, tally.next_id
            self._balance = tally.balance
            for _ in range(self._codes, tally.codes):
                self._code()
            self._codes = tally.codes
            surplus = self._surplus()
        for entry_id in surplus:
            self._forget(entry_id)

    def shared(self, recording: bytes | None) -> bytes | None:
        """Return the same bytes as `recording`, those that a recent entry has if one has them."""
        if recording is None:
            return None
        with self._lock:
            for known in self._recordings:
                if known == recording:
                    return known
            self._recordings.append(recording)
            return recording

    def find(self, entry_id: int) -> SandboxEntry | None:
        """Return the entry with the gateway's id `entry_id`, None if there is none."""
        with self._lock:
            return self._entries.get(entry_id)

    def find_by_client_id(self, client_id: int) -> SandboxEntry | None:
        """Return the entry with the client's own id `client_id`, None if there is none."""
        with self._lock:
            return self._entries.get(self._ids_by_client.get(client_id, 0))

    def standing(self, entry: SandboxEntry) -> Standing:
        """Return the state `entry` is in: accepted, until it is set otherwise."""
        with self._lock:
            return self._standings.get(entry.id, Standing(State.ACCEPTED, entry.at))

    def set_standing(self, entry_id: int, standing: Standing) -> None:
        """Set the state of the entry with the gateway's id `entry_id`.

        Raises:
            LookupError: Nothing with that id was accepted.
        """
        with self._lock:
            if entry_id not in self._entries:
                raise LookupError(f"The sandbox accepted nothing with the id {entry_id}.")
            self._standings[entry_id] = standing

    def _code(self) -> str:
        return f"{self._random.randrange(10_000):04}"

    def _add(self, entry: SandboxEntry) -> None:
        self._entries[entry.id] = entry
        if isinstance(entry, SandboxCall) and entry.audio is not None:
            self._players[id(entry.audio)] += 1
            if self._players[id(entry.audio)] == 1:
                self._bytes += len(entry.audio)
        if entry.client_id is not None:
            self._ids_by_client[entry.client_id] = entry.id

    def _surplus(self) -> list[int]:
        """Take out those too many, and return their ids."""
        found: list[int] = []
        while len(self._entries) > self._keep or self._bytes > self._keep_bytes:
            oldest = list(islice(self._entries, _SEARCHED))
            over = (one for one in oldest if self._is_over(one))
            found.append(next(over, oldest[0]))
            self._take_out(found[-1])
        return found

    def _take_out(self, entry_id: int) -> None:
        entry = self._entries.pop(entry_id)
        self._standings.pop(entry_id, None)
        if entry.client_id is not None:
            self._ids_by_client.pop(entry.client_id, None)
        if isinstance(entry, SandboxCall) and entry.audio is not None:
            self._players[id(entry.audio)] -= 1
            if not self._players[id(entry.audio)]:
                del self._players[id(entry.audio)]
                self._bytes -= len(entry.audio)

    def _is_over(self, entry_id: int) -> bool:
        standing = self._standings.get(entry_id)
        return standing is not None and standing.state.is_final
