from decimal import Decimal, localcontext
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alphasms_async.campaigns.budget import Budget
from alphasms_async.errors import InvalidRequest

PRICE = Decimal("0.405")
NOTHING = Decimal(0)


def taken(budget: Budget, units: int = 1) -> Decimal:
    """Return a reservation that must be given."""
    reserved = budget.reserve(units)
    assert reserved is not None
    return reserved


def test_no_more_is_reserved_than_there_is() -> None:
    """Three prices of 0.405 fit into 1.22 and a fourth does not."""
    budget = Budget(Decimal("1.22"), quoted=PRICE)
    assert [budget.reserve() for _ in range(4)] == [PRICE, PRICE, PRICE, None]
    assert (budget.held, budget.left) == (Decimal("1.215"), Decimal("0.005"))


def test_a_limit_may_be_spent_to_the_last_kopiyka() -> None:
    """What fits exactly fits."""
    budget = Budget(PRICE * 1000, quoted=PRICE)
    for _ in range(1000):
        budget.settle(taken(budget), PRICE)
    assert (budget.spent, budget.held, budget.left) == (Decimal("405.000"), NOTHING, NOTHING)
    assert budget.is_spent


def test_what_a_call_did_not_cost_is_there_for_another() -> None:
    """A call settled below its reservation leaves the rest."""
    budget = Budget(Decimal(1), quoted=Decimal("0.60"))
    budget.settle(taken(budget), Decimal("0.40"))
    assert budget.left == Decimal("0.60")
    assert budget.reserve() == Decimal("0.60")


def test_a_call_that_was_not_made_costs_nothing() -> None:
    """What is given back can be reserved again."""
    budget = Budget(PRICE, quoted=PRICE)
    budget.give_back(taken(budget))
    assert (budget.spent, budget.held, budget.in_flight) == (NOTHING, NOTHING, 0)
    assert budget.reserve() == PRICE


def test_an_unknown_outcome_keeps_what_it_may_have_cost() -> None:
    """It stays held, and nothing in flight could bring it back."""
    budget = Budget(PRICE, quoted=PRICE)
    budget.keep(taken(budget))
    assert (budget.spent, budget.held, budget.in_flight) == (NOTHING, PRICE, 0)
    assert budget.reserve() is None
    assert budget.is_spent


def test_a_budget_goes_on_where_an_earlier_run_left_it() -> None:
    """What was spent and what is uncertain count from the beginning."""
    budget = Budget(Decimal(2), quoted=PRICE, spent=Decimal(1), held=Decimal("0.50"))
    assert (budget.spent, budget.held, budget.left) == (
        Decimal(1),
        Decimal("0.50"),
        Decimal("0.50"),
    )
    assert [budget.reserve(), budget.reserve()] == [PRICE, None]


def test_a_budget_of_an_earlier_run_may_be_overdrawn() -> None:
    """Nothing is left then, and nothing is owed either."""
    budget = Budget(Decimal(1), quoted=PRICE, spent=Decimal(2))
    assert (budget.left, budget.reserve(), budget.is_spent) == (NOTHING, None, True)


def test_the_first_call_goes_alone_when_no_price_is_known() -> None:
    """It holds all there is, so nobody else starts before it has found the price."""
    budget = Budget(Decimal(1), spent=Decimal("0.10"))
    alone = taken(budget)
    assert (alone, budget.reserve(), budget.is_spent) == (Decimal("0.90"), None, False)
    budget.settle(alone, Decimal("0.40"))
    assert (budget.worst, budget.left) == (Decimal("0.40"), Decimal("0.50"))
    assert [budget.reserve(), budget.reserve()] == [Decimal("0.40"), None]


def test_after_a_first_call_that_was_not_made_the_next_goes_alone() -> None:
    """There is still no price."""
    budget = Budget(Decimal(1))
    budget.give_back(taken(budget))
    assert [budget.reserve(), budget.reserve()] == [1, None]


def test_a_first_call_with_an_unknown_outcome_may_have_cost_all() -> None:
    """Without any price nothing smaller can be promised."""
    budget = Budget(Decimal(1))
    budget.keep(taken(budget))
    assert (budget.reserve(), budget.is_spent) == (None, True)


def test_the_highest_price_allowed_stands_in_for_an_unknown_one() -> None:
    """With `max_price` the first calls need not go alone."""
    budget = Budget(Decimal(1), max_price=Decimal("0.50"))
    assert [budget.reserve() for _ in range(3)] == [Decimal("0.50"), Decimal("0.50"), None]


