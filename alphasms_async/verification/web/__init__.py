"""Phone verification inside Starlette and FastAPI: a lifespan, three pages and the hook.

    def make_verifier(alphasms: AlphaSMS) -> PhoneVerifier:
        return PhoneVerifier(alphasms, SqliteStore("verifications.db"), os.environ["SECRET"])

    app = FastAPI(lifespan=verification_lifespan(make_verifier))
    app.mount("/phone", verification_pages)  # /phone/start, /phone/check, /phone/resend
    app.mount("/hooks", verification_hooks)  # https://app.example/hooks/alphasms

Nothing is made before the application starts, so a secret may be read there. What FastAPI shows
in its own documentation stands in `verification.fastapi`.
"""

from alphasms_async.extras import extra as _extra

with _extra("Verification in a web application", '"alphasms-async[webhooks]"', "starlette"):
    from alphasms_async.verification.web.hooks import VerificationHooks, verification_hooks
from alphasms_async.verification.web.lifespan import (
    client_of,
    verification_lifespan,
    verifier_of,
)
from alphasms_async.verification.web.pages import verification_pages
from alphasms_async.verification.web.problems import answer_problem

__all__ = [
    "VerificationHooks",
    "answer_problem",
    "client_of",
    "verification_hooks",
    "verification_lifespan",
    "verification_pages",
    "verifier_of",
]
