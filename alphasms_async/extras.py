"""What is not installed is told with the command that installs it."""

from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["extra"]


@contextmanager
def extra(what: str, install: str, *modules: str) -> Generator[None]:
    """Import modules that an extra brings inside of this.

    Args:
        what: What they are needed for.
        install: What pip is to install.
        modules: The modules that may be lacking, by their topmost names; none for any.

    Raises:
        ImportError: One of them is lacking; the text says which, what for, and how to get it.
        ModuleNotFoundError: Another module is.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        lacking = (missing.name or "").partition(".")[0]
        if modules and lacking not in modules:
            raise
        raise ImportError(
            f"{what} needs {lacking}, which is not installed: pip install {install}",
            name=missing.name,
        ) from missing
