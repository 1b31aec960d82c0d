/* What becomes of calls when nobody acts: a line of text, and a switch. */

import { patch } from "./api.js";
import { $, setAttribute, setText, setValue } from "./dom.js";
import { recall, remember } from "./remember.js";
import { accountChanged, changeAccount } from "./store.js";
import { attempt } from "./toast.js";

const OFF = "off";
const FIRST = "mixed";

let shown = null;

/** Begin. */
export function start() {
  const field = $("autopilot");
  accountChanged.hear(show);
  field.addEventListener("change", () => set(field.value.trim() || OFF));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") field.blur();
    if (event.key !== "Escape") return;
    takeBack();
    field.blur();
  });
  // It lies over what is below, for that moves for nothing.
  $("autopilot-error").addEventListener("click", takeBack);
  $("autopilot-switch").addEventListener("click", () => {
    const isOn = $("autopilot-switch").getAttribute("aria-checked") === "true";
    set(isOn ? OFF : (recall("autopilot") ?? FIRST));
  });
}

function takeBack() {
  $("autopilot").value = words(shown);
  refuse("");
}

async function set(text) {
  refuse("");
  await attempt(() => changeAccount(() => patch("/sandbox/account", { autopilot: text })), refuse);
}

function refuse(why) {
  const line = $("autopilot-error");
  setText(line, why);
  line.hidden = why === "";
  setAttribute($("autopilot"), "aria-invalid", why ? "true" : null);
}

const words = (text) => text ?? "";

function show({ autopilot }) {
  shown = autopilot;
  const isOn = autopilot !== OFF;
  if (isOn && autopilot !== null) remember("autopilot", autopilot);
  // A text that was refused stays until it is mended.
  if ($("autopilot-error").hidden) setValue($("autopilot"), words(autopilot));
  const chip = $("autopilot-switch");
  setText(chip, autopilot === null ? "program" : isOn ? "on" : OFF);
  setAttribute(chip, "class", `chip ${isOn ? "c-ok" : "c-mute"}`);
  setAttribute(chip, "aria-checked", isOn);
}
