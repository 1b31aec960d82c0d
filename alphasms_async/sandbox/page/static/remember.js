/* What the page keeps from visit to visit; a browser that keeps nothing is no fault. */

/** @returns {string|null} what was kept under `name` */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Keep `value` under `name`; null forgets it. */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Then it is forgotten.
  }
}
