"""The gateway on your desk: what the AlphaSMS wire says, served locally, ringing nobody.

Written from the gateway's documents alone and never from this package's own client, so that a
misreading on either side shows. Nothing here is meant for the open internet: the server binds
loopback only.

    sandbox = Sandbox()
    with sandbox.serve() as url:
        ...  # any client of the gateway, pointed at `url`
    assert sandbox.rings("380501234567") == 1
"""

try:
    from alphasms_async.sandbox.sandbox import Sandbox
except ModuleNotFoundError as _missing:
    if (_missing.name or "").partition(".")[0] in {"python_multipart", "starlette", "uvicorn"}:
        raise ImportError(
            f"The sandbox needs {_missing.name}, which is not installed: "
            'pip install "alphasms-async[sandbox]"',
            name=_missing.name,
        ) from _missing
    raise
from alphasms_async.sandbox.endings import Ending
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry, SandboxMessage
from alphasms_async.sandbox.fates import Fate, mixed
from alphasms_async.sandbox.hook_style import HookStyle
from alphasms_async.sandbox.hooks import HookDelivery
from alphasms_async.sandbox.states import State

__all__ = [
    "Ending",
    "Fate",
    "HookDelivery",
    "HookStyle",
    "Sandbox",
    "SandboxCall",
    "SandboxEntry",
    "SandboxMessage",
    "State",
    "mixed",
]
