/* The sandbox's time, and the texts that follow it. They tick without anything being drawn anew. */

import { minutes } from "./words.js";
import { setText } from "./dom.js";

const EVERY = 200;
let ahead = 0;

/** @type {Map<HTMLElement, function(number): void>} */
const ticking = new Map();

/** Take over the sandbox's time, in milliseconds since 1970. */
export function setNow(now) {
  ahead = now - Date.now();
}

/** @returns {number} the sandbox's time, in milliseconds since 1970 */
export const now = () => Date.now() + ahead;

/** Have `show` called with the time, now and from now on, for as long as `node` is on the page. */
export function tick(node, show) {
  ticking.set(node, show);
  show(now());
}

/** Have `node` say how long it has been since `at`. */
export const tickSince = (node, at) =>
  tick(node, (time) => setText(node, minutes((time - at) / 1000)));

/** Have `node` tick no more. */
export function still(node) {
  ticking.delete(node);
}

/** Begin to tick. */
export function start() {
  setInterval(() => {
    if (document.hidden) return;
    const time = now();
    for (const [node, show] of ticking) {
      if (node.isConnected) show(time);
      else ticking.delete(node);
    }
  }, EVERY);
}
