/* The sandbox's JSON API. What it refuses is told in one line. */

/** The sandbox said no, or nothing; `message` is for people. */
export class Refusal extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

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
    throw new Refusal("The sandbox does not answer. Is it still running?");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok)
    throw new Refusal(said.error ?? `The sandbox answered ${answer.status}.`, answer.status);
  return said;
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);
export const patch = (path, body) => ask("PATCH", path, body);
