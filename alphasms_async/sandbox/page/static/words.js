/* How things are called and written for people. Pure functions, no page. */

/**
 * A row of the list, as the sandbox sends it; moments are milliseconds since 1970.
 * @typedef {object} Row
 * @property {number} id
 * @property {"call"|"otp"|"sms"} kind
 * @property {string} page which request it came from
 * @property {string} phone international digits
 * @property {"queued"|"ringing"|"in call"|"ended"} phase
 * @property {?string} word how it ended
 * @property {string} keys what was pressed
 * @property {boolean} collects whether it waits for keys
 * @property {number} talked seconds
 * @property {string} price
 * @property {number} at
 * @property {?number} ringing_at
 * @property {?number} answered_at
 * @property {?number} ended_at
 * @property {?string} text
 * @property {?string} code
 * @property {?string} file
 * @property {?string} chaos the rule that spoiled the answer to its request
 * @property {?Hook} hook null when nobody asked to be told
 *
 * @typedef {object} Hook how its webhook goes; status, error and ms are the last attempt's
 * @property {number} attempts
 * @property {?number} status
 * @property {?string} error
 * @property {?number} ms
 * @property {boolean} taken
 * @property {?number} next_at
 * @property {number} in_flight
 */

const LOOKS = {
  ANSWERED: "c-ok",
  DELIVERED: "c-mute",
  READ: "c-mute",
  REPLIED: "c-mute",
  ACCEPTED: "c-mute",
  QUEUED: "c-mute",
  ROUTING: "c-mute",
  "NO ANSWER": "c-warn",
  BUSY: "c-warn",
  CANCEL: "c-mute",
  "PARTIALLY DELIVERED": "c-warn",
  UNKNOWN: "c-warn",
};
const PHASES = {
  queued: ["Queued", "c-mute"],
  ringing: ["Ringing", "c-ring"],
  "in call": ["In call", "c-live"],
};
const ERRORS = {
  TimeoutError: "timeout",
  ConnectTimeout: "timeout",
  ReadTimeout: "timeout",
  WriteTimeout: "timeout",
  ConnectError: "no connection",
  ReadError: "broken off",
  WriteError: "broken off",
  RemoteProtocolError: "broken off",
};
const SPOILED = {
  charged_no_reply: "reply lost",
  half_answer: "reply cut off",
  wrong_json: "reply of another shape",
};
const SIGNS = { UAH: "₴", USD: "$", EUR: "€", PLN: "zł" };
const TAGS = { voice_sms: "TEXT", say: "TEXT", pipeline: "PIPE" };
const ENDINGS = { 1: "st", 2: "nd", 3: "rd" };

// How long a country's code is, by how it begins.
const COUNTRY = /^([17]|2[1-69]\d|3[578]\d|42\d|5[09]\d|6[7-9]\d|8[0578]\d|9[679]\d|\d\d)(\d+)$/;

const two = (number) => String(number).padStart(2, "0");

/** `+380 50 123 45 67`; numbers of other countries in threes. */
export function phoneWords(digits) {
  const ours = /^(380)(\d\d)(\d{3})(\d\d)(\d\d)$/.exec(digits);
  if (ours) return `+${ours.slice(1).join(" ")}`;
  const [, country, rest] = COUNTRY.exec(digits) ?? [null, digits, ""];
  return `+${country} ${rest.replace(/\d{3}(?=\d{2})/g, "$& ")}`.trim();
}

