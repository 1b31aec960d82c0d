"""What a person does at the desk: answers, presses keys, hangs up, has a hook posted again."""

from collections.abc import Callable

import attrs

from alphasms_async.clock import Clock
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.hooks.queue import HookQueue, Post
from alphasms_async.sandbox.ledger import Ledger
from alphasms_async.sandbox.line import Line
from alphasms_async.sandbox.lines import Lines


@attrs.frozen(eq=False, repr=False)
class Desk:
    """The phones of one account, by the gateway's id of each call. Safe in several threads.

    Every method raises LookupError for an id that nothing was accepted with, and those that are
    for calls alone for that of a message too.
    """

    _ledger: Ledger
    _lines: Lines
    _hooks: HookQueue
    _clock: Clock
    _hook_of: Callable[[SandboxEntry], str | None]
    """Returns where the outcome of a thing is told, None for nowhere."""

    def entry(self, entry_id: int) -> SandboxEntry:
        """Return what was accepted with that id."""
        entry = self._ledger.find(entry_id)
        if entry is None:
            raise LookupError(f"The sandbox accepted nothing with the id {entry_id}.")
        return entry

    def line(self, entry_id: int) -> Line:
        """Return how far it has come."""
        return self._lines.line(self.entry(entry_id).id)

    def answer(self, entry_id: int) -> None:
        """Answer; from now on the call ends only when somebody hangs up.

        Raises:
            CallOver: The call has ended.
        """
        self._lines.answer(self._call(entry_id))

    def press(self, entry_id: int, digits: str) -> None:
        """Press keys, having answered the call if nobody has.

        Raises:
            CallOver: The call has ended.
            ValueError: There are no such keys, or the gateway does not listen for any.
        """
        call = self._call(entry_id)
        if not call.listens and self.line(entry_id).fate is None:
            raise ValueError(
                f"The gateway listens for no keys in call {entry_id}: it was placed without dtmf."
            )
        self._lines.press(call, digits, self._hook_of(call))

    def hang_up(self, entry_id: int) -> None:
        """End a call that is talked in as ANSWERED, any other as BUSY.

        Raises:
            CallOver: The call has ended.
        """
        call = self._call(entry_id)
        self._lines.hang_up(call, self._hook_of(call))

    def end(self, entry_id: int, word: str) -> None:
        """End a call by a word of the hook's: ANSWERED, NO ANSWER, BUSY, FAILED or CANCEL.

        Raises:
            CallOver: The call has ended.
            ValueError: There is no such word.
        """
        call = self._call(entry_id)
        self._lines.end(call, word, self._hook_of(call))

    def resend(self, entry_id: int) -> None:
        """Have the hook of what has ended posted once more, as it would be now.

        Raises:
            ValueError: It has no hook, or has not ended.
        """
        __tracebackhide__ = True
        entry = self.entry(entry_id)
        hook, fate = self._hook_of(entry), self.line(entry_id).fate
        if hook is None:
            raise ValueError(f"{entry_id} has no hook: nobody asked to be told.")
        if fate is None:
            raise ValueError(f"{entry_id} has not ended yet: there is nothing to tell.")
        self._hooks.add(Post(entry, fate, hook, is_resent=True), self._clock())

    def _call(self, entry_id: int) -> SandboxCall:
        entry = self.entry(entry_id)
        if isinstance(entry, SandboxCall):
            return entry
        raise LookupError(f"{entry_id} is a message, and no call: no phone rings.")
