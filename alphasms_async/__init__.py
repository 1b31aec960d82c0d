"""An async client for the AlphaSMS voice gateway, on asyncio and trio, where the phone rings once.

    from alphasms_async import AlphaSMS

    async with AlphaSMS() as alphasms:  # the key comes from ALPHASMS_API_KEY
        call = await alphasms.voice.call("+380 50 123 45 67", "promo.wav")

Every send ends in one of three answers, told apart by type: a result or a `GatewayError`
(answered), `NotSent` (proven not to have left), `OutcomeUnknown` (it left, and nobody can say).
Only what is proven not to have left is ever sent a second time.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alphasms_async.bodies import (
        Delivery,
    )
    from alphasms_async.client import (
        AlphaSMS,
    )
    from alphasms_async.dialing import (
        Dialing,
    )
    from alphasms_async.errors import (
        AccessDenied,
        AccountBanned,
        AccountError,
        AlphaSMSError,
        ApiDisabled,
        ApiKeyMissing,
        AuthenticationError,
        ClientClosed,
        ConfigurationError,
        DuplicateId,
        FileTooBig,
        GatewayError,
        GatewayUnavailable,
        HookNotProven,
        HookUnreadable,
        InsufficientFunds,
        InvalidAudioDuration,
        InvalidFileFormat,
        InvalidPhoneNumber,
        InvalidRecording,
        InvalidRequest,
        InvalidText,
        IpDenied,
        JournalError,
        JournalLocked,
        LimitReached,
        NotSent,
        OperatorNotSupported,
        OutcomeUnknown,
        PhoneMissing,
        RateLimited,
        RecipientError,
        RecordingError,
        RequestRejected,
        Scope,
        SenderError,
        SoundFileMissing,
        StoreError,
        UnexpectedAnswer,
        UnknownGatewayError,
        UnsupportedAudioFormat,
        UploadFailed,
        VerificationError,
        VerificationOver,
        WebhookError,
        WrongApiKey,
    )
    from alphasms_async.messages import (
        RcsStep,
        Sms,
        SmsStep,
        Step,
        TelegramStep,
        ViberStep,
        Voice,
        VoiceStep,
    )
    from alphasms_async.models import (
        Balance,
        CallOutcome,
        Lookup,
        Message,
        OtpCall,
        Price,
        State,
        Status,
        TrackedOtpCall,
        VoiceCall,
    )
    from alphasms_async.outcomes import (
        DialOutcome,
        DialResult,
        Summary,
    )
    from alphasms_async.phone import (
        mask_phone,
        parse_phone,
    )
    from alphasms_async.recording import (
        Audio,
        Recording,
    )
    from alphasms_async.riff import (
        Wav,
    )
    from alphasms_async.transports import (
        AiohttpTransport,
        SlotTransport,
    )

__all__ = [
    "AccessDenied",
    "AccountBanned",
    "AccountError",
    "AiohttpTransport",
    "AlphaSMS",
    "AlphaSMSError",
    "ApiDisabled",
    "ApiKeyMissing",
    "Audio",
    "AuthenticationError",
    "Balance",
    "CallOutcome",
    "ClientClosed",
    "ConfigurationError",
    "Delivery",
    "DialOutcome",
    "DialResult",
    "Dialing",
    "DuplicateId",
    "FileTooBig",
    "GatewayError",
    "GatewayUnavailable",
    "HookNotProven",
    "HookUnreadable",
    "InsufficientFunds",
    "InvalidAudioDuration",
    "InvalidFileFormat",
    "InvalidPhoneNumber",
    "InvalidRecording",
    "InvalidRequest",
    "InvalidText",
    "IpDenied",
    "JournalError",
    "JournalLocked",
    "LimitReached",
    "Lookup",
    "Message",
    "NotSent",
    "OperatorNotSupported",
    "OtpCall",
    "OutcomeUnknown",
    "PhoneMissing",
    "Price",
    "RateLimited",
    "RcsStep",
    "RecipientError",
    "Recording",
    "RecordingError",
    "RequestRejected",
    "Scope",
    "SenderError",
    "SlotTransport",
    "Sms",
    "SmsStep",
    "SoundFileMissing",
    "State",
    "Status",
    "Step",
    "StoreError",
    "Summary",
    "TelegramStep",
    "TrackedOtpCall",
    "UnexpectedAnswer",
    "UnknownGatewayError",
    "UnsupportedAudioFormat",
    "UploadFailed",
    "VerificationError",
    "VerificationOver",
    "ViberStep",
    "Voice",
    "VoiceCall",
    "VoiceStep",
    "Wav",
    "WebhookError",
    "WrongApiKey",
    "mask_phone",
    "parse_phone",
]

# Where the names are from, what loads least first: they are looked for in this order.
_HOMES = (
    *("errors", "riff", "recording", "phone", "models", "messages", "outcomes"),
    *("bodies", "transports", "dialing", "client"),
)

if not TYPE_CHECKING:
    # Unseen by type checkers, for which any name, a misspelt one too, would else be there.

    def __getattr__(name: str) -> object:
        """Load what is public when it is first asked for (PEP 562)."""
        if name in _HOMES:
            return import_module(f"{__name__}.{name}")
        if name in __all__:
            for home in _HOMES:
                module = import_module(f"{__name__}.{home}")
                if name in module.__all__:
                    globals()[name] = value = getattr(module, name)
                    return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        told = (name for name in globals() if name.startswith("__"))
        return sorted({*told, *__all__, *_HOMES})
