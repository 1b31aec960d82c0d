"""`alphasms trigger`: one event of the gateway, made up, posted to a hook by hand."""

from typing import Final, Literal
from urllib.parse import urlsplit

from alphasms_async import InvalidRequest
from alphasms_async.checks import check_count, check_hook, check_ids
from alphasms_async.cli.terminal import ExitCode, Flag, Url, answers, notes
from alphasms_async.phone import parse_phone
from alphasms_async.settings import is_loopback

__all__ = ["trigger"]

_PHONE: Final = "380501234567"
_ID: Final = 100500
_NOT_PROVEN: Final = 403
_UNPROVEN: Final = (
    "403, not proven: alphasms hook-url and the receiver need the same ALPHASMS_WEBHOOK_SECRET"
)
# By the name of the error, for its own text may hold the hook's secret.
_MEANINGS: Final = {
    "ConnectError": "nobody listens there",
    "TimeoutError": "no answer in 10 s",
    "RemoteProtocolError": "it hung up without an answer",
    "ReadError": "it hung up without an answer",
}


async def trigger(
    hook: Url,
    /,
    *,
    kind: Literal["voice", "otp", "sms"] = "voice",
    status: str | None = None,
    phone: str = _PHONE,
    id: int = _ID,
    duration: int | None = None,
    dtmf: str | None = None,
    method: Literal["POST", "GET"] = "POST",
    encoding: Literal["json", "form", "query"] | None = None,
    words: Literal["space", "underscore", "joined", "lower"] = "space",
    times: int = 1,
    remote: Flag = False,
    show: Flag = False,
) -> ExitCode:
    """Post one event to a hook, as the gateway would: no call, no sandbox, nobody's phone rings.

    For whoever writes a receiver: it shows what was sent, and what was answered. A receiver that
    wants proof wants a hook that carries it. In a terminal each, with one ALPHASMS_WEBHOOK_SECRET:

    ```
    alphasms listen
    alphasms trigger "$(alphasms hook-url http://127.0.0.1:8080/hooks/alphasms)" --dtmf 7
    ```

    Nobody says how the gateway writes its hooks: try your receiver with --encoding form, with
    --method GET, and with --status "NO ANSWER" --words underscore.

    Exit codes: 0 taken, 1 not reached, 2 bad input, 3 answered with another status than 200 to 299.

    Parameters
    ----------
    hook
        URL that is posted to, on this machine.
    kind
        What has ended: a call, a flash call or a message.
    status
        How it has: ANSWERED, "NO ANSWER", BUSY, FAILED or CANCEL for a call; DELIVERED, EXPIRED,
        UNDELIVERABLE and the like for a message; any other word is sent as it is. By default
        ANSWERED, or DELIVERED.
    phone
        Who was called; a made-up number.
    id
        The gateway's id of it.
    duration
        Seconds that were talked; by default 12 in a call that was answered, else 0.
    dtmf
        Keys that were pressed, such as 7.
    method
        How it is sent; GET has the fields in the address.
    encoding
        Where the fields stand: in a JSON body, as documented, in a form, or in the address.
    words
        How a status of several words is spelled: NO ANSWER, NO_ANSWER, NOANSWER, or no answer.
    times
        How often it is sent, one after another; receivers are to take it once.
    remote
        Post it to another machine, too.
    show
        Print the hook as it is, with the secret in it.
    """
    # Late, for the other commands do without the extra that the sandbox needs.
    from alphasms_async.cli.made_up import MadeUpEvent
    from alphasms_async.sandbox import HookStyle

    target = _checked_hook(hook, is_remote=remote)
    if method == "GET" and encoding not in {None, "query"}:
        raise InvalidRequest("a GET has no body: take --encoding query with it, or none")
    event = MadeUpEvent.of(
        kind,
        status=status,
        phone=parse_phone(phone),
        id=check_ids([id])[0],
        seconds=duration,
        digits=dtmf,
    )
    style = HookStyle(
        method=method, encoding=encoding or ("json" if method == "POST" else "query"), words=words
    )
    check_count("--times", times)
    answers.print(f"{method} {target if show else _without_secret(target)}", soft_wrap=True)
    answers.print(style.body(event.entry, event.fate), soft_wrap=True)
    code, is_unproven = ExitCode.ACCEPTED, False
    async for delivery, said in event.post(target, style, times=times):
        milliseconds = round(delivery.seconds * 1000)
        if delivery.error is not None:
            answers.print(f"not reached: {_MEANINGS.get(delivery.error, delivery.error)}")
            code = ExitCode.FAULT
        elif delivery.is_taken:
            answers.print(f"answered {delivery.status} in {milliseconds} ms")
        else:
            answers.print(f"answered {delivery.status} in {milliseconds} ms: not taken")
            if said:
                answers.print(f"  {said}", soft_wrap=True)
            is_unproven = is_unproven or delivery.status == _NOT_PROVEN
            # Not to be reached at all is worse.
            code = code if code is ExitCode.FAULT else ExitCode.SOME_NOT
    if is_unproven:
        notes.print(_UNPROVEN, soft_wrap=True)
    return code


def _checked_hook(hook: str, *, is_remote: bool) -> str:
    checked = check_hook(hook)
    assert checked is not None  # noqa: S101 - only `None` is checked to be that
    if not is_remote and not is_loopback(urlsplit(checked).hostname or ""):
        raise InvalidRequest("the hook is not on this machine: it is posted there with --remote")
    return checked


def _without_secret(hook: str) -> str:
    """Return where a hook leads, without a name, a password and what else may prove it."""
    parts = urlsplit(hook)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" + ("?..." if parts.query else "")
