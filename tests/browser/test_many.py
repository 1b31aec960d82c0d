"""More calls than the page keeps, which here are a thousand."""

import re
from decimal import Decimal

import pytest
from playwright.async_api import Route, expect

from alphasms_async.sandbox import Sandbox
from alphasms_async.sandbox.changes import About
from tests.sandbox.receiver import accept_call

from .desks import Desk
from .watching import Watch

pytestmark = pytest.mark.anyio

KEPT = 1_000
CALLS = 1_200
# So many that the stream does not tell them one by one, and the page asks twice for those it keeps.
BURST = 1_500
# More than the page asks for at a time.
FEW = 600
NOTE = re.compile("^The newest 1.?000 are shown")
SEE_ROWS = "import('/static/rows.js').then(rows => { window.rows = rows; })"
HELD = "ids => JSON.stringify(rows.ids()) === JSON.stringify(ids)"


async def keep_few(route: Route) -> None:
    """Give the page its code, with fewer rows to keep."""
    answer = await route.fetch()
    code = await answer.text()
    assert "MOST = 20000" in code
    assert "SLACK = 2000" in code
    few = code.replace("MOST = 20000", f"MOST = {KEPT}").replace("SLACK = 2000", "SLACK = 50")
    await route.fulfill(response=answer, body=few)


def accept_many(sandbox: Sandbox, count: int) -> None:
    """Have calls come all at once, so that the page is to ask for everything anew."""
    with sandbox.hook_queue.changed:
        sandbox.changes.tell(About.EVERYTHING)
        for _ in range(count):
            accept_call(sandbox)


def newest(sandbox: Sandbox, count: int) -> list[int]:
    """Return the ids of the newest calls, newest first."""
    return [call.id for call in reversed(sandbox.calls())][:count]


@pytest.fixture
async def full(desk: Desk) -> Desk:
    """Give the desk with a page that has all the rows it keeps, of more that there are."""
    await desk.page.route("**/static/rows.js", keep_few)
    desk.sandbox.balance = Decimal(10_000)
    for _ in range(CALLS):
        accept_call(desk.sandbox)
    await desk.open()
    await expect(desk.page.get_by_text(NOTE)).to_be_visible()
    await desk.page.evaluate(SEE_ROWS)
    return desk


async def holds(desk: Desk, ids: list[int]) -> None:
    """Wait until the page holds these rows and no others."""
    await desk.page.wait_for_function(HELD, arg=ids, timeout=10_000)


async def test_burst_leaves_no_hole(full: Desk) -> None:
    """After more news than the stream tells one by one, the page has the newest, every one."""
    await holds(full, newest(full.sandbox, KEPT))
    accept_many(full.sandbox, BURST)
    await holds(full, newest(full.sandbox, KEPT))
    await expect(full.page.get_by_text(NOTE)).to_be_visible()


async def test_what_is_forgotten_is_not_kept(full: Desk, watch: Watch) -> None:
    """After a new beginning the page has the new calls, and none of those before."""
    # The one that is open may be asked for before it is known to be gone.
    watch.forgiven.append("status of 404")
    with full.sandbox.hook_queue.changed:
        full.sandbox.reset()
        accept_many(full.sandbox, FEW)
    await holds(full, newest(full.sandbox, FEW))
    await expect(full.page.get_by_text(NOTE)).to_have_count(0)


async def test_old_call_that_changes_leaves_no_hole(full: Desk) -> None:
    """A call from before those that are kept changes, and is not put behind a gap."""
    held = newest(full.sandbox, KEPT)
    full.sandbox.calls()[0].hang_up()
    # Told after it.
    accept_call(full.sandbox)
    (last,) = newest(full.sandbox, 1)
    await holds(full, [last, *held])


async def test_page_says_that_what_was_open_is_gone(full: Desk) -> None:
    """The call that is open falls out of the list: another is opened, and a line says so."""
    (number,) = newest(full.sandbox, 1)
    await expect(full.phone).to_contain_text(str(number))
    accept_many(full.sandbox, BURST)
    await expect(full.page.get_by_text("in the list no more")).to_be_visible()
    await expect(full.phone).to_contain_text(str(newest(full.sandbox, 1)[0]))
