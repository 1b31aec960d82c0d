/* The tones of a keypad: two at once, one for the line of the key and one for its column. */

const KEYS = "123456789*0#";
const LINES = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const LOUDNESS = 0.06;
const SECONDS = 0.12;

let context;

/** Sound the tone of `key`; called for a press, for a browser is silent before one. */
export function sound(key) {
  if (typeof AudioContext === "undefined") return;
  context ??= new AudioContext();
  const place = KEYS.indexOf(key);
  const gain = context.createGain();
  const until = context.currentTime + SECONDS;
  gain.gain.setValueAtTime(LOUDNESS, until - 0.02);
  // Not cut off: that clicks.
  gain.gain.linearRampToValueAtTime(0, until);
  gain.connect(context.destination);
  for (const hertz of [LINES[Math.floor(place / 3)], COLUMNS[place % 3]]) {
    const tone = new OscillatorNode(context, { frequency: hertz });
    tone.connect(gain);
    tone.start();
    tone.stop(until);
  }
}
