"""What a campaign has every recipient hear: a recording, a spoken SMS, a text in a chosen voice."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import asdict, field, frozen

from alphasms_async.bodies import Delivery
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.templates import Template
from alphasms_async.client import AlphaSMS
from alphasms_async.errors import InvalidRequest
from alphasms_async.messages import Voice
from alphasms_async.recording import Recording
from alphasms_async.webhooks.events import HookKind

__all__ = ["Kind", "Placed", "PlayRecording", "SpeakSms", "SpeakText", "kind_from_json"]

# What a request carries besides the recording or the text, as far as an estimate goes.
_ENVELOPE_BYTES = 500
# The lengths of one SMS part: alone, and one of several; first in Latin letters, then in others.
_PARTS_LATIN, _PARTS_OTHER = (160, 153), (70, 67)


@frozen
class Placed:
    """A call the gateway has queued."""

    id: int
    """The gateway's id."""
    price: Decimal | None
    """What it costs. `None` when the gateway does not say."""
    parts: int
    """How many prices it costs, 1 or more."""


class Kind(ABC):
    """What is sent to each recipient, and how."""

    carries_client_id: bool = False
    """Whether its request carries an id of ours, which the gateway can be asked for later."""
    tells_price: bool = True
    """Whether the gateway's answer tells what it cost."""
    hook_kind: HookKind = HookKind.VOICE
    """What the hook of one of its calls is for."""

    @property
    def waits_for_key(self) -> bool:
        """Whether the call waits for a key to be pressed."""
        return False

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The list's columns that it needs."""

    @abstractmethod
    def as_json(self) -> dict[str, Any]:
        """Return what defines it, as plain JSON values."""

    @abstractmethod
    def check(self, values: Mapping[str, str]) -> None:
        """Raise `InvalidText` when it cannot be sent to somebody with these values."""

    @abstractmethod
    def parts(self, values: Mapping[str, str]) -> int:
        """Return how many prices it will cost, as far as that can be told before, 1 or more."""

    @abstractmethod
    def upload_bytes(self, values: Mapping[str, str]) -> int:
        """Return about how many bytes one request is."""

    @abstractmethod
    async def place(
        self, alphasms: AlphaSMS, claimed: Claimed, hook: str | None, delivery: Delivery
    ) -> Placed:
        """Have it queued for one recipient; raises what the client's senders raise."""


@frozen
class PlayRecording(Kind):
    """A recording, played by voice.php; nobody can be asked for a call whose answer was lost."""

    recording: Recording
    dtmf: bool = False
    """Whether to wait for a key press."""
    source: str | None = field(default=None, eq=False)
    """The path it was read from. `None`: not from a file."""

    @property
    def waits_for_key(self) -> bool:
        return self.dtmf

    @property
    def columns(self) -> tuple[str, ...]:
        return ()

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": "recording",
            "sha256": self.recording.sha256,
            "bytes": self.recording.size,
            "seconds": self.recording.seconds,
            "dtmf": self.dtmf,
            "source": self.source,
        }

    def check(self, values: Mapping[str, str]) -> None:
        """Nothing of it differs from one recipient to the next."""

    def parts(self, values: Mapping[str, str]) -> int:  # noqa: ARG002 - one interface
        return 1

    def upload_bytes(self, values: Mapping[str, str]) -> int:  # noqa: ARG002 - one interface
        return self.recording.size + _ENVELOPE_BYTES

    async def place(
        self, alphasms: AlphaSMS, claimed: Claimed, hook: str | None, delivery: Delivery
    ) -> Placed:
        call = await alphasms.voice.call(
            claimed.e164, self.recording, hook=hook, dtmf=self.dtmf, delivery=delivery
        )
        return Placed(call.id, call.price, 1)


@frozen
class _Spoken(Kind):
    """A text that is read aloud, with blanks for the list's columns."""

    template: Template
    carries_client_id = True
    tells_price = False

    @property
    def columns(self) -> tuple[str, ...]:
        return self.template.columns

    def check(self, values: Mapping[str, str]) -> None:
        self.template.fill(values)

    def parts(self, values: Mapping[str, str]) -> int:
        text = self.template.fill(values)
        alone, one_of_many = _PARTS_LATIN if text.isascii() else _PARTS_OTHER
        return 1 if len(text) <= alone else -(-len(text) // one_of_many)

    def upload_bytes(self, values: Mapping[str, str]) -> int:
        return len(self.template.fill(values).encode()) + _ENVELOPE_BYTES


@frozen
class SpeakSms(_Spoken):
    """A text sent as a voice SMS, in the language it is written in."""

    hook_kind = HookKind.MESSAGE

    def as_json(self) -> dict[str, Any]:
        return {"kind": "voice_sms", "text": self.template.text}

    async def place(
        self, alphasms: AlphaSMS, claimed: Claimed, hook: str | None, delivery: Delivery
    ) -> Placed:
        message = await alphasms.voice_sms.send(
            claimed.e164,
            self.template.fill(claimed.columns),
            client_id=claimed.client_id,
            hook=hook,
            delivery=delivery,
        )
        return Placed(message.id, None, message.parts or 1)


@frozen
class SpeakText(_Spoken):
    """A text read aloud in a chosen voice, by json.php."""

    voice: Voice = field(factory=Voice)
    dtmf: bool = False
    """Whether to wait for a key press."""

    @property
    def waits_for_key(self) -> bool:
        return self.dtmf

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": "voice_text",
            "text": self.template.text,
            "voice": asdict(self.voice),
            "dtmf": self.dtmf,
        }

    async def place(
        self, alphasms: AlphaSMS, claimed: Claimed, hook: str | None, delivery: Delivery
    ) -> Placed:
        message = await alphasms.voice.say(
            claimed.e164,
            self.template.fill(claimed.columns),
            voice=self.voice,
            dtmf=self.dtmf,
            hook=hook,
            client_id=claimed.client_id,
            delivery=delivery,
        )
        return Placed(message.id, None, message.parts or 1)


def kind_from_json(told: Mapping[str, Any], recording: Recording | None = None) -> Kind:
    """Return the kind that `as_json` wrote down.

    Args:
        told: What `as_json` gave.
        recording: The recording, which is not written down. `None` for the kinds without one.

    Raises:
        InvalidRequest: The recording is missing, or not the one that was written down.
    """
    match told["kind"]:
        case "recording":
            if recording is None or recording.sha256 != told["sha256"]:
                raise InvalidRequest(
                    "the recording is not the one the campaign was planned with: "
                    "put that one back, or plan a new campaign"
                )
            return PlayRecording(recording, told["dtmf"], told["source"])
        case "voice_sms":
            return SpeakSms(Template(told["text"]))
        case "voice_text":
            return SpeakText(Template(told["text"]), Voice(**told["voice"]), told["dtmf"])
        case other:
            raise InvalidRequest(f"campaigns of the kind {other!r} are of a newer version: update")
