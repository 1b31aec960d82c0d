/* The account: its balance, what it refuses, its hook; and forgetting everything. */

import { patch, post } from "./api.js";
import { copies } from "./copy.js";
import { $, setAttribute, setText, setValue } from "./dom.js";
import { exportLine } from "./header.js";
import { accountChanged, changeAccount, fetchAll, store } from "./store.js";
import { attempt, toast } from "./toast.js";
import { countWords, moneyWords } from "./words.js";

const SWITCHES = ["banned", "api_disabled", "ip_denied"];

// What each field shows, and what it asks for.
const FIELDS = {
  "account-balance": {
    shown: ({ balance }) => balance,
    asks: (text) => ({ balance: text.replace(",", ".").replace(/\s/g, "") }),
  },
  "account-hook": {
    shown: ({ hook }) => hook ?? "",
    asks: (text) => ({ hook: text || null }),
  },
  "account-operators": {
    shown: ({ unsupported_operators: operators }) => operators.join(", "),
    asks: (text) => ({
      unsupported_operators: text
        .split(/[\s,;]+/)
        .filter(Boolean)
        .map((each) => each.replace(/^\+/, "")),
    }),
  },
};

/** What is on its way, by the field or switch, or was refused, and why: what a field says stays until
    it is taken, mended or taken back.
    @type {Map<string, {text: string, why: string}>} */
const sent = new Map();

/** Begin. */
export function start() {
  const dialog = $("account-dialog");
  for (const opener of ["balance", "shut-flag"])
    $(opener).addEventListener("click", () => show(dialog));
  for (const id of Object.keys(FIELDS)) {
    $(id).addEventListener("change", ({ target }) => send(target));
    $(id).addEventListener("keydown", steer);
    $(id).addEventListener("blur", () => fill(store.account));
  }
  for (const name of SWITCHES)
    $(`account-${name}`).addEventListener("change", ({ target }) =>
      change(target, { [name]: target.checked }),
    );
  accountChanged.hear(fill);
  accountChanged.hear(enable);
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

// What needs the account waits for it.
function enable() {
  for (const control of document.querySelectorAll("[data-waits]")) {
    control.disabled = false;
    delete control.dataset.waits;
  }
}

function show(dialog) {
  sent.clear();
  showRefused();
  fill(store.account);
  dialog.showModal();
}

function fill(account) {
  for (const [id, { shown }] of Object.entries(FIELDS))
    if (!sent.has(id)) setValue($(id), shown(account));
  for (const name of SWITCHES)
    if (sent.get(`account-${name}`)?.why !== "") $(`account-${name}`).checked = account[name];
  setText($("account-currency"), account.currency);
  setText($("account-export"), exportLine());
  const accepted = `${countWords(account.accepted)} accepted`;
  setText(
    $("account-facts"),
    `${accepted} · ${moneyWords(account.price, account.currency)} each · version ${account.version}`,
  );
}

// Enter is for the field, and does not close the dialog; Escape does not while there is something to
// take back.
function steer(event) {
  const { target: field } = event;
  if (event.key === "Enter") {
    event.preventDefault();
    // What was refused is no change, and is asked for again all the same.
    if (sent.get(field.id)?.text === field.value) send(field);
    else field.blur();
  } else if (event.key === "Escape" && isTyped(field)) {
    event.preventDefault();
    field.value = FIELDS[field.id].shown(store.account);
    sent.delete(field.id);
    showRefused();
  }
}

const isTyped = (field) =>
  sent.has(field.id) || field.value !== FIELDS[field.id].shown(store.account);

function send(field) {
  if (isTyped(field)) change(field, FIELDS[field.id].asks(field.value.trim()));
}

async function change(control, what) {
  // A switch that was refused has gone back, and is no longer wrong.
  for (const name of SWITCHES) sent.delete(`account-${name}`);
  const mine = { text: control.value, why: "" };
  sent.set(control.id, mine);
  showRefused();
  await attempt(
    () => changeAccount(() => patch("/sandbox/account", what)),
    (why) => (mine.why = why),
  );
  if (mine.why === "" && sent.get(control.id) === mine) sent.delete(control.id);
  showRefused();
  fill(store.account);
}

function showRefused() {
  const wrong = [...sent].filter(([, { why }]) => why !== "");
  const why = wrong.at(-1)?.[1].why ?? "";
  setText($("account-error"), why);
  $("account-error").hidden = why === "";
  const ids = new Set(wrong.map(([id]) => id));
  for (const id of Object.keys(FIELDS)) {
    setAttribute($(id), "aria-invalid", ids.has(id) ? "true" : null);
    setAttribute($(id), "aria-describedby", ids.has(id) ? "account-error" : null);
  }
}

function askReset() {
  const { accepted } = store.account ?? { accepted: 0 };
  setText(
    $("reset-says"),
    `All ${countWords(accepted)} calls and messages with their webhooks go, the balance is as at the start, and every switch is off.`,
  );
  $("reset-dialog").returnValue = "";
  $("reset-dialog").showModal();
}

async function reset() {
  if (!(await attempt(() => post("/sandbox/reset")))) return;
  await fetchAll();
  toast("Everything is forgotten.");
}
