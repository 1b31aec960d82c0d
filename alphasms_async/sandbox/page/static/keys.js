/* What the keyboard does: nothing while somebody types, while a dialog is open, or with Ctrl, Alt or
   Meta held. */

import { $ } from "./dom.js";
import { isKey, press } from "./keypad.js";
import { move } from "./list.js";
import { showRing } from "./ring.js";
import { ringingIds, rowOf } from "./rows.js";
import { openRow, phoneWanted, select } from "./selection.js";
import { act } from "./store.js";
import { hush } from "./toast.js";
import { showList } from "./views.js";

const TEXTS = new Set(["checkbox", "radio", "button", "submit", "reset"]);
const SLASH = new Set(["/", ".", ","]);
const LETTERS = { KeyA: "a", KeyD: "d", KeyJ: "j", KeyK: "k", KeyN: "n" };

const DOES = {
  a: answer,
  d: hangUp,
  j: () => move(1),
  k: () => move(-1),
  n: showRing,
  "?": () => $("keys-dialog").showModal(),
  "/": () => {
    showList();
    $("search").focus();
    $("search").select();
  },
  Escape: () => {
    hush();
    showList();
  },
};

/** Begin. */
export function start() {
  document.addEventListener("keydown", hear);
  $("search").addEventListener("keydown", leaveSearch);
  $("all-keys").addEventListener("click", DOES["?"]);
  for (const dialog of document.querySelectorAll("dialog")) {
    // A press beside the dialog closes it.
    dialog.addEventListener("pointerdown", (event) => {
      if (event.target === dialog && isBeside(event, dialog)) dialog.close();
    });
  }
}

function hear(event) {
  if (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.isComposing ||
    (event.repeat && !"jkJK".includes(event.key))
  )
    return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const key = keyOf(event);
  if (isKey(key)) press(key);
  else if (key in DOES) DOES[key]();
  else return;
  event.preventDefault();
}

// By its letter; by its place where the keyboard writes another script, as a Ukrainian one does.
function keyOf({ key, code, shiftKey }) {
  if (key.length > 1 || isKey(key)) return key;
  if (code === "Slash" && SLASH.has(key)) return shiftKey && key !== "/" ? "?" : "/";
  return key.charCodeAt(0) < 128 ? key.toLowerCase() : (LETTERS[code] ?? key);
}

function isTyping(target) {
  if (target instanceof HTMLInputElement) return !TEXTS.has(target.type);
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

// The call that is open, if it rings or waits to; else the one that has rung longest.
function rung() {
  const row = openRow();
  if (row && row.kind !== "sms" && (row.phase === "ringing" || row.phase === "queued")) return row;
  const [oldest] = [...ringingIds()].sort((one, other) => one - other);
  return oldest === undefined ? null : rowOf(oldest);
}

// Who answers has that phone in hand: what is pressed next goes to it.
function answer() {
  const row = rung();
  if (row === null) return;
  select(row.id);
  phoneWanted.tell();
  act(row.id, "answer");
}

// Who is talked to goes first: that phone is in hand.
function hangUp() {
  const row = openRow();
  if (row?.phase === "in call") act(row.id, "hang-up");
  else if (rung()) act(rung().id, "busy");
}

function leaveSearch(event) {
  if (event.key === "Escape") {
    event.preventDefault();
    if (event.target.value) {
      event.target.value = "";
      event.target.dispatchEvent(new Event("input"));
    } else event.target.blur();
  } else if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    $("table").focus();
  }
}

function isBeside({ clientX, clientY }, dialog) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
