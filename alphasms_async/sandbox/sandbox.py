"""The sandbox as programs and tests hold it: serve it, steer it, ask what it accepted."""

from collections import Counter
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from decimal import Decimal

import attrs
from starlette.applications import Starlette

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.app import application
from alphasms_async.sandbox.entries import SandboxCall, SandboxMessage
from alphasms_async.sandbox.server import serve
from alphasms_async.sandbox.states import Standing, State


@attrs.define(kw_only=True, eq=False)
class Sandbox(Account):
    """One account of the gateway with its pages, and a ledger of all that it accepted.

    May be used from any thread. What it was made with and its switches may be changed at any
    time, also while it serves.

    Args:
        api_key: The one key that is right.
        price: What a call, or one part of a message, costs, in `currency`.
        balance: The money there is at the start, in `currency`.
        currency: The currency of every price, three letters.
        max_bytes: The biggest recording taken.
        seed: Makes the codes of flash calls repeatable; None leaves them to chance.
    """

    app: Starlette = attrs.field(init=False, repr=False)
    """The pages as an ASGI app, for asyncio and trio."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.app = application(self)

    @property
    def balance(self) -> Decimal:
        """The money left, in `currency`."""
        return self.ledger.balance

    @balance.setter
    def balance(self, amount: Decimal) -> None:
        self.ledger.balance = amount

    def serve(self, *, port: int = 0) -> AbstractContextManager[str]:
        """Serve the pages on a loopback socket while the returned context is open.

        Args:
            port: The port, 0 for a free one.

        Returns:
            A context manager that gives the address, `http://127.0.0.1:PORT`. It is a plain one,
            for synchronous, asyncio and trio callers alike.

        Raises:
            OSError: On entering, when the port is taken or may not be used.
        """
        return serve(self.app, port)

    def calls(self, *, to: str | None = None) -> list[SandboxCall]:
        """Return the calls accepted, in order: what rings a phone.

        Args:
            to: Only those to this phone, international digits; None for all.
        """
        calls = [entry for entry in self.ledger.entries() if isinstance(entry, SandboxCall)]
        return [call for call in calls if to is None or call.phone == to]

    def messages(self, *, to: str | None = None) -> list[SandboxMessage]:
        """Return the written messages accepted, in order.

        Args:
            to: Only those to this phone, international digits; None for all.
        """
        entries = self.ledger.entries()
        messages = [entry for entry in entries if isinstance(entry, SandboxMessage)]
        return [message for message in messages if to is None or message.phone == to]

    def rings(self, to: str) -> int:
        """Return how many times the phone `to`, international digits, was rung."""
        return len(self.calls(to=to))

    def rang_more_than_once(self) -> list[str]:
        """Return the phones that were rung twice or more often, whole; the fear of every caller."""
        rings = Counter(call.phone for call in self.calls())
        return [phone for phone, times in rings.items() if times > 1]

    def state_of(self, entry_id: int) -> State:
        """Return the state of what has the gateway's id `entry_id`.

        Raises:
            LookupError: Nothing with that id was accepted.
        """
        entry = self.ledger.find(entry_id)
        if entry is None:
            raise LookupError(f"The sandbox accepted nothing with the id {entry_id}.")
        return self.ledger.standing(entry).state

    def set_status(self, entry_id: int, state: State, *, since: datetime | None = None) -> None:
        """Set what all three status interfaces say of one accepted thing.

        Args:
            entry_id: The gateway's id.
            state: The state to tell.
            since: When it came about, an aware time; None for now.

        Raises:
            LookupError: Nothing with that id was accepted.
            ValueError: `since` has no time zone.
        """
        if since is not None and since.tzinfo is None:
            raise ValueError("since must carry a time zone, e.g. datetime.now(UTC).")
        self.ledger.set_standing(entry_id, Standing(state, since or datetime.now(UTC)))

    def reset(self) -> None:
        """Forget all it accepted, restore the balance and turn the switches off."""
        self.ledger.reset()
        self.banned = self.api_disabled = self.ip_denied = False
        self.unsupported_operators.clear()
