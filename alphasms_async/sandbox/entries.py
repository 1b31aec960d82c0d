"""What the gateway accepted, as frozen values that are safe to print."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, Protocol

import attrs

from alphasms_async.sandbox.line import Line, Phase
from alphasms_async.sandbox.phones import masked

_NOTHING: Mapping[str, str] = MappingProxyType({})


def _now() -> datetime:
    return datetime.now(UTC)


class Handset(Protocol):
    """What a person does with the phones that ring, by the gateway's id of the call."""

    def answer(self, entry_id: int) -> None:
        """Answer."""

    def press(self, entry_id: int, digits: str) -> None:
        """Press keys."""

    def hang_up(self, entry_id: int) -> None:
        """Hang up."""

    def end(self, entry_id: int, word: str) -> None:
        """End the call in another way."""

    def line(self, entry_id: int) -> Line:
        """Return how far the call has come."""
        ...


@attrs.frozen(kw_only=True)
class SandboxEntry:
    """One accepted thing. Its repr masks the phone and shows no text, hook or code."""

    kind: str
    """Which request it came from."""
    phone: str = attrs.field(repr=masked)
    """Whom it is for: international digits, whole."""
    price: Decimal
    """What was charged, in the account's currency."""
    id: int = 0
    """The gateway's id; 0 until the ledger has accepted the entry."""
    client_id: int | None = None
    """The client's own id; None where the interface takes none."""
    text: str | None = attrs.field(default=None, repr=False)
    """What is read out or written, None for a recording."""
    hook: str | None = attrs.field(default=None, repr=False)
    """Where the outcome is to be posted."""
    parts: int = 1
    """How many messages it was charged as."""
    steps: tuple[str, ...] = ()
    """A pipeline's channels in the order of attempts."""
    extra: Mapping[str, str] = attrs.field(default=_NOTHING, repr=False, hash=False)
    """Fields sent along that the gateway does not know; JSON values as JSON text."""
    at: datetime = attrs.field(factory=_now)
    """When it was accepted, UTC."""
    chaos: str | None = None
    """Which rule of chaos spoiled the answer to its request, so that the client may not know of it:
    `charged_no_reply`, `half_answer`, `wrong_json`. None for none."""


@attrs.frozen(kw_only=True)
class SandboxCall(SandboxEntry):
    """One call the gateway accepted: one ring of one phone."""

    kind: Literal["voice", "otp", "voice_sms", "say", "call/otp", "pipeline"]
    """`voice` and `otp` after their pages, `voice_sms` an SMS by the sender Voice, `say` the JSON
    type `voice`, `call/otp` the JSON type, `pipeline` one whose first channel is voice."""
    audio: bytes | None = attrs.field(default=None, repr=False)
    """The recording as uploaded, byte for byte."""
    filename: str | None = None
    """The recording's name as uploaded."""
    dtmf: bool = False
    """Whether the call waits for the subscriber to press a key."""
    code: str | None = attrs.field(default=None, repr=False)
    """The last 4 digits of the number that calls, for the OTP kinds."""
    voice: Mapping[str, str] = attrs.field(default=_NOTHING, hash=False)
    """The voice asked for: gender, language, name."""
    handset: Handset | None = attrs.field(default=None, repr=False, eq=False)
    """The phone that rings, None until the call was accepted."""

    @property
    def listens(self) -> bool:
        """Whether the gateway listens for keys: asked for by `dtmf`, in a voice SMS always."""
        return self.dtmf or self.kind == "voice_sms"

    @property
    def line(self) -> Line:
        """How far the call has come by now."""
        return self._held.line(self.id)

    @property
    def phase(self) -> Phase:
        """Whether the call is queued, rings, is talked in, or has ended."""
        return self.line.phase

    @property
    def digits(self) -> str | None:
        """The keys pressed so far, None for none."""
        return self.line.digits

    def answer(self) -> None:
        """Answer the call; from now on it ends only when somebody hangs up.

        Raises:
            CallOver: It has ended.
        """
        self._held.answer(self.id)

    def press(self, digits: str) -> None:
        """Press keys, having answered the call if nobody has.

        Args:
            digits: 0 to 9, `*` and `#`.

        Raises:
            CallOver: It has ended.
            ValueError: There are no such keys, or the gateway does not listen for any.
        """
        self._held.press(self.id, digits)

    def hang_up(self) -> None:
        """Hang up: an answered call ends as ANSWERED, one that rings as BUSY.

        Raises:
            CallOver: It has ended.
        """
        self._held.hang_up(self.id)

    def decline(self) -> None:
        """Let the call end as BUSY.

        Raises:
            CallOver: It has ended.
        """
        self._held.end(self.id, "BUSY")

    def ring_out(self) -> None:
        """Let the call end as NO ANSWER.

        Raises:
            CallOver: It has ended.
        """
        self._held.end(self.id, "NO ANSWER")

    def fail(self) -> None:
        """Let the call end as FAILED.

        Raises:
            CallOver: It has ended.
        """
        self._held.end(self.id, "FAILED")

    @property
    def _held(self) -> Handset:
        if self.handset is None:
            raise ValueError("A call that no sandbox has accepted rings nobody.")
        return self.handset


@attrs.frozen(kw_only=True)
class SandboxMessage(SandboxEntry):
    """One written message the gateway accepted; no phone rings."""

    kind: Literal["sms", "pipeline"]
    """`sms`, or `pipeline` when its first channel is not voice."""
    sender: str | None = None
    """The alpha name it is signed with."""
    lifetime_seconds: int | None = None
    """How long delivery is tried; None when the client left it to the gateway."""
