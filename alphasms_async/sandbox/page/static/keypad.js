/* The keypad, and what was pressed on it. */

import { $, el, setText } from "./dom.js";
import { patch } from "./api.js";
import { openRow } from "./selection.js";
import { accountChanged, act, changeAccount, store } from "./store.js";
import { attempt, toast } from "./toast.js";
import { sound } from "./tones.js";

const KEYS = "123456789*0#";
const LETTERS = {
  2: "ABC",
  3: "DEF",
  4: "GHI",
  5: "JKL",
  6: "MNO",
  7: "PQRS",
  8: "TUV",
  9: "WXYZ",
  0: "+",
};
const NAMES = { "*": "star", "#": "hash" };

const buttons = new Map();
// Keys wait for those before them: two requests at once might arrive in either order.
const waiting = new Map();
// While a choice is on its way, it stands.
let isChoosing = false;

/** Make the keys. */
export function start() {
  for (const key of KEYS) {
    const letters = el("small", { "aria-hidden": "true", text: LETTERS[key] ?? "" });
    const button = el(
      "button",
      { "aria-label": `Press ${NAMES[key] ?? key}`, onclick: () => press(key) },
      key,
      letters,
    );
    buttons.set(key, button);
    $("pad").append(button);
  }
  $("timing").addEventListener("change", choose);
  accountChanged.hear(showTiming);
}

async function choose({ target }) {
  isChoosing = true;
  await attempt(() =>
    changeAccount(() => patch("/sandbox/account", { hook_timing: target.value })),
  );
  isChoosing = false;
  // Refused, it goes back to how things are.
  showTiming();
}

function showTiming() {
  if (store.account && !isChoosing) $("timing").value = store.account.hook_timing;
}

/** @returns {boolean} whether `key` is one of a phone's */
export const isKey = (key) => buttons.has(key);

/** Press a key in the call that is open; it is answered if it was not. */
export function press(key) {
  const row = openRow();
  if (row === null || row.kind === "sms" || row.phase === "ended") return;
  if (!row.collects) {
    toast("this call listens for no keys: it was placed without dtmf");
    return;
  }
  sound(key);
  light(key);
  if (waiting.has(row.id)) waiting.set(row.id, waiting.get(row.id) + key);
  else send(row.id, key);
}

async function send(id, key) {
  waiting.set(id, key);
  while (waiting.get(id)) {
    const digits = waiting.get(id);
    waiting.set(id, "");
    await act(id, "press", { digits });
  }
  waiting.delete(id);
}

/** Show what was pressed in the call of `row`, and whether more can be. */
export function showKeypad(row) {
  const isOver = row.phase === "ended";
  setText($("pressed"), row.keys);
  $("caret").hidden = row.phase !== "in call";
  light(isOver ? null : row.keys.at(-1));
  for (const button of buttons.values()) button.disabled = isOver || !row.collects;
}

function light(key) {
  for (const [each, button] of buttons) button.classList.toggle("hit", each === key);
}
