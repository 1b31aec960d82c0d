from threading import Thread

import pytest

from alphasms_async.sandbox import Chaos, Sandbox
from alphasms_async.sandbox.chaos.rules import Side


def series(chaos: Chaos, name: str, *, length: int = 200, side: Side = "api") -> list[bool]:
    """Return whether a rule happens to each of the next requests, or hooks."""
    return [name in chaos.draw(side) for _ in range(length)]


def made(seed: int | None = 42, *texts: str) -> Chaos:
    """Return chaos with rules switched on."""
    chaos = Chaos(seed)
    chaos.on(*(texts or ("http_503=50%",)))
    return chaos


def test_run_repeats_by_its_seed() -> None:
    """The same seed is the same trouble, another seed another."""
    assert series(made(), "http_503") == series(made(), "http_503")
    assert series(made(), "http_503") != series(made(43), "http_503")


def test_without_a_seed_it_is_chance() -> None:
    """Two that have none have nothing in common."""
    assert series(made(None), "http_503") != series(made(None), "http_503")


def test_accounts_seed_is_the_chaos_own() -> None:
    """A sandbox with a seed is repeatable as a whole."""
    assert [Sandbox(seed=9).chaos.seed, Sandbox().chaos.seed] == [9, None]


def test_switching_one_rule_leaves_the_others_series_alone() -> None:
    """Which requests fail does not depend on what else goes wrong, before or meanwhile."""
    alone, beside = made(), made()
    expected = series(alone, "http_503")
    found = list[bool]()
    for text in ("latency=30%", "hang=50%", "latency=90%@2s", "half_answer"):
        found += series(beside, "http_503", length=40)
        beside.on(text)
    beside.change({"rules": {"hang": {"on": False}}})
    found += series(beside, "http_503", length=40)
    assert expected == found


def test_rules_do_not_happen_together() -> None:
    """Two rules of one share are two series."""
    chaos = made(42, "http_503=50%", "http_502=50%")
    hits = [chaos.draw("api") for _ in range(200)]
    assert len({(("http_503" in one), ("http_502" in one)) for one in hits}) == 4


def test_sides_are_counted_apart() -> None:
    """How many hooks were posted says nothing of the requests."""
    mixed, plain = made(42, "http_503=50%", "hook_drop=50%"), made()
    series(mixed, "hook_drop", length=17, side="hooks")
    assert series(plain, "http_503") == series(mixed, "http_503")


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 0.5, 1.0])
def test_share_is_kept(share: float) -> None:
    """As many are hit as was said, none at 0, all at 1."""
    chaos = made(42, f"http_503={share * 100:g}%")
    hit = sum(series(chaos, "http_503", length=2000))
    assert abs(hit - share * 2000) <= 60 * (0 < share < 1)


def test_bigger_share_hits_the_same_and_more() -> None:
    """Turning a share up keeps what it hit already."""
    few, many = made(42, "http_503=10%"), made(42, "http_503=40%")
    pairs = zip(series(few, "http_503"), series(many, "http_503"), strict=True)
    assert {(True, True), (False, True), (False, False)} == set(pairs)


def test_seed_begins_anew() -> None:
    """The same seed, set again, repeats the run; so does a reset."""
    chaos = made()
    first = series(chaos, "http_503")
    chaos.seed = 42
    assert first == series(chaos, "http_503")
    chaos.reset()
    chaos.on("http_503=50%")
    assert first == series(chaos, "http_503")


def test_what_a_hit_leaves_to_chance_repeats_too() -> None:
    """Beside whether, how much of it there is comes from the seed."""
    drawn = [made(42, "latency").draw("api")["latency"].chance.random() for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_it_may_be_used_from_several_threads() -> None:
    """Each request has a number of its own, also while settings are changed."""
    chaos, counted = made(42, "http_503=50%"), list[int]()

    def draw() -> None:
        counted.append(sum(series(chaos, "http_503", length=500)))

    def change() -> None:
        for on in (True, False) * 50:
            chaos.change({"rules": {"hang": {"on": on}}})

    threads = [Thread(target=one) for one in (draw, draw, draw, draw, change)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(series(made(), "http_503", length=2000)) == sum(counted)
    assert not chaos.rules["hang"].on
