/* The recording: played, drawn as bars, moved in by pointer and by keys. */

import { fetchBlob } from "./api.js";
import { $, el, setAttribute, setText, svg } from "./dom.js";
import { attempt } from "./toast.js";
import { minutes, sizeWords } from "./words.js";

const PLAY = "M1 1.2v11.6c0 .7.8 1.2 1.4.8l9.3-5.8c.6-.4.6-1.2 0-1.6L2.4.4C1.8 0 1 .5 1 1.2z";
const PAUSE =
  "M2 .5h2.5a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H2a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1zm6.5 0H11a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H8.5a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1z";
const STEP = 3;
const HEIGHT = 40;
const FLAT = Array(130).fill(0);

// Whose recording it is, null for nobody's; ids begin anew with the sandbox, so by their moment too.
let shown = null;
let asked = new AbortController();
let loading = null;
let seconds = 0;
let isPlayable = false;
let bars = [];

/** Begin. */
export function start() {
  const audio = $("audio");
  $("play").addEventListener("click", toggle);
  $("wave").addEventListener("pointerdown", (event) => {
    const { left, width } = $("wave").getBoundingClientRect();
    seek(((event.clientX - left) / width) * seconds);
  });
  $("wave").addEventListener("keydown", steer);
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, showButton);
  for (const name of ["timeupdate", "seeked", "loadedmetadata"])
    audio.addEventListener(name, showPosition);
  audio.addEventListener("play", follow);
  audio.addEventListener("error", () => audio.src && cannotPlay());
  showButton();
}

/** Show the recording of `row`, once its details are there; null for none. */
export function showPlayer(row, detail) {
  const sound = detail?.sound ?? null;
  // While the next one's details are on their way, its place is kept, so that nothing jumps.
  const isComing = Boolean(row?.file) && detail === null;
  const wanted = row && `${row.id} ${row.at}`;
  if (wanted !== shown) drop();
  $("player").hidden = sound === null && !isComing;
  $("sound").hidden = $("player").hidden;
  if (sound === null || shown === wanted) return;
  shown = wanted;
  ({ seconds } = sound);
  isPlayable = sound.playable;
  if (isPlayable) loading = load(row.id);
  draw(detail.peaks ?? FLAT);
  showFacts(sound);
  showButton();
  showPosition();
}

// Whole: of an address a browser asks for more whenever it likes, of a sandbox that is gone too.
async function load(id) {
  const { signal } = (asked = new AbortController());
  const blob = await attempt(
    () => fetchBlob(`/sandbox/entries/${id}/recording`, signal),
    // Next time it is shown, it is asked for again.
    () => signal.aborted || (shown = null),
  );
  if (blob && !signal.aborted) $("audio").src = URL.createObjectURL(blob);
}

function drop() {
  if (shown === null) return;
  shown = null;
  seconds = 0;
  isPlayable = false;
  asked.abort();
  $("audio").pause();
  if ($("audio").src) URL.revokeObjectURL($("audio").src);
  $("audio").removeAttribute("src");
  $("audio").load();
  draw([]);
  $("sound").replaceChildren();
  showButton();
  showPosition();
}

function draw(peaks) {
  bars = peaks.map((peak, place) => {
    const height = Math.max(2, peak * (HEIGHT - 4));
    return svg("rect", { x: place * STEP, y: (HEIGHT - height) / 2, width: 2, height, rx: 1 });
  });
  setAttribute($("wave"), "viewBox", `0 0 ${Math.max(1, bars.length * STEP)} ${HEIGHT}`);
  $("wave").replaceChildren(...bars);
}

function showFacts(sound) {
  const kilohertz = `${Number((sound.rate / 1000).toFixed(2))} kHz`;
  const channels = { 1: "mono", 2: "stereo" }[sound.channels] ?? `${sound.channels} channels`;
  const facts = [
    kilohertz,
    channels,
    `${sound.codec} ${sound.bits}-bit`,
    `${sound.seconds.toFixed(1)} s`,
    sizeWords(sound.bytes),
  ];
  if (!sound.playable) facts.push("cannot be played here");
  const verdict = el(
    "span",
    { class: `verdict ${sound.good ? "okc" : "warnc"}` },
    `${sound.good ? "✓" : "!"} ${sound.verdict}`,
  );
  $("sound").replaceChildren(...facts.map((text) => el("span", { class: "fact", text })), verdict);
}

function cannotPlay() {
  if (!isPlayable) return;
  isPlayable = false;
  showButton();
  $("sound").prepend(el("span", { class: "fact", text: "cannot be played here" }));
}

async function toggle() {
  const audio = $("audio");
  if (!audio.paused) return audio.pause();
  try {
    await loading;
    await audio.play();
  } catch {
    // Another call was opened meanwhile, or the sound is none; `error` tells of the latter.
  }
  return undefined;
}

function seek(to) {
  if (!isPlayable || !seconds) return;
  $("audio").currentTime = Math.min(Math.max(0, to), seconds);
  showPosition();
}

function steer(event) {
  const { currentTime } = $("audio");
  const to = {
    ArrowLeft: currentTime - 1,
    ArrowDown: currentTime - 1,
    ArrowRight: currentTime + 1,
    ArrowUp: currentTime + 1,
    PageUp: currentTime + 5,
    PageDown: currentTime - 5,
    Home: 0,
    End: seconds,
  }[event.key];
  if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  seek(to);
}

// Smoother than the four times a second at which a browser tells of it.
function follow() {
  if ($("audio").paused) return;
  showPosition();
  requestAnimationFrame(follow);
}

function showButton() {
  const isPlaying = !$("audio").paused && !$("audio").ended;
  setAttribute($("play-icon"), "d", isPlaying ? PAUSE : PLAY);
  setAttribute($("play"), "aria-label", isPlaying ? "Pause the recording" : "Play the recording");
  $("play").disabled = !isPlayable;
  setAttribute($("wave"), "aria-disabled", !isPlayable);
}

function showPosition() {
  const at = isPlayable ? $("audio").currentTime : 0;
  const on = seconds ? (at / seconds) * bars.length : 0;
  bars.forEach((bar, place) => bar.classList.toggle("on", place < on));
  const words = `${minutes(at)} / ${minutes(seconds)}`;
  setText($("position"), words);
  setAttribute($("wave"), "aria-valuemax", Math.round(seconds * 10) / 10);
  setAttribute($("wave"), "aria-valuenow", Math.round(at * 10) / 10);
  setAttribute($("wave"), "aria-valuetext", words.replace("/", "of"));
}
