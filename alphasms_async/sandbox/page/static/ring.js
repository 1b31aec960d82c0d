/* Ringing a made-up phone, to try the page, or a hook, without a program; and the first lines for
   who has no program yet. */

import { post } from "./api.js";
import { copies } from "./copy.js";
import { $, setText } from "./dom.js";
import { exportLine } from "./header.js";
import { putNew } from "./rows.js";
import { select } from "./selection.js";
import { accountChanged, rowsChanged } from "./store.js";
import { attempt } from "./toast.js";
import { phoneWords } from "./words.js";

// The ends whose fate is fixed whatever one does.
const FIXED = /000[123]$/;

/** Begin. */
export function start() {
  accountChanged.hear(() => {
    setText($("empty-export"), exportLine());
    setText($("empty-curl"), curlLine());
  });
  copies($("empty-copy-export"), exportLine);
  copies($("empty-copy-curl"), curlLine);
  $("empty-ring").addEventListener("click", () =>
    attempt(() => ring({ phone: madeUp(), hook: null, dtmf: true })),
  );
  $("ring").addEventListener("click", showRing);
  $("ring-close").addEventListener("click", () => $("ring-dialog").close());
  $("ring-dialog").querySelector("form").addEventListener("submit", submit);
}

/** Ask which phone, and what becomes of it. */
export function showRing() {
  $("ring-phone").value = phoneWords(madeUp());
  refuse("");
  $("ring-dialog").showModal();
  $("ring-yes").focus();
}

async function submit(event) {
  event.preventDefault();
  refuse("");
  const phone = $("ring-phone").value.replace(/[\s()+-]/g, "");
  const autopilot = $("ring-script").value.trim();
  const rung = await attempt(async () => {
    if (autopilot) await post("/sandbox/scripts", { phone, autopilot });
    return ring({ phone, hook: $("ring-hook").value.trim() || null, dtmf: $("ring-dtmf").checked });
  }, refuse);
  if (rung) $("ring-dialog").close();
}

async function ring(call) {
  const row = await post("/sandbox/calls", call);
  putNew([row]);
  rowsChanged.tell();
  select(row.id);
  return row;
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
