/* The bar: where the sandbox is, whether the page is live, the balance, the theme, the title. */

import { copies } from "./copy.js";
import { $, setAttribute, setText } from "./dom.js";
import { recall, remember } from "./remember.js";
import { ringingIds, rowOf } from "./rows.js";
import { accountChanged, rowsChanged, store } from "./store.js";
import { aloud } from "./toast.js";
import { moneyWords, phoneWords } from "./words.js";

const THEMES = ["light", "dark", "auto"];
const NAME = "alphasms sandbox";
const SHUT = [
  ["banned", "banned"],
  ["api_disabled", "API disabled"],
  ["ip_denied", "IP denied"],
];

/** @returns {string} the line for a shell that points the SDK here */
export const exportLine = () =>
  `export ALPHASMS_BASE_URL=${location.origin} ALPHASMS_API_KEY=${quoted(store.account?.api_key ?? "")}`;

const quoted = (text) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Begin. */
export function start() {
  setText($("base"), location.origin);
  copies($("copy-base"), () => location.origin);
  copies($("copy-export"), exportLine);
  accountChanged.hear(showAccount);
  rowsChanged.hear(showRinging);
  $("theme").addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
    remember("theme", next === "auto" ? null : next);
    setTheme(next);
  });
  setTheme(theme());
}

/** Show whether the page hears of changes: live, reconnecting. */
export function showLive(state) {
  $("live").dataset.state = state;
  setText($("live").lastElementChild, state);
}

const theme = () => recall("theme") ?? "auto";

function setTheme(name) {
  const root = document.documentElement;
  if (name === "auto") delete root.dataset.theme;
  else root.dataset.theme = name;
  const word = name.charAt(0).toUpperCase() + name.slice(1);
  setText($("theme").querySelector(".name"), word);
  setAttribute($("theme"), "aria-label", `Theme: ${word}`);
}

function showAccount(account) {
  setText($("balance").lastElementChild, moneyWords(account.balance, account.currency));
  const shut = SHUT.filter(([name]) => account[name]).map(([, words]) => words);
  $("shut-flag").hidden = shut.length === 0;
  setText($("shut-flag"), shut.join(" · "));
}

let said = new Set();

// Not by the frame, which a hidden tab has none of: it is there that the title matters.
function showRinging() {
  const ringing = ringingIds();
  document.title = ringing.size > 0 ? `(${ringing.size}) ringing · ${NAME}` : NAME;
  const fresh = [...ringing].filter((id) => !said.has(id));
  said = new Set(ringing);
  if (fresh.length === 1) aloud(`${phoneWords(rowOf(fresh[0]).phone)} is ringing`);
  else if (fresh.length > 1) aloud(`${fresh.length} more calls are ringing`);
}
