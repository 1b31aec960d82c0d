"""`Course`: whether a run goes on, what has ended it, and who waits to hear of that."""

import anyio
from attrs import define, field

from alphasms_async.campaigns.halts import Halt, HaltReason
from alphasms_async.campaigns.journal import Journal

__all__ = ["Course"]


@define
class Course:
    """What may end a run. Each reason stays; of several halts or failures the first counts."""

    joins: bool = False
    """Whether others are at the campaign, so that this run's own impatience is none of theirs."""
    is_stopped: bool = field(default=False, init=False)
    """Whether a person stopped it."""
    is_over: bool = field(default=False, init=False)
    """Whether nobody is left to dial."""
    halt: Halt | None = field(default=None, init=False)
    """Why the run stops itself."""
    failure: Exception | None = field(default=None, init=False)
    """What nobody foresaw."""
    changed: anyio.Event = field(factory=anyio.Event, init=False)
    """Set at the next news, whatever it is; there is another one then."""
    _is_noted: bool = field(default=False, init=False)

    @property
    def has_ended(self) -> bool:
        """Whether nobody may be dialled any more."""
        return self.is_stopped or self.is_over or bool(self.halt or self.failure)

    def stop(self) -> None:
        """End it, for a person says so."""
        self.is_stopped = True
        self.tell()

    def end(self) -> None:
        """End it, for nobody is left."""
        self.is_over = True

    def stop_for(self, halt: Halt | None) -> None:
        """End it for a reason. `None`: go on."""
        if halt is not None:
            self.halt = self.halt or halt
            self.tell()

    def fail(self, error: Exception) -> None:
        """End it with what nobody foresaw."""
        self.failure = self.failure or error
        self.tell()

    def heed(self, why: str | None) -> None:
        """End it for a reason that somebody else has, and may have noted. `None`: go on."""
        if why is not None and self.halt is None:
            # Whoever takes the note away meanwhile is not to find it there again.
            self._is_noted = True
            self.stop_for(Halt(HaltReason.ELSEWHERE, why))

    async def note(self, journal: Journal, campaign: int) -> None:
        """Note in the campaign's row why the run stops itself, once, if it does."""
        halt = self.halt
        if halt is None or self._is_noted or (self.joins and halt.reason is HaltReason.WAITING):
            return
        await journal.halt(campaign, str(halt))
        # Not before: whoever notes it while the run goes on is cut off when the run ends.
        self._is_noted = True

    def tell(self) -> None:
        """Wake whoever waits for news."""
        self.changed.set()
        self.changed = anyio.Event()
