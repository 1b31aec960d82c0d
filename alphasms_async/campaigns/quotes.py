"""What a list may cost: the price of one number of each operator."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice

from attrs import frozen

from alphasms_async.client import AlphaSMS
from alphasms_async.errors import InvalidRequest

__all__ = ["Quotes", "quote"]

_MOST_ASKED = 8


@frozen
class Quotes:
    """Prices of one call, as far as they were asked for."""

    low: Decimal
    high: Decimal
    currency: str | None
    """The ISO 4217 code. `None` when the gateway does not say."""
    balance: Decimal | None = None
    """The money on the account, in that currency. `None`: it was not asked for."""


async def quote(alphasms: AlphaSMS, phones: Iterable[str]) -> Quotes:
    """Ask what calls to these phones cost. Nothing rings.

    Args:
        alphasms: The client, open.
        phones: A phone of each operator, such as a plan's `samples`. The first eight are asked
            for, and no more are read.

    Returns:
        The lowest and the highest price of those.

    Raises:
        InvalidRequest: There is no phone, or one that cannot be dialled.
        GatewayUnavailable: No readable answer came.
        GatewayError: The gateway refused, which it also does with a wrong key.

    Source: http.php, command `price` [API pages].
    """
    prices = [await alphasms.account.price(phone) for phone in islice(phones, _MOST_ASKED)]
    if not prices:
        raise InvalidRequest("there is no phone to ask a price for: give one of each operator")
    amounts = [price.amount for price in prices]
    currency = next((price.currency for price in prices if price.currency), None)
    return Quotes(min(amounts), max(amounts), currency)
