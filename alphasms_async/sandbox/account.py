"""The account the pages answer for: its key, its prices, whether it may send, and what follows."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias, TypeVar

import attrs

from alphasms_async.clock import Clock, utc_now
from alphasms_async.sandbox.endings import Ending, Endings
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.fates import Fate, Fates
from alphasms_async.sandbox.hooks.queue import HookDelivery, HookQueue
from alphasms_async.sandbox.hooks.style import HookStyle
from alphasms_async.sandbox.ledger import FIRST_ID, Ledger
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.states import Standing

MEBIBYTE = 1024 * 1024

Watcher: TypeAlias = Callable[[SandboxEntry | Ending | HookDelivery], None]
"""Is told of each thing that is accepted, of each end, and of each attempt to post a hook.

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
    ledger: Ledger = attrs.field(init=False, repr=False)
    """Everything accepted, and the money."""
    hook_queue: HookQueue = attrs.field(init=False, repr=False)
    """The hooks that wait, and how those before them went."""
    endings: Endings = attrs.field(init=False, repr=False)
    """What of the accepted is still to end."""

    def __attrs_post_init__(self) -> None:
        self.ledger = Ledger(self._opening_balance, self.seed, self.clock, self.first_id)
        self.hook_queue = HookQueue(self.clock)
        self.endings = Endings(self.ledger, self.hook_queue, self.clock, self.tell_watcher)

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
        entry = self.ledger.accept(draft)
        self.tell_watcher(entry)
        fate = self._fate_of(entry)
        if fate is not None:
            self.end(entry, fate)
        return entry

    def end(self, entry: SandboxEntry, fate: Fate) -> None:
        """Let `entry` end as `fate` says: first its state, then its hook."""
        self.endings.plan(entry, fate, entry.hook or self.hook)

    def standing(self, entry: SandboxEntry) -> Standing:
        """Return the state `entry` is in by now."""
        self.endings.end_due()
        return self.ledger.standing(entry)

    def tell_watcher(self, happened: SandboxEntry | Ending | HookDelivery) -> None:
        """Tell the watcher, if there is one, what has just happened."""
        if self.watcher is not None:
            self.watcher(happened)

    def _fate_of(self, entry: SandboxEntry) -> Fate | None:
        if isinstance(entry, SandboxCall):
            return self.endings.fate_of(entry, self.fates)
        return self.message_fate
