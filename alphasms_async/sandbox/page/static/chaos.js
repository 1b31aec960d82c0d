/* Chaos: what goes wrong by will, and how often. Two sides, the API and the webhooks; of more rules
   than fit the first are shown, and a button for the others. */

import { makeAmounts, optionOf } from "./amounts.js";
import { patch, post } from "./api.js";
import { copies } from "./copy.js";
import { $, el, setAttribute, setText, setValue } from "./dom.js";
import { recall, remember } from "./remember.js";
import { accountChanged, changeAccount, store } from "./store.js";
import { attempt, toast } from "./toast.js";
import { showList } from "./views.js";
import { countWords, timesWords } from "./words.js";

const FEW = 6;
const HERE_MS = 1600;

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
  copies($("chaos-copy"), optionsLine);
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
  panel.classList.toggle("whole", isWhole);
  shown.forEach((rule) => showCard(cards.get(rule.name), rule));
  showMore(rules.slice(FEW));
  setValue($("chaos-seed"), chaos.seed === null ? "" : String(chaos.seed));
  $("chaos-off").disabled = chaos.on === 0;
  $("chaos-flag").hidden = chaos.on === 0;
  setAttribute($("chaos-flag"), "aria-label", `chaos on · ${chaos.on}`);
  setText($("chaos-flag").lastElementChild, String(chaos.on));
  const hooksOn = chaos.rules.filter((rule) => rule.on && rule.side === "hooks").length;
  mark($("chaos-api"), chaos.on - hooksOn);
  mark($("chaos-hooks"), hooksOn);
  showOptions();
}

// A side that is not looked at says that something is on there.
function mark(button, on) {
  setText(button.lastElementChild, on > 0 ? String(on) : "");
  button.title = on > 0 ? `${on} on` : "";
}

// In the place of the words that say what chaos is.
function showOptions() {
  const isOn = store.account.chaos.on > 0;
  $("chaos-aside").hidden = isOn;
  $("chaos-options").hidden = !isOn;
  setText($("chaos-options").firstElementChild, optionsLine());
  setAttribute($("chaos-options").firstElementChild, "title", optionsLine());
}

function optionsLine() {
  const { rules, seed } = store.account.chaos;
  const options = rules.filter((rule) => rule.on).map(optionOf);
  return [...options, ...(seed === null ? [] : [`--chaos-seed ${seed}`])].join(" ");
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
    "aria-describedby": `about-${rule.name}`,
    onchange: () => change(rule.name, { on: switched.checked }),
  });
  const says = el("em");
  const [hits, few] = [el("span"), el("i", { "aria-hidden": "true" })];
  const amounts = makeAmounts(rule, (what) => change(rule.name, what));
  const card = el(
    "div",
    { class: "rule" },
    el(
      "div",
      { class: "row" },
      el("label", { class: "name" }, switched, el("b", { text: rule.title })),
      el("div", { class: "set" }, ...amounts.map(({ label }) => label)),
    ),
    el(
      "div",
      { class: "about", id: `about-${rule.name}` },
      says,
      el("small", { class: "hits num" }, hits, few),
      el("code", { text: rule.name }),
    ),
  );
  card.parts = { switched, says, hits, few, amounts };
  cards.set(rule.name, card);
  return card;
}

function showCard(card, rule) {
  const { switched, says, hits, few, amounts } = card.parts;
  switched.checked = rule.on;
  setText(says, rule.says);
  hits.parentElement.hidden = rule.hits === 0;
  setText(hits, `hit ${timesWords(rule.hits)}`);
  setText(few, `${countWords(rule.hits)}×`);
  // What is cut is read here, and by what name programs call it.
  setAttribute(card, "title", `${rule.name}: ${rule.says}`);
  for (const { show: showAmount } of amounts) showAmount(rule);
}

function leave(event) {
  if (event.key === "Enter") event.target.blur();
}

function setSeed(field) {
  const text = field.value.trim();
  if (text && !/^-?\d{1,15}$/.test(text)) {
    field.value = store.account.chaos.seed ?? "";
    toast("A seed is a whole number, like 42; without one it is left to chance.");
  } else take(() => patch("/sandbox/chaos", { seed: text ? Number(text) : null }));
}

const change = (name, what) => take(() => patch("/sandbox/chaos", { rules: { [name]: what } }));

async function take(work) {
  await attempt(() => changeAccount(work, (chaos) => ({ ...store.account, chaos })));
  // Refused, a switch goes back to how things are.
  show(store.account.chaos);
}