def test_a_known_price_counts_more_than_the_highest_allowed() -> None:
    """What is quoted or seen is reserved, though more were allowed."""
    budget = Budget(Decimal(10), max_price=Decimal(2), quoted=Decimal("0.40"))
    assert budget.worst == Decimal("0.40")
    budget.settle(taken(budget), Decimal("0.55"))
    assert budget.worst == Decimal("0.55")
    budget.settle(taken(budget), Decimal("0.30"))
    assert budget.worst == Decimal("0.55")


def test_a_price_of_nothing_is_no_price() -> None:
    """What was free once may cost the next time, so the next call goes alone as well."""
    budget = Budget(Decimal(1), quoted=Decimal(0))
    assert budget.worst is None
    budget.settle(taken(budget), Decimal(0))
    assert [budget.reserve(), budget.reserve()] == [1, None]


def test_a_limit_that_is_granted_bit_by_bit_holds_at_each_moment() -> None:
    """What is granted can be reserved, and what was taken out of it cannot."""
    budget = Budget(Decimal(5), quoted=PRICE)
    budget.shrink(Decimal(5))
    assert (budget.left, budget.fits(1), budget.reserve()) == (NOTHING, False, None)
    budget.grow(PRICE * 3)
    assert (budget.fits(3), budget.fits(4), taken(budget)) == (True, False, PRICE)
    budget.shrink(PRICE)
    assert [budget.reserve(), budget.reserve()] == [PRICE, None]


def test_only_what_is_free_is_taken_out() -> None:
    """Neither what is spent, nor what is held; and of what has no limit there is no part."""
    budget = Budget(PRICE * 4, quoted=PRICE)
    budget.settle(taken(budget), PRICE)
    budget.keep(taken(budget))
    taken(budget)
    with pytest.raises(RuntimeError, match=r"0\.406 cannot be taken out: 0\.405 is left"):
        budget.shrink(PRICE + Decimal("0.001"))
    budget.shrink(PRICE)
    assert (budget.limit, budget.left, budget.used) == (PRICE * 3, NOTHING, PRICE * 2)
    unlimited = Budget(None)
    for change in (unlimited.grow, unlimited.shrink):
        with pytest.raises(RuntimeError):
            change(NOTHING)


def test_the_highest_price_that_was_charged_is_told() -> None:
    """Not the one that was quoted, which somebody else knows."""
    budget = Budget(None, quoted=Decimal("0.90"))
    assert budget.seen is None
    for price in ("0.40", "0.55", "0.30"):
        budget.settle(taken(budget), Decimal(price))
    assert budget.seen == Decimal("0.55")


def test_a_text_in_parts_costs_a_price_each() -> None:
    """Units multiply what is reserved, and the price of one is learnt."""
    budget = Budget(Decimal(2), quoted=Decimal("0.30"))
    reserved = taken(budget, units=3)
    assert reserved == Decimal("0.90")
    budget.settle(reserved, Decimal("1.20"), units=3)
    assert (budget.spent, budget.worst) == (Decimal("1.20"), Decimal("0.40"))
    assert [budget.reserve(units=3), budget.reserve(units=2)] == [None, Decimal("0.80")]


def test_a_price_that_does_not_divide_is_rounded_up() -> None:
    """Three thirds of a hryvnia are reserved as no less than a hryvnia."""
    budget = Budget(None)
    budget.settle(taken(budget, units=3), Decimal(1), units=3)
    assert budget.worst == Decimal("0.333334")


def test_a_long_text_that_does_not_fit_leaves_the_budget_for_a_short_one() -> None:
    """The budget is spent once not even one unit fits."""
    budget = Budget(Decimal(1), quoted=Decimal("0.40"))
    assert (budget.reserve(units=3), budget.in_flight, budget.is_spent) == (None, 0, False)


def test_a_budget_is_not_spent_while_something_may_come_back() -> None:
    """A refused call may still make room for another one."""
    budget = Budget(PRICE, quoted=PRICE)
    reserved = taken(budget)
    assert not budget.is_spent
    budget.settle(reserved, PRICE)
    assert budget.is_spent


def test_without_a_limit_money_is_only_counted() -> None:
    """Everything fits; once a price is known, it is held too."""
    budget = Budget(None)
    first, second = taken(budget), taken(budget)
    assert (first, second, budget.left) == (NOTHING, NOTHING, None)
    budget.settle(first, PRICE)
    assert (budget.spent, budget.reserve(), budget.held) == (PRICE, PRICE, PRICE)
    assert not budget.is_spent


