"""The call to a person's own phone before a list is dialled."""

from collections.abc import Mapping

import anyio
import anyio.to_thread
from attrs import field, frozen

from alphasms_async import InvalidRequest, mask_phone
from alphasms_async.bodies import Delivery
from alphasms_async.campaigns import Campaign, Claimed, Journal, RecipientList, Ref
from alphasms_async.checks import mint_client_id
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.terminal import agreed, notes

__all__ = ["Trial"]


@frozen
class Trial:
    """A campaign that is planned, and kept if it sounds right."""

    journal: Journal
    campaign: Campaign
    listed: RecipientList
    is_kept: bool = field(kw_only=True)
    """Whether the journal has it; a dry run is not written."""

    async def call(self, phone: str, *, yes: bool) -> bool:
        """Call a phone, ask whether it sounds right, and return the answer.

        What nobody agreed to is taken out of the journal again, also when the call failed.

        Args:
            phone: The digits.
            yes: Whether to agree without asking.

        Raises:
            AlphaSMSError: The call was not accepted.
        """
        kept = False
        try:
            await self._place(phone)
            kept = agreed("Did it sound right? Keep the campaign?", yes=yes)
        finally:
            if not kept:
                await self._discard()
        return kept

    async def _place(self, phone: str) -> None:
        values = await anyio.to_thread.run_sync(self._first_values)
        claimed = Claimed(Ref(0, 0), 0, phone, values, mint_client_id())
        async with gateway() as alphasms:
            kind, hook = self.campaign.kind, self.campaign.hook
            placed = await kind.place(alphasms, claimed, hook, Delivery())
        notes.print(f"calling {mask_phone(phone)}: call {placed.id}")

    async def _discard(self) -> None:
        if self.is_kept:
            with anyio.CancelScope(shield=True):
                await self.journal.discard(self.campaign.name)
        notes.print("nothing was kept")

    def _first_values(self) -> Mapping[str, str]:
        """Return the columns of the first recipient whose text can be read aloud."""
        for one in self.listed:
            try:
                self.campaign.kind.check(one.values)
            except InvalidRequest:
                continue
            return one.values
        return {}
