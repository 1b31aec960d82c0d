"""An event of the gateway's that nothing has happened for, and its posting."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Final, Literal

from attrs import evolve, frozen

from alphasms_async import InvalidRequest
from alphasms_async.cli.heard import Listening, first_line
from alphasms_async.cli.wishes import refused_in_one_line
from alphasms_async.sandbox import (
    Fate,
    HookDelivery,
    HookStyle,
    Sandbox,
    SandboxCall,
    SandboxEntry,
    SandboxMessage,
    State,
)
from alphasms_async.transports import SlotTransport

__all__ = ["MadeUpEvent"]

_NOTHING: Final = Decimal(0)
_TALK_SECONDS: Final = 12
_LONGEST_WORD: Final = 60


@frozen
class MadeUpEvent:
    """What the gateway would tell of one call or message that has ended."""

    entry: SandboxEntry
    """Which; its id is the one that is told."""
    fate: Fate
    """How."""

    @classmethod
    def of(
        cls,
        kind: Literal["voice", "otp", "sms"],
        *,
        status: str | None,
        phone: str,
        id: int,
        seconds: int | None,
        digits: str | None,
    ) -> "MadeUpEvent":
        """Return what the options of the command say.

        Raises:
            InvalidRequest: No event can say that.
        """
        fate = _fate_by(status, "DELIVERED" if kind == "sms" else "ANSWERED")
        if seconds is None:
            seconds = _TALK_SECONDS if (kind, fate.word) == ("voice", "ANSWERED") else 0
        if seconds < 0:
            raise InvalidRequest(f"--duration is seconds from 0 up, not {seconds}")
        with refused_in_one_line("--dtmf: "):
            fate = evolve(fate, talk_seconds=seconds, digits=digits)
        if kind == "sms":
            entry: SandboxEntry = SandboxMessage(kind="sms", phone=phone, price=_NOTHING, id=id)
        else:
            entry = SandboxCall(kind=kind, phone=phone, price=_NOTHING, id=id)
        return cls(entry, fate)

    async def post(
        self, hook: str, style: HookStyle, *, times: int
    ) -> AsyncIterator[tuple[HookDelivery, str]]:
        """Post it to `hook` so many times, and give how each attempt went, and what was said.

        Args:
            hook: The address, on whichever machine.
            style: How it is written.
            times: How often, one after another.
        """
        sandbox = Sandbox(first_id=self.entry.id, hook_style=style, hook_pauses=())
        entry = sandbox.accept(evolve(self.entry, hook=hook))
        sandbox.end_call(entry.id, self.fate)
        async with Listening(SlotTransport()) as transport:
            for time in range(times):
                if time:
                    sandbox.desk.resend(entry.id)
                for delivery in await sandbox.post_hooks(transport):
                    yield delivery, first_line(transport.body, hook)


def _fate_by(status: str | None, usual: str) -> Fate:
    word = usual if status is None else status.strip()
    if not 0 < len(word) <= _LONGEST_WORD:
        raise InvalidRequest(
            f"--status is a word such as {usual}, of at most {_LONGEST_WORD} letters"
        )
    try:
        return Fate(word.upper())
    except ValueError:
        # The gateway's words are not all known, and a receiver is to bear any.
        return Fate(word, state=State.UNKNOWN)
