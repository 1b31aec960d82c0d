/* What the page knows, kept in step with the sandbox. The rest of the page reads it and hears of
   changes. */

import { get, post } from "./api.js";
import { setNow } from "./clock.js";
import { MOST, asking, beginWalk, count, endWalk, isWalking, putAsked, putNew } from "./rows.js";
import { signal } from "./signal.js";
import { attempt } from "./toast.js";

const PAGE = 500;
const PAUSE_MS = 20;

/** Something about the rows is new. */
export const rowsChanged = signal();
/** Tells the account, which is new. */
export const accountChanged = signal();
/** Tells a function that says whether the thing with an id has changed. */
export const entriesChanged = signal();

/** `account` is null until the sandbox has been asked once; `more` says whether there are rows
    older than those held. */
export const store = { account: null, more: false };

/** Take over the account. */
export function takeAccount(account) {
  store.account = account;
  accountChanged.tell(account);
}

/** Take over what the stream tells. */
export function takeNews({ rows, gone, account, now }) {
  setNow(now);
  putNew(rows, gone);
  takeAccount(account);
  if (rows.length === 0 && gone.length === 0) return;
  rowsChanged.tell();
  const changed = new Set([...gone, ...rows.map((row) => row.id)]);
  entriesChanged.tell((id) => changed.has(id));
}

/** Ask for everything anew: at the start, after a break, and when too much has changed. */
export async function fetchAll() {
  const walk = beginWalk();
  let path = "/sandbox/state";
  while (path) {
    const asked = asking();
    const page = await attempt(() => get(path));
    if (!page || !isWalking(walk)) return;
    takePage(page, asked);
    path =
      count() < MOST && page.more && `/sandbox/entries?before=${page.rows.at(-1).id}&limit=${PAGE}`;
    if (path) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (!isWalking(walk)) return;
  }
}

function takePage({ rows, more, account, now }, asked) {
  putAsked(rows, asked);
  store.more = more;
  if (!more) endWalk();
  // The first page is the state, with the account in it.
  if (account) {
    setNow(now);
    takeAccount(account);
  }
  // First which there are: nobody asks for more about one that is gone.
  rowsChanged.tell();
  if (account) entriesChanged.tell(() => true);
}

/**
 * Have something done at the desk, and take over what came of it.
 * @param {number} id which call or message
 * @param {string} verb answer, press, hang-up, busy, no-answer, fail or resend
 * @param {object} [body]
 */
export function act(id, verb, body) {
  return attempt(async () => {
    const row = await post(`/sandbox/entries/${id}/${verb}`, body);
    putNew([row]);
    rowsChanged.tell();
    entriesChanged.tell((changed) => changed === id);
    return row;
  });
}
