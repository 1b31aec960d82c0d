/* Which call is open, and all there is to know of it. */

import { get } from "./api.js";
import { ids, ringingIds, rowOf } from "./rows.js";
import { signal } from "./signal.js";
import { entriesChanged, rowsChanged, store } from "./store.js";
import { attempt, toast } from "./toast.js";

const CALM_MS = 300;

/** Another one was opened, or none. */
export const selectionChanged = signal();
/** The open one's row or details are new. */
export const openChanged = signal();
/** Somebody wants to see the phone of the one that is open. */
export const phoneWanted = signal();

/** `id` is null while nothing is open; `detail` until it was fetched. */
export const open = { id: null, detail: null };

// One at a time: what changes meanwhile is fetched once more after it.
let isFetching = false;
let isStale = false;
let timer;

/** @returns {import("./words.js").Row|null} the row of the open one */
export const openRow = () => (open.id === null ? null : (rowOf(open.id) ?? null));

/** Open one, or with null none. */
export function select(id) {
  if (id === open.id) return;
  open.id = id;
  open.detail = null;
  selectionChanged.tell();
  refresh();
  // A browser complains of addresses that change many times a second, as under a key held down.
  clearTimeout(timer);
  timer = setTimeout(writeAddress, CALM_MS);
}

function writeAddress() {
  history.replaceState(history.state, "", open.id === null ? location.pathname : `#${open.id}`);
}

async function refresh() {
  isStale = true;
  if (isFetching) return;
  isFetching = true;
  while (isStale && open.id !== null) {
    isStale = false;
    const { id } = open;
    const detail = await attempt(() => get(`/sandbox/entries/${id}`), refuse);
    if (id !== open.id) isStale = true;
    else if (detail) {
      open.detail = detail;
      openChanged.tell();
    }
  }
  isFetching = false;
}

// It may have been forgotten meanwhile, and that nobody answers the bar says: no news worth a line.
function refuse(why, status) {
  if (status !== 0 && status !== 404) toast(why);
}

/** Begin: the address names one, else the first that rings, else the newest. */
export function start() {
  rowsChanged.hear(() => {
    if (open.id !== null && !rowOf(open.id)) {
      select(null);
      if (ids().length > 0) toast("What was open is in the list no more; another is open now.");
    }
    // A sandbox that was started anew has the same ids again, for other calls.
    if (open.detail && open.detail.at !== openRow()?.at) open.detail = null;
    // What is told before all was read may be anything, and not what the address names.
    if (open.id !== null) openChanged.tell();
    else if (store.isRead) select(firstChoice());
  });
  entriesChanged.hear((hasChanged) => open.id !== null && hasChanged(open.id) && refresh());
  addEventListener("hashchange", () => {
    const id = named();
    if (id !== null) select(id);
  });
}

const named = () => {
  const id = Number(location.hash.slice(1));
  return rowOf(id) ? id : null;
};

function firstChoice() {
  return named() ?? ringingIds().values().next().value ?? ids()[0] ?? null;
}
