/* What becomes of calls when nobody acts: a line of text, and a switch. */

import { patch } from "./api.js";
import { $, setAttribute, setText, setValue } from "./dom.js";
import { recall, remember } from "./remember.js";
import { accountChanged, store, takeAccount } from "./store.js";
import { attempt } from "./toast.js";

const OFF = "off";
const FIRST = "mixed";

/** Begin. */
export function start() {
  const field = $("autopilot");
  accountChanged.hear(show);
  field.addEventListener("change", () => set(field.value.trim() || OFF));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") field.blur();
    if (event.key !== "Escape") return;
    field.value = words(store.account.autopilot);
    field.blur();
    refuse("");
  });
  $("autopilot-switch").addEventListener("click", () => {
    const isOn = $("autopilot-switch").getAttribute("aria-checked") === "true";
    set(isOn ? OFF : (recall("autopilot") ?? FIRST));
  });
}

async function set(text) {
  refuse("");
  await attempt(
    async () => takeAccount(await patch("/sandbox/account", { autopilot: text })),
    refuse,
  );
}

function refuse(why) {
  const line = $("autopilot-error");
  setText(line, why);
  line.hidden = why === "";
  setAttribute($("autopilot"), "aria-invalid", why ? "true" : null);
}

const words = (text) => text ?? "";

function show({ autopilot }) {
  const isOn = autopilot !== OFF;
  if (isOn && autopilot !== null) remember("autopilot", autopilot);
  // A text that was refused stays until it is mended.
  if ($("autopilot-error").hidden) setValue($("autopilot"), words(autopilot));
  const chip = $("autopilot-switch");
  setText(chip, autopilot === null ? "program" : isOn ? "on" : OFF);
  setAttribute(chip, "class", `chip ${isOn ? "c-ok" : "c-mute"}`);
  setAttribute(chip, "aria-checked", isOn);
}
