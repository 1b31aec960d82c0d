"""The order of the package: who may know of whom."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import alphasms_async

PACKAGE = Path(alphasms_async.__file__).parent
TESTS = Path(__file__).parent
ROOT = "alphasms_async"

# From top to bottom. A module or package imports from lower lines only; the modules inside one
# package import each other without a circle. A new one is put where it belongs.
LAYERS = (
    {"cli", "testing"},
    {"workers"},
    {"sandbox"},
    {"campaigns"},
    {"verification"},
    {"webhooks"},
    {ROOT},
    {"client"},
    {"dialing", "services"},
    {"exchange"},
    {"redirects"},
    {"bodies", "failures", "timeouts", "transports"},
    {"gateway"},
    {"outcomes"},
    {"messages", "models", "recording"},
    {"chunks", "files", "pacing", "riff", "serving", "statements", "transactions"},
    {"accepting", "checks", "clock", "settings"},
    {"phone"},
    {"errors", "extras"},
)
RANKS = {unit: rank for rank, units in enumerate(reversed(LAYERS)) for unit in units}

# Where requests travel, and where they are made to travel; nothing else knows of httpx.
HTTPX = {"bodies", "cli", "client", "exchange", "redirects", "sandbox", "timeouts", "transports"}
# The one transport that is asyncio's alone, and what it is made of.
AIOHTTP = {"aiohttp", "multidict", "yarl"}
# What starts runners on many machines; and the database that their journal is in.
PROCRASTINATE = ("alphasms_async.workers",)
PSYCOPG = ("alphasms_async.campaigns.postgres", "alphasms_async.workers")
# What a part that does no I/O has no use for.
IMPURE = {
    *("anyio", "asyncio", "httpx", "io", "logging", "os", "pathlib", "random", "select"),
    *("signal", "socket", "ssl", "subprocess", "sys", "threading", "time", "trio"),
}

MAX_LINES = 450
VAGUE = {"base", "common", "helpers", "misc", "utils"}


def name_of(path: Path) -> str:
    """Return a file's dotted name, `alphasms_async.gateway` for that package's own file."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def unit_of(module: str) -> str:
    """Return the module or package directly below the root that a module belongs to."""
    return ROOT if module == ROOT else module.split(".")[1]


@cache
def imports(module: str) -> frozenset[str]:
    """Return the modules that a module imports anywhere, for types and inside functions too."""
    return frozenset(_imports(ast.parse(FILES[module].read_text("utf-8"))))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides where it leads"
            assert node.module
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in FILES else node.module


def own(module: str) -> set[str]:
    """Return the modules of the package that a module imports."""
    return {one for one in imports(module) if one in FILES}


def reach(module: str) -> set[str]:
    """Return every module of the package that importing a module brings along."""
    found, new = set[str](), {module}
    while new:
        found |= new
        new = {one for known in new for one in own(known)} - found
    return found - {module}


@pytest.mark.parametrize("module", FILES)
def test_every_module_has_its_layer(module: str) -> None:
    """A module that is in no layer is new, and its place is to be thought of."""
    assert unit_of(module) in RANKS


def test_every_layer_has_its_modules() -> None:
    """No layer names what does not exist."""
    assert {unit_of(module) for module in FILES} == set(RANKS)


@pytest.mark.parametrize("module", FILES)
def test_imports_point_downwards(module: str) -> None:
    """A module knows of lower layers and of its own package, of nothing beside or above it."""
    here = unit_of(module)
    wrong = {
        one for one in own(module) if unit_of(one) != here and RANKS[unit_of(one)] >= RANKS[here]
    }
    assert not wrong


@pytest.mark.parametrize("module", FILES)
def test_every_import_of_ours_leads_to_a_file(module: str) -> None:
    """An import of the package that this test cannot follow would escape it."""
    ours = {one for one in imports(module) if one.split(".")[0] == ROOT}
    assert ours == own(module)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """There is an order in which every module comes after all that it imports."""
    try:
        TopologicalSorter({module: own(module) for module in FILES}).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {error.args[1]}")


@pytest.mark.parametrize("module", [one for one in FILES if unit_of(one) == "sandbox"])
def test_the_sandbox_never_meets_the_wire_of_the_client(module: str) -> None:
    """The sandbox imports nothing of `gateway/`, by no detour either."""
    assert not {one for one in reach(module) if unit_of(one) == "gateway"}


@pytest.mark.parametrize("module", FILES)
def test_httpx_stays_where_requests_travel(module: str) -> None:
    """Only the modules around the exchange know which HTTP library there is."""
    knows = "httpx" in {one.split(".")[0] for one in imports(module)}
    assert not knows or unit_of(module) in HTTPX


@pytest.mark.parametrize("module", FILES)
def test_aiohttp_stays_in_its_transport(module: str) -> None:
    """Only the transport over aiohttp knows of it."""
    knows = AIOHTTP & {one.split(".")[0] for one in imports(module)}
    assert not knows or module.startswith("alphasms_async.transports.aiohttp.")


@pytest.mark.parametrize("module", FILES)
def test_the_engine_stays_with_the_workers(module: str) -> None:
    """Only the workers know that it is procrastinate which starts them."""
    knows = "procrastinate" in {one.split(".")[0] for one in imports(module)}
    assert not knows or module.startswith(PROCRASTINATE)


@pytest.mark.parametrize("module", FILES)
def test_psycopg_stays_where_postgresql_is(module: str) -> None:
    """Only the journal in PostgreSQL and the workers over it speak to that database."""
    knows = {"psycopg", "psycopg_pool"} & {one.split(".")[0] for one in imports(module)}
    assert not knows or module.startswith(PSYCOPG)


GATEWAY = [module for module in FILES if unit_of(module) == "gateway"]


@pytest.mark.parametrize("module", GATEWAY)
def test_the_gateway_does_no_io(module: str) -> None:
    """`gateway/` imports nothing that waits, tells the time, logs, or touches a socket."""
    assert not {one.split(".")[0] for one in imports(module)} & IMPURE


@pytest.mark.parametrize("module", GATEWAY)
def test_nothing_in_the_gateway_is_asynchronous(module: str) -> None:
    """`gateway/` is plain functions: its tests need no event loop."""
    tree = ast.parse(FILES[module].read_text("utf-8"))
    waits = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(tree) if isinstance(node, waits)]


@pytest.mark.parametrize(
    "path",
    [*FILES.values(), *TESTS.rglob("*.py")],
    ids=lambda path: str(path.relative_to(TESTS.parent)),
)
def test_every_file_is_short(path: Path) -> None:
    """No file is longer than 450 lines."""
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize(
    "path",
    [*FILES.values(), *TESTS.rglob("*.py")],
    ids=lambda path: str(path.relative_to(TESTS.parent)),
)
def test_every_file_is_named_after_what_is_in_it(path: Path) -> None:
    """No file has a name that anything could stand under."""
    assert path.stem.strip("_") not in VAGUE
