"""What users see: names, docstrings and promises."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import alphasms_async
from alphasms_async import errors, services
from alphasms_async.services.service import Service

MODULES = {
    name: importlib.import_module(name)
    for name in sorted(
        one.name for one in pkgutil.walk_packages(alphasms_async.__path__, "alphasms_async.")
    )
}

SENDERS = {
    ("VoiceService", "call"),
    ("VoiceService", "say"),
    ("OtpService", "call"),
    ("OtpService", "call_tracked"),
    ("VoiceSmsService", "send"),
    ("SmsService", "send"),
    ("SmsService", "send_many"),
    ("PipelineService", "send"),
}
READS = {
    ("StatusService", "get"),
    ("StatusService", "get_many"),
    ("StatusService", "by_client_id"),
    ("AccountService", "balance"),
    ("AccountService", "price"),
    ("AccountService", "lookup"),
}
SERVICES = {name: vars(services)[name] for name in services.__all__}
COROUTINES = {
    (name, method): function
    for name, service in SERVICES.items()
    for method, function in inspect.getmembers(service, inspect.iscoroutinefunction)
    if not method.startswith("_")
}


def source_of(module: ModuleType) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(inspect.getsource(module))


def defined(tree: ast.Module) -> Iterator[str]:
    """Yield the public names a module makes: classes, functions, constants, documented aliases."""
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            for target in targets:
                name = target.id if isinstance(target, ast.Name) else "_"
                # A lone capital is a type variable.
                if documented or (name.isupper() and len(name) > 1):
                    yield name


def reexported(tree: ast.Module) -> Iterator[str]:
    """Yield the names of ours that a package's own file imports to show them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("alphasms_async"):
            yield from (alias.asname or alias.name for alias in node.names)


def exported(module: ModuleType) -> set[str]:
    """Return the public names that a module should list."""
    tree = source_of(module)
    names = [*defined(tree), *(reexported(tree) if hasattr(module, "__path__") else ())]
    return {name for name in names if not name.startswith("_")}


def is_inside_of_a_program(name: str) -> bool:
    """Return whether a module is a part of the command or of the sandbox, which nobody imports."""
    return name.startswith(("alphasms_async.cli", "alphasms_async.sandbox."))


EXPORTING = [
    alphasms_async,
    *(module for name, module in MODULES.items() if not is_inside_of_a_program(name)),
]


@pytest.mark.parametrize("module", EXPORTING, ids=lambda one: one.__name__)
def test_all_lists_what_a_module_defines(module: ModuleType) -> None:
    """`__all__` is exactly the classes, functions, constants and documented aliases."""
    assert exported(module) == set(getattr(module, "__all__", ()))


@pytest.mark.parametrize(
    "module", [alphasms_async, *MODULES.values()], ids=lambda one: one.__name__
)
def test_every_module_says_what_it_is(module: ModuleType) -> None:
    """Every module begins with a docstring."""
    assert (module.__doc__ or "").strip()


def test_every_error_is_at_the_top() -> None:
    """Users catch errors by names of `alphasms_async` alone."""
    assert set(errors.__all__) <= set(alphasms_async.__all__)


def test_every_public_name_can_be_imported() -> None:
    """Each name in `alphasms_async.__all__` is there."""
    assert not [name for name in alphasms_async.__all__ if not hasattr(alphasms_async, name)]


def public_things() -> Iterator[tuple[str, Any]]:
    """Yield each public class, function, method and property of ours by its dotted name."""
    for module in [alphasms_async, *MODULES.values()]:
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if getattr(thing, "__module__", "").startswith("alphasms_async"):
                yield f"{module.__name__}.{name}", thing
                if inspect.isclass(thing):
                    yield from methods_of(f"{module.__name__}.{name}", thing)


def methods_of(path: str, kind: type) -> Iterator[tuple[str, Any]]:
    """Yield what a class itself defines under public names."""
    for name, value in vars(kind).items():
        method: Any = getattr(value, "__func__", value)
        if not name.startswith("_") and (
            inspect.isfunction(method) or isinstance(method, property)
        ):
            yield f"{path}.{name}", method


def doc_of(path: str) -> str:
    """Return what `help` shows: a method that keeps an interface's promise inherits its words."""
    thing = THINGS[path]
    owner, _, name = path.rpartition(".")
    bases = inspect.getmro(kind) if inspect.isclass(kind := THINGS.get(owner)) else ()
    places = [thing, *(vars(base).get(name) for base in bases)]
    return next((one.__doc__ for one in places if one is not None and one.__doc__), "")


THINGS = {
    path: thing
    for path, thing in public_things()
    if inspect.isclass(thing) or inspect.isfunction(thing) or isinstance(thing, property)
}


@pytest.mark.parametrize("path", THINGS)
def test_every_public_thing_has_a_docstring(path: str) -> None:
    """Public classes, functions, methods and properties say in one sentence what one gets."""
    first = doc_of(path).strip().splitlines()
    assert first
    assert first[0].endswith(".")


def test_every_coroutine_of_the_client_sends_or_reads() -> None:
    """A new method is put into one of the two tables, with the promise that goes with it."""
    assert set(COROUTINES) == SENDERS | READS


@pytest.mark.parametrize("name", COROUTINES, ids=".".join)
def test_every_coroutine_cites_its_source(name: tuple[str, str]) -> None:
    """The page and section a method speaks to stand at the end of its docstring."""
    text = inspect.getdoc(COROUTINES[name]) or ""
    assert re.search(
        r"^Source: \w+\.php.*\[(instruction, section \d|API pages)\]", text, re.MULTILINE
    )


@pytest.mark.parametrize("name", COROUTINES, ids=".".join)
def test_every_coroutine_tells_its_arguments_and_errors(name: tuple[str, str]) -> None:
    """Each argument is described, and the errors a caller must think of are named."""
    text = inspect.getdoc(COROUTINES[name]) or ""
    wanted = [one for one in inspect.signature(COROUTINES[name]).parameters if one != "self"]
    assert not [one for one in wanted if f"\n    {one}: " not in text]
    assert "\nRaises:\n" in text


PROMISE = re.compile(r"repeated (only while|unless) it is proven not to have left")


@pytest.mark.parametrize("name", sorted(SENDERS), ids=".".join)
def test_every_sender_states_its_delivery_promise(name: tuple[str, str]) -> None:
    """A method that rings or writes says when it is repeated, and that it may end unknown."""
    text = " ".join((inspect.getdoc(COROUTINES[name]) or "").split())
    assert PROMISE.search(text)
    assert "NotSent" in text
    assert "OutcomeUnknown" in text


@pytest.mark.parametrize("name", sorted(READS), ids=".".join)
def test_every_read_says_that_it_changes_nothing(name: tuple[str, str]) -> None:
    """A read, or its namespace, says that it changes nothing and may be repeated."""
    text = " ".join(((SERVICES[name[0]].__doc__ or "") + (COROUTINES[name].__doc__ or "")).split())
    assert "reads that change nothing, repeated when they fail" in text
    assert "GatewayUnavailable" in text


def test_dialling_states_its_delivery_promise_and_source() -> None:
    """The bulk dialer promises what one call promises."""
    text = " ".join((alphasms_async.AlphaSMS.dial.__doc__ or "").split())
    assert PROMISE.search(text)
    assert "Source: voice.php [instruction, section 2]" in text


def test_every_service_is_a_namespace_of_the_client() -> None:
    """Each namespace is a service, and the client has all of them."""
    client = alphasms_async.AlphaSMS("key")
    found = {type(value) for value in vars(client).values() if isinstance(value, Service)}
    assert set(SERVICES.values()) == found
