"""A claim, as the statements of every database take it."""

from decimal import Decimal

from attrs import frozen

__all__ = ["Claim"]


@frozen
class Claim:
    """Somebody asks whom to call."""

    campaign: int
    owner: int
    now: float
    """When, in seconds since 1970."""
    client_id: int | None
    reserved: Decimal | None
