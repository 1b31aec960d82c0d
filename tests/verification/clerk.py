"""A process of its own that works on verifications, and does as it is told on its standard input.

python -m tests.verification.clerk LOOP STORE GATEWAY KEY
"""

import json
import sys
import time
from typing import Any

import anyio
import anyio.to_thread

from alphasms_async import AlphaSMS
from alphasms_async.verification import (
    PhoneVerifier,
    RedisStore,
    SqliteStore,
    TextSms,
    VerificationStore,
    VoiceSms,
)
from tests.verification.stage import NO_LIMITS, SECRET, Time


def opened(place: str) -> VerificationStore:
    """Return the store at a place: a server's address, or a file."""
    return RedisStore(place) if "://" in place else SqliteStore(place)


async def obey(verifier: PhoneVerifier, clock: Time, order: dict[str, Any]) -> Any:
    """Do one thing, together with whoever is told to do it at the same moment."""
    while time.monotonic() < order["at"]:
        pass
    match order["do"]:
        case "start":
            return (await verifier.start(order["phone"])).id
        case "check":
            return await verifier.check(order["id"], order["code"])
        case "state":
            return await verifier.state(order["id"])
        case "send_due":
            clock.forward(order["seconds"])
            return await verifier.send_due()
        case other:
            raise ValueError(other)


def say(result: Any) -> None:
    """Tell whoever gave the order."""
    sys.stdout.write(f"{json.dumps(result)}\n")
    sys.stdout.flush()


async def work(place: str, gateway: str, key: str) -> None:
    """Obey until there are no orders any more."""
    clock = Time()
    async with (
        AlphaSMS(key, base_url=gateway) as client,
        PhoneVerifier(
            client,
            opened(place),
            SECRET,
            attempts=1,
            fallback=(VoiceSms(), TextSms(sender="MyShop")),
            limits=NO_LIMITS,
            clock=clock,
        ) as verifier,
    ):
        say("ready")
        while line := await anyio.to_thread.run_sync(sys.stdin.readline):
            say(await obey(verifier, clock, json.loads(line)))


if __name__ == "__main__":
    loop, place, gateway, key = sys.argv[1:]
    anyio.run(work, place, gateway, key, backend=loop)
