"""`Run`: what a dialer returns."""

from typing import TypeVar

from attrs import frozen

from alphasms_async.campaigns.halts import Halt
from alphasms_async.campaigns.records import CampaignRecord, Money, Tally

__all__ = ["Run"]

T = TypeVar("T")


@frozen
class Run:
    """How a run ended."""

    campaign: CampaignRecord
    _tally: Tally | None
    _money: Money | None
    halt: Halt | None
    """Why the run stopped itself. `None` when it did not."""
    stopped: bool
    """Whether it was told to stop, by `Dialer.stop`."""

    @property
    def is_counted(self) -> bool:
        """Whether the campaign was counted; not by a run that joined others and showed nobody."""
        return self._tally is not None and self._money is not None

    @property
    def tally(self) -> Tally:
        """How many recipients stand where, in the whole campaign.

        Raises:
            RuntimeError: Nothing was counted: ask the journal.
        """
        return _counted(self._tally)

    @property
    def money(self) -> Money:
        """What the whole campaign has cost.

        Raises:
            RuntimeError: Nothing was counted: ask the journal.
        """
        return _counted(self._money)

    @property
    def is_finished(self) -> bool:
        """Whether nobody is left to dial."""
        return self.campaign.state.is_over


def _counted(told: T | None) -> T:
    if told is None:
        raise RuntimeError("a run that joins others counts nothing: ask the journal")
    return told