@pytest.mark.parametrize(
    ("price", "units", "expected"),
    [
        ("0.40", 1, False),
        ("0.400001", 1, True),
        ("1.20", 3, False),
        ("1.21", 3, True),
    ],
)
def test_a_price_above_the_reserved_one_is_told(
    price: str,
    units: int,
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """More than the worst price known before was reckoned with by nobody."""
    budget = Budget(Decimal(10), quoted=Decimal("0.40"), max_price=Decimal("0.80"))
    assert budget.overprice(Decimal(price), units) is expected


def test_a_price_above_the_highest_allowed_is_told_though_it_was_seen_before() -> None:
    """What is not allowed is not made right by having happened."""
    budget = Budget(None, max_price=Decimal("0.50"))
    budget.settle(taken(budget), Decimal("0.60"))
    assert budget.overprice(Decimal("0.60"))


def test_a_price_that_was_found_first_is_never_too_high() -> None:
    """The call that goes alone may cost what it costs, up to what it holds."""
    assert not Budget(None).overprice(Decimal(99))


def test_a_first_price_above_all_that_was_held_is_told() -> None:
    """A call that went alone and cost more than there was breaks the limit."""
    budget = Budget(Decimal(1), spent=Decimal("0.80"))
    alone = taken(budget)
    assert not budget.overprice(alone)
    assert budget.overprice(Decimal("0.21"))


@pytest.mark.parametrize("end", ["settle", "give_back", "keep"])
def test_a_reservation_ends_once(end: str) -> None:
    """Ending what is not open would make money out of nothing."""
    budget = Budget(Decimal(1), quoted=PRICE)
    reserved = taken(budget)
    arguments = (reserved, PRICE) if end == "settle" else (reserved,)
    getattr(budget, end)(*arguments)
    before = (budget.spent, budget.held)
    with pytest.raises(RuntimeError, match=r"no reservation of 0\.405 is open"):
        getattr(budget, end)(*arguments)
    assert (budget.spent, budget.held) == before


def test_no_more_is_given_back_than_was_taken() -> None:
    """An amount that nobody reserved is refused while others are open too."""
    budget = Budget(Decimal(1), quoted=PRICE)
    taken(budget)
    with pytest.raises(RuntimeError, match=r"no reservation of 0\.9 is open"):
        budget.give_back(Decimal("0.9"))


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
def test_a_limit_is_an_amount_above_nothing(amount: str) -> None:
    """A limit under which no call could ever be made is a mistake."""
    with pytest.raises(InvalidRequest, match=r"^limit is an amount "):
        Budget(Decimal(amount))
    with pytest.raises(InvalidRequest, match=r"^max_price is an amount "):
        Budget(None, max_price=Decimal(amount))


@pytest.mark.parametrize("name", ["limit", "max_price", "quoted", "spent", "held"])
def test_money_is_never_a_float(name: str) -> None:
    """0.405 as a float is another number."""
    amounts: dict[str, Any] = {"limit": None, name: 0.405}
    with pytest.raises(InvalidRequest, match=rf'^{name} is Decimal, like Decimal\("0.405"\), not'):
        Budget(**amounts)


@pytest.mark.parametrize("price", ["-0.01", "NaN", "Infinity"])
def test_a_price_that_is_none_leaves_the_reservation(price: str) -> None:
    """What cannot be counted is not settled."""
    budget = Budget(Decimal(1), quoted=PRICE)
    reserved = taken(budget)
    with pytest.raises(InvalidRequest, match=r"^price is an amount of 0 or more"):
        budget.settle(reserved, Decimal(price))
    assert (budget.held, budget.in_flight, budget.spent) == (PRICE, 1, NOTHING)


LONG = Decimal("1234567890123456789012345678.123456789012")
"""More digits than Python's own arithmetic keeps."""


def test_sums_of_any_length_are_exact() -> None:
    """Nothing is rounded, so what was reserved can be ended, and what is spent is what was paid."""
    budget = Budget(Decimal("1e30"), quoted=LONG)
    reserved = taken(budget, units=3)
    assert str(reserved) == "3703703670370370367037037034.370370367036"
    budget.settle(taken(budget), LONG)
    budget.settle(reserved, reserved, units=3)
    assert str(budget.spent) == "4938271560493827156049382712.493827156048"
    assert budget.held == NOTHING
    assert str(budget.left) == "995061728439506172843950617287.506172843952"


@pytest.mark.parametrize("digits", [1, 3, 28])
def test_the_callers_own_rounding_changes_nothing(digits: int) -> None:
    """Sums are exact in a program that rounds to a few digits, too."""
    with localcontext(prec=digits):
        budget = Budget(Decimal("100.00"), quoted=Decimal("1.2345"))
        budget.settle(taken(budget), Decimal("1.2345"))
        budget.settle(taken(budget, units=3), Decimal("3.7035"), units=3)
        assert not budget.overprice(Decimal("3.7035"), 3)
        assert (str(budget.spent), str(budget.left)) == ("4.9380", "95.0620")
        assert str(budget.worst) == "1.2345"


@given(st.decimals(min_value=0, allow_nan=False, allow_infinity=False), st.integers(1, 99))
def test_a_price_that_was_reserved_is_never_too_high(price: Decimal, units: int) -> None:
    """Whatever its digits: a price as it was reckoned with is no reason to stop."""
    assume(-300 < price.adjusted() < 300)
    budget = Budget(None, quoted=price)
    reserved = taken(budget, units)
    assert not budget.overprice(reserved, units)
    budget.settle(reserved, reserved, units)
    assert (budget.spent, budget.held) == (reserved, NOTHING)


@pytest.mark.parametrize("amount", ["1e301", "1e-301", "1.5e-301", "1e999999", "1e-999999"])
def test_an_absurd_amount_is_refused(amount: str) -> None:
    """Before anybody adds it up, and in one line that does not tell all its digits."""
    with pytest.raises(InvalidRequest, match=r"^spent has more digits than money has: 1"):
        Budget(Decimal(9), spent=Decimal(amount))


@pytest.mark.parametrize("units", [0, -1])
def test_a_call_costs_one_price_at_least(units: int) -> None:
    """No units would be a reservation of nothing."""
    with pytest.raises(InvalidRequest, match=r"^units is a whole number above 0"):
        Budget(Decimal(1), quoted=PRICE).reserve(units)


ENDS = ("settle", "give_back", "keep")


class Crowd:
    """Workers that share a budget and end their calls in any order."""

    def __init__(self, budget: Budget, chance: Random, prices: list[Decimal]) -> None:
        self.budget = budget
        self.accepted: list[Decimal] = []
        self.kept: list[Decimal] = []
        self._open: list[Decimal] = []
        self._chance = chance
        self._prices = prices

    def work(self, workers: int) -> None:
        """Let each worker begin a call, and all end theirs in between, in any order."""
        waiting = workers
        while waiting or self._open:
            if waiting and self._chance.random() < 0.6:
                waiting -= 1
                reserved = self.budget.reserve()
                if reserved is not None:
                    self._open.append(reserved)
            elif self._open:
                self._end(self._open.pop(self._chance.randrange(len(self._open))))
            self._check()

    def _end(self, reserved: Decimal) -> None:
        end = self._chance.choice(ENDS)
        if end == "settle":
            price = self._chance.choice(self._prices)
            self.accepted.append(price)
            self.budget.settle(reserved, price)
        elif end == "keep":
            self.kept.append(reserved)
            self.budget.keep(reserved)
        else:
            self.budget.give_back(reserved)

    def _check(self) -> None:
        budget = self.budget
        assert budget.limit is not None
        assert budget.spent + budget.held <= budget.limit
        assert budget.left == budget.limit - budget.spent - budget.held
        assert budget.spent == sum(self.accepted)
        assert budget.held == sum(self.kept) + sum(self._open)
        assert budget.in_flight == len(self._open)


AMOUNTS = st.decimals("0.001", "9.999", places=3)
CHANCE = st.randoms(use_true_random=True)


@given(st.integers(1, 200), AMOUNTS, st.booleans(), CHANCE)
def test_a_limit_of_so_many_prices_is_that_many_calls_however_they_interleave(
    count: int,
    price: Decimal,
    quoted: bool,  # noqa: FBT001 - drawn, not called
    chance: Random,
) -> None:
    """Of 500 workers never more may ring than the limit pays for, and the sums are exact."""
    budget = Budget(price * count, quoted=price if quoted else None)
    crowd = Crowd(budget, chance, [price])
    crowd.work(500)
    assert len(crowd.accepted) + len(crowd.kept) <= count


@given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=4), st.integers(1, 100), CHANCE)
def test_prices_that_differ_never_break_the_limit(
    worst: Decimal, prices: list[Decimal], count: int, chance: Random
) -> None:
    """As long as none is above the quoted one, what is spent and held stays within."""
    prices = [min(price, worst) for price in prices]
    Crowd(Budget(worst * count, quoted=worst), chance, prices).work(200)


@given(st.integers(1, 100), AMOUNTS)
def test_calls_that_all_succeed_use_the_budget_up(count: int, price: Decimal) -> None:
    """Calls that come one after another are accepted until not one more fits."""
    budget = Budget(price * count, quoted=price)
    calls = 0
    while (reserved := budget.reserve()) is not None:
        budget.settle(reserved, price)
        calls += 1
    assert (calls, budget.spent, budget.is_spent) == (count, price * count, True)
