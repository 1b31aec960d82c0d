"""The page's addresses: the page itself, its files, and the JSON it lives on."""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, TypeVar

import attrs
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.desk import Desk
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.fates import Fates
from alphasms_async.sandbox.line import CallOver
from alphasms_async.sandbox.page.answers import Problem, json_answer, milliseconds, problem_answer
from alphasms_async.sandbox.page.details import details
from alphasms_async.sandbox.page.feed import Feeds
from alphasms_async.sandbox.page.fields import Fields, read_fields
from alphasms_async.sandbox.page.files import file_answer
from alphasms_async.sandbox.page.guard import Guard
from alphasms_async.sandbox.page.live import LiveAnswer
from alphasms_async.sandbox.page.made_up import made_up_call
from alphasms_async.sandbox.page.recording import recording_answer
from alphasms_async.sandbox.page.rows import MOST_ROWS, row, rows_before
from alphasms_async.sandbox.page.settings import (
    SETTINGS,
    change_settings,
    chaos,
    read_autopilot,
    read_hook,
    settings,
)
from alphasms_async.sandbox.page.sound import Sounds
from alphasms_async.sandbox.phones import is_international
from alphasms_async.sandbox.refusals import RefusedError

_Default = TypeVar("_Default", int, None)
_Act: TypeAlias = Callable[[Desk, int, Fields], None]

_ID: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_KEYS: Final = re.compile(r"[0-9*#]{1,32}", re.ASCII)
_PHONE: Final = "international digits without a plus, like 380501234567"


def page_routes(account: Account) -> list[Route]:
    """Return the routes of the page that shows `account`."""
    app = _application(_Page(account, Feeds(account)))
    page = Guard(app, is_api=False)
    return [
        Route("/", page, methods=["GET"]),
        Route("/ready", page, methods=["GET"]),
        Route("/static/{name:path}", page, methods=["GET"]),
        # Of every method: the app itself refuses what it has not.
        Route("/sandbox/{rest:path}", Guard(app, is_api=True)),
    ]


def _application(page: "_Page") -> Starlette:
    app = Starlette(
        routes=[
            Route("/", page.index),
            Route("/ready", page.ready),
            Route("/static/{name:path}", page.file),
            Route("/sandbox/state", page.state),
            Route("/sandbox/events", page.events),
            Route("/sandbox/entries", page.entries),
            Route("/sandbox/entries/{id}", page.entry),
            Route("/sandbox/entries/{id}/recording", page.recording),
            Route("/sandbox/entries/{id}/{action}", page.act, methods=["POST"]),
            Route("/sandbox/calls", page.call, methods=["POST"]),
            Route("/sandbox/scripts", page.script, methods=["POST"]),
            Route("/sandbox/account", page.change_account, methods=["PATCH"]),
            Route("/sandbox/chaos", page.chaos),
            Route("/sandbox/chaos", page.change_chaos, methods=["PATCH"]),
            Route("/sandbox/chaos/off", page.end_chaos, methods=["POST"]),
            Route("/sandbox/reset", page.reset, methods=["POST"]),
        ],
        exception_handlers={
            Problem: _problem,
            HTTPException: _http_problem,
            ClientDisconnect: _nobody_left,
        },
    )
    app.router.redirect_slashes = False
    return app


