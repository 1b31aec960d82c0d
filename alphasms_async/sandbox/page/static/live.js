/* Being told of changes: by the worker that all tabs share, else by a stream of one's own. */

import { follow } from "./stream.js";

/**
 * Have `tell` called with each message of the stream, see `follow`.
 * @param {function({type: string, data: ?string}): void} tell
 */
export function listen(tell) {
  const worker = sharedWorker();
  if (worker === null) return void follow(tell);
  const { port } = worker;
  port.onmessage = ({ data }) => tell(data);
  // A browser that has shared workers but none of modules says so by this.
  worker.onerror = () => {
    worker.onerror = null;
    follow(tell);
  };
  port.postMessage("hello");
  addEventListener("pagehide", () => port.postMessage("bye"));
  // A page brought back by the back button has missed what happened meanwhile.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  return undefined;
}

function sharedWorker() {
  try {
    return new SharedWorker("/static/worker.js", { type: "module", name: "alphasms sandbox" });
  } catch {
    // There are none in this browser, or not for a page like this.
    return null;
  }
}
