"""What a verifier asks of the place where it keeps what it knows."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from attrs import evolve, field, frozen

__all__ = ["Entry", "Quota", "VerificationStore"]


@frozen(kw_only=True)
class Entry:
    """One verification as a store keeps it: what it must find it by, and a text it need not read.

    All times are seconds since 1970.
    """

    id: str
    """Which it is."""
    body: str = field(repr=False)
    """All there is to know, for the verifier: the phone whole, codes as keyed hashes only."""
    forget_at: float
    """From when on nobody needs it any more."""
    due_at: float | None = None
    """When something is to be done. `None`: nothing is."""
    call_ids: tuple[int, ...] = ()
    """The gateway's ids of its calls and messages."""
    version: int = 0
    """How often it was replaced."""

    @property
    def following(self) -> "Entry":
        """The same as its next version."""
        return evolve(self, version=self.version + 1)


@frozen
class Quota:
    """How often something may be taken."""

    name: str
    """What is counted; it tells nobody which phone that is."""
    count: int
    """How often at most, 1 or more."""
    seconds: float
    """In how many seconds, above 0."""


class VerificationStore(ABC):
    """Keeps entries, and lets one of many who want to change one do it.

    Each method does all it says in one step, or raises `StoreError` and has done nothing, or has
    done it and could not tell. The phones in it are whole, for a fallback needs them: guard it
    like a list of customers. The codes in it are keyed hashes.
    """

    @abstractmethod
    async def create(self, entry: Entry, now: float) -> None:
        """Keep a new entry.

        Args:
            entry: The entry, of version 0.
            now: The time, in seconds since 1970.

        Raises:
            StoreError: There is one of its id.
        """

    @abstractmethod
    async def get(self, id: str) -> Entry | None:
        """Return the entry with an id. `None` when there is none, or it is forgotten."""

    @abstractmethod
    async def find(self, call_id: int) -> Entry | None:
        """Return the entry that one of the gateway's ids belongs to. `None` when none does."""

    @abstractmethod
    async def replace(self, entry: Entry, now: float) -> bool:
        """Put an entry in place of the same one of the same version, which is counted up.

        Args:
            entry: What it is to be, with the version that was read.
            now: The time, in seconds since 1970.

        Returns:
            Whether that was done. If not, somebody else has changed it since.
        """

    @abstractmethod
    async def due(self, now: float, most: int) -> list[Entry]:
        """Return entries that are due, the longest first.

        Args:
            now: The time, in seconds since 1970.
            most: How many at most, 1 or more.
        """

    @abstractmethod
    async def next_due(self) -> float | None:
        """Return when the first entry is due, in seconds since 1970. `None` when none is."""

    @abstractmethod
    async def take(self, ticket: str, quotas: Sequence[Quota], now: float) -> float:
        """Count one more against each quota, or against none of them.

        Args:
            ticket: What it is given back by.
            quotas: What it counts against.
            now: The time, in seconds since 1970.

        Returns:
            0 when it was counted, else the seconds until there may be room, above 0.
        """

    @abstractmethod
    async def give_back(self, ticket: str, quotas: Sequence[Quota]) -> None:
        """Count a ticket no more; a second time does nothing."""

    @abstractmethod
    async def forget(self, now: float) -> None:
        """Take out what nobody needs any more.

        Args:
            now: The time, in seconds since 1970.
        """

    async def aclose(self) -> None:  # noqa: B027 - a store that holds nothing open has nothing to do
        """Close what was opened; what is asked after that opens it again."""
