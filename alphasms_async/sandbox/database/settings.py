"""What of a sandbox is kept beside what it accepted: its settings, its scripts and its money."""

from types import MethodType
from typing import Final

import attrs

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.autopilot import Autopilot
from alphasms_async.sandbox.fate import Fate
from alphasms_async.sandbox.fates import Fates
from alphasms_async.sandbox.ledger import Tally

# More than are given in the moments that a kill may lose.
_LOST_IDS: Final = 10_000


@attrs.frozen
class _Pilot:
    """An autopilot, by what it is made of."""

    text: str
    seed: int | None = None
    is_alone: bool = False
    """Whether its text alone is asked, whatever the phone."""

    @classmethod
    def of(cls, fates: object) -> "_Pilot | None":
        """Return what makes it up, `None` when it is a program's own function."""
        if isinstance(fates, Autopilot):
            return cls(fates.text, fates.seed)
        if isinstance(fates, MethodType) and isinstance(fates.__self__, Autopilot):
            return cls(fates.__self__.text, fates.__self__.seed, is_alone=True)
        return None

    def fates(self) -> Fates:
        pilot = Autopilot(self.text, seed=self.seed)
        return pilot.fate_of if self.is_alone else pilot


@attrs.frozen
class _Scripted:
    """What one call to a phone is to take; neither of both leaves it accepted."""

    phone: str
    fate: Fate | None = None
    pilot: _Pilot | None = None


@attrs.frozen
class _Rule:
    """How one rule of the chaos is set."""

    name: str
    on: bool
    share: float
    amount: float | None


@attrs.frozen(kw_only=True)
class Settings:
    """What of a sandbox is kept beside what it accepted."""

    tally: Tally
    is_last: bool
    """Whether nothing can have happened after that."""
    banned: bool
    api_disabled: bool
    ip_denied: bool
    unsupported_operators: tuple[str, ...]
    hook: str | None
    hook_timing: str
    pilot: _Pilot | None
    """`None` for fates that no file can keep."""
    chaos_seed: int | None
    chaos: tuple[_Rule, ...]
    scripts: tuple[_Scripted, ...]
    """In the order their calls are to come; without those that no file can keep."""

    @classmethod
    def of(cls, account: Account, tally: Tally, *, is_last: bool) -> "Settings":
        """Return how things are set now.

        Args:
            account: The sandbox.
            tally: How far its ledger has come.
            is_last: Whether nothing can happen after that.
        """
        scripts = account.lines.scripts()
        return cls(
            tally=tally,
            is_last=is_last,
            banned=account.banned,
            api_disabled=account.api_disabled,
            ip_denied=account.ip_denied,
            unsupported_operators=tuple(sorted(account.unsupported_operators)),
            hook=account.hook,
            hook_timing=account.hook_timing,
            pilot=_Pilot.of(account.fates),
            chaos_seed=account.chaos.seed,
            chaos=tuple(
                _Rule(rule.name, rule.on, rule.share, rule.amount)
                for rule in account.chaos.rules.values()
            ),
            scripts=tuple(
                _Scripted(phone, *parts)
                for phone, fates in scripts.items()
                for parts in map(_parts, fates)
                if parts is not None
            ),
        )

    def restore(self, account: Account) -> None:
        """Set everything as it was; what is not kept stays as the program has it."""
        account.banned = self.banned
        account.api_disabled = self.api_disabled
        account.ip_denied = self.ip_denied
        account.unsupported_operators.update(self.unsupported_operators)
        account.hook = self.hook or account.hook
        account.hook_timing = "key" if self.hook_timing == "key" else "hang-up"
        if self.pilot is not None:
            account.fates = self.pilot.fates()
        account.chaos.change({"seed": self.chaos_seed, "rules": self._rules(account)})
        for one in self.scripts:
            account.lines.script(one.phone, (one.pilot.fates() if one.pilot else one.fate,))
        tally = self.tally
        if not self.is_last:
            # It was killed: the clients may know ids that the file does not, and none is given
            # twice.
            tally = attrs.evolve(tally, next_id=tally.next_id + _LOST_IDS)
        account.ledger.restore_tally(tally)

    def _rules(self, account: Account) -> dict[str, object]:
        return {
            rule.name: {"on": rule.on, "share": rule.share, "amount": rule.amount}
            for rule in self.chaos
            # Another version may know others.
            if rule.name in account.chaos.rules
        }


def _parts(fate: "Fate | Fates | None") -> "tuple[Fate | None, _Pilot | None] | None":
    if fate is None or isinstance(fate, Fate):
        return fate, None
    pilot = _Pilot.of(fate)
    return None if pilot is None else (None, pilot)
