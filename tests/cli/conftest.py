from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from attrs import frozen

from alphasms_async.cli.app import run
from alphasms_async.sandbox import Sandbox
from tests.sounds import wav


@frozen
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Alphasms = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, and an environment that points to a gateway which is not there."""
    (tmp_path / "promo.wav").write_bytes(wav())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ALPHASMS_API_KEY", "sandbox-key")
    monkeypatch.setenv("ALPHASMS_BASE_URL", "http://127.0.0.1:1")
    return tmp_path


@pytest.fixture
def sandbox(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sandbox]:
    """A gateway on a socket, the environment that points to it, and the folder to work in."""
    sandbox = Sandbox()
    with sandbox.serve() as url:
        monkeypatch.setenv("ALPHASMS_API_KEY", sandbox.api_key)
        monkeypatch.setenv("ALPHASMS_BASE_URL", url)
        yield sandbox


@pytest.fixture
def alphasms(capsys: pytest.CaptureFixture[str]) -> Alphasms:
    """The command, run in this process."""

    def command(*arguments: str | Path) -> Ran:
        code: object = 0
        try:
            run([str(argument) for argument in arguments])
        except SystemExit as left:
            code = left.code
        said = capsys.readouterr()
        assert isinstance(code, int)
        return Ran(int(code), said.out, said.err)

    return command
