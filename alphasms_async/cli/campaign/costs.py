"""What calls have cost, in the same words wherever it is shown."""

from alphasms_async.campaigns import Cost
from alphasms_async.cli.terminal import counted, money

__all__ = ["NOT_TOLD", "cell_of", "sum_in_words", "unpriced_in_words", "unsure_in_words"]

NOT_TOLD = "not told"
"""What stands in place of a sum where calls were accepted, and no price is known."""


def sum_in_words(cost: Cost, *, is_priced: bool, is_known: bool) -> str:
    """Return what calls cost: `44.80`, `at least 44.80`, `at most 44.80`, `not told`.

    Args:
        cost: Their sums.
        is_priced: Whether the gateway tells what such calls cost.
        is_known: Whether a sum of 0 means that they cost nothing, and not that no price is known.
    """
    bound, told = cost.bounded(is_priced=is_priced)
    return f"{bound} {money(told.spent)}".lstrip() if told.spent or is_known else NOT_TOLD


def unsure_in_words(cost: Cost, *, is_priced: bool) -> str:
    """Return what nobody is sure of beside that sum; empty when there is nothing."""
    _, told = cost.bounded(is_priced=is_priced)
    parts: list[str] = []
    if told.unpriced:
        held = f" (up to {money(told.unpriced_held)} held)" if told.unpriced_held else ""
        parts.append(f"{counted(told.unpriced, 'call')} without a told price{held}")
    if told.doubtful:
        parts.append(f"{money(told.doubtful)} held for unknown outcomes")
    return ", ".join(parts)


def unpriced_in_words(cost: Cost, *, is_priced: bool) -> str:
    """Return for how many calls the sums held are at least in part; empty when for none."""
    _, told = cost.bounded(is_priced=is_priced)
    if not told.unpriced:
        return ""
    held = f": up to {money(told.unpriced_held)} of what is held" if told.unpriced_held else ""
    return f"{counted(told.unpriced, 'call')} without a told price{held}"


def cell_of(cost: Cost | None, *, is_priced: bool) -> str:
    """Return what the recipients of one state cost, and what is held for them, below each other."""
    if cost is None:
        return ""
    bound, told = cost.bounded(is_priced=is_priced)
    # That it is the least is told below all of them.
    known = f"{'' if is_priced else bound} {money(told.spent)}".lstrip() if told.spent else ""
    return "\n".join(filter(None, (known, f"{money(told.held)} held" if told.held else "")))
