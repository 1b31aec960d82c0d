"""The type `pipeline` of json.php: one message, several channels tried in order."""

import re
from collections.abc import Mapping
from typing import cast

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry, SandboxMessage
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import Json
from alphasms_async.sandbox.wire.json_item import Item
from alphasms_async.sandbox.wire.json_sends import reachable_phone, sent, voice_settings

_CHANNELS = ("voice", "telegram", "viber", "rcs", "sms")
_SIGNED = frozenset({"viber", "rcs", "sms"})
_FIELDS = frozenset(["type", "pipeline", "id", "phone", "hook", *_CHANNELS])
_TELEGRAM_CODE = re.compile(r"[0-9]{4,8}", re.ASCII)


def send_pipeline(account: Account, item: Item) -> Mapping[str, Json]:
    """Accept a pipeline; only its first channel is tried, so it rings when that is voice."""
    client_id, phone = item.client_id(), reachable_phone(account, item)
    steps = _steps(item)
    channels = {step: _channel(item, step) for step in steps}
    first = channels[steps[0]]
    hook = item.optional_text("hook")
    extra = item.unknown_fields(_FIELDS)
    draft: SandboxEntry
    if steps[0] == "voice":
        draft = SandboxCall(
            kind="pipeline",
            phone=phone,
            price=account.price,
            client_id=client_id,
            text=first.text("message"),
            hook=hook,
            steps=steps,
            extra=extra,
            dtmf=first.flag("dtmf"),
            voice=voice_settings(first),
        )
    else:
        draft = SandboxMessage(
            kind="pipeline",
            phone=phone,
            price=account.price,
            client_id=client_id,
            text=first.text("message"),
            hook=hook,
            steps=steps,
            extra=extra,
            sender=first.optional_text("signature"),
        )
    return sent(account.accept(draft))


def _steps(item: Item) -> tuple[str, ...]:
    """Return the channels in their order: one or more of those there are, none twice."""
    asked = item.fields.get("pipeline")
    listed = cast("list[object]", asked) if isinstance(asked, list) else []
    steps = tuple(step for step in listed if isinstance(step, str) and step in _CHANNELS)
    if not steps or len(steps) != len(listed) or len(set(steps)) != len(steps):
        raise RefusedError(Refusal.BAD_FORM)
    return steps


def _channel(item: Item, step: str) -> Item:
    """Return the object of one channel, checked for what that channel needs."""
    channel = item.inner(step)
    message = channel.text("message")
    if step in _SIGNED:
        channel.alpha_name("signature")
    if step == "telegram" and not _TELEGRAM_CODE.fullmatch(message):
        raise RefusedError(Refusal.BAD_TEXT)
    if step == "voice":
        channel.flag("dtmf")
        voice_settings(channel)
    return channel
