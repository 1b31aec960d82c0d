/* All that has happened in the call that is open, in its order. */

import { el, isolated } from "./dom.js";
import { clockToMs } from "./words.js";

/** Show it in `panel`. */
export function showLog(panel, { log }) {
  const list = panel.firstChild?.matches?.("ul.log")
    ? panel.firstChild
    : el("ul", { class: "log" });
  if (!list.isConnected) panel.replaceChildren(list);
  // It only grows; a line that is there stays as it is.
  const keys = log.map(({ at, text }) => `${at} ${text}`);
  while (list.lastChild && list.lastChild.key !== keys[list.children.length - 1])
    list.lastChild.remove();
  for (const [place, { at, text }] of log.entries()) {
    if (place < list.children.length) continue;
    const line = el(
      "li",
      {},
      el("span", { class: "mono", text: clockToMs(at) }),
      el("span", {}, ...isolated(text)),
    );
    line.key = keys[place];
    list.append(line);
  }
}
