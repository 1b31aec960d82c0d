/* Colours for a line of Python and for JSON: the text is cut into parts, each with its class. What is
   no JSON comes back as it was. */

// A text, a word of the language, a number.
const PYTHON = /("(?:[^"\\]|\\.)*")|\b(await|assert|not|in|is)\b|\b(\d+)\b/g;
const PYTHON_LOOKS = ["w-s", "w-w", "w-n"];
const JSON_TOKEN =
  /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b)|([{}[\],])|\s+/gy;

/** @returns {Array<[string, string]>} the parts of one line of a test */
export function lineParts(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(PYTHON)) {
    parts.push([text.slice(from, found.index), ""]);
    parts.push([found[0], PYTHON_LOOKS[found.slice(1).findIndex(Boolean)]]);
    from = found.index + found[0].length;
  }
  parts.push([text.slice(from), ""]);
  return parts.filter(([part]) => part);
}

/**
 * @param {string} text
 * @param {number} wide how many characters a line may have
 * @returns {Array<[string, string]>} the parts of a JSON text, its numbers as they are written
 */
export function jsonParts(text, wide) {
  const tokens = tokensOf(text);
  if (tokens === null) return [[text, ""]];
  const parts = [];
  let width = 0;
  const add = (part, look) => {
    parts.push([part, look]);
    width += part.length;
  };
  tokens.forEach(([token, look, group], place) => {
    const before = tokens[place - 1]?.[0];
    if (before === ",") {
      // A name stays with its value.
      if (width + group > wide) {
        add("\n  ", "");
        width = 2;
      } else add(" ", "");
    } else if (before === "{" || (before !== undefined && token === "}")) add(" ", "");
    add(token, look);
    if (look === "w-k") add(": ", "");
  });
  return parts;
}

function tokensOf(text) {
  if (!/^\s*[{[]/.test(text)) return null;
  const tokens = [];
  JSON_TOKEN.lastIndex = 0;
  while (JSON_TOKEN.lastIndex < text.length) {
    const found = JSON_TOKEN.exec(text);
    if (found === null) return null;
    const [, string, isName, value, mark] = found;
    if (string) tokens.push([string, isName ? "w-k" : "w-s", 0]);
    else if (value) tokens.push([value, "w-n", 0]);
    else if (mark) tokens.push([mark, "", 0]);
  }
  // How long a token is with the value that follows it, and the comma.
  tokens.forEach((token, place) => {
    token[2] =
      token[0].length + (token[1] === "w-k" ? 3 + (tokens[place + 1]?.[0].length ?? 0) : 1);
  });
  return tokens;
}
