"""The account the pages answer for: its key, its prices, whether it may send, and what follows."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Literal, TypeAlias, TypeVar

import attrs

from alphasms_async.clock import Clock, utc_now
from alphasms_async.sandbox.changes import About, Changes
from alphasms_async.sandbox.chaos.chaos import Chaos
from alphasms_async.sandbox.chaos.hooks import DROPPED, delays
from alphasms_async.sandbox.desk import Desk
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.fate import Fate
from alphasms_async.sandbox.fates import Fates
from alphasms_async.sandbox.hooks.queue import HookDelivery, HookQueue, Post
from alphasms_async.sandbox.hooks.style import HookStyle
from alphasms_async.sandbox.ledger import FIRST_ID, Ledger
from alphasms_async.sandbox.lines import Ending, Lines, Turn
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.states import Standing

MEBIBYTE = 1024 * 1024

Happening: TypeAlias = SandboxEntry | Turn | Ending | HookDelivery
"""What happens in a sandbox: something is accepted, its call rings, is answered or hears a key, it
ends, a hook is posted."""
Watcher: TypeAlias = Callable[[Happening], None]
"""Is told of each thing that happens.

In their order, and in whatever thread it happens, which waits for it: it must be quick, must not
raise, and must not wait for another thread that uses the sandbox."""

_Entry = TypeVar("_Entry", bound=SandboxEntry)


def _whole_url(_: object, __: object, hook: str | None) -> None:
    if hook is not None and not hook.startswith(("http://", "https://")):
        raise ValueError("hook is a whole URL, like http://127.0.0.1:8000/hooks.")


def _pauses(_: object, __: object, pauses: tuple[float, ...]) -> None:
    if not all(math.isfinite(pause) and pause >= 0 for pause in pauses):
        raise ValueError("hook_pauses are seconds from 0 up, e.g. (1, 5, 25).")


@attrs.define(kw_only=True, eq=False)
class Account:
    """An account of the gateway.

    All but the clock and the first id may be changed at any time, also while it serves.
    """

    api_key: str = attrs.field(default="sandbox-key", repr=False)
    """The one key that is right."""
    price: Decimal = attrs.field(
        default=Decimal("0.40"), validator=attrs.validators.instance_of(Decimal)
    )
    """What a call, or one part of a message, costs, in `currency`."""
    _opening_balance: Decimal = attrs.field(
        default=Decimal("250.00"), alias="balance", validator=attrs.validators.instance_of(Decimal)
    )
    currency: str = "UAH"
    """The currency of every price, three letters."""
    max_bytes: int = 5 * MEBIBYTE
    """The biggest recording taken."""
    seed: int | None = attrs.field(default=None, repr=False)
    """Makes the codes of flash calls repeatable; None leaves them to chance."""
    first_id: int = attrs.field(
        default=FIRST_ID, validator=attrs.validators.ge(1), on_setattr=attrs.setters.frozen
    )
    """The gateway's id of what is accepted first, from 1 up; each further one is one more."""
    fates: Fates | None = attrs.field(default=None, repr=False)
    """Decides what becomes of calls no script speaks of; None leaves them accepted."""
    message_fate: Fate | None = None
    """What becomes of written messages; None leaves them accepted."""
    hook: str | None = attrs.field(default=None, validator=_whole_url, repr=False)
    """The account's own hook, for what came without one; None for none."""
    hook_style: HookStyle = attrs.field(factory=HookStyle)
    """How hooks are written."""
    hook_pauses: tuple[float, ...] = attrs.field(default=(1, 5, 25, 125), validator=_pauses)
    """Seconds before each further attempt to post a hook; as many attempts, and the first."""
    hook_timeout_seconds: float = 10
    """How long a receiver may take to answer a hook."""
    hook_timing: Literal["hang-up", "key"] = attrs.field(
        default="hang-up", validator=attrs.validators.in_({"hang-up", "key"})
    )
    """Whether a call's hook is told of the end alone, or of each key too, as it is pressed."""
    queue_seconds: float = attrs.field(default=0, validator=attrs.validators.ge(0))
    """How long a call that takes its time waits before it rings, which is when its fate begins."""
    keep: int | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(attrs.validators.ge(1)),
        on_setattr=attrs.setters.frozen,
    )
    """How many calls and messages are kept, the oldest are forgotten first; None for all."""
    keep_bytes: int | None = attrs.field(default=None, on_setattr=attrs.setters.frozen)
    """How many bytes of recordings are kept, each counted once: for more, the oldest calls and
    messages are forgotten likewise; None for all."""
    posts_hooks: bool = True
    """Whether hooks are posted by themselves while it serves; else they wait for `post_hooks`."""
    allow_remote_hooks: bool = False
    """Whether hooks leave this machine."""
    watcher: Watcher | None = attrs.field(default=None, repr=False)
    """Is told of all that happens here, None for nobody."""
    clock: Clock = attrs.field(default=utc_now, repr=False, on_setattr=attrs.setters.frozen)
    """What time it is."""
    banned: bool = attrs.field(default=False, init=False)
    """Whether the account answers `Banned`."""
    api_disabled: bool = attrs.field(default=False, init=False)
    """Whether the account answers `API disabled`."""
    ip_denied: bool = attrs.field(default=False, init=False)
    """Whether the account answers `IP denied`."""
    unsupported_operators: set[str] = attrs.field(factory=set[str], init=False)
    """Beginnings of phones json.php answers `Operator not supported` for; voice.php and otp.php
    document no such answer and take them."""
    chaos: Chaos = attrs.field(init=False, repr=False)
    """What goes wrong on the wire, all off at the start; `seed` is its seed too, until it is given
    another."""
    ledger: Ledger = attrs.field(init=False, repr=False)
    """Everything accepted, and the money."""
    hook_queue: HookQueue = attrs.field(init=False, repr=False)
    """The hooks that wait, and how those before them went."""
    lines: Lines = attrs.field(init=False, repr=False)
    """How far each call has come."""
    desk: Desk = attrs.field(init=False, repr=False)
    """The phones that ring, for a person to answer."""
    changes: Changes = attrs.field(factory=Changes, init=False, repr=False)
    """Who wants to know that something is no longer as it was."""

    def __attrs_post_init__(self) -> None:
        clock, changes = self.clock, self.changes
        tell = partial(changes.tell, About.SETTINGS)
        self.chaos = Chaos(self.seed, clock=clock, tell=tell)
        self.hook_queue = HookQueue(clock, changes)
        self.ledger = Ledger(
            self._opening_balance,
            self.seed,
            clock,
            self.first_id,
            keep=self.keep,
            keep_bytes=self.keep_bytes,
            forget=self._forget,
        )
        self.lines = Lines(
            self.ledger,
            self.hook_queue,
            clock,
            changes,
            watch=self.tell_watcher,
            post=self._post,
            queue_seconds=lambda: self.queue_seconds,
            tells_keys=lambda: self.hook_timing == "key",
        )
        self.desk = Desk(self.ledger, self.lines, self.hook_queue, clock, self.hook_of)

    def admit(self, key: str | None) -> None:
        """Let a request with `key` in.

        Raises:
            RefusedError: The key is missing or wrong, or a switch keeps everybody out.
        """
        reasons = (
            (not key, Refusal.KEY_MISSING),
            (key != self.api_key, Refusal.WRONG_KEY),
            (self.banned, Refusal.BANNED),
            (self.api_disabled, Refusal.API_DISABLED),
            (self.ip_denied, Refusal.IP_DENIED),
        )
        for applies, refusal in reasons:
            if applies:
                raise RefusedError(refusal)

    def supports(self, phone: str) -> bool:
        """Say whether `phone`'s operator is one the gateway works with."""
        return not phone.startswith(tuple(self.unsupported_operators))

    def accept(self, draft: _Entry) -> _Entry:
        """Record `draft`, charge for it, let its fate take its course, and return it with its id.

        Raises:
            RefusedError: The client's id was used before, or the balance is below the price.
        """
        if isinstance(draft, SandboxCall):
            recording = self.ledger.shared(draft.audio)
            draft = attrs.evolve(draft, audio=recording, handset=self.desk)
        # In one: nobody answers a call before it is said what else becomes of it, and nothing
        # happens to what was just forgotten.
        with self.hook_queue.changed:
            self.lines.go_on()
            entry = self.ledger.accept(draft)
            self.tell_watcher(entry)
            fate = self._fate_of(entry)
            if fate is not None:
                self.end(entry, fate)
            self.changes.tell(entry.id)
        return entry

    def end(self, entry: SandboxEntry, fate: Fate) -> None:
        """Let `entry` end as `fate` says: first its state, then its hook."""
        self.lines.plan(entry, fate, self.hook_of(entry))

    def hook_of(self, entry: SandboxEntry) -> str | None:
        """Return where the outcome of `entry` is told, None for nowhere."""
        return entry.hook or self.hook

    def standing(self, entry: SandboxEntry) -> Standing:
        """Return the state `entry` is in by now."""
        self.lines.go_on()
        return self.ledger.standing(entry)

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
        self.chaos.reset()
        self.changes.tell(About.EVERYTHING)

    def tell_watcher(self, happened: Happening) -> None:
        """Tell the watcher, if there is one, what has just happened."""
        if self.watcher is not None:
            self.watcher(happened)

    def _fate_of(self, entry: SandboxEntry) -> Fate | None:
        if isinstance(entry, SandboxCall):
            return self.lines.fate_of(entry, self.fates)
        return self.message_fate

    def _post(self, entry: SandboxEntry, fate: Fate, hook: str, due: datetime) -> None:
        moments = [due + timedelta(seconds=seconds) for seconds in delays(self.chaos)]
        for moment in moments:
            self.hook_queue.add(Post(entry, fate, hook), moment)
        if not moments:
            self._drop(entry, fate, hook)

    def _drop(self, entry: SandboxEntry, fate: Fate, hook: str) -> None:
        body = self.hook_style.body(entry, fate)
        delivery = HookDelivery(
            entry_id=entry.id, url=hook, attempt=1, at=self.clock(), error=DROPPED, body=body
        )
        self.hook_queue.note(delivery)
        self.tell_watcher(delivery)

    def _forget(self, entry_id: int) -> None:
        self.lines.forget(entry_id)
        self.hook_queue.forget(entry_id)
        self.changes.tell(entry_id)
