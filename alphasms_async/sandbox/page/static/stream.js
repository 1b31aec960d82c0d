/* The one stream of changes, by server-sent events. Used by the worker, or by a page without one. */

const PATIENCE = 1000;

/**
 * Follow the changes until told to stop.
 * @param {function({type: "open"|"lost"|"rows"|"reload", data: ?string}): void} tell
 * @returns {function(): void} stops it
 */
export function follow(tell) {
  let stream;
  let timer;
  const connect = () => {
    stream = new EventSource("/sandbox/events");
    stream.onopen = () => tell({ type: "open" });
    stream.onerror = () => {
      tell({ type: "lost" });
      // It tries again by itself, but not after an answer that was no stream.
      if (stream.readyState === EventSource.CLOSED) timer = setTimeout(connect, PATIENCE);
    };
    for (const type of ["rows", "reload"]) {
      stream.addEventListener(type, ({ data }) => tell({ type, data }));
    }
  };
  connect();
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}
