/* Holds the one stream of changes for all tabs. A browser opens six connections to a server; were
   each tab to hold one, the seventh would not even load. */

import { follow } from "./stream.js";

const tabs = new Set();
let stop = null;
let isOpen = false;

onconnect = ({ ports: [tab] }) => {
  tab.onmessage = ({ data }) => (data === "bye" ? leave(tab) : join(tab));
};

function join(tab) {
  tabs.add(tab);
  if (stop === null) stop = follow(pass);
  // It is told how things are; what they are it fetches itself, for all here is older.
  else if (isOpen) tab.postMessage({ type: "open" });
}

function leave(tab) {
  tabs.delete(tab);
  if (tabs.size > 0 || stop === null) return;
  stop();
  stop = null;
  isOpen = false;
}

function pass(message) {
  if (message.type === "open") isOpen = true;
  if (message.type === "lost") isOpen = false;
  for (const tab of tabs) tab.postMessage(message);
}
