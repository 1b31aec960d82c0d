/* The attempts to post the webhook of the call that is open, and what was posted. */

import { now, still, tick } from "./clock.js";
import { el, setAttribute, setParts, setText } from "./dom.js";
import { open } from "./selection.js";
import { jsonParts } from "./syntax.js";
import {
  clockToMs,
  lastedWords,
  leftWords,
  lookOfAttempt,
  outcomeOf,
  tookWords,
  whichWords,
} from "./words.js";

const WIDE = 60;
const LETTER = 7.3;
const SIDES = 28;

// Which attempt is looked at, of which call; the last, unless somebody asked for another.
let asked = { id: null, place: null };

/** @returns the attempt whose body is shown, undefined for none */
export function openAttempt() {
  const deliveries = open.detail?.deliveries ?? [];
  const place = asked.id === open.id ? asked.place : null;
  return deliveries[place ?? deliveries.length - 1];
}

/** Show them in `panel`. */
export function showHooks(panel, detail) {
  const parts = panel.hooks?.isConnected ? panel.hooks : begin(panel);
  const { deliveries } = detail;
  setParts(parts.url, [[whereWords(detail), ""]]);
  setAttribute(parts.url, "title", detail.hook_url);
  while (parts.lines.length > deliveries.length) parts.lines.pop().remove();
  deliveries.forEach((delivery, place) =>
    showTry((parts.lines[place] ??= makeTry(place)), delivery),
  );
  parts.tries.append(...parts.lines.filter((line) => !line.isConnected));
  showNext(parts, detail);
  parts.tries.append(parts.next);
  const shown = openAttempt();
  parts.body.hidden = shown === undefined;
  if (shown) setParts(parts.body, jsonParts(shown.body, room(panel)));
}

// How many letters a line of the body has room for; as many as are well read, while it is not seen.
function room(panel) {
  const letters = Math.floor((panel.clientWidth - SIDES) / LETTER);
  return letters > 0 ? Math.min(WIDE, letters) : WIDE;
}

function begin(panel) {
  const parts = (panel.hooks = el("div", { class: "hooks" }));
  parts.url = el("code");
  parts.tries = el("div");
  parts.lines = [];
  parts.next = el(
    "div",
    { class: "try", hidden: true },
    el("i", { class: "next dim" }),
    el("span", { class: "mono" }),
    el("span"),
    el("span", { class: "dim" }),
    el("span"),
  );
  parts.body = el("pre");
  const tries = el("div", { class: "tries" }, parts.tries);
  parts.append(el("div", { class: "to" }, parts.url), tries, parts.body);
  panel.replaceChildren(parts);
  return parts;
}

function whereWords({ hook_url: url, deliveries }) {
  if (url === null && deliveries.length === 0) return "no hook: nobody asked to be told";
  return deliveries.length ? `${methodOf(deliveries[0])} ${url}` : url;
}

const methodOf = ({ curl }) =>
  / -X (\w+)/.exec(curl)?.[1] ?? (curl.includes(" --data-raw ") ? "POST" : "GET");

function makeTry(place) {
  const line = el(
    "button",
    {
      class: "try",
      onclick: () => {
        asked = { id: open.id, place };
        line.dispatchEvent(new Event("attempt", { bubbles: true }));
      },
    },
    el("i"),
    el("span", { class: "mono" }),
    el("span"),
    el("span", { class: "dim num" }),
    el("span", { class: "chip" }),
  );
  return line;
}

function showTry(line, delivery) {
  const [dot, at, which, took, chip] = line.children;
  const look = lookOfAttempt(delivery);
  setAttribute(dot, "class", `${look}c`);
  // When it began; it was over so much later.
  setText(at, clockToMs(delivery.at - delivery.ms));
  const pause = delivery.pause_seconds
    ? ` · after ${lastedWords(delivery.pause_seconds * 1000)}`
    : "";
  setParts(
    which,
    [
      [whichWords(delivery), ""],
      [pause, "dim"],
    ].filter(([text]) => text),
  );
  setText(took, tookWords(delivery.ms));
  setText(chip, outcomeOf(delivery));
  setAttribute(chip, "class", `chip c-${look}`);
  setAttribute(line, "title", delivery.error);
  const isOpen = delivery === openAttempt();
  line.classList.toggle("open", isOpen && open.detail.deliveries.length > 1);
  setAttribute(line, "aria-pressed", isOpen);
}

function showNext({ next }, { next: coming }) {
  next.hidden = coming === null;
  still(next);
  if (coming === null) return;
  const [, at, which, left] = next.children;
  setText(which, whichWords(coming));
  setText(at, clockToMs(coming.at ?? now()));
  if (coming.at === null) setText(left, "posting…");
  else tick(next, (time) => setText(left, `in ${leftWords(coming.at - time) || "0 s"}`));
}
