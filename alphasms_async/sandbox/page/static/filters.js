/* Which rows are shown: by kind, by trouble, and by what is searched for. */

import { $, el, setText } from "./dom.js";
import { ids, rowOf } from "./rows.js";
import { signal } from "./signal.js";
import { isTrouble } from "./words.js";

const KINDS = [
  ["All", () => true],
  ["Calls", (row) => row.kind === "call"],
  ["OTP", (row) => row.kind === "otp"],
  ["SMS", (row) => row.kind === "sms"],
  ["Trouble", isTrouble],
];

/** Another filter, or search, holds. */
export const filterChanged = signal();

let chosen = 0;
let sought = null;
const buttons = [];
// Made once for each row: a row that changes is another object.
const haystacks = new WeakMap();

/** Return the ids to show, newest first, and show on each button how many it stands for. */
export function filtered() {
  const counts = KINDS.map(() => 0);
  const shown = [];
  for (const id of ids()) {
    const row = rowOf(id);
    KINDS.forEach(([, takes], place) => takes(row) && (counts[place] += 1));
    if (KINDS[chosen][1](row) && (sought === null || sought(row))) shown.push(id);
  }
  counts.forEach((count, place) => setText(buttons[place].count, String(count)));
  return shown;
}

/** Show all again. */
export function showAll() {
  $("search").value = "";
  sought = null;
  choose(0);
}

/** Make the buttons, and hear what is typed. */
export function start() {
  KINDS.forEach(([name], place) => {
    const count = el("b", { text: "0" });
    const button = el(
      "button",
      { "aria-pressed": String(place === chosen), onclick: () => choose(place) },
      name,
      count,
    );
    buttons.push({ button, count });
    $("filters").append(button);
  });
  $("search").addEventListener("input", ({ target }) => {
    sought = seeker(target.value);
    filterChanged.tell();
  });
  $("show-all").addEventListener("click", showAll);
}

function choose(place) {
  chosen = place;
  buttons.forEach(({ button }, each) =>
    button.setAttribute("aria-pressed", String(each === place)),
  );
  filterChanged.tell();
}

// A number is found however it is spaced: `050 123`, `+380 (50) 123`.
function seeker(text) {
  const words = text.trim().toLowerCase();
  if (!words) return null;
  const digits = words.replace(/[\s()+-]/g, "");
  const isNumber = /^[\d*#]+$/.test(digits);
  return (row) => {
    const { written, dialled } = haystack(row);
    return written.includes(words) || (isNumber && dialled.includes(digits));
  };
}

function haystack(row) {
  let found = haystacks.get(row);
  if (!found) {
    const written = [row.text, row.file, row.word].join(" ").toLowerCase();
    found = { written, dialled: [row.phone, row.id, row.keys, row.code].join(" ") };
    haystacks.set(row, found);
  }
  return found;
}
