"""Every check of the project, one session for each claim: `nox` runs them all."""

import os
import shutil
from pathlib import Path

import nox

# The first that is known to print how long each session took.
nox.needs_version = ">=2026.10"
nox.options.error_on_missing_interpreters = True
nox.options.reuse_venv = "yes"
nox.options.sessions = [
    *("lint", "types", "tests", "browser", "strangers", "readme", "speed", "wheel", "extras")
]

GROUPS = nox.project.load_toml("pyproject.toml")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def install(session: nox.Session, group: str) -> None:
    """Install the project as a developer has it, with one dependency group."""
    session.install("-e", ".[all]", *nox.project.dependency_groups(GROUPS, group))


def need(session: nox.Session, program: str, *packages: str) -> None:
    """Install a program that is missing, if this is root's Debian; end the session if it is not."""
    if shutil.which("apt-get") and os.geteuid() == 0 and not shutil.which(program):
        session.run("apt-get", "update", external=True, silent=True)
        apt_get = ("apt-get", "install", "-y", "--no-install-recommends")
        session.run(*apt_get, *packages, external=True, silent=True)
    if not shutil.which(program):
        stop = session.error if "CI" in os.environ else session.skip
        stop(f"There is no {program}: it is in Debian's package {packages[0]}")


@nox.session
def lint(session: nox.Session) -> None:
    """The code is formatted, and ruff has nothing to say."""
    session.install(*nox.project.dependency_groups(GROUPS, "lint"))
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy and basedpyright are content, and every public name has a type."""
    install(session, "types")
    session.run("mypy")
    # Told which Python, for it prefers a .venv beside the project to the one it runs in; what
    # checks the public types cannot be told, and so runs elsewhere.
    session.run("basedpyright", "--pythonpath", f"{session.virtualenv.location}/bin/python")
    session.chdir(session.create_tmp())
    session.run("basedpyright", "--verifytypes", "alphasms_async", "--ignoreexternal")


@nox.session
def tests(session: nox.Session) -> None:
    """Everything the tests claim holds, on asyncio and on trio; arguments go to pytest."""
    install(session, "tests")
    shared_out = ["--numprocesses=auto", "--dist=worksteal"]
    whole = [*shared_out, "--cov", "--cov-report=term", "--ignore=tests/test_readme.py"]
    session.run("pytest", *(session.posargs or whole))


@nox.session
def browser(session: nox.Session) -> None:
    """The sandbox's page does what it shows, in Chromium; CHROMIUM names another than Debian's."""
    need(session, CHROMIUM, "chromium", "fonts-dejavu-core")
    install(session, "browser")
    session.run("pytest", *(session.posargs or ["tests/browser"]), env={"CHROMIUM": CHROMIUM})


@nox.session
def strangers(session: nox.Session) -> None:
    """Clients that others wrote for the gateway are at home in the sandbox."""
    need(session, "curl", "curl")
    install(session, "strangers")
    session.run("pytest", *(session.posargs or ["tests/strangers"]))


@nox.session
def readme(session: nox.Session) -> None:
    """Every example of the README runs as it stands there."""
    install(session, "tests")
    session.run("pytest", "tests/test_readme.py")


OF_CALLS = ("calls", "reuse", "uploads")
OF_CAMPAIGNS = ("journal", "dialing", "hooks", "memory", "workers")


@nox.session
def speed(session: nox.Session) -> None:
    """No call costs ten times what it should, and what measures calls still runs."""
    install(session, "tests")
    session.run("python", "-m", "benchmarks.guard")
    for one in OF_CALLS:
        session.run("python", "-m", f"benchmarks.{one}", "--quick", silent=True)


@nox.session
def wheel(session: nox.Session) -> None:
    """The wheel that is built installs and works outside the source tree."""
    session.install("build")
    dist = Path(session.create_tmp(), "dist").resolve()
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(dist), silent=True)
    (built,) = dist.glob("*.whl")
    session.install("--force-reinstall", f"alphasms-async[all] @ {built.as_uri()}")
    source = Path("alphasms_async").resolve()
    session.chdir(session.create_tmp())
    check = f"""
import pathlib
import alphasms_async

home = pathlib.Path(alphasms_async.__file__).parent
assert home != pathlib.Path({str(source)!r}), home
assert (home / "py.typed").exists()
assert (home / "sandbox" / "page" / "static" / "index.html").exists()
"""
    session.run("python", "-c", check)
    session.run("alphasms", "demo", "--count", "40", "--per-second", "200")


# Always in an environment that nothing is installed in yet: what is lacking is what is looked at.
@nox.session(reuse_venv=False)
def extras(session: nox.Session) -> None:
    """The core does without extras, the command without the sandbox; each says what it lacks."""
    session.install(".")
    session.run("python", "-c", "from alphasms_async import *")
    session.run("alphasms", "--help", success_codes=[1], silent=True)
    session.install(".[cli]")
    session.run("alphasms", "--help", silent=True)
    session.run("alphasms", "demo", success_codes=[1], silent=True)


TORTURES = {
    "kills": "tests/torture/test_kills.py",
    "events": "tests/torture/test_events.py",
    "power_cuts": "tests/torture/test_power_cuts.py",
    "disk_faults": "tests/torture/test_disk_faults.py",
    "toxics": "tests/torture/test_toxics.py",
    "frozen": "tests/torture/test_frozen.py",
    "clock_jumps": "tests/torture/test_clock_jumps.py",
    "two_dialers": "tests/torture/test_two_dialers.py",
    "many_machines": "tests/torture/test_many_machines.py",
    "mutants": "tests/torture/test_mutants.py",
}


@nox.session(default=False)
@nox.parametrize("part", [*TORTURES])
def torture(session: nox.Session, part: str) -> None:
    """At length, what `tests` does briefly: a thousand kills, fifty thousand power cuts."""
    install(session, "tests")
    session.run("pytest", "-s", TORTURES[part], env={"ALPHASMS_TORTURE": "long"})


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """What calls and campaigns cost, and how fast they are, against rivals in the same run."""
    install(session, "browser")
    for one in ("imports", *OF_CALLS, *OF_CAMPAIGNS, "sandbox"):
        session.run("python", "-m", f"benchmarks.{one}", *session.posargs)
