"""How a thing was asked for, and the line for a terminal that asks for the same."""

import json
from collections.abc import Mapping
from html import escape
from pathlib import PurePosixPath, PureWindowsPath
from shlex import quote
from typing import Final

from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry, SandboxMessage
from alphasms_async.sandbox.page.answers import Json

_KEY: Final = "$ALPHASMS_API_KEY"
_FORMS: Final[Mapping[str, str]] = {"voice": "/api/voice.php", "otp": "/api/otp.php"}
# What the documents write as a number, and nothing else does.
_SPEAKING_SENDER: Final = "Voice"


def asked(entry: SandboxEntry, base_url: str) -> dict[str, Json]:
    """Return the request that `entry` came from, as far as it was kept.

    Args:
        entry: What was accepted.
        base_url: Where the line for a terminal is to lead, without a path.
    """
    if entry.kind in _FORMS:
        path, fields, arguments = _form(entry)
    elif entry.client_id is None:
        path, fields, arguments = _package(entry)
    else:
        path, fields, arguments = _object(entry)
    words = ["curl", quote(f"{base_url}{path}"), *arguments]
    return {"method": "POST", "path": path, "fields": fields, "curl": " ".join(words)}


def _form(entry: SandboxEntry) -> tuple[str, dict[str, Json], list[str]]:
    fields = {"key": _KEY, "phone": entry.phone}
    arguments = [f'-F "key={_KEY}"']
    if isinstance(entry, SandboxCall) and entry.kind == "voice":
        name = _file_name(entry.filename)
        fields["voice"] = f"@{name}"
        arguments.append(f"-F {quote(_file_argument(name))}")
    rest = {} if entry.hook is None else {"hook": entry.hook}
    if isinstance(entry, SandboxCall) and entry.dtmf:
        rest["dtmf"] = "true"
    rest.update(entry.extra)
    plain = {"phone": entry.phone, **rest}
    arguments += [f"--form-string {quote(f'{name}={value}')}" for name, value in plain.items()]
    return _FORMS[entry.kind], {**fields, **rest}, arguments


def _object(entry: SandboxEntry) -> tuple[str, dict[str, Json], list[str]]:
    fields: dict[str, Json] = {
        "type": {"voice_sms": "sms", "say": "voice"}.get(entry.kind, entry.kind),
        "id": entry.client_id,
        "phone": int(entry.phone),
        **_content(entry),
    }
    if entry.hook is not None:
        fields["hook"] = entry.hook
    fields.update({name: _from_json(text) for name, text in entry.extra.items()})
    whole = json.dumps(fields, ensure_ascii=False)
    # The shell puts the key in where the quotes are interrupted.
    body = f"""'{{"auth": "'"{_KEY}"'", "data": ['{quote(whole)}']}}'"""
    kind = quote("content-type: application/json")
    return "/api/json.php", fields, [f"-H {kind}", f"--data-raw {body}"]


def _content(entry: SandboxEntry) -> dict[str, Json]:
    """Return the fields that say what is read out or written."""
    match entry:
        case SandboxCall(kind="voice_sms"):
            return {"sms_signature": _SPEAKING_SENDER, "sms_message": entry.text}
        case SandboxCall(kind="say"):
            return _spoken(entry)
        case SandboxCall(kind="pipeline"):
            # Only the first channel was tried, and of the others nothing is kept.
            return {"pipeline": ["voice"], "voice": _spoken(entry)}
        case SandboxMessage(kind="pipeline"):
            step = entry.steps[0] if entry.steps else "sms"
            signed = {} if entry.sender is None else {"signature": entry.sender}
            return {"pipeline": [step], step: {"message": entry.text, **signed}}
        case SandboxMessage():
            lifetime = entry.lifetime_seconds
            asked_for: dict[str, Json] = {} if lifetime is None else {"sms_lifetime": lifetime}
            return {"sms_signature": entry.sender, "sms_message": entry.text, **asked_for}
        case _:
            return {}


def _spoken(entry: SandboxCall) -> dict[str, Json]:
    voice: dict[str, Json] = {"voice": dict(entry.voice)} if entry.voice else {}
    return {"message": entry.text, **voice, "dtmf": entry.dtmf}


def _package(entry: SandboxEntry) -> tuple[str, dict[str, Json], list[str]]:
    sender = entry.sender if isinstance(entry, SandboxMessage) else _SPEAKING_SENDER
    extra = {name: str(_from_json(text)) for name, text in entry.extra.items()}
    attributes = {"recipient": entry.phone, "sender": sender or "", **extra}
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    message = f"<msg{written}>{escape(entry.text or '')}</msg>"
    body = f"""'<package key="'"{_KEY}"'"><message>'{quote(message)}'</message></package>'"""
    kind = quote("content-type: text/xml")
    return (
        "/api/xml.php",
        {**attributes, "text": entry.text},
        [f"-H {kind}", f"--data-raw {body}"],
    )


def _file_name(name: str | None) -> str:
    """Return the last part of a file's name: where it lay with whom is nobody else's place."""
    last = PurePosixPath(PureWindowsPath(name or "").name).name
    return "recording.wav" if last in {"", ".", ".."} else last


def _file_argument(name: str) -> str:
    if set(name).isdisjoint(',;"\\'):
        return f"voice=@{name}"
    # curl's own quotes, inside those of the shell.
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'voice=@"{escaped}"'


def _from_json(text: str) -> Json:
    try:
        # What Python calls infinite is no JSON, neither on the page nor in a line for a terminal.
        value: Json = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return value
