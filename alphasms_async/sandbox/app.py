"""The gateway's pages under their addresses, and the page for a person beside them."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.chaos.pages import ChaosPage
from alphasms_async.sandbox.foreign import Fence
from alphasms_async.sandbox.page.routes import page_routes
from alphasms_async.sandbox.wire.answers import web_server_answer
from alphasms_async.sandbox.wire.http_php import http_php
from alphasms_async.sandbox.wire.json_php import json_php, json_queue
from alphasms_async.sandbox.wire.otp_php import otp_php
from alphasms_async.sandbox.wire.voice_php import voice_php
from alphasms_async.sandbox.wire.xml_php import xml_php

Page: TypeAlias = Callable[[Account, Request], Awaitable[Response]]


def application(account: Account) -> Starlette:
    """Return the pages, answering for `account`."""
    app = Starlette(
        routes=[
            _route("/api/voice.php", voice_php, account),
            _route("/api/otp.php", otp_php, account),
            _route("/api/json.php", json_php, account),
            _route("/v1/json", json_queue, account),
            _route("/api/http.php", http_php, account, "GET"),
            _route("/api/xml.php", xml_php, account),
            *page_routes(account),
        ],
        exception_handlers={404: _no_page, 405: _no_page, ClientDisconnect: _nobody_left},
    )
    # A slash too many is another page to the gateway, not a reason to redirect.
    app.router.redirect_slashes = False
    return app


def _route(path: str, page: Page, account: Account, *methods: str) -> Route:
    # The fence first: what is refused is no request that chaos could happen to.
    around = [Middleware(Fence), Middleware(ChaosPage, account.chaos)]
    return Route(path, partial(page, account), methods=["POST", *methods], middleware=around)


async def _no_page(_request: Request, _error: Exception) -> Response:
    return web_server_answer()


async def _nobody_left(_request: Request, _error: Exception) -> Response:
    # The client hung up in the middle of its request: nothing was accepted, and nobody reads this.
    return web_server_answer()
