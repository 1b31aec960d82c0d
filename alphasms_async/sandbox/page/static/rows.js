/* The rows the page holds, by id, and their order. Which is newer, a row just told or one from an
   answer asked for a moment ago, is decided here: an answer may be long on its way, and of whatever
   has changed meanwhile the stream tells. */

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
// Counts what the stream and the actions bring, and the walks through all rows, which are turns too.
let turn = 0;
let walk = 0;
let begun = 0;
// Of the rows before this id some are held and some not, so none are.
let oldest = 0;
let isCut = false;

/** @returns {Row|undefined} */
export const rowOf = (id) => held.get(id)?.row;

/** @returns {Set<number>} the ids of the calls that ring */
export const ringingIds = () => ringing;

/** @returns {number} how many rows there are */
export const count = () => held.size;

/** @returns {boolean} whether the sandbox has older ones than are held */
export const hasOlder = () => isCut;

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
  if (held.size > MOST + SLACK) cut(ids()[MOST - 1]);
}

/** Take a row that came of what was asked when `asking` was `asked`, unless more is known by now. */
export function putAnswer(row, asked) {
  // After a new beginning it may be gone, or its id be another's.
  if (asked < begun) return;
  if ((held.get(row.id)?.turn ?? gone.get(row.id) ?? 0) <= asked) putNew([row]);
}

/** Begin a walk through all rows there are. @returns {number} its number */
export function beginWalk() {
  gone.clear();
  oldest = 0;
  begun = turn += 1;
  return (walk += 1);
}

/** @returns {boolean} whether that walk is the latest */
export const isWalking = (number) => number === walk;

/** @returns {number} what to give to `putAsked` or `putAnswer` with the answer to what is asked now */
export const asking = () => turn;

/** Take rows that were asked for when `asking` was `asked`; what has come since is newer. */
export function putAsked(rows, asked) {
  for (const row of rows) {
    const known = held.get(row.id);
    if ((known?.turn ?? gone.get(row.id) ?? 0) <= asked) put(row);
    else if (known) known.walk = walk;
  }
}

/**
 * Drop what the walk, now over, has not met.
 * @param {?number} last the id it was broken off after, for there are enough; null at the end of all
 */
export function endWalk(last) {
  drop([...held].filter(([, one]) => one.walk !== walk).map(([id]) => id));
  isCut = false;
  if (last !== null) cut(last);
}

function cut(last) {
  oldest = last;
  isCut = true;
  drop(ids().filter((id) => id < last));
}

function put(row) {
  if (row.id < oldest) return;
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
