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
from alphasms_async.sandbox.account import Happening
from alphasms_async.sandbox.autopilot import Autopilot
from alphasms_async.sandbox.chaos.chaos import Chaos
from alphasms_async.sandbox.chaos.mishap import Mishap
from alphasms_async.sandbox.database.file import DatabaseUnusable
from alphasms_async.sandbox.database.keeping import keeping
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry, SandboxMessage
from alphasms_async.sandbox.fate import Fate
from alphasms_async.sandbox.fates import mixed
from alphasms_async.sandbox.hooks.queue import HookDelivery
from alphasms_async.sandbox.hooks.style import HookStyle
from alphasms_async.sandbox.line import CallOver, Key, Line, Phase
from alphasms_async.sandbox.lines import Ending, Turn
from alphasms_async.sandbox.states import State
from alphasms_async.sandbox.virtual import VirtualClock

__all__ = [
    "Autopilot",
    "CallOver",
    "Chaos",
    "DatabaseUnusable",
    "Ending",
    "Fate",
    "Happening",
    "HookDelivery",
    "HookStyle",
    "Key",
    "Line",
    "Mishap",
    "Phase",
    "Sandbox",
    "SandboxCall",
    "SandboxEntry",
    "SandboxMessage",
    "State",
    "Turn",
    "VirtualClock",
    "keeping",
    "mixed",
]
