"""Lets a send pass while no limit is reached."""

import secrets
from math import ceil

from attrs import field, frozen

from alphasms_async.errors import LimitReached
from alphasms_async.verification.codes import Codes
from alphasms_async.verification.limits import Limits
from alphasms_async.verification.store import Quota, VerificationStore

__all__ = ["Ticket", "Turnstile"]


@frozen
class Ticket:
    """One send that was counted."""

    name: str
    """Which it is."""
    quotas: tuple[Quota, ...] = field(repr=False)
    """What it was counted against."""


@frozen
class Turnstile:
    """Counts sends in the store, for all processes together."""

    store: VerificationStore
    limits: Limits
    codes: Codes = field(repr=False)
    """What hides the phones."""

    async def take(self, phone: str, now: float, *, is_first: bool = False) -> Ticket:
        """Count a send to a phone.

        Args:
            phone: The recipient, digits.
            now: The time, in seconds since 1970.
            is_first: Whether a verification begins with it.

        Raises:
            LimitReached: There were too many; it is not counted.
        """
        over = self.limits.over(phone, is_first=is_first)
        quotas = tuple(
            Quota(self.codes.name(what), limit.count, limit.seconds) for what, limit in over
        )
        ticket = Ticket(secrets.token_hex(8), quotas)
        wait = await self.store.take(ticket.name, quotas, now)
        if wait > 0:
            raise LimitReached(
                "too many codes of late to this phone, its number range or in all: "
                f"wait {ceil(wait)} s, then try again",
                retry_after=wait,
            )
        return ticket

    async def give_back(self, ticket: Ticket) -> None:
        """Count a send no more, for it rang nowhere."""
        await self.store.give_back(ticket.name, ticket.quotas)
