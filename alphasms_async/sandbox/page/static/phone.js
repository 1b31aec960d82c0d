/* The phone of the call that is open: whom it is for, how it stands, what can be done. */

import { still, tickSince } from "./clock.js";
import { copies } from "./copy.js";
import { $, el, setAttribute, setParts, setText } from "./dom.js";
import { showKeypad } from "./keypad.js";
import { showPlayer } from "./player.js";
import { open, openChanged, openRow, selectionChanged } from "./selection.js";
import { onceAFrame } from "./signal.js";
import { act } from "./store.js";
import { lineParts } from "./syntax.js";
import { clockWords, minutes, momentWords, phoneWords, spoiledWords, stateOf } from "./words.js";

const ICONS = {
  call: "M6.6 10.8a15 15 0 0 0 6.6 6.6l2.2-2.2a1 1 0 0 1 1-.25 11.4 11.4 0 0 0 3.6.57 1 1 0 0 1 1 1V20a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.5a1 1 0 0 1 1 1c0 1.25.2 2.45.57 3.57a1 1 0 0 1-.25 1z",
  sms: "M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H9l-4.3 3.7A1 1 0 0 1 3 21V5a2 2 0 0 1 1-2zm3 5v2h10V8zm0 4v2h7v-2z",
};
ICONS.otp = ICONS.call;

// What can be done while it rings, or waits to, and while it is talked in: word, verb, look.
const RINGING = [
  ["Answer", "answer", "b-ok wide"],
  ["Decline", "busy", "b-bad wide"],
  ["No answer", "no-answer", "b-line"],
  ["Fail", "fail", "b-line"],
];
const TALKING = [
  ["Hang up", "hang-up", "b-bad wide"],
  ["Busy", "busy", "b-line"],
  ["No answer", "no-answer", "b-line"],
  ["Fail", "fail", "b-line"],
];

/** Begin to show the one that is open. */
export function start() {
  const draw = onceAFrame(show);
  selectionChanged.hear(draw);
  openChanged.hear(draw);
  copies($("copy-code"), () => $("code").textContent);
  copies($("copy-test"), () => open.detail.test);
  show();
}

function show() {
  const row = openRow();
  $("nothing").hidden = row !== null;
  $("phone").hidden = row === null;
  $("handset").classList.toggle("rings", row?.phase === "ringing");
  if (row === null) return showPlayer(null, null);
  showHead(row);
  showPlayer(row, open.detail);
  showContent(row);
  $("desk").classList.toggle("quiet", row.kind === "sms");
  showKeypad(row);
  showActs(row);
  showTest();
  return undefined;
}

function showHead(row) {
  const [word, look] = stateOf(row);
  setText($("number"), phoneWords(row.phone));
  setAttribute($("icon"), "d", ICONS[row.kind]);
  setText($("chip"), word);
  setAttribute($("chip"), "class", `chip ${look}${look === "c-ring" ? " solid-ring" : ""}`);
  setText($("about-kind"), { call: "call ", otp: "flash call ", sms: "message " }[row.kind]);
  setText($("about-id"), String(row.id));
  const what = row.file ?? (row.text && row.kind === "call" ? "text read out" : "");
  setParts($("about-what"), [[what, ""]]);
  setAttribute($("about-what"), "title", what);
  $("about-what").hidden = what === "";
  setText($("about-when"), whenWords(row));
  setAttribute($("about-when"), "title", momentWords(row.at));
  setText($("about-chaos"), spoiledWords(row));
  $("about-chaos").hidden = !row.chaos;
  showTimer(row);
}

const whenWords = ({ at, ringing_at: rang, answered_at: answered }) =>
  answered
    ? `answered ${clockWords(answered)}`
    : `${rang ? "rang" : "accepted"} ${clockWords(rang ?? at)}`;

function showTimer(row) {
  const timer = $("timer");
  if (row.phase === "ringing") tickSince(timer, row.ringing_at);
  else if (row.phase === "in call") tickSince(timer, row.answered_at);
  else {
    still(timer);
    setText(timer, row.talked > 0 ? minutes(row.talked) : "");
  }
}

function showContent(row) {
  const isSaid = Boolean(row.text);
  $("codebox").hidden = row.code === null;
  setText($("code"), row.code ?? "");
  $("said").hidden = !isSaid;
  $("said").classList.toggle("written", row.kind === "sms");
  $("said-how").hidden = row.kind === "sms";
  setText($("said-how"), "read out by the gateway");
  // The row has but the beginning of a long one.
  setText($("said-text"), (open.detail ?? row).text ?? "");
}

let actsKey = "";

function showActs(row) {
  const acts = row.phase === "in call" || row.phase === "ended" ? TALKING : RINGING;
  const isOver = row.phase === "ended";
  const key = `${row.id} ${row.phase}`;
  if (key === actsKey) return;
  actsKey = key;
  const hadFocus = $("acts").contains(document.activeElement);
  $("acts").replaceChildren(
    ...acts.map(([word, verb, look]) =>
      el(
        "button",
        {
          class: `btn ${isOver ? look.replace(/b-bad|b-ok/, "b-line") : look}`,
          disabled: isOver,
          onclick: () => act(row.id, verb),
        },
        word,
      ),
    ),
  );
  if (hadFocus)
    ($("acts").querySelector("button:enabled") ?? $("table")).focus({ preventScroll: true });
}

// What was done last is what is seen of it.
function showTest() {
  const { detail } = open;
  const box = $("test");
  $("copy-test").disabled = detail === null;
  if (box.textOfTest === detail?.test) return;
  box.textOfTest = detail?.test;
  const lines = detail === null ? [] : detail.test.split("\n");
  setText($("test-count"), lines.length > 1 ? `${lines.length} lines` : "");
  box.replaceChildren(el("div", {}, ...lines.map(testLine)));
  // Its end: the box begins there.
  box.scrollTop = 0;
}

function testLine(text) {
  const parts = lineParts(text).flatMap(([part, look]) =>
    look ? [el("span", { class: look, text: part })] : breakable(part),
  );
  return el("div", { class: "code", title: text }, ...parts);
}

// Where there is room for two lines, the second begins behind a bracket.
const breakable = (part) =>
  part.split(/(?<=\()/).flatMap((piece, place) => (place ? [el("wbr"), piece] : [piece]));
