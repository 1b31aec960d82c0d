"""The verifications of a store, changed one step at a time however many change them at once."""

import logging
from collections.abc import Callable

from attrs import evolve, frozen

from alphasms_async.errors import StoreError
from alphasms_async.verification.codes import is_id
from alphasms_async.verification.records import VerificationRecord, entry_of, record_of
from alphasms_async.verification.store import VerificationStore

__all__ = ["Move", "Register"]

_log = logging.getLogger("alphasms_async")

Move = Callable[[VerificationRecord], VerificationRecord | None]
"""Returns what a verification becomes, `None` when it stays as it is; it may be asked again."""


@frozen
class Register:
    """Records over the entries of a store."""

    store: VerificationStore
    """Where they are kept."""

    async def create(self, record: VerificationRecord, now: float) -> None:
        """Keep a new record."""
        await self.store.create(entry_of(record), now)

    async def get(self, id: str) -> VerificationRecord | None:
        """Return a record by its id. `None` when nobody knows it."""
        entry = await self.store.get(id) if is_id(id) else None
        return None if entry is None else record_of(entry)

    async def find(self, call_id: int) -> VerificationRecord | None:
        """Return a record by one of the gateway's ids. `None` when nobody knows it."""
        entry = await self.store.find(call_id)
        return None if entry is None else record_of(entry)

    async def replace(self, record: VerificationRecord, now: float) -> bool:
        """Put a record in place of the version it was read from; return whether that was done."""
        return await self.store.replace(entry_of(record), now)

    async def change(self, id: str, move: Move, now: float) -> VerificationRecord | None:
        """Move a record, after whoever moves it at the same time.

        Returns:
            What it became. `None` when nobody knows it, or the move left it as it was.
        """
        while (record := await self.get(id)) is not None:
            moved = move(record)
            if moved is None:
                return None
            # Somebody who was faster has moved it, so nobody waits for ever here.
            if await self.replace(moved, now):
                return moved
        return None

    async def due(self, now: float, most: int) -> list[VerificationRecord]:
        """Return records that are due, the longest first, at most so many."""
        records: list[VerificationRecord] = []
        for entry in await self.store.due(now, most):
            try:
                records.append(record_of(entry))
            except StoreError as error:
                # It would be due for ever, and in the way of the others.
                if await self.store.replace(evolve(entry, due_at=None), now):
                    _log.error("%s: it is not sent any more, nor are its codes taken", error)
        return records
