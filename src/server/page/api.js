// The server's routes (docs/server.md). Every request carries the token, if there is one; a 401 asks for one and tries
// again, so that no other part of the page knows about signing in.

/** What went wrong, in the server's words: `code` is for programs, `message` for people. */
export class Problem extends Error {
  constructor({ status = 0, code = "network", detail, retryAfter = null }) {
    super(detail);
    Object.assign(this, { status, code, retryAfter });
  }
}

let token = null;
let askForToken = async () => null;
let asking = null;
// Whether the server asks for a session of Metabase.
let lends = false;

/** Sets who is asked when the server wants a token, or a session of Metabase: a function that gets `{ wrong, session }` and promises it. */
export function onUnauthenticated(ask) {
  askForToken = ask;
}

/** Sends a request and gives the response if it is a success; otherwise it throws a Problem. */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  for (;;) {
    const used = token;
    const response = await attempt(method, path, body, { ...headers, ...credential(used) }, signal);
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status !== 401) throw problem;
    lends = problem.code === "metabase_session";
    // Requests that fail side by side wait for one and the same form.
    if (token === used) {
      asking ??= askForToken({ wrong: used !== null, session: lends }).finally(() => (asking = null));
      token = await asking;
    }
  }
}

/** The header that says who asks. Tokens of Cardinal and JWTs are told from a session by their form. */
function credential(used) {
  if (!used) return {};
  const isToken = !lends || used.startsWith("cdl_") || used.split(".").length === 3;
  return isToken ? { Authorization: `Bearer ${used}` } : { "X-Metabase-Session": used };
}

async function attempt(method, path, body, headers, signal) {
  const json =
    body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { ...headers, "Content-Type": "application/json" } };
  try {
    return await fetch(path, { method, headers, signal, cache: "no-store", ...json });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ detail: error.message });
  }
}

async function problemOf(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  const said = await response.text().catch(() => "");
  try {
    const { code, detail, title } = JSON.parse(said);
    return new Problem({ status: response.status, code, detail: detail ?? title ?? said, retryAfter });
  } catch {
    return new Problem({
      status: response.status,
      code: "internal",
      detail: `${response.status} ${response.statusText}`.trim(),
      retryAfter,
    });
  }
}

async function json(method, path, options) {
  const response = await send(method, path, options);
  return response.status === 204 ? null : response.json();
}

const part = encodeURIComponent;

function query(values) {
  const filled = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return filled.length ? `?${new URLSearchParams(filled)}` : "";
}

export const me = () => json("GET", "/v1/me");
export const suggestions = () => json("GET", "/v1/suggestions");
export const catalog = () => json("GET", "/v1/catalog");
export const entry = (kind, id) => json("GET", `/v1/catalog/${part(kind)}/${part(id)}`);

export const sessions = (values = {}) => json("GET", `/v1/sessions${query(values)}`);
export const session = (id) => json("GET", `/v1/sessions/${part(id)}`);
export const renameSession = (id, title) => json("PATCH", `/v1/sessions/${part(id)}`, { body: { title } });
export const deleteSession = (id) => json("DELETE", `/v1/sessions/${part(id)}`);
export const exportSession = (id, format) =>
  send("GET", `/v1/sessions/${part(id)}/export${query({ format })}`).then((response) => response.blob());

export const answer = (id) => json("GET", `/v1/answers/${part(id)}`);
export const stopAnswer = (id) => json("POST", `/v1/answers/${part(id)}/stop`);
export const giveFeedback = (id, feedback) => json("POST", `/v1/answers/${part(id)}/feedback`, { body: feedback });
export const tape = (id) => send("GET", `/v1/answers/${part(id)}/tape`).then((response) => response.blob());

export const adminAnswers = (values) => json("GET", `/v1/admin/answers${query(values)}`);
export const adminAnswer = (id) => json("GET", `/v1/admin/answers/${part(id)}`);
export const adminTape = (id) => send("GET", `/v1/admin/answers/${part(id)}/tape`).then((response) => response.blob());
export const adminUsage = (days) => json("GET", `/v1/admin/usage${query({ days })}`);
