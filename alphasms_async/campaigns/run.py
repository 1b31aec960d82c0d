"""`Run`: what a dialer returns."""

from attrs import frozen

from alphasms_async.campaigns.halts import Halt
from alphasms_async.campaigns.records import CampaignRecord, Money, Tally

__all__ = ["Run"]


@frozen
class Run:
    """How a run ended."""

    campaign: CampaignRecord
    tally: Tally
    """How many recipients stand where, in the whole campaign."""
    money: Money
    """What the whole campaign has cost."""
    halt: Halt | None
    """Why the run stopped itself. `None` when it did not."""
    stopped: bool
    """Whether it was told to stop, by `Dialer.stop`."""

    @property
    def is_finished(self) -> bool:
        """Whether nobody is left to dial."""
        return self.campaign.state.is_over
