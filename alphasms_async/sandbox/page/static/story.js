/* What happened in the call that is open: its webhooks, the request, the log; and the two buttons
   beside the tabs. */

import { copies } from "./copy.js";
import { $, el, setAttribute, setText } from "./dom.js";
import { openAttempt, showHooks } from "./hooks.js";
import { showLog } from "./log.js";
import { showRequest } from "./request.js";
import { open, openChanged, openRow, selectionChanged } from "./selection.js";
import { onceAFrame } from "./signal.js";
import { accountChanged, act } from "./store.js";
import { showTimeline } from "./timeline.js";

const TABS = [
  ["tab-hooks", showHooks, () => openAttempt()?.curl],
  ["tab-request", showRequest, () => open.detail?.request.curl],
  ["tab-log", showLog, () => null],
];

let chosen = 0;
// What is in the panel, so that another call, or tab, is shown from its beginning.
let inPanel = "";

/** Begin. */
export function start() {
  const draw = onceAFrame(show);
  selectionChanged.hear(draw);
  openChanged.hear(draw);
  accountChanged.hear(draw);
  TABS.forEach(([id], place) => $(id).addEventListener("click", () => choose(place)));
  $("tabs").addEventListener("keydown", steer);
  copies($("copy-curl"), () => TABS[chosen][2]() ?? "");
  $("resend").addEventListener("click", () => open.id !== null && act(open.id, "resend"));
  $("panel").addEventListener("attempt", draw);
  new ResizeObserver(draw).observe($("story"));
  show();
}

function choose(place) {
  chosen = place;
  TABS.forEach(([id], each) => {
    setAttribute($(id), "aria-selected", each === place);
    setAttribute($(id), "tabindex", each === place ? null : -1);
  });
  setAttribute($("panel"), "aria-labelledby", TABS[place][0]);
  show();
}

function steer(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
  const place = (chosen + by + TABS.length) % TABS.length;
  choose(place);
  $(TABS[place][0]).focus();
}

function show() {
  const row = openRow();
  const { detail } = open;
  const where = `${open.id} ${chosen}`;
  if (where !== inPanel) {
    inPanel = where;
    $("panel").replaceChildren();
    $("panel").scrollTop = 0;
  }
  setText($("hook-count"), detail?.deliveries.length ? String(detail.deliveries.length) : "");
  if (detail !== null) TABS[chosen][1]($("panel"), detail);
  else if (row === null)
    $("panel").replaceChildren(
      el("p", { class: "blank", text: "The webhooks of a call, its request and its log." }),
    );
  $("copy-curl").hidden = chosen === 2;
  $("copy-curl").disabled = !TABS[chosen][2]();
  $("resend").disabled = !(row?.phase === "ended" && detail?.hook_url);
  showTimeline(detail);
}
