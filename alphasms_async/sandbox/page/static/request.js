/* The request that the call which is open came from. */

import { el, isolated } from "./dom.js";

/** Show it in `panel`. */
export function showRequest(panel, { id, request }) {
  if (panel.firstChild?.shownId === id) return;
  const { method, path, fields, curl } = request;
  const listed = Object.entries(fields).flatMap(([name, value]) => [
    el("dt", { class: "mono" }, ...isolated(name)),
    el("dd", {}, ...isolated(valueWords(value))),
  ]);
  const shown = el(
    "div",
    {},
    el("div", { class: "to" }, el("code", { text: `${method} ${path}` })),
    el("dl", { class: "fields" }, ...listed),
    el("pre", {}, ...isolated(curl)),
  );
  shown.shownId = id;
  panel.replaceChildren(shown);
}

const valueWords = (value) => (typeof value === "string" ? value : JSON.stringify(value));