/** `14:02:27`, here and now's zone. */
export function clockWords(at) {
  const moment = new Date(at);
  return [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(":");
}

/** `14:02:33.118` */
export const clockToMs = (at) =>
  `${clockWords(at)}.${String(new Date(at).getMilliseconds()).padStart(3, "0")}`;

/** The whole moment, for a tooltip. */
export const momentWords = (at) => new Date(at).toLocaleString();

/** `0:11`, from seconds */
export function minutes(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}

/** `38 ms`, `5.00 s` */
export const tookWords = (ms) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(2)} s`);

/** `14 s`, `2.5 s`, `3 min` */
export function lastedWords(ms) {
  const seconds = ms / 1000;
  if (seconds >= 600) return `${Math.round(seconds / 60)} min`;
  return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
}

/** `4 s` for a countdown, in whole seconds; "" when it is over */
export const leftWords = (ms) => (ms > 0 ? lastedWords(Math.ceil(ms / 1000) * 1000) : "");

/** `12 345`: thousands apart, by a space that no line breaks at */
export const countWords = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** `once`, `twice`, `3 times` */
export const timesWords = (number) =>
  ["never", "once", "twice"][number] ?? `${countWords(number)} times`;

/** `0.40 ₴`, `100 000.00 ₴` */
export function moneyWords(amount, currency) {
  const [whole, part] = amount.split(".");
  return `${[countWords(whole), part].join(".")} ${SIGNS[currency] ?? currency}`;
}

/** `138 KB` */
export function sizeWords(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `1st`, `2nd`, `3rd`, `11th` */
export function ordinal(number) {
  const teens = number % 100 > 10 && number % 100 < 14;
  return `${number}${(!teens && ENDINGS[number % 10]) || "th"}`;
}

/** What state a row is in, and how it looks: `["Ringing", "c-ring"]`. */
export function stateOf(row) {
  if (row.phase !== "ended") return PHASES[row.phase];
  const word = row.word ?? "Ended";
  return [word.charAt(0) + word.slice(1).toLowerCase(), LOOKS[row.word] ?? "c-bad"];
}

/** What is written beside a number: `OTP`, `SMS`, null for a plain call. */
export const tagOf = (row) =>
  row.kind === "call" ? (TAGS[row.page] ?? null) : row.kind.toUpperCase();

/** Why a hook had no answer, in a word or two. */
export const errorWords = (error) => ERRORS[error] ?? error.split(":")[0];

/** What a hook came to: its status, or a word. */
export const outcomeOf = ({ status, error }) =>
  status === null ? errorWords(error ?? "no answer") : String(status);

/** Which attempt it is: by itself, or because a person asked for it. */
export function whichWords({ attempt, resent }) {
  if (!resent) return `attempt ${attempt}`;
  return attempt === 1 ? "sent again" : `sent again, attempt ${attempt}`;
}

/** How an attempt, or a hook by its last, looks: taken, not answered, refused. */
export function lookOfAttempt({ status }) {
  if (status === null) return "warn";
  return status >= 200 && status < 300 ? "ok" : "bad";
}

/** What chaos did to the answer that the program got, `⚡ reply lost`; "" for nothing. */
export const spoiledWords = ({ chaos }) =>
  chaos ? `⚡ ${SPOILED[chaos] ?? chaos.replaceAll("_", " ")}` : "";

/** Whether a hook failed so far. */
export const isHookFailing = (hook) => hook !== null && hook.attempts > 0 && !hook.taken;

/** Whether somebody should look at it: it failed, or its hook did, or its program knows it not. */
export const isTrouble = (row) =>
  Boolean(row.chaos) ||
  isHookFailing(row.hook) ||
  (row.phase === "ended" && stateOf(row)[1] === "c-bad");

/**
 * What chaos did to a row, and how its webhook goes, in words, each with its class.
 * @param {Row} row
 * @param {{attempts: number, hook_timing: string}} account
 * @param {string} left how long it is to the next attempt, `4 s`; "" when it is due
 * @returns {Array<[string, string]>}
 */
export function hookWords(row, account, left) {
  const spoiled = spoiledWords(row);
  const words = toldWords(row, account, left).filter(([text]) => text);
  if (!spoiled) return words;
  return [[spoiled, "warnc"], ...(words.length ? [[" · ", "dim"], ...words] : [])];
}

function toldWords(row, account, left) {
  if (row.kind === "sms" && row.text && !isHookFailing(row.hook)) return [[row.text, "dim"]];
  if (row.phase === "ringing") return [[row.collects ? "collects digits" : "", "dim"]];
  const words = attemptWords(row, account, left);
  return row.code ? [...words, [` · code ${row.code}`, "dim"]] : words;
}

function attemptWords({ hook, phase }, account, left) {
  if (hook === null) return [["no hook", "dim"]];
  if (hook.attempts === 0)
    return [[phase === "ended" ? "posting…" : `hook ${timingWords(account)}`, "dim"]];
  const outcome = outcomeOf(hook);
  if (hook.taken) {
    const how = hook.attempts > 1 ? `${ordinal(hook.attempts)} try` : tookWords(hook.ms);
    return [
      [`✓ ${outcome}`, "okc"],
      [` ${how}`, "dim"],
    ];
  }
  if (hook.next_at === null && hook.in_flight === 0)
    return [
      [`✗ ${outcome}`, "badc"],
      [" gave up", "dim"],
    ];
  const next = Math.min(hook.attempts + 1, account.attempts);
  const when = hook.next_at === null || left === "" ? "now" : `in ${left}`;
  return [
    [`↻ ${next} of ${account.attempts}`, "warnc"],
    [` ${when}`, "dim"],
  ];
}

const timingWords = (account) => (account.hook_timing === "key" ? "on each key" : "at hang-up");
