/* Ringing a made-up phone, to try the page, or a hook, without a program; and the first lines for
   who has no program yet. */

import { post } from "./api.js";
import { copies } from "./copy.js";
import { $, setText } from "./dom.js";
import { exportLine } from "./header.js";
import { rowOf } from "./rows.js";
import { select } from "./selection.js";
import { accountChanged, changeRow, store } from "./store.js";
import { attempt } from "./toast.js";
import { phoneWords } from "./words.js";

// The ends whose fate is fixed whatever one does.
const FIXED = /000[123]$/;

// The call that is under way, null for none; one that is asked for twice is made once.
let underWay = null;

/** Begin. */
export function start() {
  accountChanged.hear(() => {
    setText($("empty-export"), exportLine());
    setText($("empty-curl"), curlLine());
  });
  copies($("empty-copy-export"), exportLine);
  copies($("empty-copy-curl"), curlLine);
  $("empty-ring").addEventListener("click", () => ring({ phone: madeUp(), dtmf: true }));
  $("ring").addEventListener("click", showRing);
  $("ring-close").addEventListener("click", () => $("ring-dialog").close());
  $("ring-dialog").querySelector("form").addEventListener("submit", submit);
}

/** Ask which phone, and what becomes of it. */
export function showRing() {
  if (store.account === null) return;
  underWay = null;
  $("ring-phone").value = phoneWords(madeUp());
  refuse("");
  $("ring-dialog").showModal();
  $("ring-yes").focus();
}

async function submit(event) {
  event.preventDefault();
  const call = {
    phone: $("ring-phone").value.replace(/[\s()+-]/g, ""),
    hook: $("ring-hook").value.trim() || null,
    dtmf: $("ring-dtmf").checked,
    autopilot: $("ring-script").value.trim() || null,
  };
  if (await ring(call, refuse)) $("ring-dialog").close();
}

/** Make a call. @returns {Promise<boolean>} whether this was it, and it rings */
async function ring(call, refused) {
  if (underWay !== null) return false;
  refuse("");
  const mine = (underWay = Symbol("call"));
  const row = await attempt(() => changeRow(() => post("/sandbox/calls", call)), refused);
  if (row && rowOf(row.id)) select(row.id);
  if (mine !== underWay) return false;
  underWay = null;
  return row !== undefined;
}

function refuse(why) {
  setText($("ring-error"), why);
  $("ring-error").hidden = why === "";
}

function madeUp() {
  const phone = `38050${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
  return FIXED.test(phone) ? madeUp() : phone;
}

// A flash call: it takes no file.
const curlLine = () =>
  `${exportLine()
    .replace("export ", "")
    .replace(
      /^ALPHASMS_BASE_URL=\S+ ALPHASMS_API_KEY=/,
      `curl ${location.origin}/api/otp.php -F phone=380501234567 -F key=`,
    )}`;
