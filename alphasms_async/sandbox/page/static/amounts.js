/* The numbers of chaos, how often and how much: shown with their units, typed over, and written as
   options of the command line. */

import { el, setAttribute, setText, setValue } from "./dom.js";
import { toast } from "./toast.js";

/** A rule as the sandbox sends it.
 * @typedef {object} Rule
 * @property {string} name
 * @property {"api"|"hooks"} side
 * @property {string} title
 * @property {string} says what it does
 * @property {boolean} on
 * @property {number} share how often, from 0 to 1
 * @property {?number} amount how much, in `unit`, from `least` to `most`; null for what has none
 * @property {?string} unit
 * @property {number} least
 * @property {number} most
 * @property {number} hits how often it has happened
 */

const NUMBER = /^(\d+(?:[.,]\d+)?)\s*(\D*)$/;
// What may be typed behind a number, by the unit it is kept in.
const SCALES = {
  "%": { "%": 1 },
  s: { s: 1, ms: 0.001, min: 60 },
  "KB/s": { "kb/s": 1, "mb/s": 1024 },
  "/s": { "/s": 1 },
};

const share = (rule) => ({ number: rounded(rule.share * 100, 2), unit: "%" });

function amount({ amount: number, unit }) {
  return unit === "s" && number > 0 && number < 1
    ? { number: rounded(number * 1000, 3), unit: "ms" }
    : { number, unit };
}

const rounded = (number, places) => Number(number.toFixed(places));

/** `--chaos latency=100%@300ms` */
export function optionOf(rule) {
  const { number, unit } = amount(rule);
  const much = unit === null ? "" : `@${number}${unit}`;
  return `--chaos ${rule.name}=${share(rule).number}%${much}`;
}

/**
 * Make the fields of a rule: how much, where it has more and less, and how often.
 * @param {Rule} rule
 * @param {function(object): void} change is called with what is to be another
 * @returns {Array<{label: HTMLElement, show: function(Rule): void}>}
 */
export function makeAmounts(rule, change) {
  const often = makeField(`${rule.title}: how often`, (number) => change({ share: number / 100 }));
  const shown = {
    label: often.label,
    show: (now) => showField(often, share(now), { unit: "%", least: 0, most: 100 }),
  };
  if (rule.unit === null) return [shown];
  const much = makeField(`${rule.title}: how much`, (number) => change({ amount: number }));
  return [{ label: much.label, show: (now) => showField(much, amount(now), now) }, shown];
}

// A number that can be typed over, with its unit behind it: `300 ms`, `20 %`.
function makeField(says, set) {
  const field = el("input", { inputmode: "decimal", autocomplete: "off" });
  const unit = el("i");
  const made = { label: el("label", { class: "amount" }, field, unit), field, unit, says };
  field.addEventListener("keydown", ({ key }) => key === "Enter" && field.blur());
  field.addEventListener("focus", () => field.select());
  field.addEventListener("change", () => {
    const { number, why } = read(made);
    if (why) toast(`${says}: ${why}`);
    if (number !== null) set(number);
    field.value = made.shown;
  });
  return made;
}

function showField(made, { number, unit }, range) {
  Object.assign(made, { shown: String(number), shownUnit: unit, range });
  setValue(made.field, made.shown);
  made.field.size = Math.max(1, made.shown.length);
  setText(made.unit, ` ${unit}`);
  setAttribute(made.field, "aria-label", `${made.says}, in ${unit === "%" ? "percent" : unit}`);
}

// What was typed, in the unit it is kept in and in its range, and what is to be said of it; the
// number is null for what is none.
function read({ field, shown, shownUnit, range: { unit, least, most } }) {
  const found = NUMBER.exec(field.value.trim());
  const scale = found && SCALES[unit][(found[2].trim() || shownUnit).toLowerCase()];
  if (!scale) return { number: null, why: `write it like ${shown} ${shownUnit}.` };
  const typed = Number((Number(found[1].replace(",", ".")) * scale).toPrecision(12));
  if (typed > most) return { number: most, why: `the most is ${most} ${unit}, so it is that now.` };
  if (typed < least)
    return { number: least, why: `the least is ${least} ${unit}, so it is that now.` };
  return { number: typed, why: null };
}
