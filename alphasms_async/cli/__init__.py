"""The command `alphasms`: each command parses its arguments, calls one function, and prints."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; needs the extra `cli`."""
    try:
        try:
            from alphasms_async.cli.app import run
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("alphasms_async"):
                raise
            sys.exit(
                f"alphasms needs {error.name}, which is in an extra: "
                'pip install "alphasms-async[cli]"'
            )
        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
