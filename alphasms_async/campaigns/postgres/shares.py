"""One dialer's part of a campaign, in the campaign's row."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from alphasms_async.campaigns.exact import exact
from alphasms_async.campaigns.records import Money
from alphasms_async.campaigns.shares import Grant, Share, Slots
from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.reading import read_money

__all__ = ["PostgresShare", "open_share"]

_Leased = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


def open_share(connection: Connection, campaign: int, owner: int) -> None:
    """Make a dialer one of those at work on a campaign, with nothing in its hands yet.

    Where nobody else is, what the campaign has spent and holds is counted anew, so that what later
    news has freed can be spent. Whoever began without a budget is nobody: once there is one, he is
    given nobody more to call, and holds what is in flight.
    """
    whose = {"campaign": campaign, "owner": owner}
    (budget,) = connection.execute("lock_campaign", whose).fetchone()
    (others,) = connection.execute("count_limited", whose).fetchone()
    if budget is not None and not others:
        connection.execute("wait_for_unlimited", whose)
        # All of its attempts are looked through for that.
        money = read_money(connection, campaign)
        connection.execute("set_granted", {**whose, "granted": _gone(money)})
    connection.execute("add_share", whose)


@exact
def _gone(money: Money) -> Decimal:
    return money.spent + money.held


class PostgresShare(Share):
    """What a dialer with a lease asks for.

    Args:
        campaign: The campaign's id.
        owner: The dialer's.
        leased: Does work in a transaction in which the lease is prolonged, or refuses it.
    """

    def __init__(self, campaign: int, owner: int, leased: _Leased) -> None:
        self._whose = {"campaign": campaign, "owner": owner}
        self._leased = leased

    async def slots(self, count: int) -> Slots | None:
        """Reserve the next starts, in line behind those that were given out before."""

        def work(connection: Connection) -> Slots | None:
            connection.execute("lock_campaign", self._whose)
            row = connection.execute("slots", {**self._whose, "count": count}).fetchone()
            return None if row is None else Slots(max(0.0, row[0]), row[1], count)

        slots: Slots | None = await self._leased(work)
        return slots

    async def take(self, amount: Decimal | None, *, least: Decimal, used: Decimal) -> Grant:
        """Take money of the campaign's budget for calls of this dialer."""
        asked = {**self._whose, "amount": amount, "least": least, "used": used}

        def work(connection: Connection) -> Grant:
            # A statement of its own: what the next one sees is so while the row is locked.
            connection.execute("lock_campaign", self._whose)
            given, others_hold, quoted = connection.execute("grant", asked).fetchone()
            return Grant(Decimal(given), others_hold, None if quoted is None else Decimal(quoted))

        grant: Grant = await self._leased(work)
        return grant

    async def give_back(self, amount: Decimal, *, used: Decimal) -> None:
        """Give back money that this dialer does not need."""
        told = {**self._whose, "amount": amount, "used": used}

        def work(connection: Connection) -> None:
            connection.execute("lock_campaign", self._whose)
            connection.execute("give_back", told)

        await self._leased(work)

    async def tell_price(self, price: Decimal) -> None:
        """Have the campaign's `quoted` be at least this."""
        told = {**self._whose, "price": price}
        await self._leased(lambda connection: connection.execute("tell_price", told))
