"""Verifications in memory: for tests, and for one process that may forget them when it ends."""

from bisect import insort
from collections.abc import Sequence

from alphasms_async.errors import StoreError
from alphasms_async.verification.store import Entry, Quota, VerificationStore

__all__ = ["MemoryStore"]


class MemoryStore(VerificationStore):
    """Keeps entries as long as the process lives, for the verifiers of one event loop."""

    def __init__(self) -> None:
        # Nothing here awaits, so each method is one step.
        self._entries: dict[str, Entry] = {}
        self._ids: dict[int, str] = {}
        self._taken: dict[str, list[tuple[float, str]]] = {}
        """When each ticket is counted no more, by the name of the quota, the first first."""

    async def create(self, entry: Entry, now: float) -> None:
        if entry.id in self._entries:
            raise StoreError("the store has a verification of this id: make a new one")
        self._put(entry)

    async def get(self, id: str) -> Entry | None:
        return self._entries.get(id)

    async def find(self, call_id: int) -> Entry | None:
        return self._entries.get(self._ids.get(call_id, ""))

    async def replace(self, entry: Entry, now: float) -> bool:
        kept = self._entries.get(entry.id)
        if kept is None or kept.version != entry.version:
            return False
        self._put(entry.following)
        return True

    async def due(self, now: float, most: int) -> list[Entry]:
        waiting = sorted(self._waiting(), key=lambda one: one[0])
        return [entry for at, entry in waiting if at <= now][:most]

    async def next_due(self) -> float | None:
        return min((at for at, _ in self._waiting()), default=None)

    async def take(self, ticket: str, quotas: Sequence[Quota], now: float) -> float:
        waits = [self._wait(quota, now) for quota in quotas]
        if any(waits):
            return max(waits)
        for quota in quotas:
            insort(self._taken.setdefault(quota.name, []), (now + quota.seconds, ticket))
        return 0.0

    async def give_back(self, ticket: str, quotas: Sequence[Quota]) -> None:
        for quota in quotas:
            tickets = self._taken.get(quota.name, [])
            tickets[:] = [one for one in tickets if one[1] != ticket]

    async def forget(self, now: float) -> None:
        for entry in [one for one in self._entries.values() if one.forget_at <= now]:
            del self._entries[entry.id]
            for call_id in entry.call_ids:
                self._ids.pop(call_id, None)
        for name, tickets in [*self._taken.items()]:
            tickets[:] = [one for one in tickets if one[0] > now]
            if not tickets:
                del self._taken[name]

    def _put(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        for call_id in entry.call_ids:
            self._ids[call_id] = entry.id

    def _waiting(self) -> list[tuple[float, Entry]]:
        entries = self._entries.values()
        return [(one.due_at, one) for one in entries if one.due_at is not None]

    def _wait(self, quota: Quota, now: float) -> float:
        """Return the seconds until a quota has room, 0 when it has."""
        ends = [until for until, _ in self._taken.get(quota.name, ()) if until > now]
        return ends[len(ends) - quota.count] - now if len(ends) >= quota.count else 0.0
