"""The account the pages answer for: its key, its prices, whether it may send, and what follows."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

import attrs

from alphasms_async.clock import Clock, utc_now
from alphasms_async.sandbox.allowed import (
    BALANCE,
    BEGINNINGS,
    CURRENCY,
    HOOK,
    PAUSES,
    PRICE,
    SECONDS,
    SECRET_TEXT,
    SEED,
    TRUTH,
    function,
    instance,
    one_of,
    whole,
)
from alphasms_async.sandbox.arrivals import Arrivals
from alphasms_async.sandbox.autopilot import Autopilot, as_fates
from alphasms_async.sandbox.changes import About, Changes
from alphasms_async.sandbox.chaos.chaos import Chaos
from alphasms_async.sandbox.chaos.hooks import DROPPED, delays
from alphasms_async.sandbox.chaos.mishap import Mishap, spoiler
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

Happening: TypeAlias = SandboxEntry | Turn | Ending | HookDelivery | Mishap
"""What happens in a sandbox: something is accepted, its call rings, is answered or hears a key, it
ends, a hook is posted, chaos keeps a request out or spoils its answer."""
Watcher: TypeAlias = Callable[[Happening], None]
"""Is told of each thing that happens.

In their order, and in whatever thread it happens, which waits for it: it must be quick, and must
not wait for another thread that uses the sandbox. What it raises goes to `threading.excepthook`, as
of a thread that nobody waits for, and changes nothing of what happens: pytest warns of it."""

_Entry = TypeVar("_Entry", bound=SandboxEntry)


_FATES: Final = function("a function of the call, the text of an Autopilot, like 'busy 2s'").or_none

if TYPE_CHECKING:

    def _read_fates(fates: Fates | str | None) -> Fates | None: ...

else:
    # No type checker knows of a converter that is given what is made.
    _read_fates = attrs.Converter(
        lambda fates, account: as_fates(fates, account.seed), takes_self=True
    )


@attrs.define(kw_only=True, eq=False)
class Account:
    """An account of the gateway.

    All but the clock, the seed, the first id and how much is kept may be changed at any time, also
    while it serves.
    """

    api_key: str = attrs.field(default="sandbox-key", validator=SECRET_TEXT, repr=False)
    """The one key that is right."""
    price: Decimal = attrs.field(default=Decimal("0.40"), validator=PRICE)
    """What a call, or one part of a message, costs, in `currency`."""
    _opening_balance: Decimal = attrs.field(
        default=Decimal("250.00"), alias="balance", validator=BALANCE
    )
    currency: str = attrs.field(default="UAH", validator=CURRENCY)
    """The currency of every price, three letters."""
    max_bytes: int = attrs.field(default=5 * MEBIBYTE, validator=whole(0))
    """The biggest recording taken."""
    seed: int | None = attrs.field(
        default=None, validator=SEED, repr=False, on_setattr=attrs.setters.frozen
    )
    """Makes the codes of flash calls repeatable; None leaves them to chance."""
    first_id: int = attrs.field(
        default=FIRST_ID, validator=whole(1), on_setattr=attrs.setters.frozen
    )
    """The gateway's id of what is accepted first, from 1 up; each further one is one more."""
    fates: Fates | None = attrs.field(
        default=None, converter=_read_fates, validator=_FATES, repr=False
    )
    """Decides what becomes of calls no script speaks of; None leaves them accepted. A text is taken
    as that of an `Autopilot`, with the seed of the account."""
    message_fate: Fate | None = attrs.field(
        default=None, validator=instance(Fate, "Fate('DELIVERED')").or_none
    )
    """What becomes of written messages; None leaves them accepted."""
    hook: str | None = attrs.field(default=None, validator=HOOK, repr=False)
    """The account's own hook, for what came without one; None for none."""
    hook_style: HookStyle = attrs.field(
        factory=HookStyle, validator=instance(HookStyle, "HookStyle(encoding='form')")
    )
    """How hooks are written."""
    hook_pauses: tuple[float, ...] = attrs.field(default=(1, 5, 25, 125), validator=PAUSES)
    """Seconds before each further attempt to post a hook; as many attempts, and the first."""
    hook_timeout_seconds: float = attrs.field(default=10, validator=SECONDS)
    """How long a receiver may take to answer a hook."""
    hook_timing: Literal["hang-up", "key"] = attrs.field(
        default="hang-up", validator=one_of("hang-up", "key")
    )
    """Whether a call's hook is told of the end alone, or of each key too, as it is pressed."""
    queue_seconds: float = attrs.field(default=0, validator=SECONDS)
    """How long a call that takes its time waits before it rings, which is when its fate begins."""
    keep: int | None = attrs.field(
        default=None, validator=whole(1).or_none, on_setattr=attrs.setters.frozen
    )
    """How many calls and messages are kept, the oldest are forgotten first; None for all."""
    keep_bytes: int | None = attrs.field(
        default=None, validator=whole(1).or_none, on_setattr=attrs.setters.frozen
    )
    """How many bytes of recordings are kept, each counted once: for more, the oldest calls and
    messages are forgotten likewise; None for all."""
    posts_hooks: bool = attrs.field(default=True, validator=TRUTH)
    """Whether hooks are posted by themselves while it serves; else they wait for `post_hooks`."""
    allow_remote_hooks: bool = attrs.field(default=False, validator=TRUTH)
    """Whether hooks leave this machine."""
    watcher: Watcher | None = attrs.field(
        default=None, validator=function("a function of what happens").or_none, repr=False
    )
    """Is told of all that happens here, None for nobody."""
    clock: Clock = attrs.field(
        default=utc_now,
        validator=function("a function that returns the time, aware"),
        repr=False,
        on_setattr=attrs.setters.frozen,
    )
    """What time it is."""
    banned: bool = attrs.field(default=False, validator=TRUTH, init=False)
    """Whether the account answers `Banned`."""
    api_disabled: bool = attrs.field(default=False, validator=TRUTH, init=False)
    """Whether the account answers `API disabled`."""
    ip_denied: bool = attrs.field(default=False, validator=TRUTH, init=False)
    """Whether the account answers `IP denied`."""
    unsupported_operators: set[str] = attrs.field(
        factory=set[str], validator=BEGINNINGS, init=False
    )
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
    arrivals: Arrivals = attrs.field(factory=Arrivals, init=False, repr=False)
    """The calls that nobody who waits for one was given yet."""
    changes: Changes = attrs.field(factory=Changes, init=False, repr=False)
    """Who wants to know that something is no longer as it was."""
    _made: Mapping[str, object] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._made = {name: getattr(self, name) for name in _SETTABLE}
        clock, changes = self.clock, self.changes
        tell = partial(changes.tell, About.SETTINGS)
        self.chaos = Chaos(self.seed, clock=clock, tell=tell, watch=self.tell_watcher)
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

    def accept(self, draft: _Entry, *, fates: Fates | None = None) -> _Entry:
        """Record `draft`, charge for it, let its fate take its course, and return it with its id.

        Args:
            draft: What is asked for.
            fates: Decides what becomes of this call alone; None leaves that to the script of its
                phone, or to the account.

        Raises:
            RefusedError: The client's id was used before, or the balance is below the price.
        """
        chaos = spoiler()
        if isinstance(draft, SandboxCall):
            recording = self.ledger.shared(draft.audio)
            draft = attrs.evolve(draft, chaos=chaos, audio=recording, handset=self.desk)
        else:
            draft = attrs.evolve(draft, chaos=chaos)
        # In one: nobody answers a call before it is said what else becomes of it, and nothing
        # happens to what was just forgotten.
        with self.hook_queue.changed:
            self.lines.go_on()
            entry = self.ledger.accept(draft)
            self.tell_watcher(entry)
            fate = self._fate_of(entry, fates)
            if fate is not None:
                self.lines.plan_first(entry, fate, self.hook_of(entry))
            self.changes.tell(entry.id)
            # Where there is no room for it, or who was told of it began anew, it is forgotten.
            if isinstance(entry, SandboxCall) and self.ledger.find(entry.id) is entry:
                self.arrivals.add(entry)
        return entry

    def end(self, entry: SandboxEntry, fate: Fate) -> None:
        """Let `entry` end as `fate` says: first its state, then its hook."""
        self.lines.plan(entry, fate, self.hook_of(entry))

    def hook_of(self, entry: SandboxEntry) -> str | None:
        """Return where the outcome of `entry` is told, None for nowhere."""
        return entry.hook or self.hook

    def next_due(self, *, with_hooks: bool) -> datetime | None:
        """Return when the next thing happens: by a plan or, `with_hooks`, that a hook is posted."""
        moments = [self.lines.next_due()]
        if with_hooks:
            moments.append(self.hook_queue.next_due())
        return min((moment for moment in moments if moment is not None), default=None)

    def standing(self, entry: SandboxEntry) -> Standing:
        """Return the state `entry` is in by now."""
        self.lines.go_on()
        return self.ledger.standing(entry)

    def reset(self, *, ids_go_on: bool = False) -> None:
        """Begin anew: let all be as it was when the sandbox was made.

        What it accepted, planned and posted is forgotten, scripts too, and the balance restored.
        Every setting, `fates`, `hook` and `hook_timing` among them, is again what the sandbox was
        made with; the switches are off, and no operator is unsupported. The chaos is off, with the
        shares, amounts and the seed it had at first, and no hits. Codes begin anew by the seed.
        The time, the watcher and the address stay.

        Args:
            ids_go_on: Whether ids go on after those given so far, for clients that remember them;
                else they begin anew at `first_id`. `POST /sandbox/reset` has them go on.
        """
        with self.hook_queue.changed:
            self.arrivals.reset()
            self.lines.reset()
            self.hook_queue.reset()
            self.ledger.reset(ids_go_on=ids_go_on)
            for name, value in self._made.items():
                setattr(self, name, value)
            if isinstance(self.fates, Autopilot):
                # The same, which has counted no calls yet.
                self.fates = attrs.evolve(self.fates)
            self.banned = self.api_disabled = self.ip_denied = False
            self.unsupported_operators.clear()
            self.chaos.reset()
            self.changes.tell(About.EVERYTHING)

    def tell_watcher(self, happened: Happening) -> None:
        """Tell the watcher, if there is one, what has just happened."""
        if self.watcher is None:
            return
        try:
            self.watcher(happened)
        except Exception as error:  # noqa: BLE001 - raised here it would stop what happens halfway
            raised = (type(error), error, error.__traceback__, threading.current_thread())
            threading.excepthook(threading.ExceptHookArgs(raised))

    def _fate_of(self, entry: SandboxEntry, fates: Fates | None) -> Fate | None:
        if not isinstance(entry, SandboxCall):
            return self.message_fate
        return self.lines.fate_of(entry, self.fates) if fates is None else fates(entry)

    def _post(self, entry: SandboxEntry, fate: Fate, hook: str, due: datetime) -> None:
        __tracebackhide__ = True
        moments = [due + timedelta(seconds=seconds) for seconds in delays(self.chaos)]
        for moment in moments:
            self.hook_queue.add(Post(entry, fate, hook), moment)
        if not moments:
            self._drop(entry, fate, hook)

    def _drop(self, entry: SandboxEntry, fate: Fate, hook: str) -> None:
        __tracebackhide__ = True
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
        self.arrivals.forget(entry_id)


# Who watches is no setting of the account.
_SETTABLE: Final = tuple(
    one.name
    for one in attrs.fields(Account)
    if one.init and one.on_setattr is not attrs.setters.frozen and one.name != "watcher"
)
