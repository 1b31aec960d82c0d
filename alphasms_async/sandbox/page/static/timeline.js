/* The strip that shows when a call was queued, rang, was talked in, and when its hook was posted. */

import { now, still, tick } from "./clock.js";
import { $, setText, svg } from "./dom.js";
import { lastedWords, lookOfAttempt, outcomeOf, whichWords } from "./words.js";

const BAR = { y: 6, height: 12 };
const GAP = 2;
const LEAST = 4;
const LETTER = 6.1;
const BREAK = 16;
const SPACE = 6;
const NEAR = 8;

/** Show the strip of a call, for null none. */
export function showTimeline(detail) {
  const strip = $("timeline-strip");
  $("timeline").hidden = detail === null;
  still(strip);
  if (detail === null) return;
  if (detail.phase === "ended") draw(strip, detail, detail.ended_at);
  else tick(strip, (time) => draw(strip, detail, time));
}

function draw(strip, detail, end) {
  // The page's idea of the time may be a little behind.
  const until = Math.max(end, detail.at, ...detail.key_times.map(({ at }) => at));
  const width = strip.clientWidth;
  // Drawn anew only when something would be seen of it.
  const step = until - detail.at > 30_000 ? 1000 : 200;
  const key = `${detail.id} ${Math.floor((until - detail.at) / step)} ${detail.deliveries.length} ${detail.key_times.length} ${detail.phase} ${width}`;
  if (strip.key === key || width === 0) return;
  strip.key = key;
  const scale = scaleOf(detail, until, width);
  const labels = [];
  strip.replaceChildren(
    ...segments(detail, until, scale, labels),
    ...(scale.cut === null ? [] : cutMark(scale.cut)),
    ...keyMarks(detail, scale, labels),
    ...attemptMarks(detail, scale, labels),
    ...placed(labels, width),
  );
  strip.setAttribute("aria-label", describe(detail));
  setText($("timeline-length"), lastedWords(scale.total));
}

// From moments to places. Hooks that come long after the call get a part of their own behind a
// break, or the call would shrink to a dot.
function scaleOf(detail, until, width) {
  const last = Math.max(until, ...detail.deliveries.map(({ at }) => at));
  const call = until - detail.at;
  const total = last - detail.at;
  if (total <= call * 1.6 || total === 0) {
    const place = (at) => (total ? ((at - detail.at) / total) * width : 0);
    return { place, total, cut: null, callEnd: total ? place(until) : width };
  }
  const callEnd = call ? width * 0.6 : 0;
  const rest = {
    from: callEnd ? callEnd + BREAK : 0,
    width: width - callEnd - (callEnd ? BREAK : 0),
  };
  const place = (at) =>
    at <= until && call
      ? ((at - detail.at) / call) * callEnd
      : rest.from + ((at - until) / (last - until)) * rest.width;
  return { place, total, cut: callEnd ? callEnd + BREAK / 2 : null, callEnd, rest };
}

function segments(detail, until, scale, labels) {
  const { at, ringing_at: rings, answered_at: answered } = detail;
  const spans = [
    ["s-brand", "queued", at, rings ?? until],
    ["s-ring", "ringing", rings, answered ?? until],
    ["s-ok", "in call", answered, until],
  ].filter(([, , from, to]) => from !== null && to > from);
  const drawn = spans.map(([look, name, from, to]) => {
    const x = scale.place(from);
    const wide = Math.max(
      LEAST,
      (to === until ? scale.callEnd : scale.place(to)) - x - (to === until ? 0 : GAP),
    );
    labels.push({
      x,
      text: to === until && look === "s-ok" ? name : `${name} ${lastedWords(to - from)}`,
      short: name,
      room: wide,
      rank: look === "s-brand" ? 3 : 2,
    });
    return svg(
      "rect",
      { class: look, x, ...BAR, width: wide, rx: 3 },
      svg("title", { text: `${name} ${lastedWords(to - from)}` }),
    );
  });
  if (scale.rest)
    drawn.push(
      svg("rect", { class: "s-mute", x: scale.rest.from, ...BAR, width: scale.rest.width, rx: 3 }),
    );
  else if (drawn.length === 0)
    drawn.push(svg("rect", { class: "s-mute", x: 0, ...BAR, width: scale.callEnd, rx: 3 }));
  return drawn;
}

const cutMark = (x) => [svg("path", { class: "m cut", d: `M${x - 4} 20l4-16M${x + 1} 20l4-16` })];

function keyMarks({ key_times: keys }, scale, labels) {
  let near = null;
  return keys.map(({ digit, at }) => {
    const x = Math.max(6, scale.place(at));
    if (near && x - near.at < 14) {
      near.text += digit;
      near.at = x;
    } else labels.push((near = { x, at: x, text: `key ${digit}`, middle: true, rank: 0 }));
    return svg(
      "circle",
      { class: "s-key", cx: x, cy: 12, r: 6 },
      svg("title", { text: `key ${digit}` }),
    );
  });
}

function attemptMarks({ deliveries }, scale, labels) {
  return deliveries.map((delivery) => {
    const x = Math.max(2, scale.place(delivery.at - delivery.ms));
    labels.push({ x, text: outcomeOf(delivery), middle: true, rank: 1 });
    return svg(
      "path",
      { class: `m ${lookOfAttempt(delivery)}`, d: `M${x} 3v18` },
      svg("title", { text: `${whichWords(delivery)}: ${outcomeOf(delivery)}` }),
    );
  });
}

// Labels that would run into another are left out, those that matter least first; each mark says
// what it is under the pointer as well.
function placed(labels, width) {
  const taken = [];
  const shown = [];
  for (const label of [...labels].sort((one, other) => one.rank - other.rank)) {
    for (const text of label.short ? [label.text, label.short] : [label.text]) {
      const wide = text.length * LETTER;
      const x = roomFor(label, wide, taken, width);
      if (x === null) continue;
      taken.push([x, x + wide]);
      shown.push(svg("text", { x, y: 36, text }));
      break;
    }
  }
  return shown;
}

// Where the label goes: under its mark, or as little beside it as need be.
function roomFor({ x: at, middle }, wide, taken, width) {
  const isFree = (x) =>
    x >= 0 &&
    x + wide <= width &&
    !taken.some(([from, to]) => x < to + SPACE && x + wide + SPACE > from);
  const wish = Math.min(Math.max(0, middle ? at - wide / 2 : at), width - wide);
  if (isFree(wish)) return wish;
  const beside = taken.flatMap(([from, to]) => [to + SPACE, from - SPACE - wide]);
  const near = beside.filter((x) => isFree(x) && at > x - NEAR && at < x + wide + NEAR);
  return near.sort((one, other) => Math.abs(one - wish) - Math.abs(other - wish))[0] ?? null;
}

function describe({ key_times: keys, deliveries, ...detail }) {
  const parts = [];
  if (detail.ringing_at)
    parts.push(
      `rang for ${lastedWords((detail.answered_at ?? detail.ended_at ?? now()) - detail.ringing_at)}`,
    );
  if (detail.answered_at)
    parts.push(`talked for ${lastedWords((detail.ended_at ?? now()) - detail.answered_at)}`);
  if (keys.length) parts.push(`keys ${keys.map(({ digit }) => digit).join("")}`);
  if (deliveries.length) parts.push(`hook: ${deliveries.map(outcomeOf).join(", ")}`);
  return `Timeline: ${parts.join("; ") || "nothing yet"}`;
}
