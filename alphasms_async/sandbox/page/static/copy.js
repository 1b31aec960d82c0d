/* Copying a text, said by the button for a moment. */

import { aloud, toast } from "./toast.js";

const SECONDS = 1.2;

/** Have `button` copy what `text` returns when it is pressed. */
export function copies(button, text) {
  const words = [...button.childNodes];
  let timer;
  button.addEventListener("click", async () => {
    if (!(await copy(text()))) return toast("The browser does not let this page copy.");
    // Its width stays, or all beside it would move.
    button.style.width = `${button.offsetWidth}px`;
    button.textContent = "✓";
    aloud("copied");
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.replaceChildren(...words);
      button.style.width = "";
    }, SECONDS * 1000);
    return undefined;
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

// Where the page is no secure context, or has not the focus, there is only the old way.
function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  const before = document.activeElement;
  (before?.closest("dialog") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}
