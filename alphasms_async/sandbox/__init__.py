"""The gateway on your desk: what the AlphaSMS wire says, served locally, ringing nobody.

Written from the gateway's documents alone and never from this package's own client, so that a
misreading on either side shows. Nothing here is meant for the open internet: the server binds
loopback only.

    sandbox = Sandbox()
    with sandbox.serve() as url:
        ...  # any client of the gateway, pointed at `url`
    assert sandbox.rings("380501234567") == 1
"""

from alphasms_async.extras import extra as _extra

with _extra("The sandbox", '"alphasms-async[sandbox]"', "python_multipart", "starlette", "uvicorn"):
    from alphasms_async.sandbox.sandbox import Sandbox
from alphasms_async.sandbox.endings import Ending
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry, SandboxMessage
from alphasms_async.sandbox.fates import Fate, mixed
from alphasms_async.sandbox.hooks.queue import HookDelivery
from alphasms_async.sandbox.hooks.style import HookStyle
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
