/* Chaos: what goes wrong by will, and how often. Two sides, the API and the webhooks; of more rules
   than fit the first are shown, and a button for the others. */

import { patch, post } from "./api.js";
import { $, el, setAttribute, setText, setValue } from "./dom.js";
import { recall, remember } from "./remember.js";
import { accountChanged, store, takeAccount } from "./store.js";
import { attempt } from "./toast.js";
import { showList } from "./views.js";

const FEW = 6;
const HERE_MS = 1600;
const NUMBER = /^(\d+(?:[.,]\d+)?)\s*([a-zA-Zµ/%]*)$/;

let side = "api";
let isWhole = recall("chaos") === "whole";
/** @type {Map<string, HTMLElement>} */
const cards = new Map();

/** Begin. */
export function start() {
  accountChanged.hear(({ chaos }) => show(chaos));
  $("chaos-api").addEventListener("click", () => choose("api"));
  $("chaos-hooks").addEventListener("click", () => choose("hooks"));
  $("chaos-more").addEventListener("click", () => {
    isWhole = !isWhole;
    remember("chaos", isWhole ? "whole" : null);
    show(store.account.chaos);
  });
  $("chaos-off").addEventListener("click", () => take(() => post("/sandbox/chaos/off")));
  $("chaos-seed").addEventListener("change", ({ target }) => setSeed(target));
  $("chaos-seed").addEventListener("keydown", leave);
  $("chaos-flag").addEventListener("click", reveal);
}

/** Scroll to the panel, and show for a moment which it is. */
export function reveal() {
  const on = store.account.chaos.rules.filter((rule) => rule.on);
  if (on.length && !on.some((rule) => rule.side === side)) choose(on[0].side);
  const hidden = rulesOf(store.account.chaos)
    .slice(FEW)
    .some((rule) => rule.on);
  if (hidden && !isWhole) $("chaos-more").click();
  showList();
  $("chaos").scrollIntoView({ block: "nearest" });
  $("chaos").focus({ preventScroll: true });
  $("chaos").classList.add("here");
  setTimeout(() => $("chaos").classList.remove("here"), HERE_MS);
}

const rulesOf = (chaos) => chaos.rules.filter((rule) => rule.side === side);

function choose(chosen) {
  side = chosen;
  setAttribute($("chaos-api"), "aria-pressed", side === "api");
  setAttribute($("chaos-hooks"), "aria-pressed", side === "hooks");
  show(store.account.chaos);
}

function show(chaos) {
  const rules = rulesOf(chaos);
  const shown = isWhole ? rules : rules.slice(0, FEW);
  const wanted = shown.map((rule) => cards.get(rule.name) ?? makeCard(rule));
  const panel = $("chaos-rules");
  if (
    wanted.some((card, place) => panel.children[place] !== card) ||
    panel.children.length !== wanted.length
  )
    panel.replaceChildren(...wanted);
  shown.forEach((rule) => showCard(cards.get(rule.name), rule));
  showMore(rules.slice(FEW));
  setValue($("chaos-seed"), chaos.seed === null ? "" : String(chaos.seed));
  $("chaos-off").disabled = chaos.on === 0;
  $("chaos-flag").hidden = chaos.on === 0;
  setText($("chaos-flag"), `⚡ chaos on · ${chaos.on}`);
  const hooksOn = chaos.rules.filter((rule) => rule.on && rule.side === "hooks").length;
  mark($("chaos-api"), chaos.on - hooksOn);
  mark($("chaos-hooks"), hooksOn);
}

// A side that is not looked at says that something is on there.
function mark(button, on) {
  button.classList.toggle("has", on > 0);
  button.title = on > 0 ? `${on} on` : "";
}

function showMore(others) {
  const on = others.filter((rule) => rule.on).length;
  const button = $("chaos-more");
  button.hidden = others.length === 0;
  setText(button, isWhole ? "fewer ▴" : `${others.length} more${on ? ` · ${on} on` : ""} ▾`);
  button.classList.toggle("on", on > 0 && !isWhole);
  setAttribute(button, "aria-expanded", isWhole);
}

function makeCard(rule) {
  const switched = el("input", {
    type: "checkbox",
    role: "switch",
    "aria-describedby": `says-${rule.name}`,
    onchange: () => change(rule.name, { on: switched.checked }),
  });
  const says = el("em", { id: `says-${rule.name}` });
  const share = amount("share", rule, (number) => change(rule.name, { share: number / 100 }));
  const much =
    rule.unit === null
      ? null
      : amount("amount", rule, (number) => change(rule.name, { amount: number }));
  const card = el(
    "div",
    { class: "rule" },
    el(
      "div",
      { class: "row" },
      el("label", { class: "name" }, switched, el("b", { text: rule.title })),
      el("div", { class: "set" }, much?.label, share.label),
    ),
    says,
  );
  card.parts = { switched, says, share, much };
  cards.set(rule.name, card);
  return card;
}

function showCard({ parts }, rule) {
  parts.switched.checked = rule.on;
  setText(parts.says, rule.says);
  setAttribute(parts.says, "title", rule.says);
  showAmount(parts.share, Number((rule.share * 100).toFixed(2)), "%", [0, 100]);
  if (parts.much === null) return;
  const isShort = rule.unit === "s" && rule.amount > 0 && rule.amount < 1;
  showAmount(
    parts.much,
    isShort ? Number((rule.amount * 1000).toFixed(3)) : rule.amount,
    isShort ? "ms" : rule.unit,
    [rule.least, rule.most],
  );
}

// A number that can be typed over, with its unit behind it: `300 ms`, `20 %`.
function amount(what, rule, set) {
  const field = el("input", { inputmode: "decimal", autocomplete: "off" });
  const unit = el("i");
  const says = `${rule.title}: how ${what === "share" ? "often" : "much"}`;
  const made = { label: el("label", { class: "amount" }, field, unit), field, unit, says };
  field.addEventListener("keydown", leave);
  field.addEventListener("focus", () => field.select());
  field.addEventListener("change", () => {
    const number = read(made);
    if (number !== null) set(number);
    field.value = made.shown;
  });
  return made;
}

function showAmount(made, number, unit, range) {
  Object.assign(made, { shown: String(number), shownUnit: unit, range });
  setValue(made.field, made.shown);
  made.field.size = Math.max(1, made.shown.length);
  setText(made.unit, ` ${unit}`);
  setAttribute(made.field, "aria-label", `${made.says}, in ${unit === "%" ? "percent" : unit}`);
}

// What was typed, in the rule's own unit and range; null for what is no number.
function read({ field, shownUnit, range: [least, most] }) {
  const found = NUMBER.exec(field.value.trim());
  if (!found) return null;
  const unit = found[2].toLowerCase() || shownUnit;
  const scale = { ms: 0.001, min: 60, "mb/s": 1024 }[unit] ?? 1;
  return Math.min(
    most,
    Math.max(least, Number((Number(found[1].replace(",", ".")) * scale).toPrecision(12))),
  );
}

function leave(event) {
  if (event.key === "Enter") event.target.blur();
}

function setSeed(field) {
  const text = field.value.trim();
  if (text && !/^-?\d{1,15}$/.test(text)) field.value = store.account.chaos.seed ?? "";
  else take(() => patch("/sandbox/chaos", { seed: text ? Number(text) : null }));
}

const change = (name, what) => take(() => patch("/sandbox/chaos", { rules: { [name]: what } }));

async function take(work) {
  const chaos = await attempt(work);
  // Refused, a switch goes back to how things are.
  takeAccount({ ...store.account, chaos: chaos ?? store.account.chaos });
}
