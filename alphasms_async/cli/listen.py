"""`alphasms listen` and `alphasms hook-url`: what the gateway tells, as it comes."""

from datetime import datetime, timedelta
from functools import partial

import anyio
from attrs import define, field

from alphasms_async import mask_phone
from alphasms_async.campaigns import EventSender
from alphasms_async.cli.journals import OptionalPlace, look_into
from alphasms_async.cli.receiving import DEFAULT_HOST, DEFAULT_PATH, Place, receiving
from alphasms_async.cli.refusals import Refusals
from alphasms_async.cli.terminal import (
    ExitCode,
    Flag,
    Span,
    Url,
    answers,
    counted,
    endings,
    hint,
    notes,
    print_json,
    span,
)
from alphasms_async.clock import utc_now
from alphasms_async.phone import mask_digits
from alphasms_async.webhooks import (
    Handler,
    HookEvent,
    HookKind,
    HookTokens,
    MessageEvent,
    OtpEvent,
    VoiceEvent,
    WebhookReceiver,
)

__all__ = ["hook_url", "listen"]

_REACHED = {True: "reached", False: "not_reached", None: "unknown"}
_LONGEST_RAW = 40


async def listen(
    *,
    port: int = 8080,
    host: str = DEFAULT_HOST,
    path: str = DEFAULT_PATH,
    url: Url | None = None,
    journal: OptionalPlace = None,
    json: Flag = False,
) -> ExitCode:
    """Take the gateway's events, and print each: what became of a call, and the keys pressed.

    The gateway signs nothing, so every hook carries a token that ALPHASMS_WEBHOOK_SECRET signs:
    without one a request is refused. `alphasms campaign run --hook-url` signs a hook for each
    call; `--url` here prints one for the whole account, to be set in the provider's panel.

    ```
    alphasms listen --url https://app.example/hooks/alphasms
    alphasms listen --journal alphasms.journal --json
    ```

    The gateway must reach it: put it behind a proxy that speaks https, or choose another --host.
    A request that is refused is said beside the events, and why. Ctrl-C ends it.

    Exit codes: 0 ended by Ctrl-C, or left by its reader, 2 bad input, no secret, or the port is
    taken.

    Parameters
    ----------
    port
        Port to listen on, 0 for a free one.
    host
        Address to listen on; 0.0.0.0 takes requests from everywhere.
    path
        Path that hooks come to; every other is not found.
    url
        URL by which the gateway reaches this receiver; its hook for the account is printed.
    journal
        Journal that is told too, also while a campaign of it is dialled: a file, or
        postgresql://user@host/database; without it the events are printed alone.
    json
        Print a JSON object for each event, a line each.
    """
    tokens, place = HookTokens(), Place(port, host, path)
    hook = None if url is None else tokens.url(url, HookKind.ACCOUNT)
    if journal is not None:
        # Now, not when the first event has come, to be refused.
        async with look_into(journal):
            pass
    printer = _Printer(as_json=json, is_alone=journal is None)
    handlers: list[Handler] = [] if journal is None else [EventSender(journal)]
    # Printed last: what was not kept comes again.
    receiver = WebhookReceiver(tokens, *handlers, printer)
    with anyio.open_signal_receiver(*endings()) as signals:
        refusals = Refusals(path, partial(notes.print, soft_wrap=True))
        async with receiving(receiver, place, tell=refusals.note) as reception:
            notes.print(f"listening at {reception.url}; Ctrl-C ends it", soft_wrap=True)
            if hook is not None:
                hint("hook of the account, for the provider's panel; keep it secret", hook)
            with printer.reading:
                async for _ in signals:
                    break
    notes.print(f"{counted(printer.count, 'event')}, {reception.refused_in_words()}")
    return ExitCode.ACCEPTED


async def hook_url(url: Url, /, *, expires_in: Span | None = None) -> None:
    """Print the hook of the whole account, signed, to be set in the provider's panel.

    ```
    alphasms hook-url https://app.example/hooks/alphasms
    ```

    The gateway posts everything to it that has no hook of its own, flash calls among it. Whoever
    has it can tell you what never happened: keep it secret. Signed by ALPHASMS_WEBHOOK_SECRET.

    Parameters
    ----------
    url
        URL by which the gateway reaches your receiver: `alphasms listen`, or your application.
    expires_in
        How long it holds, such as 30d or 12h; for ever when it is not given.
    """
    until = None if expires_in is None else _end_of(span("--expires-in", expires_in))
    answers.print(HookTokens().url(url, HookKind.ACCOUNT, expires=until), soft_wrap=True)
    if until is not None:
        notes.print(f"it holds until {until.astimezone():%Y-%m-%d %H:%M}")


def _end_of(seconds: int) -> datetime:
    # Whole, as a token has it, so that what is said of it is so.
    return utc_now().replace(microsecond=0) + timedelta(seconds=seconds)


@define
class _Printer:
    """A webhook handler that prints each event on a line of its own, the phone masked."""

    as_json: bool = field(kw_only=True)
    is_alone: bool = field(kw_only=True)
    """Whether nobody but its reader keeps the events."""
    reading: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)
    """Cancelled when nobody keeps them any more."""
    count: int = field(default=0, init=False)

    async def __call__(self, event: HookEvent) -> None:
        if self.as_json:
            print_json(_as_json(event))
        else:
            answers.print(_line(event), soft_wrap=True)
        if answers.quiet and self.is_alone:
            self.reading.cancel()
            raise BrokenPipeError
        self.count += 1


def _line(event: HookEvent) -> str:
    seconds, digits = _talk(event)
    phone = "" if event.phone is None else mask_phone(event.phone)
    told = (
        f"{utc_now().astimezone():%H:%M:%S}  {_kind(event):<7}  {phone:<12}  {_outcome(event):<11}",
        "" if seconds is None else f"{seconds:>4} s",
        "" if digits is None else f"keys {digits}",
        "" if event.id is None else f"id {event.id}",
        _raw(event) if _outcome(event) == "unknown" else "",
    )
    return "  ".join(filter(None, told)).rstrip()


def _as_json(event: HookEvent) -> dict[str, object]:
    seconds, digits = _talk(event)
    return {
        "at": utc_now().isoformat(),
        "kind": _kind(event),
        "phone": None if event.phone is None else mask_phone(event.phone),
        "outcome": _outcome(event),
        "seconds": seconds,
        "digits": digits,
        "id": event.id,
        "raw": _raw(event),
        "ref": event.ref,
    }


def _kind(event: HookEvent) -> str:
    match event:
        case OtpEvent():
            return HookKind.OTP.value
        case MessageEvent():
            return HookKind.MESSAGE.value
        case _:
            return HookKind.VOICE.value


def _outcome(event: HookEvent) -> str:
    match event:
        case VoiceEvent():
            return event.outcome.value
        case MessageEvent():
            return event.state.value
        case OtpEvent():
            return _REACHED[event.is_reached]
        case _:
            return "unknown"


def _talk(event: HookEvent) -> tuple[int | None, str | None]:
    """Return how long was talked, and the keys pressed, where the event is one of a call."""
    return (event.seconds, event.digits) if isinstance(event, VoiceEvent) else (None, None)


def _raw(event: HookEvent) -> str:
    """Return the gateway's word, which may be anything: a phone is masked in it."""
    return mask_digits(event.raw[:_LONGEST_RAW])
