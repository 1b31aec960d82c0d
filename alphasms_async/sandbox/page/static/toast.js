/* One quiet line at the bottom, and one for who listens instead of looks. */

import { $ } from "./dom.js";
import { Refusal } from "./api.js";

const SECONDS = 5;
let timer;

/** Show `text` for a while. */
export function toast(text) {
  const line = $("toast");
  line.textContent = text;
  line.classList.add("up");
  clearTimeout(timer);
  timer = setTimeout(hush, SECONDS * 1000);
}

/** Take the line away. */
export function hush() {
  $("toast").classList.remove("up");
}

/** Have a screen reader say `text`. */
export function aloud(text) {
  $("aloud").textContent = text;
}

/**
 * Do what may be refused; a refusal is shown, or given to `refused`, with its status, 0 for no answer.
 * @returns {Promise<*>} what was done came to, undefined when it was refused
 */
export async function attempt(work, refused = toast) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refused(error.message, error.status);
    return undefined;
  }
}
