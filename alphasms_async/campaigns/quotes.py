"""What a list may cost: the price of one number of each operator."""

from collections.abc import Iterable
from decimal import Decimal

from attrs import frozen

from alphasms_async.client import AlphaSMS
from alphasms_async.errors import AlphaSMSError

__all__ = ["Quotes", "quote"]

_MOST_ASKED = 8


@frozen
class Quotes:
    """Prices of one call, as far as they were asked for."""

    low: Decimal
    high: Decimal
    currency: str | None
    """The ISO 4217 code. `None` when the gateway does not say."""


async def quote(alphasms: AlphaSMS, phones: Iterable[str]) -> Quotes:
    """Ask what calls to these phones cost, a few of them at most. Nothing rings.

    Raises:
        GatewayUnavailable: No readable answer came.
        GatewayError: The gateway refused, which it also does with a wrong key.

    Source: http.php, command `price` [API pages].
    """
    asked = tuple(phones)[:_MOST_ASKED]
    prices = [await alphasms.account.price(phone) for phone in asked]
    if not prices:
        raise AlphaSMSError("there is no phone to ask a price for")
    amounts = [price.amount for price in prices]
    return Quotes(min(amounts), max(amounts), prices[0].currency)
