/* The sandbox's JSON API. What it refuses is told in one line. */

/** The sandbox said no, or nothing; `message` is for people. */
export class Refusal extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

const SILENT = "The sandbox does not answer. Is it still running?";

async function ask(method, path, body) {
  const asked = { method, cache: "no-store" };
  if (body !== undefined) {
    asked.headers = { "content-type": "application/json" };
    asked.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, asked);
  } catch {
    throw new Refusal(SILENT);
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok)
    throw new Refusal(said?.error ?? `The sandbox answered ${answer.status}.`, answer.status);
  if (said === null)
    throw new Refusal("The sandbox's answer is no JSON, or was broken off.", answer.status);
  return said;
}

/**
 * Ask for what is no JSON.
 * @param {string} path
 * @param {AbortSignal} signal breaks it off
 * @returns {Promise<Blob>}
 * @throws {Refusal}
 */
export async function fetchBlob(path, signal) {
  try {
    const answer = await fetch(path, { cache: "no-store", signal });
    if (answer.ok) return await answer.blob();
    throw new Refusal(`The sandbox answered ${answer.status}.`, answer.status);
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(SILENT);
  }
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);
export const patch = (path, body) => ask("PATCH", path, body);
