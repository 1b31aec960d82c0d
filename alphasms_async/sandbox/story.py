"""What has happened in a sandbox, told in lines for people, without secrets and whole phones."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import attrs

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.chaos.mishap import spoiled
from alphasms_async.sandbox.chaos.rules import Rule
from alphasms_async.sandbox.entries import SandboxEntry
from alphasms_async.sandbox.hooks.queue import HookDelivery
from alphasms_async.sandbox.line import Line
from alphasms_async.sandbox.phones import masked

_LAST: Final = 20


def story(account: Account) -> str:
    """Return what was accepted last, how far each has come, and how its hooks went.

    Times are seconds since the first of all that is kept was accepted.
    """
    entries = account.ledger.entries()
    lines = [_sum(account, len(entries))]
    if entries:
        teller = _Teller(account, entries[0].at)
        if len(entries) > _LAST:
            lines.append(f"... {len(entries) - _LAST} more before these:")
        for entry in entries[-_LAST:]:
            lines += teller.told(entry)
    return "\n".join(lines)


def _sum(account: Account, kept: int) -> str:
    parts = [f"{kept} accepted", f"{account.ledger.balance} {account.currency} left"]
    switches = {
        "banned": account.banned,
        "API disabled": account.api_disabled,
        "IP denied": account.ip_denied,
    }
    parts += [name for name, is_on in switches.items() if is_on]
    hits = account.chaos.hits
    rules = [rule for rule in account.chaos.rules.values() if rule.on or hits[rule.name]]
    if rules:
        parts.append(f"chaos: {', '.join(_told(rule, hits[rule.name]) for rule in rules)}")
    return "; ".join(parts)


def _told(rule: Rule, hits: int) -> str:
    more = [f"{hits} hit" if hits == 1 else f"{hits} hits"] if hits else []
    if not rule.on:
        more.append("off by now")
    return f"{rule.name} ({', '.join(more)})" if more else rule.name


@attrs.frozen
class _Teller:
    account: Account
    begun: datetime

    def told(self, entry: SandboxEntry) -> Iterator[str]:
        line = self.account.lines.last_line(entry.id)
        steps = [f"accepted {self._at(entry.at)}", *self._steps(line)]
        if entry.chaos is not None:
            steps.insert(1, f"{spoiled(entry.chaos)} (chaos)")
        yield f"{entry.id} {entry.kind} to {masked(entry.phone)}: {', '.join(steps)}"
        thread = self.account.hook_queue.thread(entry.id)
        for delivery in thread.deliveries:
            yield f"    hook, attempt {delivery.attempt}: {self._outcome(delivery)}"
        for due, post in thread.waiting:
            yield f"    hook, attempt {post.attempt}: due {self._at(due)}"
        for post in thread.in_flight_posts:
            yield f"    hook, attempt {post.attempt}: on its way"
        if not (thread.deliveries or thread.waiting or thread.in_flight_posts):
            yield f"    {self._no_hook(entry, line)}"

    def _steps(self, line: Line) -> Iterator[str]:
        if line.ringing_at:
            yield f"rang {self._at(line.ringing_at)}"
        if line.answered_at:
            yield f"answered {self._at(line.answered_at)}"
        if line.digits:
            yield f"keys {line.digits}"
        if line.fate and line.ended_at:
            yield f"{line.fate.word} {self._at(line.ended_at)}"
        else:
            yield f"now {line.phase.value}"

    def _outcome(self, delivery: HookDelivery) -> str:
        return f"{delivery.status or delivery.error} {self._at(delivery.at)}"

    def _no_hook(self, entry: SandboxEntry, line: Line) -> str:
        if self.account.hook_of(entry) is None:
            return "no hook was asked for"
        return "no hook posted" if line.fate else "no hook before it ends"

    def _at(self, moment: datetime) -> str:
        return f"at {(moment - self.begun).total_seconds():g} s"
