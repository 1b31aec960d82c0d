"""The record of everything accepted, and the money it took: the truth that tests count."""

from decimal import Decimal
from random import Random
from threading import Lock
from typing import Final, TypeVar

import attrs

from alphasms_async.clock import Clock
from alphasms_async.sandbox.entries import SandboxEntry
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.states import Standing, State

FIRST_ID: Final = 100500
"""The gateway's first id, that of its documents, where nobody chooses another."""

_Entry = TypeVar("_Entry", bound=SandboxEntry)


class Ledger:
    """Entries in the order they were accepted, their states, and the balance.

    Safe to use from several threads: the server writes it in one while a test reads it in
    another. An entry is recorded and charged in one step, or not at all.

    Args:
        balance: The money there is at the start.
        seed: Makes the sequence of codes repeatable; None leaves it to chance.
        clock: The time at which what is accepted was accepted.
        first_id: The id of what is accepted first; each further one is one more.
    """

    def __init__(
        self, balance: Decimal, seed: int | None, clock: Clock, first_id: int = FIRST_ID
    ) -> None:
        self._lock = Lock()
        self._first_id = first_id
        self._clock = clock
        self._opening_balance = balance
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Forget every entry and state, restore the balance and begin the ids anew."""
        with self._lock:
            self._entries: dict[int, SandboxEntry] = {}
            self._ids_by_client: dict[int, int] = {}
            self._standings: dict[int, Standing] = {}
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

    def entries(self) -> tuple[SandboxEntry, ...]:
        """Return everything accepted so far, in order."""
        with self._lock:
            return tuple(self._entries.values())

    def mint_code(self) -> str:
        """Return 4 digits for a flash call, leading zeros included."""
        with self._lock:
            return f"{self._random.randrange(10_000):04}"

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
            entry = attrs.evolve(draft, id=self._first_id + len(self._entries), at=self._clock())
            self._balance -= entry.price
            self._entries[entry.id] = entry
            if entry.client_id is not None:
                self._ids_by_client[entry.client_id] = entry.id
            return entry

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
