import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from weakref import ref

from alphasms_async.sandbox import Autopilot, Fate, Sandbox, SandboxCall
from alphasms_async.sandbox.plans import Plan, Plans

from .receiver import SetClock, accept_call
from .wire import PHONE

NOW = datetime(2024, 7, 11, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def plan(entry_id: int) -> Plan:
    """Return a plan for something with that id."""
    entry = SandboxCall(kind="voice", phone=PHONE, price=Decimal(1), id=entry_id)
    return Plan(entry, Fate("NO ANSWER", after_seconds=3600), NOW, None)


def act() -> Callable[[Plan, datetime], None]:
    """Return a step that can be told from any other."""

    def do_nothing(_: Plan, __: datetime) -> None:
        pass

    return do_nothing


def test_what_was_forgotten_takes_no_room_until_it_were_due() -> None:
    """A call that there was no room for any more is gone, though its end lies an hour ahead."""
    fates = Autopilot("answer 5s, press 123, hangup 3600s")
    sandbox = Sandbox(keep=1, clock=SetClock(), fates=fates)
    accept_call(sandbox)
    forgotten = ref(sandbox.calls()[0])
    accept_call(sandbox)
    gc.collect()
    assert forgotten() is None
    assert len(sandbox.calls()) == 1


def test_steps_of_dropped_plans_are_thrown_away() -> None:
    """However often something is planned anew or dropped, few steps are kept."""
    plans = Plans()
    acts = list[ref[Callable[[Plan, datetime], None]]]()
    for number in range(1000):
        step = act()
        acts.append(ref(step))
        plans.begin(plan(number % 3), [(LATER, step)])
        if number % 5 == 0:
            plans.drop(number % 3)
    assert plans.of(2) is not None
    assert sum(one() is not None for one in acts) < 100


def test_steps_that_are_left_keep_their_order() -> None:
    """Throwing away others changes nothing of what is to come."""
    plans = Plans()
    for number in range(300):
        plans.begin(plan(number), [(LATER + timedelta(seconds=number % 7), act())])
        if number % 10:
            plans.drop(number)
    due = list(plans.due(LATER + timedelta(seconds=7)))
    assert len(due) == 30
    assert due == sorted(due, key=lambda one: one[1])


def test_nothing_is_due_of_what_was_dropped() -> None:
    """Nobody is woken for it."""
    plans = Plans()
    plans.begin(plan(1), [(NOW, act())])
    plans.begin(plan(2), [(LATER, act())])
    plans.drop(1)
    assert plans.next_due() == LATER
    plans.drop(2)
    assert plans.next_due() is None
