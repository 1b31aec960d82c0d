"""The sandbox as programs and tests hold it: serve it, steer it, ask what it accepted."""

from collections import Counter
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from functools import partial

import attrs
import httpx
from starlette.applications import Starlette

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.app import application
from alphasms_async.sandbox.changes import About
from alphasms_async.sandbox.entries import SandboxCall, SandboxMessage
from alphasms_async.sandbox.fate import Fate
from alphasms_async.sandbox.hooks.posting import keep_posting, post_once
from alphasms_async.sandbox.hooks.queue import HookDelivery
from alphasms_async.sandbox.phones import is_international
from alphasms_async.sandbox.server import serve
from alphasms_async.sandbox.states import Standing, State


@attrs.define(kw_only=True, eq=False)
class Sandbox(Account):
    """One account of the gateway with its pages, and a ledger of all that it accepted.

    May be used from any thread. What it was made with, all but the clock and the first id, and its
    switches may be changed at any time, also while it serves.

    Nothing happens to what was accepted until somebody decides its fate: `fates` and
    `message_fate` for all, `script` for one phone, `end_call` by hand. Its end sets what the
    status interfaces say and is told to its hook, by the server or by `post_hooks`.

    Args:
        api_key: The one key that is right.
        price: What a call, or one part of a message, costs, in `currency`.
        balance: The money there is at the start, in `currency`.
        currency: The currency of every price, three letters.
        max_bytes: The biggest recording taken.
        seed: Makes the codes of flash calls repeatable; None leaves them to chance.
        first_id: The gateway's id of what is accepted first, from 1 up; each further one is one
            more. A sandbox that is started anew beside an old journal wants another than before.
        fates: Decides what becomes of each call before its request is answered, see `mixed`; None
            leaves calls accepted.
        message_fate: What becomes of written messages; None leaves them accepted.
        hook: Where the outcome of what came without a hook of its own is posted, as set in the
            provider's panel; None for nowhere.
        hook_style: How hooks are written.
        hook_pauses: Seconds before each further attempt to post a hook that was not taken with a
            status from 200 to 299; as many attempts as pauses, and the first.
        hook_timeout_seconds: How long a receiver may take to answer a hook.
        allow_remote_hooks: Whether hooks leave this machine; else only loopback is posted to.
        watcher: Is told of each thing accepted, each `Ending` and each `HookDelivery`, in their
            order, in the thread where it happens: it must be quick and must not raise.
        clock: Returns the time, aware; for tests that post hooks by `post_hooks`.
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
        return serve(self.app, port, partial(keep_posting, self))

    async def post_hooks(
        self, transport: httpx.AsyncBaseTransport | None = None
    ) -> list[HookDelivery]:
        """Post every hook that is due, once; for programs in which the sandbox does not serve.

        Args:
            transport: What carries them, e.g. `httpx.ASGITransport(app)` for a receiver in the
                same process, wherever the hooks lead. None for the network, where they may leave
                this machine only if `allow_remote_hooks` says so.

        Returns:
            How each attempt went, in the order they were over.
        """
        return await post_once(self, transport)

    def wait_for_hooks(self, timeout: float = 10.0) -> None:
        """Wait until nothing is to end, and no hook waits or is in flight any more.

        A hook that failed waits until its last attempt. This blocks: an event loop calls it by
        `anyio.to_thread.run_sync`.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: There was still something to do.
        """
        changed = self.hook_queue.changed
        with changed:
            if not changed.wait_for(lambda: not self._left(), timeout):
                raise TimeoutError(
                    f"After {timeout:g} s there are still {self.lines.left} ends to come and "
                    f"{self.hook_queue.left} hooks to post."
                )

    def deliveries(self, entry_id: int | None = None) -> list[HookDelivery]:
        """Return the attempts to post hooks, in the order they were over.

        Args:
            entry_id: Only those for what has this id of the gateway's; None for all.
        """
        log = self.hook_queue.log()
        return [each for each in log if entry_id is None or each.entry_id == entry_id]

    def script(self, phone: str, *fates: Fate | None) -> None:
        """Let the next calls to one phone take these fates in turn, before `fates` is asked.

        Args:
            phone: The phone, international digits without a plus: `380501234567`.
            fates: The fates, behind those scripted before; None leaves its call accepted.

        Raises:
            ValueError: The phone is not written so.
        """
        if not is_international(phone):
            raise ValueError("phone is international digits without a plus, like 380501234567.")
        self.lines.script(phone, fates)

    def end_call(self, entry_id: int, fate: Fate) -> None:
        """End a call, or a message, by hand, in place of the end planned for it.

        Its state is set and its hook waits to be posted. Ended again, it is told of again.

        Args:
            entry_id: The gateway's id.
            fate: How it ends, and how long from now.

        Raises:
            LookupError: Nothing with that id was accepted.
        """
        self.end(self.desk.entry(entry_id), fate)

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
        return self.standing(self.desk.entry(entry_id)).state

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
        self.ledger.set_standing(entry_id, Standing(state, since or self.clock()))

    def reset(self) -> None:
        """Forget all it accepted, planned and posted, restore the balance, turn the switches off.

        What it was made with, `fates` and `hook` included, stays.
        """
        with self.hook_queue.changed:
            self.lines.reset()
            self.hook_queue.reset()
            self.ledger.reset()
        self.banned = self.api_disabled = self.ip_denied = False
        self.unsupported_operators.clear()
        self.changes.tell(About.EVERYTHING)

    def _left(self) -> int:
        return self.lines.left + self.hook_queue.left
