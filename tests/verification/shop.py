"""An application that verifies phones, set up by its environment as a real one is."""

import os
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from alphasms_async import AlphaSMS
from alphasms_async.clock import utc_now
from alphasms_async.verification import PhoneVerifier, SqliteStore
from alphasms_async.verification.web import (
    verification_hooks,
    verification_lifespan,
    verification_pages,
)


def make_verifier(client: AlphaSMS) -> PhoneVerifier:
    """Make a verifier as the environment says."""
    ahead = timedelta(seconds=float(os.environ["AHEAD_SECONDS"]))
    return PhoneVerifier(
        client,
        SqliteStore(os.environ["STORE"]),
        os.environ["ALPHASMS_WEBHOOK_SECRET"],
        hook_url=os.environ["HOOK_URL"],
        fallback_after=timedelta(seconds=float(os.environ["FALLBACK_SECONDS"])),
        clock=lambda: utc_now() + ahead,
    )


verifying = verification_lifespan(make_verifier)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[Mapping[str, Any]]:
    """Run the verifier, and say on the output when it runs."""
    async with verifying(app) as state:
        print("started", flush=True)  # noqa: T201 - whoever started this process reads it
        yield state


app = Starlette(
    routes=[Mount("/phone", verification_pages), Mount("/hooks", verification_hooks)],
    lifespan=lifespan,
)

if __name__ == "__main__":
    config = uvicorn.Config(app, lifespan="on", log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
