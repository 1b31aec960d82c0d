/* One line of the table: made once, then changed where it differs, so that nothing under a pointer
   or a focus is torn away. */

import { still, tick, tickSince } from "./clock.js";
import { el, setAttribute, setParts, setText } from "./dom.js";
import { phoneWanted, select } from "./selection.js";
import { act, store } from "./store.js";
import {
  clockWords,
  hookWords,
  leftWords,
  minutes,
  momentWords,
  moneyWords,
  phoneWords,
  stateOf,
  tagOf,
} from "./words.js";

/** @typedef {import("./words.js").Row} Row */

/** Make the line of `row`. */
export function makeLine(row) {
  const cell = (look, ...children) => el("td", { role: "gridcell", class: look }, ...children);
  const parts = {
    phone: el("span", { class: "phone" }),
    tag: el("span", { class: "tag" }),
    chip: el("span", { class: "chip" }),
    keys: cell("keys"),
    length: cell("length"),
    hook: cell("hook"),
    price: cell("price"),
    when: cell("when"),
  };
  const line = el(
    "tr",
    { role: "row", id: `row-${row.id}` },
    cell("number", parts.phone, parts.tag),
    cell("status", parts.chip),
    parts.keys,
    parts.length,
    parts.hook,
    parts.price,
    parts.when,
  );
  line.parts = parts;
  return line;
}

/** Have `line` show `row`. */
export function showLine(line, row) {
  if (line.row === row && line.account === store.account) return;
  line.row = row;
  line.account = store.account;
  const { phone, tag, chip, keys, price, when } = line.parts;
  const [word, look] = stateOf(row);
  const rings = row.phase === "ringing";
  line.classList.toggle("ringing", rings);
  setText(phone, phoneWords(row.phone));
  setText(tag, tagOf(row) ?? "");
  tag.hidden = tagOf(row) === null;
  setText(chip, word);
  setAttribute(chip, "class", `chip ${look}`);
  setParts(keys, [row.keys ? [row.keys, ""] : ["·", "dim"]]);
  setAttribute(keys, "title", row.keys || null);
  showLength(line.parts.length, row);
  showHook(line.parts.hook, row);
  price.hidden = when.hidden = rings;
  setText(price, moneyWords(row.price, store.account.currency));
  setAttribute(price, "title", price.textContent);
  setText(when, clockWords(row.at));
  setAttribute(when, "title", momentWords(row.at));
}

/** Have `line` be the open one, or not; of all buttons in the table the Tab key meets only its. */
export function markLine(line, isOpen) {
  line.classList.toggle("sel", isOpen);
  setAttribute(line, "aria-selected", isOpen);
  for (const button of line.parts.hook.querySelectorAll("button"))
    button.tabIndex = isOpen ? 0 : -1;
}

function showLength(cell, row) {
  cell.classList.toggle("dim", row.phase === "ended" && row.talked === 0);
  if (row.phase === "ringing") tickSince(cell, row.ringing_at);
  else if (row.phase === "in call") tickSince(cell, row.answered_at);
  else {
    still(cell);
    setText(cell, row.talked > 0 ? minutes(row.talked) : "·");
  }
}

function showHook(cell, row) {
  const rings = row.phase === "ringing";
  cell.colSpan = rings ? 3 : 1;
  still(cell);
  if (rings) return showButtons(cell, row);
  const words = (left) => hookWords(row, store.account, left);
  cell.words = null;
  if (row.hook?.next_at)
    tick(cell, (time) => setParts(cell, words(leftWords(row.hook.next_at - time))));
  else setParts(cell, words(""));
  cell.title = cell.textContent;
  return undefined;
}

function showButtons(cell, row) {
  if (!cell.words) {
    cell.parts = null;
    cell.title = "";
    cell.words = el("span", { class: "dim" });
    cell.replaceChildren(
      el(
        "div",
        { class: "rowbtn" },
        cell.words,
        button("Answer", "b-ok", row, "answer"),
        button("Decline", "b-bad", row, "busy"),
      ),
    );
  }
  setParts(cell.words, hookWords(row, store.account, ""));
}

function button(word, look, row, verb) {
  const label = `${word} ${phoneWords(row.phone)}`;
  return el(
    "button",
    {
      class: `btn ${look}`,
      "aria-label": label,
      onclick: () => {
        // Who answers has that phone in hand: what is pressed next goes to it.
        if (verb === "answer") {
          select(row.id);
          phoneWanted.tell();
        }
        act(row.id, verb);
      },
    },
    word,
  );
}
