/* Something others want to hear of. */

/** @returns {{hear: function(Function): void, tell: function(...*): void}} */
export function signal() {
  const listeners = [];
  return {
    hear: (listener) => void listeners.push(listener),
    tell: (...what) => listeners.forEach((listener) => listener(...what)),
  };
}

/** Return a function that has `work` done once, before the next frame, however often it is called. */
export function onceAFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
