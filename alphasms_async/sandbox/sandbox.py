"""The sandbox as programs and tests hold it: serve it, steer it, ask what it accepted."""

from collections import Counter
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

import attrs
import httpx
from starlette.applications import Starlette

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.allowed import BALANCE, SECONDS, instance, shown
from alphasms_async.sandbox.app import application
from alphasms_async.sandbox.arrivals import runs_on_an_event_loop
from alphasms_async.sandbox.autopilot import Autopilot
from alphasms_async.sandbox.changes import About
from alphasms_async.sandbox.entries import SandboxCall, SandboxMessage
from alphasms_async.sandbox.fate import STATE, Fate
from alphasms_async.sandbox.fates import Fates
from alphasms_async.sandbox.hooks.posting import keep_posting, post_once
from alphasms_async.sandbox.hooks.queue import HookDelivery
from alphasms_async.sandbox.rings import (
    assert_rang_once,
    assert_this_rang_once,
    check_phone,
    check_to,
    no_call,
    too_late,
)
from alphasms_async.sandbox.server import serve
from alphasms_async.sandbox.states import Standing, State
from alphasms_async.sandbox.virtual import Course, VirtualClock, wait_out

_FATE: Final = instance(Fate, "Fate('BUSY')")


@attrs.define(kw_only=True, eq=False)
class Sandbox(Account):
    """One account of the gateway with its pages, and a ledger of all that it accepted.

    May be used from any thread. What it was made with, all but the clock, the seed, the first id
    and how much is kept, and its switches may be changed at any time, also while it serves.

    Nothing happens to what was accepted until somebody decides its fate: `fates` and
    `message_fate` for all, `script` for one phone, `end_call` by hand. A call that takes its time
    may be answered meanwhile, by a test or a person: `wait_for_call().press("7")`; from then on it
    ends when they hang up. Its end sets what the status interfaces say and is told to its hook,
    by the server or by `post_hooks`.

    Args:
        api_key: The one key that is right.
        price: What a call, or one part of a message, costs, in `currency`.
        balance: The money there is at the start, in `currency`.
        currency: The currency of every price, three letters.
        max_bytes: The biggest recording taken.
        seed: Makes the codes of flash calls repeatable; None leaves them to chance.
        first_id: The gateway's id of what is accepted first, from 1 up; each further one is one
            more. A sandbox that is started anew beside an old journal wants another than before.
        fates: Decides what becomes of each call before its request is answered, see `Autopilot`,
            whose text will do, and `mixed`; None leaves calls accepted.
        message_fate: What becomes of written messages; None leaves them accepted.
        hook: Where the outcome of what came without a hook of its own is posted, as set in the
            provider's panel; None for nowhere.
        hook_style: How hooks are written.
        hook_pauses: Seconds before each further attempt to post a hook that was not taken with a
            status from 200 to 299; as many attempts as pauses, and the first.
        hook_timeout_seconds: How long a receiver may take to answer a hook.
        hook_timing: `hang-up` has a call's hook told of its end alone, `key` of each key too.
        queue_seconds: How long a call that takes its time waits before it rings.
        keep: How many calls and messages are kept; of more, the oldest that are over are
            forgotten first, with their hooks. None for all.
        keep_bytes: How many bytes of recordings are kept likewise; None for all.
        posts_hooks: Whether hooks are posted by themselves while it serves; else they wait for
            `post_hooks`.
        allow_remote_hooks: Whether hooks leave this machine; else only loopback is posted to.
        watcher: Is told of each thing accepted, each `Turn`, `Ending`, `HookDelivery` and `Mishap`,
            in their order, in the thread where it happens: it must be quick. What it raises goes to
            `threading.excepthook` and changes nothing; pytest warns of it.
        clock: Returns the time, aware. A `VirtualClock` stands still until `advance`; any other
            that is not the machine's is for tests that post hooks by `post_hooks`.
    """

    app: Starlette = attrs.field(init=False, repr=False)
    """The pages as an ASGI app, for asyncio and trio."""
    _urls: list[str] = attrs.field(factory=list[str], init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.app = application(self)

    @property
    def balance(self) -> Decimal:
        """The money left, in `currency`."""
        return self.ledger.balance

    @balance.setter
    def balance(self, amount: Decimal) -> None:
        BALANCE.check("balance", amount)
        self.ledger.balance = amount
        self.changes.tell(About.SETTINGS)

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
        return self._serve(port)

    @property
    def url(self) -> str:
        """Where it serves, `http://127.0.0.1:PORT`.

        Raises:
            RuntimeError: It does not serve.
        """
        if not self._urls:
            raise RuntimeError("The sandbox has no address yet: with sandbox.serve() as url.")
        return self._urls[-1]

    def advance(self, seconds: float, *, timeout: float = 10.0) -> None:
        """Let time pass, on a `VirtualClock`, with all that is due in it at its own moment.

        Calls ring, are answered and end, hooks are posted and, where they are not taken, tried
        again, each at its own time and in order; all that is due at a moment is over before time
        goes on. While the sandbox does not serve, or `posts_hooks` is False, hooks wait for
        `post_hooks`, and time goes on without them.

        This blocks while hooks are posted. In a test whose own event loop answers them:
        `await anyio.to_thread.run_sync(sandbox.advance, 6)`.

        Args:
            seconds: How much time passes, from 0 up.
            timeout: Seconds of real time that the hooks may take.

        Raises:
            TypeError: The clock goes by itself.
            ValueError: The seconds are no number from 0 up.
            TimeoutError: Hooks that were due are not over; time stands where they were due.
        """
        SECONDS.check("timeout", timeout)
        Course.of(self, timeout, self._posts).advance(seconds)

    def wait_for_call(self, *, to: str | None = None, timeout: float = 10.0) -> SandboxCall:
        """Return the first call that was accepted and not given so before, once there is one.

        This blocks. A task of an event loop is given a call that is there already, and else
        refused at once: nothing it waits for could happen meanwhile. Use `next_call` there.

        Args:
            to: Only one to this phone, international digits without a plus; None for any.
            timeout: Seconds of real time to wait at most.

        Returns:
            The call, to be answered: `sandbox.wait_for_call().press("7")`.

        Raises:
            TimeoutError: None has come.
            RuntimeError: None has come yet, and this was called on an event loop.
            ValueError: The phone is not written so.
        """
        __tracebackhide__ = True
        check_to(to)
        SECONDS.check("timeout", timeout)
        call = self.arrivals.take(to)
        if call is None and runs_on_an_event_loop():
            raise RuntimeError(
                f"{no_call(to)}, and to wait for it here would stop the event loop: "
                "await sandbox.next_call(...)."
            )
        call = call or self.arrivals.wait(to, timeout)
        if call is None:
            raise too_late(to, timeout, self.calls())
        return call

    async def next_call(self, *, to: str | None = None, timeout: float = 10.0) -> SandboxCall:
        """Return what `wait_for_call` does, on asyncio and trio; other tasks go on meanwhile.

        Args:
            to: Only one to this phone, international digits without a plus; None for any.
            timeout: Seconds of real time to wait at most.

        Raises:
            TimeoutError: None has come.
            ValueError: The phone is not written so.
        """
        __tracebackhide__ = True
        check_to(to)
        SECONDS.check("timeout", timeout)
        call = await self.arrivals.wait_async(to, timeout)
        if call is None:
            raise too_late(to, timeout, self.calls())
        return call

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

        A hook that failed waits until its last attempt. A call that a person has answered ends
        when somebody hangs up, and is not waited for. On a `VirtualClock` time passes as `advance`
        has it, as far as is needed. This blocks: an event loop calls it by
        `anyio.to_thread.run_sync`.

        Args:
            timeout: Seconds of real time to wait at most.

        Raises:
            TimeoutError: There was still something to do.
        """
        SECONDS.check("timeout", timeout)
        if not self._run_out(timeout):
            raise TimeoutError(
                f"After {timeout:g} s there are still {self.lines.left} ends to come and "
                f"{self.hook_queue.left} hooks to post."
            )

    def deliveries(self, entry_id: int | None = None) -> list[HookDelivery]:
        """Return the attempts to post hooks, in the order they were over.

        Args:
            entry_id: Only those for what has this id of the gateway's; None for all.
        """
        if entry_id is None:
            return list(self.hook_queue.log())
        return list(self.hook_queue.thread(entry_id).deliveries)

    def script(self, phone: str, *fates: Fate | Fates | str | None) -> None:
        """Let the next calls to one phone take these fates in turn, before `fates` is asked.

        Args:
            phone: The phone, international digits without a plus: `380501234567`.
            fates: The fates, behind those scripted before: how the call ends, or a function of
                the call, such as an `Autopilot`, to be asked for that one call, or the text of
                one, `busy 2s`, that alone decides, whatever the last digits of the phone are;
                None leaves its call accepted.

        Raises:
            ValueError: The phone is not written so, or a text is none of an `Autopilot`.
            TypeError: One is nothing of that.
        """
        __tracebackhide__ = True
        check_phone(phone)
        self.lines.script(phone, tuple([self._scripted(one) for one in fates]))

    def end_call(self, entry_id: int, fate: Fate) -> None:
        """End a call, or a message, by hand, in place of the end planned for it.

        Its state is set and its hook waits to be posted. Ended again, it is told of again.

        Args:
            entry_id: The gateway's id.
            fate: How it ends, and how long from now.

        Raises:
            LookupError: Nothing with that id was accepted.
            TypeError: It is no fate.
        """
        _FATE.check("fate", fate)
        self.end(self.desk.entry(entry_id), fate)

    def calls(self, *, to: str | None = None) -> list[SandboxCall]:
        """Return the calls accepted, in order: what rings a phone.

        Args:
            to: Only those to this phone, international digits without a plus; None for all.

        Raises:
            ValueError: The phone is not written so.
        """
        __tracebackhide__ = True
        check_to(to)
        calls = [entry for entry in self.ledger.entries() if isinstance(entry, SandboxCall)]
        return [call for call in calls if to is None or call.phone == to]

    def messages(self, *, to: str | None = None) -> list[SandboxMessage]:
        """Return the written messages accepted, in order.

        Args:
            to: Only those to this phone, international digits without a plus; None for all.

        Raises:
            ValueError: The phone is not written so.
        """
        __tracebackhide__ = True
        check_to(to)
        entries = self.ledger.entries()
        messages = [entry for entry in entries if isinstance(entry, SandboxMessage)]
        return [message for message in messages if to is None or message.phone == to]

    def rings(self, to: str) -> int:
        """Return how many times the phone `to`, international digits without a plus, was rung.

        Raises:
            ValueError: The phone is not written so.
        """
        __tracebackhide__ = True
        check_phone(to)
        return len(self.calls(to=to))

    def rang_more_than_once(self) -> list[str]:
        """Return the phones that were rung twice or more often, whole; the fear of every caller."""
        rings = Counter(call.phone for call in self.calls())
        return [phone for phone, times in rings.items() if times > 1]

    def assert_rang_once(self, *, to: str | None = None) -> None:
        """Check that each phone that was rung was rung once; of the calls that are kept.

        Args:
            to: Check it of this phone alone, international digits without a plus; None for all
                that were rung, at least one.

        Raises:
            AssertionError: No phone was rung at all, or one more often, or `to` not once; it tells
                which, masked, and how often.
            ValueError: The phone is not written so.
        """
        __tracebackhide__ = True
        check_to(to)
        if to is None:
            assert_rang_once(self.calls())
        else:
            assert_this_rang_once(self.calls(), to)

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
            TypeError: It is no state.
        """
        STATE.check("state", state)
        if since is not None and since.tzinfo is None:
            raise ValueError("since must carry a time zone, e.g. datetime.now(UTC).")
        self.ledger.set_standing(entry_id, Standing(state, since or self.clock()))
        self.changes.tell(entry_id)

    def _scripted(self, fate: Fate | Fates | str | None) -> Fate | Fates | None:
        if isinstance(fate, str):
            # Who scripts one phone means it.
            return Autopilot(fate, seed=self.seed).fate_of
        if fate is None or isinstance(fate, Fate) or callable(fate):
            return fate
        raise TypeError(
            "a script is of fates: Fate('BUSY'), the text of an Autopilot, like 'busy 2s', a "
            f"function of the call, or None, not {shown(fate)}."
        )

    @contextmanager
    def _serve(self, port: int) -> Generator[str]:
        with serve(self.app, port, partial(keep_posting, self)) as url:
            self._urls.append(url)
            try:
                yield url
            finally:
                self._urls.remove(url)

    def _posts(self) -> bool:
        return self.posts_hooks and bool(self._urls)

    def _run_out(self, timeout: float) -> bool:
        if isinstance(self.clock, VirtualClock):
            return Course.of(self, timeout, self._posts).run_out(self._left)
        return wait_out(self, timeout, self._left)

    def _left(self) -> int:
        return self.lines.left + self.hook_queue.left
