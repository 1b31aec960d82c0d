/* The table. Only the lines in sight are there, however many rows there are; a line stays the same
   element for as long as it is in sight. */

import { $, el, setAttribute } from "./dom.js";
import { filterChanged, filtered } from "./filters.js";
import { makeLine, markLine, showLine } from "./row.js";
import { count, hasOlder, ids, rowOf } from "./rows.js";
import { open, phoneWanted, select, selectionChanged } from "./selection.js";
import { onceAFrame } from "./signal.js";
import { accountChanged, rowsChanged, store } from "./store.js";
import { countWords } from "./words.js";

const BEYOND = 6;
// There a row takes two lines.
const isNarrow = matchMedia("(max-width: 1160px)");
const lines = new Map();
const [above, below] = [spacer(), spacer()];

let shown = [];
let isStale = true;
// The id on top, and how far it is scrolled over, to keep it in place when others come in above it.
let top = null;

const rowHeight = () => (isNarrow.matches ? 58 : 38);
const headHeight = () => $("table").tHead.offsetHeight;

/** Begin to show what the store holds. */
export function start() {
  const scroller = $("scroller");
  $("rows").append(above, below);
  const draw = onceAFrame(show);
  const drawAll = () => {
    isStale = true;
    draw();
  };
  rowsChanged.hear(drawAll);
  accountChanged.hear(draw);
  selectionChanged.hear(draw);
  filterChanged.hear(() => {
    top = null;
    scroller.scrollTop = 0;
    drawAll();
  });
  scroller.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(scroller);
  isNarrow.addEventListener("change", drawAll);
  $("rows").addEventListener("click", ({ target }) => {
    const line = target.closest("tr[id]");
    if (line && !target.closest("button")) openLine(line.row.id);
  });
  $("table").addEventListener("keydown", steer);
}

/** Open the one `by` places further down the list. */
export function move(by) {
  if (shown.length === 0) return;
  const place = shown.indexOf(open.id);
  const next = place < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, place + by));
  select(shown[next]);
  reveal(next);
}

function openLine(id) {
  select(id);
  phoneWanted.tell();
}

function steer(event) {
  const page = Math.max(1, Math.floor($("scroller").clientHeight / rowHeight()) - 2);
  const steps = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -shown.length,
    End: shown.length,
  };
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== $("table")) return;
  if (event.key in steps) {
    event.preventDefault();
    move(steps[event.key]);
  } else if (event.key === "Enter" && open.id !== null) openLine(open.id);
}

function reveal(place) {
  const scroller = $("scroller");
  const from = place * rowHeight();
  const room = scroller.clientHeight - headHeight();
  if (from < scroller.scrollTop) scroller.scrollTop = from;
  else if (from + rowHeight() > scroller.scrollTop + room)
    scroller.scrollTop = from + rowHeight() - room;
}

function show() {
  if (store.account === null) return;
  if (isStale) {
    shown = filtered();
    isStale = false;
    stayInPlace();
    showNotes();
  }
  const height = rowHeight();
  const { scrollTop, clientHeight } = $("scroller");
  const from = Math.max(0, Math.floor(scrollTop / height) - BEYOND);
  const to = Math.min(shown.length, Math.ceil((scrollTop + clientHeight) / height) + BEYOND);
  showWindow(from, to, height);
  const first = Math.floor(scrollTop / height);
  top =
    scrollTop > 0 && first < shown.length
      ? { id: shown[first], over: scrollTop - first * height }
      : null;
}

// New rows come in on top; whoever has scrolled down goes on reading where they were.
function stayInPlace() {
  if (top === null) return;
  const place = shown.indexOf(top.id);
  if (place < 0) return;
  below.firstChild.style.height = `${shown.length * rowHeight()}px`;
  $("scroller").scrollTop = place * rowHeight() + top.over;
}

function showWindow(from, to, height) {
  const wanted = new Set(shown.slice(from, to));
  const hadFocus = $("rows").contains(document.activeElement);
  for (const [id, line] of lines) {
    if (wanted.has(id)) continue;
    line.remove();
    lines.delete(id);
  }
  above.firstChild.style.height = `${from * height}px`;
  below.firstChild.style.height = `${(shown.length - to) * height}px`;
  let before = above;
  for (let place = from; place < to; place += 1) before = placeLine(shown[place], place, before);
  setAttribute($("table"), "aria-rowcount", shown.length + 1);
  setAttribute($("table"), "aria-activedescendant", lines.has(open.id) ? `row-${open.id}` : null);
  // A button under the focus goes when its call rings no more; the list keeps the keyboard.
  if (hadFocus && !$("rows").contains(document.activeElement))
    $("table").focus({ preventScroll: true });
}

function placeLine(id, place, before) {
  let line = lines.get(id);
  if (!line) {
    line = makeLine(rowOf(id));
    lines.set(id, line);
  }
  showLine(line, rowOf(id));
  markLine(line, id === open.id);
  line.classList.toggle("last", place === shown.length - 1);
  setAttribute(line, "aria-rowindex", place + 2);
  if (before.nextSibling !== line) before.after(line);
  return line;
}

function showNotes() {
  const none = ids().length === 0;
  $("empty").hidden = !none;
  $("scroller").hidden = none;
  $("no-match").hidden = none || shown.length > 0;
  $("rest").hidden = !hasOlder();
  $("rest").textContent =
    `The newest ${countWords(count())} are shown; the sandbox has ${countWords(store.account.accepted)}.`;
}

function spacer() {
  return el(
    "tr",
    { class: "space", role: "presentation", "aria-hidden": "true" },
    el("td", { colspan: "7" }),
  );
}
