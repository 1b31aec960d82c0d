"""What an import loads, and what it leaves until it is needed."""

import ast
import inspect
import pydoc
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import alphasms_async

ROOT = Path(alphasms_async.__file__).parent.parent

# What importing the client may bring along: the package itself stands on these four. anyio loads
# its parts when they are first named, and its own dependencies with them.
DEPENDENCIES = (
    "import httpx, anyio, anyio.abc, anyio.lowlevel, attrs, phonenumbers; anyio.CancelScope"
)
# Needed later, or by some programs only: by those on asyncio, those that ask for a status, dial a
# campaign, take hooks, verify phones.
LATE = {
    *("asyncio", "anyio.to_thread", "sqlite3", "xml.parsers.expat", "zoneinfo"),
    *("alphasms_async.campaigns", "alphasms_async.verification", "alphasms_async.webhooks"),
}
HEAVY = {"anyio", "attrs", "httpx", "phonenumbers"}


def printed_by(program: str) -> list[str]:
    """Return the words that a program prints in an interpreter of its own."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.split()


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a statement leaves loaded."""
    return set(printed_by(f"import sys\n{statement}\nprint(*sys.modules)"))


def foreign(modules: set[str]) -> set[str]:
    """Return the topmost names of modules that are not Python's own."""
    topmost = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    return {name for name in topmost if not name.startswith("_")}


def promised() -> Iterator[tuple[str, str]]:
    """Yield each module and name that type checkers are shown at the top of the package."""
    for node in ast.walk(ast.parse(inspect.getsource(alphasms_async))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("alphasms_async."):
            yield from ((str(node.module), alias.name) for alias in node.names)


PROMISED = [*promised()]
HOMES = sorted({module.rpartition(".")[2] for module, _ in PROMISED})


def test_the_package_alone_loads_nothing() -> None:
    """`import alphasms_async` loads no dependency and no module of ours but that one."""
    loaded = loaded_by("import alphasms_async") - loaded_by("")
    assert {"alphasms_async"} == foreign(loaded)
    assert {"alphasms_async"} == {one for one in loaded if one.startswith("alphasms_async")}


def test_the_client_loads_its_dependencies_only() -> None:
    """The extras cost nothing until they are used."""
    loaded = loaded_by("from alphasms_async import AlphaSMS")
    assert {"alphasms_async"} == foreign(loaded) - foreign(loaded_by(DEPENDENCIES))


def test_the_client_leaves_what_is_not_needed_yet() -> None:
    """What a first import can do without is loaded when it is used."""
    loaded = loaded_by("from alphasms_async import AlphaSMS") - loaded_by(DEPENDENCIES)
    assert set() == loaded & LATE


@pytest.mark.parametrize("name", ["NotSent", "mask_phone", "Recording", "Sms", "State"])
def test_a_name_loads_no_more_than_it_is_made_of(name: str) -> None:
    """Who catches an error, masks a phone or reads a recording needs no HTTP for it."""
    assert "httpx" not in loaded_by(f"from alphasms_async import {name}")


def test_an_error_alone_loads_no_dependency() -> None:
    """The errors are found before anything that is heavy."""
    assert set() == loaded_by("from alphasms_async import NotSent") & HEAVY


def test_the_plugin_alone_loads_nothing() -> None:
    """In the runs of people who use no fixture of ours, the plugin costs one small module."""
    loaded = loaded_by("import alphasms_async.testing") - loaded_by("import pytest")
    assert {"alphasms_async", "alphasms_async.testing"} == loaded


@pytest.mark.parametrize(("module", "name"), PROMISED, ids=lambda one: one)
def test_each_public_name_is_what_its_module_has(module: str, name: str) -> None:
    """What type checkers are shown is what a program gets, the very object."""
    assert getattr(alphasms_async, name) is getattr(import_module(module), name)


@pytest.mark.parametrize("home", HOMES)
def test_modules_of_public_names_are_reached_through_the_package(home: str) -> None:
    """`alphasms_async.errors` is there after `import alphasms_async`."""
    program = f"import alphasms_async; print(alphasms_async.{home}.__name__)"
    assert [f"alphasms_async.{home}"] == printed_by(program)


def test_the_package_lists_what_is_not_loaded_yet() -> None:
    """`dir` shows every public name from the beginning, for shells that complete them."""
    listed = set(printed_by("import alphasms_async; print(*dir(alphasms_async))"))
    assert {*alphasms_async.__all__, *HOMES, "__all__", "__doc__", "__name__"} <= listed


def test_a_star_imports_every_public_name() -> None:
    """`from alphasms_async import *` takes them all."""
    program = "from alphasms_async import *; print(*(one for one in dir() if one[0] != '_'))"
    assert set(alphasms_async.__all__) == set(printed_by(program))


def test_help_shows_the_public_names() -> None:
    """`help(alphasms_async)` tells of the client, as of any class of a module."""
    assert "class AlphaSMS(" in pydoc.plain(pydoc.render_doc(alphasms_async))


def test_a_name_that_does_not_exist_is_refused_as_ever() -> None:
    """A misspelt name is an `AttributeError` that says where it was looked for."""
    expected = "module 'alphasms_async' has no attribute 'AlphaSms'"
    with pytest.raises(AttributeError, match=expected):
        getattr(alphasms_async, "AlphaSms")  # noqa: B009 - type checkers refuse the plain form


def test_many_threads_may_ask_at_once() -> None:
    """Threads that ask for names of a package nobody has used yet all get the same ones."""
    program = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import alphasms_async

names = [*alphasms_async.__all__[::-1], *alphasms_async.__all__]
barrier = Barrier(len(names))

def ask(name):
    barrier.wait()
    return name, getattr(alphasms_async, name)

with ThreadPoolExecutor(len(names)) as threads:
    found = list(threads.map(ask, names))
print(len(found), len({(name, id(one)) for name, one in found}))
"""
    count = len(alphasms_async.__all__)
    assert [str(2 * count), str(count)] == printed_by(program)
