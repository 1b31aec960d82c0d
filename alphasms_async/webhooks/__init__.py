"""Events of the gateway: proven, read, and handed on.

tokens = HookTokens()  # the secret comes from ALPHASMS_WEBHOOK_SECRET
hook = tokens.url("https://app.example/hooks/alphasms", HookKind.VOICE, "order-17")
app.mount("/hooks", WebhookReceiver(tokens, handle))
"""

from alphasms_async.webhooks.events import (
    HookEvent,
    HookKind,
    MessageEvent,
    OtpEvent,
    Proof,
    VoiceEvent,
)
from alphasms_async.webhooks.handlers import Handler
from alphasms_async.webhooks.parsing import parse_event
from alphasms_async.webhooks.receiver import WebhookReceiver
from alphasms_async.webhooks.tokens import HookTokens

__all__ = [
    "Handler",
    "HookEvent",
    "HookKind",
    "HookTokens",
    "MessageEvent",
    "OtpEvent",
    "Proof",
    "VoiceEvent",
    "WebhookReceiver",
    "parse_event",
]
