// Server-sent events over `fetch`: `EventSource` can send neither a token nor a POST.

import { send } from "./api.js";

/** A server that lives says something at least this often, in milliseconds, if only a comment. */
const MOST_QUIET = 60_000;

/**
 * Reads a response as events and gives each as `{ id, event, data }`. Ends when the response ends, well or cut; a
 * connection that breaks throws, and so does one that is quiet for too long: a computer that slept, or a network that
 * changed, leaves connections that never end.
 */
export async function* eventsOf(response, mostQuiet = MOST_QUIET) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = emptyEvent();
  for (;;) {
    const { done, value } = await within(mostQuiet, reader);
    if (done) return;
    rest += value;
    // A line end may be \r\n, and a chunk may end between the two.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data !== "") yield { ...event, data: JSON.parse(event.data) };
        event = emptyEvent(event.id);
      } else read(line, event);
    }
  }
}

async function within(milliseconds, reader) {
  let timer = null;
  const quiet = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error("the server has said nothing for too long");
      reject(error);
      reader.cancel(error).catch(() => {});
    }, milliseconds);
  });
  try {
    return await Promise.race([reader.read(), quiet]);
  } finally {
    clearTimeout(timer);
  }
}

function emptyEvent(id = 0) {
  return { id, event: "message", data: "" };
}

function read(line, event) {
  const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
  if (field === "id") event.id = Number(value) || event.id;
  else if (field === "event") event.event = value;
  else if (field === "data") event.data += event.data === "" ? value : `\n${value}`;
}

/** Asks a question and gives the response whose body is its events. The same key asks nothing twice. */
export function ask({ question, session, after, key, signal }) {
  const body = { question, ...(after ? { after } : session ? { session } : {}) };
  return send("POST", "/v1/answers", {
    body,
    signal,
    headers: { Accept: "text/event-stream", "Idempotency-Key": key },
  });
}

/** The events of an answer after the one that was read last. */
export function follow(answer, lastEvent, signal) {
  const headers = { Accept: "text/event-stream", ...(lastEvent > 0 ? { "Last-Event-ID": String(lastEvent) } : {}) };
  return send("GET", `/v1/answers/${encodeURIComponent(answer)}/events`, { headers, signal });
}

/** A key that nobody else has. `crypto.randomUUID` is missing where the page came over plain HTTP. */
export function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
