"""When a hook is posted, and how many times, where something goes wrong with hooks."""

from alphasms_async.sandbox.chaos.chaos import Chaos, Hit

DROPPED = "dropped by chaos"
"""Why a hook was never posted, as the log says it."""


def delays(chaos: Chaos) -> tuple[float, ...]:
    """Return how many seconds later than due the next hook is posted, once for each time it is.

    Attempts after one that failed come at their own times, and a hook that a person has posted
    again comes as it should.
    """
    if not chaos.troubles_hooks:
        return (0.0,)
    hits = chaos.draw("hooks")
    if "hook_drop" in hits:
        chaos.count("hook_drop")
        return ()
    chaos.count(*hits)
    late = hits["hook_delay"].amount if "hook_delay" in hits else 0.0
    times = 2 if "hook_duplicate" in hits else 1
    return tuple(late + _straying(hits.get("hook_reorder")) for _ in range(times))


def _straying(hit: Hit | None) -> float:
    return hit.chance.uniform(0, hit.amount) if hit else 0.0
