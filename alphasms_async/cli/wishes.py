"""What the command line asks of a sandbox, checked before anything is served."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from attrs import field, frozen

from alphasms_async import InvalidRequest
from alphasms_async.checks import check_hook
from alphasms_async.cli.terminal import notes
from alphasms_async.sandbox import Autopilot, Chaos, DatabaseUnusable, Sandbox, keeping
from alphasms_async.settings import is_loopback

__all__ = ["Wishes", "kept_in", "refused_in_one_line"]

_OFF = "off"


@frozen(kw_only=True)
class Wishes:
    """How a sandbox is to be set; `None` leaves it as it is, or as its file has it."""

    autopilot: Autopilot | None
    chaos: Mapping[str, object]
    """What `Chaos.change` takes; empty leaves all as it is."""
    hook: str | None = field(repr=False)
    hook_timing: Literal["hang-up", "key"] | None

    @classmethod
    def read(
        cls,
        *,
        autopilot: str | None,
        seed: int | None,
        chaos: tuple[str, ...],
        chaos_seed: int | None,
        hook: str | None,
        hook_timing: Literal["hang-up", "key"] | None,
    ) -> Self:
        """Return what the options say.

        Raises:
            InvalidRequest: One of them says nothing that there is.
        """
        with refused_in_one_line():
            return cls(
                autopilot=None if autopilot is None else Autopilot(autopilot, seed=seed),
                chaos=_chaos(chaos, chaos_seed),
                hook=_own_hook(hook),
                hook_timing=hook_timing,
            )

    def fulfil(self, sandbox: Sandbox) -> None:
        """Set what is asked for."""
        if self.autopilot is not None:
            sandbox.fates = self.autopilot
        if "rules" in self.chaos:
            # Those asked for, and none that were on before.
            sandbox.chaos.off()
        sandbox.chaos.change(self.chaos)
        if self.hook is not None:
            sandbox.hook = self.hook
        if self.hook_timing is not None:
            sandbox.hook_timing = self.hook_timing


def _own_hook(hook: str | None) -> str | None:
    """Return the hook, or raise `InvalidRequest` when it is none, or not on this machine."""
    checked = check_hook(hook)
    if checked is not None and not is_loopback(urlsplit(checked).hostname or ""):
        raise InvalidRequest(
            "--hook is on this machine, like http://127.0.0.1:8080/hooks/alphasms: "
            "the sandbox posts nowhere else"
        )
    return checked


@contextmanager
def kept_in(sandbox: Sandbox, path: Path | None) -> Generator[None]:
    """Keep a sandbox in a file while the context is open, in none for `None`.

    Raises:
        InvalidRequest: The file cannot be used.
    """
    with ExitStack() as stack:
        if path is not None:
            try:
                stack.enter_context(keeping(sandbox, path, tell=notes.print))
            except DatabaseUnusable as error:
                raise InvalidRequest(str(error)) from error
        yield


def _chaos(texts: tuple[str, ...], seed: int | None) -> Mapping[str, object]:
    wanted: dict[str, object] = {}
    if texts == (_OFF,):
        wanted["rules"] = {}
    elif texts:
        wanted |= Chaos.parse(",".join(texts))
    if seed is not None:
        wanted["seed"] = seed
    Chaos().change(wanted)
    return wanted


@contextmanager
def refused_in_one_line(beginning: str = "") -> Generator[None]:
    """Have what the sandbox refuses inside a `with` told as this command's bad input."""
    try:
        yield
    except ValueError as error:
        raise InvalidRequest(beginning + str(error).rstrip(".")) from error
