"""The life of what was accepted: it waits, rings, is answered, hears keys and ends."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

import attrs

from alphasms_async.clock import Clock
from alphasms_async.sandbox.allowed import shown
from alphasms_async.sandbox.changes import Changes
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.fate import Fate, check_keys
from alphasms_async.sandbox.fates import Fates
from alphasms_async.sandbox.hooks.queue import HookQueue
from alphasms_async.sandbox.ledger import Ledger
from alphasms_async.sandbox.line import CallOver, Key, Line, Phase
from alphasms_async.sandbox.plans import Act, Plan, Plans
from alphasms_async.sandbox.states import Standing, State

# How far something has come of which nothing was told yet.
_UNTOUCHED: Final = Line()
# What the status interfaces say on the way; the end brings its own.
_STATES: Final = {Phase.RINGING: State.SENDING, Phase.TALKING: State.ROUTING}


@attrs.frozen(eq=False)
class Turn:
    """A call began to ring, was answered, or heard a key. Its repr masks the phone."""

    at: datetime
    """When, UTC."""
    entry: SandboxEntry
    """Which."""
    line: Line
    """How far it has come by that."""


@attrs.frozen(eq=False)
class Ending:
    """How one accepted thing ends. Its repr shows no hook, and the phone masked."""

    at: datetime
    """When, UTC."""
    entry: SandboxEntry
    """What it was."""
    fate: Fate
    """How."""
    hook: str | None = attrs.field(repr=False)
    """Where it is told, None for nowhere."""


Post: TypeAlias = Callable[[SandboxEntry, Fate, str, datetime], None]
"""Has a fate told to the hook at an address, from a moment on."""


@attrs.define(eq=False, repr=False)
class Lines:
    """How far each accepted thing has come, and what is still to come. Safe in several threads.

    Nothing happens by itself: whoever wants to know how things stand calls `go_on` first.
    """

    _ledger: Ledger
    _hooks: HookQueue
    _clock: Clock
    _changes: Changes
    _watch: Callable[[Turn | Ending], None] = attrs.field(alias="watch")
    """Is told each turn and each end, at once when it has come."""
    _post: Post = attrs.field(alias="post")
    _queue_seconds: Callable[[], float] = attrs.field(alias="queue_seconds")
    """Returns how long a call that takes its time waits before it rings."""
    _tells_keys: Callable[[], bool] = attrs.field(alias="tells_keys")
    """Returns whether a hook is told of each key too, and not of the end alone."""
    _scripts: dict[str, deque[Fate | Fates | None]] = attrs.field(factory=dict, init=False)
    _lines: dict[int, Line] = attrs.field(factory=dict, init=False)
    _plans: Plans = attrs.field(factory=Plans, init=False)

    @property
    def left(self) -> int:
        """How many ends are still to come."""
        with self._hooks.changed:
            return len(self._plans)

    def line(self, entry_id: int) -> Line:
        """Return how far the thing with that id has come."""
        self.go_on()
        return self.last_line(entry_id)

    def last_line(self, entry_id: int) -> Line:
        """Return how far it had come when somebody last wanted to know."""
        with self._hooks.changed:
            return self._lines.get(entry_id, _UNTOUCHED)

    def plan_of(self, entry_id: int) -> Plan | None:
        """Return what is still to become of it, None when nothing is planned."""
        with self._hooks.changed:
            return self._plans.of(entry_id)

    def reset(self) -> None:
        """Forget the scripts, how far all has come, and what is still to come."""
        with self._hooks.changed:
            self._scripts.clear()
            self._lines.clear()
            self._plans.reset()
            self._hooks.tell()

    def forget(self, entry_id: int) -> None:
        """Forget how far one thing has come, and what was to come of it."""
        with self._hooks.changed:
            self._lines.pop(entry_id, None)
            self._plans.drop(entry_id)
            self._hooks.tell()

    def restore(self, entry: SandboxEntry, line: Line, plan: Plan | None) -> None:
        """Take one thing's line and plan back, as they were when they were kept."""
        with self._hooks.changed:
            self._lines[entry.id] = line
            if plan is not None:
                self._begin(plan)

    def script(self, phone: str, fates: tuple[Fate | Fates | None, ...]) -> None:
        """Put `fates` behind those that calls to `phone` are to take already.

        One that is a function is asked when its call has come.
        """
        with self._hooks.changed:
            if fates:
                self._scripts.setdefault(phone, deque()).extend(fates)

    def scripts(self) -> dict[str, tuple[Fate | Fates | None, ...]]:
        """Return what calls are to take still, by the phone."""
        with self._hooks.changed:
            return {phone: tuple(fates) for phone, fates in self._scripts.items()}

    def fate_of(self, call: SandboxCall, fates: Fates | None) -> Fate | None:
        """Take the next fate of the script of the call's phone, or ask `fates` for one."""
        with self._hooks.changed:
            script = self._scripts.get(call.phone)
            fate = script.popleft() if script else fates
            if not script:
                self._scripts.pop(call.phone, None)
        given = fate(call) if callable(fate) else fate
        if given is None or isinstance(given, Fate):
            return given
        raise TypeError(f"fates gave {shown(given)}, not a Fate or None.")

    def plan(self, entry: SandboxEntry, fate: Fate, hook: str | None) -> None:
        """Have `fate` become of `entry` from now on, in place of what was planned before.

        Args:
            entry: What is to end.
            fate: How, and how long from now.
            hook: Where to tell it, None for nowhere.
        """
        __tracebackhide__ = True
        with self._hooks.changed:
            now = self._clock()
            self._go_on(now)
            self._plan(entry, fate, hook, now)

    def plan_first(self, entry: SandboxEntry, fate: Fate, hook: str | None) -> None:
        """Do what `plan` does with what was just accepted, unless somebody has acted on it since.

        Whoever was told of it, or asked what becomes of it, may have answered or ended it.
        """
        __tracebackhide__ = True
        with self._hooks.changed:
            if entry.id not in self._lines and self._plans.of(entry.id) is None:
                self.plan(entry, fate, hook)

    def answer(self, call: SandboxCall) -> None:
        """Have somebody answer; from now on the call is theirs, and no plan's.

        Raises:
            CallOver: It has ended.
        """
        with self._hooks.changed:
            now = self._clock()
            self._open_line(call, now)
            self._take_over(call, now)

    def press(self, call: SandboxCall, digits: str, hook: str | None) -> None:
        """Have somebody press keys, in a call that they answer for it where nobody has yet.

        One that a plan has answered still ends by that plan, whose own keys are not pressed any
        more.

        Args:
            call: The call.
            digits: The keys: 0 to 9, `*` and `#`.
            hook: Where they are told, if keys are, None for nowhere.

        Raises:
            CallOver: It has ended.
            ValueError: There are no such keys.
        """
        __tracebackhide__ = True
        check_keys(digits)
        with self._hooks.changed:
            now = self._clock()
            if self._open_line(call, now).phase is not Phase.TALKING:
                self._take_over(call, now)
            elif (plan := self._plans.of(call.id)) and plan.fate.digits:
                self._begin(attrs.evolve(plan, fate=attrs.evolve(plan.fate, digits=None)))
            for digit in digits:
                # Whoever is told of a key may hang up.
                self._open_line(call, now)
                self._press(call, digit, hook, now)
            self._hooks.tell()

    def hang_up(self, call: SandboxCall, hook: str | None) -> None:
        """Have somebody hang up: one that is talked in ends as ANSWERED, any other as BUSY.

        Raises:
            CallOver: It has ended.
        """
        __tracebackhide__ = True
        with self._hooks.changed:
            now = self._clock()
            is_talking = self._open_line(call, now).phase is Phase.TALKING
            self._end(call, "ANSWERED" if is_talking else "BUSY", hook, now)

    def end(self, call: SandboxCall, word: str, hook: str | None) -> None:
        """Have a call that has not ended do so now.

        Args:
            call: The call.
            word: The hook's word for it, see `Fate`.
            hook: Where it is told, None for nowhere.

        Raises:
            CallOver: It has ended.
            ValueError: There is no such word.
        """
        __tracebackhide__ = True
        with self._hooks.changed:
            now = self._clock()
            self._open_line(call, now)
            self._end(call, word, hook, now)

    def next_due(self) -> datetime | None:
        """Return when the next thing happens by a plan, None when nothing is planned."""
        with self._hooks.changed:
            return self._plans.next_due()

    def go_on(self) -> None:
        """Let everything happen whose time has come."""
        if not self._plans:
            return
        with self._hooks.changed:
            self._go_on(self._clock())

    def _line(self, entry: SandboxEntry) -> Line:
        return self._lines.get(entry.id, _UNTOUCHED)

    def _go_on(self, now: datetime) -> None:
        for plan, at, act in self._plans.due(now):
            act(plan, at)

    def _plan(self, entry: SandboxEntry, fate: Fate, hook: str | None, now: datetime) -> None:
        __tracebackhide__ = True
        # It may have been forgotten since it was accepted.
        if not self._is_known(entry):
            return
        self._begin(Plan(entry, fate, self._beginning(entry, fate, now), hook))
        self._go_on(now)
        self._hooks.tell()
        self._changes.tell(entry.id)

    def _beginning(self, entry: SandboxEntry, fate: Fate, now: datetime) -> datetime:
        """Return what the fate's seconds count from: the end of the queue, if it waits there."""
        is_queued = self._line(entry).phase is Phase.QUEUED
        if not (isinstance(entry, SandboxCall) and fate.after_seconds and is_queued):
            return now
        return max(now, entry.at + timedelta(seconds=self._queue_seconds()))

    def _begin(self, plan: Plan) -> None:
        self._plans.begin(plan, self._steps(plan))

    def _steps(self, plan: Plan) -> Iterator[tuple[datetime, Act]]:
        """Return what is to happen and when; of what happens at one moment, in its order."""
        entry, fate, end = plan.entry, plan.fate, plan.ends_at
        line = self._line(entry)
        if isinstance(entry, SandboxCall) and fate.after_seconds and line.fate is None:
            if line.phase is Phase.QUEUED:
                yield plan.since, self._ring
            if fate.talk_seconds and fate.word == "ANSWERED":
                yield from self._talk(plan, line)
        yield end, self._finish

    def _talk(self, plan: Plan, line: Line) -> Iterator[tuple[datetime, Act]]:
        # Who is said to have talked longer than it takes is answered as soon as it rings.
        answered = max(plan.since, plan.ends_at - timedelta(seconds=plan.fate.talk_seconds))
        yield answered, self._pick_up
        digits = plan.fate.digits or ""
        pause = (plan.ends_at - answered) / (len(digits) + 1)
        for place in _unheard(digits, line):
            yield answered + (place + 1) * pause, partial(self._hear, digits[place])

    def _ring(self, plan: Plan, at: datetime) -> None:
        self._turn(plan.entry, at, phase=Phase.RINGING, ringing_at=at)

    def _pick_up(self, plan: Plan, at: datetime) -> None:
        self._answer(plan.entry, at)

    def _hear(self, digit: str, plan: Plan, at: datetime) -> None:
        self._press(plan.entry, digit, plan.hook, at)

    def _finish(self, plan: Plan, at: datetime) -> None:
        __tracebackhide__ = True
        entry, fate = plan.entry, plan.fate
        self._plans.drop(entry.id)
        line = self._line(entry)
        if fate.digits is None and line.fate is None:
            fate = attrs.evolve(fate, digits=line.digits)
        if fate.digits != line.digits:
            line = self._press_at_end(plan, line, at)
            if not self._is_known(entry):
                return
        self._lines[entry.id] = attrs.evolve(line, phase=Phase.ENDED, ended_at=at, fate=fate)
        self._ledger.set_standing(entry.id, Standing(fate.state, at))
        self._watch(Ending(at, entry, fate, plan.hook))
        # Whoever was told of the end may have had all forgotten.
        if plan.hook and self._is_known(entry):
            self._post(entry, fate, plan.hook, at)
        self._changes.tell(entry.id)

    def _press_at_end(self, plan: Plan, line: Line, at: datetime) -> Line:
        """Have the keys of a fate pressed all at once, for they were not heard on the way."""
        digits = plan.fate.digits or ""
        if line.fate is None:
            for place in _unheard(digits, line):
                so_far = attrs.evolve(plan.fate, digits=digits[: place + 1])
                self._tell(plan.entry, so_far, plan.hook, at)
        return attrs.evolve(line, keys=tuple(Key(digit, at) for digit in digits))

    def _end(self, call: SandboxCall, word: str, hook: str | None, now: datetime) -> None:
        __tracebackhide__ = True
        talked = self._line(call).talked_seconds(now) if word == "ANSWERED" else 0
        self._plan(call, Fate(word, talk_seconds=talked), hook, now)

    def _take_over(self, call: SandboxCall, now: datetime) -> None:
        """Have a person answer the call, which ends by no plan from now on."""
        self._plans.drop(call.id)
        self._answer(call, now)
        self._hooks.tell()
        self._changes.tell(call.id)

    def _answer(self, entry: SandboxEntry, at: datetime) -> None:
        line = self._line(entry)
        if line.phase is Phase.TALKING:
            return
        if line.phase is Phase.QUEUED:
            self._turn(entry, at, phase=Phase.RINGING, ringing_at=at)
        # Whoever was told that it rings may have acted by now, or had all forgotten.
        if self._line(entry).phase is Phase.RINGING:
            self._turn(entry, at, phase=Phase.TALKING, answered_at=at)

    def _press(self, entry: SandboxEntry, digit: str, hook: str | None, at: datetime) -> None:
        __tracebackhide__ = True
        line = self._line(entry)
        line = self._turn(entry, at, keys=(*line.keys, Key(digit, at)))
        self._tell(entry, Fate(talk_seconds=line.talked_seconds(at), digits=line.digits), hook, at)

    def _tell(self, entry: SandboxEntry, so_far: Fate, hook: str | None, at: datetime) -> None:
        __tracebackhide__ = True
        if hook and self._tells_keys() and self._is_known(entry):
            self._post(entry, so_far, hook, at)

    def _turn(self, entry: SandboxEntry, at: datetime, **came: Any) -> Line:
        # Of what was forgotten nothing is kept, and its id may be another's by now.
        if not self._is_known(entry):
            raise LookupError(f"The sandbox accepted nothing with the id {entry.id}.")
        line = attrs.evolve(self._line(entry), **came)
        if "phase" in came:
            self._ledger.set_standing(entry.id, Standing(_STATES[line.phase], at))
        self._lines[entry.id] = line
        self._watch(Turn(at, entry, line))
        self._changes.tell(entry.id)
        return line

    def _is_known(self, entry: SandboxEntry) -> bool:
        return self._ledger.find(entry.id) is entry

    def _open_line(self, call: SandboxCall, now: datetime) -> Line:
        """Return how far the call has come by now.

        Raises:
            CallOver: It has ended.
        """
        self._go_on(now)
        line = self._line(call)
        if line.fate is not None:
            raise CallOver(f"call {call.id} is over: {line.fate.word}")
        return line


def _unheard(digits: str, line: Line) -> range:
    """Return the places of the keys that a fate has still to press, of `digits` in all.

    Where others were heard than those it begins with, it presses none: its own are what the end
    tells.
    """
    heard = line.digits or ""
    return range(len(heard) if digits.startswith(heard) else len(digits), len(digits))
