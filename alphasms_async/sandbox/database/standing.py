"""How one accepted thing stands, as it is kept."""

import attrs

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxEntry
from alphasms_async.sandbox.hooks.queue import HookThread
from alphasms_async.sandbox.line import Line
from alphasms_async.sandbox.plans import Plan
from alphasms_async.sandbox.states import Standing


@attrs.frozen
class Stand:
    """How one accepted thing stands: all that has become of it, and is still to."""

    state: Standing
    line: Line
    plan: Plan | None
    thread: HookThread

    @classmethod
    def of(cls, account: Account, entry: SandboxEntry) -> "Stand":
        """Return how `entry` stands now; nothing happens by it."""
        with account.hook_queue.changed:
            return cls(
                account.ledger.standing(entry),
                account.lines.last_line(entry.id),
                account.lines.plan_of(entry.id),
                account.hook_queue.thread(entry.id),
            )
