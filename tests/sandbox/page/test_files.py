"""The page itself and its files, and nothing else of this machine."""

from pathlib import Path

import httpx
import pytest

import alphasms_async.sandbox.page
from alphasms_async.sandbox.page import files

from .asking import problem

pytestmark = pytest.mark.anyio

FOLDER = Path(alphasms_async.sandbox.page.__file__).parent / "static"
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder from which files are served, with some in it and one beside it."""
    static = tmp_path / "static"
    (static / "parts").mkdir(parents=True)
    (static / "parts" / "a-b_2.min.js").write_text("1", "utf-8")
    (static / "notes.md").write_text("not for anybody", "utf-8")
    (static / ".hidden.js").write_text("not for anybody", "utf-8")
    (tmp_path / "secret.js").write_text("not for anybody", "utf-8")
    monkeypatch.setattr(files, "_FOLDER", static)
    return static


async def test_the_page_is_at_the_root(page: httpx.AsyncClient) -> None:
    """A person who opens the address sees the page."""
    answer = await page.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.content == (FOLDER / "index.html").read_bytes()
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", FILES)
async def test_every_file_is_served_with_its_type(page: httpx.AsyncClient, name: str) -> None:
    """No file lies there that the page cannot load: browsers are told to believe the type."""
    answer = await page.get(f"/static/{name}")
    assert (answer.status_code, answer.content) == (200, (FOLDER / name).read_bytes())
    types = {".html": "html", ".js": "javascript", ".css": "css", ".svg": "svg"}
    assert types[Path(name).suffix] in answer.headers["content-type"]


async def test_file_in_a_folder_is_served(page: httpx.AsyncClient, folder: Path) -> None:
    """Files may lie in folders."""
    answer = await page.get("/static/parts/a-b_2.min.js")
    assert (answer.text, folder.name) == ("1", "static")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert (await page.head("/static/parts/a-b_2.min.js")).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nope.js",
        "parts",
        "parts/",
        "notes.md",
        ".hidden.js",
        "%2e%2e/secret.js",
        "%2e%2e%2fsecret.js",
        "parts/%2e%2e/%2e%2e/secret.js",
        "parts%2f..%2f..%2fsecret.js",
        "..\\secret.js",
        "/etc/passwd.js",
        "parts//a-b_2.min.js",
        "%2e/parts/a-b_2.min.js",
        "parts/a-b_2.min.js%00",
    ],
)
async def test_nothing_else_is_served(page: httpx.AsyncClient, folder: Path, name: str) -> None:
    """Neither what is beside the folder, by whatever way, nor what is no file of the page."""
    assert problem(await page.get(f"/static/{name}")) == (404, "There is no such file.")
    assert (folder / "notes.md").is_file()