@attrs.frozen(eq=False)
class _Page:
    account: Account
    feeds: Feeds
    sounds: Sounds = attrs.field(factory=Sounds, init=False)

    async def index(self, _: Request) -> Response:
        return file_answer("index.html")

    async def file(self, request: Request) -> Response:
        return file_answer(request.path_params["name"])

    async def ready(self, _: Request) -> Response:
        return json_answer({"ready": True})

    async def state(self, _: Request) -> Response:
        now = milliseconds(self.account.clock())
        rows = rows_before(self.account, None, MOST_ROWS)
        return json_answer({"account": settings(self.account), **rows, "now": now})

    async def events(self, _: Request) -> Response:
        return LiveAnswer(self.feeds)

    async def entries(self, request: Request) -> Response:
        before = _number(request, "before", default=None)
        limit = _number(request, "limit", default=MOST_ROWS)
        if not 1 <= limit <= MOST_ROWS:
            raise Problem(400, f"limit is a number from 1 to {MOST_ROWS}.")
        return json_answer(rows_before(self.account, before, limit))

    async def entry(self, request: Request) -> Response:
        base_url = str(request.base_url).rstrip("/")
        found = self._entry(request)
        return json_answer(await details(self.account, found, self.sounds, base_url))

    async def recording(self, request: Request) -> Response:
        entry = self._entry(request)
        if not isinstance(entry, SandboxCall) or entry.audio is None:
            raise Problem(404, f"{entry.id} has no recording.")
        return recording_answer(request, entry.audio)

    async def act(self, request: Request) -> Response:
        act = _ACTIONS.get(request.path_params["action"])
        if act is None:
            raise Problem(404, f"There are {', '.join(_ACTIONS)} for a call.")
        entry = self._entry(request)
        fields = await read_fields(request, *_TAKEN.get(request.path_params["action"], ()))
        try:
            act(self.account.desk, entry.id, fields)
        except CallOver as error:
            raise Problem(409, str(error)) from None
        except LookupError as error:
            raise Problem(404, str(error)) from None
        except ValueError as error:
            raise Problem(400, str(error)) from None
        return self._row(entry)

    async def call(self, request: Request) -> Response:
        fields = await read_fields(request, "phone", "hook", "dtmf", "autopilot")
        draft = made_up_call(
            _phone(fields),
            self.account.price,
            hook=read_hook(self.account, fields),
            dtmf=fields.flag("dtmf", default=False),
        )
        fates: Fates | None = None
        if fields.values.get("autopilot") is not None:
            # As in a script: whoever says it for one call means it.
            fates = read_autopilot(fields, self.account.seed).fate_of
        try:
            return self._row(self.account.accept(draft, fates=fates))
        except RefusedError as error:
            raise Problem(400, f"{error.refusal}: the call was not accepted.") from None

    async def script(self, request: Request) -> Response:
        fields = await read_fields(request, "phone", "autopilot")
        phone = _phone(fields)
        autopilot = read_autopilot(fields, self.account.seed)
        # Not as a whole: who scripts one phone means it, whatever its last digits are.
        self.account.lines.script(phone, (autopilot.fate_of,))
        return json_answer({"phone": phone, "autopilot": str(autopilot)})

    async def change_account(self, request: Request) -> Response:
        change_settings(self.account, await read_fields(request, *SETTINGS))
        return json_answer(settings(self.account))

    async def chaos(self, _: Request) -> Response:
        return json_answer(chaos(self.account))

    async def change_chaos(self, request: Request) -> Response:
        fields = await read_fields(request, "seed", "rules")
        try:
            self.account.chaos.change(fields.values)
        except ValueError as error:
            raise Problem(400, str(error)) from None
        return json_answer(chaos(self.account))

    async def end_chaos(self, request: Request) -> Response:
        await read_fields(request)
        self.account.chaos.off()
        return json_answer(chaos(self.account))

    async def reset(self, request: Request) -> Response:
        await read_fields(request)
        # Whoever calls may remember ids, and is another process.
        self.account.reset(ids_go_on=True)
        return json_answer(settings(self.account))

    def _entry(self, request: Request) -> SandboxEntry:
        text = request.path_params["id"]
        if not _ID.fullmatch(text):
            raise Problem(404, "An id is a number, like 100500.")
        try:
            return self.account.desk.entry(int(text))
        except LookupError as error:
            raise Problem(404, str(error)) from None

    def _row(self, entry: SandboxEntry) -> Response:
        return json_answer(row(self.account, entry, self.account.clock()))


def _number(request: Request, name: str, default: _Default) -> int | _Default:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not _ID.fullmatch(text):
        raise Problem(400, f"{name} is a number.")
    return int(text)


def _keys(fields: Fields) -> str:
    digits = fields.values.get("digits")
    if not isinstance(digits, str) or not _KEYS.fullmatch(digits):
        raise Problem(400, "digits are the keys pressed: 0 to 9, * and #, from 1 to 32 of them.")
    return digits


def _phone(fields: Fields) -> str:
    phone = fields.text("phone", _PHONE)
    if not is_international(phone):
        raise Problem(400, f"phone is {_PHONE}.")
    return phone


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 what it is registered for
    return problem_answer(error.status, error.text)


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 what it is registered for
    words = {404: "There is nothing here.", 405: f"{request.method} is not for this address."}
    headers = error.headers
    answer = problem_answer(error.status_code, words.get(error.status_code, error.detail))
    answer.headers.update(headers or {})
    return answer


async def _nobody_left(_: Request, _error: Exception) -> Response:
    # The page was left in the middle of its request, and nobody reads this.
    return problem_answer(400, "The request was broken off.")


_ACTIONS: Final[Mapping[str, _Act]] = {
    "answer": lambda desk, one, _: desk.answer(one),
    "press": lambda desk, one, fields: desk.press(one, _keys(fields)),
    "hang-up": lambda desk, one, _: desk.hang_up(one),
    "busy": lambda desk, one, _: desk.end(one, "BUSY"),
    "no-answer": lambda desk, one, _: desk.end(one, "NO ANSWER"),
    "fail": lambda desk, one, _: desk.end(one, "FAILED"),
    "resend": lambda desk, one, _: desk.resend(one),
}
_TAKEN: Final[Mapping[str, tuple[str, ...]]] = {"press": ("digits",)}
