"""The pages of a verification as a FastAPI router, which shows them in its documentation.

    app = FastAPI(lifespan=verification_lifespan(make_verifier))
    app.include_router(verification_router, prefix="/phone", dependencies=[Depends(is_no_robot)])

They answer as `verification_pages` does, in problem details too; what a dependency of yours
refuses, your application answers in its own way. A test puts a verifier of its own in by
`app.dependency_overrides[verifier_of]`.
"""

from collections.abc import Awaitable, Callable, Mapping
from http.client import responses
from typing import Annotated, Any

from attrs import frozen

from alphasms_async.extras import extra

with extra(
    "The router of a verification",
    'fastapi "alphasms-async[webhooks]"',
    "fastapi",
    "starlette",
):
    from fastapi import APIRouter, Depends
    from fastapi.routing import APIRoute
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

from alphasms_async.errors import AlphaSMSError
from alphasms_async.verification.verifier import PhoneVerifier
from alphasms_async.verification.web import answer_problem, verifier_of
from alphasms_async.verification.web.pages import PAGES, Page
from alphasms_async.verification.web.problems import PROBLEM_TYPE

__all__ = ["verification_router"]

_Schema = dict[str, Any]


def _object(**properties: _Schema) -> _Schema:
    return {"type": "object", "required": [*properties], "properties": properties}


def _text(description: str, **more: str) -> _Schema:
    return {"type": "string", "description": description, **more}


_ID = _text("What start answered.")
_VERIFICATION = _object(
    id=_text("What check and resend are asked with."),
    expires_at=_text("Until when a code is accepted.", format="date-time"),
    hint=_text("The phone with its middle hidden."),
)
_PROBLEM = _object(
    type=_text("What the problem is called.", format="uri-reference"),
    title=_text("What the status is called."),
    status={"type": "integer", "description": "The HTTP status."},
    detail=_text("What is wrong, or what to do."),
)


@frozen
class _Operation:
    """What the documentation shows of a page."""

    summary: str
    takes: _Schema
    status: int
    gives: _Schema
    problems: tuple[int, ...]
    """The statuses of its problems, beside those of a request that cannot be read."""

    def responses(self) -> dict[int | str, _Schema]:
        """Return all it may answer."""
        problems = sorted({400, 408, 413, 415, 422, *self.problems})
        return {
            self.status: {"description": "Done", **_content(self.gives, "application/json")},
            **{
                status: {"description": responses[status], **_content(_PROBLEM, PROBLEM_TYPE)}
                for status in problems
            },
        }


_OPERATIONS: Mapping[str, _Operation] = {
    "/start": _Operation(
        "Call a phone from a number that ends in a code",
        _object(phone=_text("As people write it.")),
        201,
        _VERIFICATION,
        (429, 502, 503),
    ),
    "/check": _Operation(
        "Check a code, which uses the verification up when it is right",
        _object(id=_ID, code=_text("What the person typed in.")),
        200,
        _object(verified={"type": "boolean"}),
        (503,),
    ),
    "/resend": _Operation(
        "Send a new code by the next channel",
        _object(id=_ID),
        200,
        _VERIFICATION,
        (404, 409, 429, 502, 503),
    ),
}


def _content(schema: _Schema, media_type: str) -> _Schema:
    return {"content": {media_type: {"schema": schema}}}


def _endpoint(page: Page) -> Callable[..., Awaitable[Response]]:
    async def endpoint(
        request: Request, verifier: Annotated[PhoneVerifier, Depends(verifier_of)]
    ) -> Response:
        # A router has no exception handlers of its own.
        try:
            return await page(verifier, request)
        except (AlphaSMSError, HTTPException) as error:
            return await answer_problem(request, error)

    return endpoint


class _PostRoute(APIRoute):
    """A route that answers another method itself, which is else left to the application."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await super().handle(scope, receive, send)
            return
        refusal = HTTPException(405, headers={"allow": "POST"})
        answer = await answer_problem(Request(scope), refusal)
        await answer(scope, receive, send)


def _router() -> APIRouter:
    router = APIRouter(route_class=_PostRoute)
    for path, operation in _OPERATIONS.items():
        # The page reads the body itself, within its limits.
        body = {"required": True, **_content(operation.takes, "application/json")}
        router.add_api_route(
            path,
            _endpoint(PAGES[path]),
            methods=["POST"],
            name=f"{path[1:]}_verification",
            summary=operation.summary,
            status_code=operation.status,
            responses=operation.responses(),
            openapi_extra={"requestBody": body},
        )
    return router


verification_router: APIRouter = _router()
"""The three pages, to be included in an application that has `verification_lifespan`."""
