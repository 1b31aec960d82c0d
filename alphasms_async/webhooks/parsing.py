"""What stands in a hook request, read into an event. No I/O: bytes in, a frozen value out.

Documented is one JSON body, of voice calls; how others look is not said. So JSON, a form and a
query string are read, under every name that the gateway's other pages use, and a field that
nobody can read counts as one that is not there. Only what happened must be told.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qsl

from alphasms_async.errors import HookUnreadable
from alphasms_async.gateway.reading import as_object, read_json
from alphasms_async.models import State
from alphasms_async.webhooks.events import (
    HookEvent,
    HookKind,
    MessageEvent,
    OtpEvent,
    Proof,
    VoiceEvent,
)
from alphasms_async.webhooks.fields import Told, told_by
from alphasms_async.webhooks.queries import pairs_of
from alphasms_async.webhooks.tokens import TOKEN
from alphasms_async.webhooks.words import is_call_word, outcome_of, state_of

__all__ = ["Headers", "parse_event", "source_of"]

Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]
"""Headers as any framework has them, ASGI's raw pairs included."""

_METHODS = frozenset({"GET", "POST"})
_MOST_FIELDS = 200


def parse_event(
    method: str,
    query: str | bytes,
    headers: Headers,
    body: bytes,
    *,
    proof: Proof | None = None,
) -> HookEvent:
    """Return what a hook request tells: a `VoiceEvent`, an `OtpEvent` or a `MessageEvent`.

    A hook given out for a call, a flash call or a message is answered with that event; a message
    that turns out to have been a call is a `VoiceEvent`. For the account's hook, and without a
    proof, the fields and the word decide.

    Args:
        method: `GET` or `POST`.
        query: The query string as it came. It is read when there is no body.
        headers: The request's headers, their names in any case.
        body: The whole body: a JSON object, a list of exactly one, or a form.
        proof: What `HookTokens.prove` said of the query. `None`: nobody has asked; then anyone
            may have sent this.

    Raises:
        HookUnreadable: The body is neither JSON nor a form, no status stands in it, or nothing
            says what the status is of.
    """
    if method.upper() not in _METHODS:
        raise HookUnreadable("an event comes by GET or POST")
    fields = _fields(query, headers, body)
    told = told_by(fields)
    if not told.word:
        raise HookUnreadable("no status stands in the event")
    if (told.id, told.client_id, told.phone) == (None, None, None) and not (proof and proof.ref):
        raise HookUnreadable("nothing in the event says which call or message it is of")
    return _event(told, fields, proof)


def source_of(query: bytes, body: bytes) -> bytes:
    """Return what an event is read from: the body, and the query when there is none."""
    return body if body.strip() else query


def _fields(query: str | bytes, headers: Headers, body: bytes) -> Mapping[str, Any]:
    if not body.strip():
        fields: Mapping[str, Any] = dict(pairs_of(query))
    elif _is_json(headers, body):
        fields = _json_fields(body)
    else:
        fields = _form_fields(body)
    # The proof is in `proof`; where fields are kept or shown, it would be a secret laid open.
    return {name: value for name, value in fields.items() if name != TOKEN}


def _is_json(headers: Headers, body: bytes) -> bool:
    """Whatever the header says: PHP posts JSON as a form unless it is told not to."""
    starts = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return starts in {b"{", b"["} or "json" in _content_type(headers)


def _content_type(headers: Headers) -> str:
    for name, value in _pairs(headers):
        if _text(name).lower() == "content-type":
            return _text(value).lower()
    return ""


def _pairs(headers: Headers) -> Iterable[tuple[str | bytes, str | bytes]]:
    return cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _json_fields(body: bytes) -> Mapping[str, Any]:
    told = read_json(body)
    listed = cast("Sequence[Any]", told) if isinstance(told, list) else [told]
    fields = as_object(listed[0] if len(listed) == 1 else None)
    if not fields:
        raise HookUnreadable("the body is not a JSON object with something in it")
    return fields


def _form_fields(body: bytes) -> Mapping[str, Any]:
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise HookUnreadable("the body is neither JSON nor a form") from None


def _event(told: Told, fields: Mapping[str, Any], proof: Proof | None) -> HookEvent:
    word = told.word
    every: dict[str, Any] = {
        "id": told.id,
        "phone": told.phone,
        "raw": word,
        "fields": fields,
        "proof": proof,
    }
    match _kind(told, proof):
        case HookKind.OTP:
            return OtpEvent(is_reached=outcome_of(word).is_reached, **every)
        case HookKind.MESSAGE:
            return MessageEvent(state=state_of(word), client_id=told.client_id, **every)
        case _:
            outcome = outcome_of(word)
            return VoiceEvent(outcome=outcome, seconds=told.seconds, digits=told.digits, **every)


def _kind(told: Told, proof: Proof | None) -> HookKind:
    """Return whether it is of a call, a flash call or a message."""
    given = HookKind.ACCOUNT if proof is None else proof.kind
    if given in {HookKind.VOICE, HookKind.OTP}:
        return given
    # A voice SMS is a message that calls, and reports as calls do.
    if told.seconds is not None or told.digits is not None or is_call_word(told.word):
        return HookKind.VOICE
    if given is HookKind.MESSAGE or state_of(told.word) is not State.UNKNOWN:
        return HookKind.MESSAGE
    return HookKind.VOICE
