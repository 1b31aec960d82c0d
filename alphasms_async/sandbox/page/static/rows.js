/* The rows the page holds, by id, and their order. Which is newer, a row just told or one from an
   answer asked for a moment ago, is decided here. */

/** How many rows the page holds at most; the older ones stay with the sandbox. */
export const MOST = 20000;
const SLACK = 2000;

/** @typedef {import("./words.js").Row} Row */

/** @type {Map<number, {row: Row, turn: number, walk: number}>} */
const held = new Map();
const ringing = new Set();
const gone = new Map();
let order = [];
let isSorted = true;
// Counts what the stream and the actions bring, and the walks through all rows.
let turn = 0;
let walk = 0;

/** @returns {Row|undefined} */
export const rowOf = (id) => held.get(id)?.row;

/** @returns {Set<number>} the ids of the calls that ring */
export const ringingIds = () => ringing;

/** @returns {number} how many rows there are */
export const count = () => held.size;

/** @returns {number[]} the ids, newest first */
export function ids() {
  if (!isSorted) order.sort((one, other) => other - one);
  isSorted = true;
  return order;
}

/** Take rows as they are now, and ids that are gone. */
export function putNew(rows, goneIds = []) {
  turn += 1;
  for (const id of goneIds) gone.set(id, turn);
  drop(goneIds);
  rows.forEach(put);
  if (held.size > MOST + SLACK) drop(ids().slice(MOST));
}

/** Begin a walk through all rows there are. @returns {number} its number */
export function beginWalk() {
  gone.clear();
  return (walk += 1);
}

/** @returns {boolean} whether that walk is the latest */
export const isWalking = (number) => number === walk;

/** @returns {number} what to give to `putAsked` with the answer to what is asked now */
export const asking = () => turn;

/** Take rows that were asked for when `asking` was `asked`; what has come since is newer. */
export function putAsked(rows, asked) {
  for (const row of rows) {
    const known = held.get(row.id);
    if ((known?.turn ?? gone.get(row.id) ?? 0) <= asked) put(row);
    else if (known) known.walk = walk;
  }
}

/** Drop what the walk, now over, has not met. */
export function endWalk() {
  drop([...held].filter(([, one]) => one.walk !== walk).map(([id]) => id));
}

function put(row) {
  if (!held.has(row.id)) {
    isSorted = isSorted && (order.length === 0 || row.id < order[order.length - 1]);
    order.push(row.id);
  }
  held.set(row.id, { row, turn, walk });
  if (row.phase === "ringing") ringing.add(row.id);
  else ringing.delete(row.id);
}

function drop(dropped) {
  if (dropped.length === 0) return;
  for (const id of dropped) {
    held.delete(id);
    ringing.delete(id);
  }
  order = order.filter((id) => held.has(id));
}
