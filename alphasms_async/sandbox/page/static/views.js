/* Where there is room for one column alone: the list, or the phone, and the way between them. */

import { $ } from "./dom.js";
import { openRow, phoneWanted, selectionChanged } from "./selection.js";

const isNarrow = matchMedia("(max-width: 960px)");

/** Begin with the list. */
export function start() {
  phoneWanted.hear(() => {
    if (!isNarrow.matches || isPhone()) return;
    // The browser's own way back leads to the list as well.
    history.pushState({ view: "phone" }, "", location.href);
    show("phone");
  });
  selectionChanged.hear(() => openRow() === null && showList());
  addEventListener("popstate", ({ state }) => show(state?.view ?? "list"));
  $("back").addEventListener("click", showList);
  show(history.state?.view ?? "list");
}

/** Go back to the list, if the phone is shown. */
export function showList() {
  if (!isPhone()) return;
  show("list");
  if (history.state?.view === "phone") history.back();
}

const isPhone = () => document.body.dataset.view === "phone";

function show(view) {
  if (document.body.dataset.view === view) return;
  document.body.dataset.view = view;
  if (isNarrow.matches) scrollTo(0, 0);
}
