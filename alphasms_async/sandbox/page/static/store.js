/* What the page knows, kept in step with the sandbox. The rest of the page reads it and hears of
   changes. */

import { get, post } from "./api.js";
import { setNow } from "./clock.js";
import {
  MOST,
  asking,
  beginWalk,
  endWalk,
  isWalking,
  putAnswer,
  putAsked,
  putNew,
} from "./rows.js";
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

/** `account` is null until the sandbox has told something, `isRead` says whether all was read once. */
export const store = { account: null, isRead: false };

// Counts the accounts taken over.
let accounts = 0;

/** Take over the account as it is now. */
export function takeAccount(account) {
  accounts += 1;
  store.account = account;
  accountChanged.tell(account);
}

/**
 * Have the account changed, and take over what came of it; what was told while the answer was on its
 * way is newer, or will be told again.
 * @param {function(): Promise<*>} ask has it changed
 * @param {function(*): object} [accountOf] makes the account of the answer
 * @throws {Refusal}
 */
export async function changeAccount(ask, accountOf = (answer) => answer) {
  const before = accounts;
  const answer = await ask();
  if (accounts === before) takeAccount(accountOf(answer));
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
  let met = 0;
  while (path) {
    const asked = { rows: asking(), accounts };
    const page = await attempt(() => get(path));
    if (!page || !isWalking(walk)) return;
    met += page.rows.length;
    const last = page.more ? page.rows.at(-1).id : null;
    const isOver = last === null || met >= MOST;
    putAsked(page.rows, asked.rows);
    if (isOver) endWalk(last);
    tellPage(page, asked);
    path = !isOver && `/sandbox/entries?before=${last}&limit=${PAGE}`;
    if (path) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (!isWalking(walk)) return;
  }
}

function tellPage({ account, now }, asked) {
  // The first page is the state, with the account in it.
  if (account) {
    store.isRead = true;
    setNow(now);
    if (accounts === asked.accounts) takeAccount(account);
  }
  // First which there are: nobody asks for more about one that is gone.
  rowsChanged.tell();
  if (account) entriesChanged.tell(() => true);
}

/**
 * Ask for something that a row comes of, and take that over, unless newer was told meanwhile.
 * @param {function(): Promise<import("./words.js").Row>} ask
 * @throws {Refusal}
 */
export async function changeRow(ask) {
  const asked = asking();
  const row = await ask();
  putAnswer(row, asked);
  rowsChanged.tell();
  entriesChanged.tell((id) => id === row.id);
  return row;
}

/**
 * Have something done at the desk, and take over what came of it.
 * @param {number} id which call or message
 * @param {string} verb answer, press, hang-up, busy, no-answer, fail or resend
 * @param {object} [body]
 */
export function act(id, verb, body) {
  return attempt(() => changeRow(() => post(`/sandbox/entries/${id}/${verb}`, body)));
}
