/* Making and changing elements. Data gets in by text and attributes alone, never as HTML: numbers,
   texts and file names come from strangers, and may be written from right to left. */

const SVG = "http://www.w3.org/2000/svg";
// Marks that nobody sees, by which a text says which way it runs.
const TURNS = /([\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])/;

/** @returns {HTMLElement} the element with that id */
export const $ = (id) => document.getElementById(id);

/**
 * Make an element.
 * @param {string} tag
 * @param {Object<string, *>} [given] attributes; `class`, `text`, and `on…` listeners among them;
 *   false, null and undefined leave one out
 * @param {...(Node|string|null|false)} children
 */
export function el(tag, given = {}, ...children) {
  return fill(document.createElement(tag), given, children);
}

/** Make an SVG element, as `el` does. */
export function svg(tag, given = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), given, children);
}

function fill(node, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child || child === ""));
  return node;
}

/** Give `node` a text, unless it has it: a text put anew loses the selection in it. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Give an attribute a value, unless it has it; null takes it away. */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Give a field a value, unless somebody is typing in it. */
export function setValue(field, value) {
  if (document.activeElement !== field && field.value !== value) field.value = value;
}

/**
 * Return what shows `text`, each mark in it that would turn what follows shut up by itself.
 * @returns {Array<Node|string>}
 */
export const isolated = (text) =>
  text.split(TURNS).map((part, place) => (place % 2 ? turn(part) : part));

const turn = (mark) =>
  el("bdi", {
    class: "turn",
    title: `U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
    text: mark,
  });

/**
 * Put parts in place of what is in `node`, unless they say the same. None turns another.
 * @param {HTMLElement} node
 * @param {Array<[string, string]>} parts texts, each with its class, "" for none
 */
export function setParts(node, parts) {
  const key = JSON.stringify(parts);
  if (node.parts === key) return;
  node.parts = key;
  node.replaceChildren(
    ...parts.map(([text, look]) => el("bdi", { class: look || null }, ...isolated(text))),
  );
}
