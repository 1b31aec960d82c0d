/* The account: its balance, what it refuses, its hook; and forgetting everything. */

import { patch, post } from "./api.js";
import { copies } from "./copy.js";
import { $, setText, setValue } from "./dom.js";
import { exportLine } from "./header.js";
import { fetchAll, store, accountChanged, takeAccount } from "./store.js";
import { attempt, toast } from "./toast.js";
import { moneyWords } from "./words.js";

const SWITCHES = ["banned", "api_disabled", "ip_denied"];

// What each field sends.
const FIELDS = {
  "account-balance": (text) => ({ balance: text.replace(",", ".").replace(/\s/g, "") }),
  "account-hook": (text) => ({ hook: text || null }),
  "account-operators": (text) => ({
    unsupported_operators: text
      .split(/[\s,;]+/)
      .filter(Boolean)
      .map((each) => each.replace(/^\+/, "")),
  }),
};

/** Begin. */
export function start() {
  const dialog = $("account-dialog");
  for (const opener of ["balance", "shut-flag"])
    $(opener).addEventListener("click", () => show(dialog));
  for (const [id, sent] of Object.entries(FIELDS)) {
    $(id).addEventListener("change", ({ target }) => change(sent(target.value.trim())));
    // Enter in a field is for the field, and does not close the dialog.
    $(id).addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      event.target.blur();
    });
  }
  for (const name of SWITCHES)
    $(`account-${name}`).addEventListener("change", ({ target }) =>
      change({ [name]: target.checked }),
    );
  accountChanged.hear(fill);
  copies($("account-copy"), exportLine);
  $("account-reset").addEventListener("click", () => {
    dialog.close();
    askReset();
  });
  $("reset").addEventListener("click", askReset);
  $("reset-dialog").addEventListener(
    "close",
    () => $("reset-dialog").returnValue === "reset" && reset(),
  );
}

function show(dialog) {
  refuse("");
  fill(store.account);
  dialog.showModal();
}

function fill(account) {
  setValue($("account-balance"), account.balance);
  setText($("account-currency"), account.currency);
  for (const name of SWITCHES) $(`account-${name}`).checked = account[name];
  setValue($("account-hook"), account.hook ?? "");
  setValue($("account-operators"), account.unsupported_operators.join(", "));
  setText($("account-export"), exportLine());
  const accepted = `${account.accepted.toLocaleString("en")} accepted`;
  setText(
    $("account-facts"),
    `${accepted} · ${moneyWords(account.price, account.currency)} each · version ${account.version}`,
  );
}

async function change(what) {
  refuse("");
  await attempt(async () => takeAccount(await patch("/sandbox/account", what)), refuse);
}

function refuse(why) {
  setText($("account-error"), why);
  $("account-error").hidden = why === "";
}

function askReset() {
  const { accepted } = store.account ?? { accepted: 0 };
  setText(
    $("reset-says"),
    `All ${accepted.toLocaleString("en")} calls and messages with their webhooks go, the balance is as at the start, and every switch is off.`,
  );
  $("reset-dialog").returnValue = "";
  $("reset-dialog").showModal();
}

async function reset() {
  const account = await attempt(() => post("/sandbox/reset"));
  if (!account) return;
  takeAccount(account);
  await fetchAll();
  toast("Everything is forgotten.");
}
