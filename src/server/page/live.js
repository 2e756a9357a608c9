// Turns that are being answered. A turn is read to its end also while the reader looks at another conversation; a view
// that comes back listens again. A stream that is cut is taken up after the last event that was read.

import * as api from "./api.js";
import { ask, eventsOf, follow, freshKey } from "./stream.js";
import { isOver, newTurn, turnOf, withEvent } from "./turn.js";

/** Waits between attempts, in milliseconds. After the last one the reader decides. */
const WAITS = [300, 1000, 2000, 4000, 8000, 8000, 8000];

const byAnswer = new Map();

/** The turn of this answer that is read already, if there is one. */
export function liveTurn(answer) {
  return byAnswer.get(answer);
}

/** One turn that is read. Fires `change` after each event. `state` is the turn so far (turn.js). */
export class LiveTurn extends EventTarget {
  /** Asks a question. */
  static ask({ question, session, after }) {
    const live = new LiveTurn(newTurn(question));
    const key = freshKey();
    live.#open = () => ask({ question, session, after, key });
    live.run();
    return live;
  }

  /** Reads on in an answer that runs. */
  static follow(record) {
    const known = byAnswer.get(record.id);
    if (known && !isOver(known.state)) return known;
    const live = new LiveTurn(turnOf(record));
    live.run();
    return live;
  }

  #open = () => follow(this.state.answer, this.state.lastEvent);

  constructor(state) {
    super();
    this.state = state;
    this.stopping = false;
    this.#remember();
  }

  /** Reads until the turn is over, or until the last attempt failed. */
  async run() {
    let failures = 0;
    while (!isOver(this.state)) {
      const before = this.state.lastEvent;
      try {
        await this.#read(await this.#open());
      } catch (error) {
        if (error instanceof api.Problem && error.status >= 400 && error.status !== 503 && error.status !== 502)
          return this.#fail(error);
      }
      if (isOver(this.state)) break;
      failures = this.state.lastEvent > before ? 0 : failures + 1;
      if (failures > WAITS.length) return this.#set({ ...this.state, connection: "gave_up" });
      this.#set({ ...this.state, connection: "lost" });
      await pause(WAITS[Math.max(failures - 1, 0)]);
    }
    await this.#complete();
    byAnswer.delete(this.state.answer);
  }

  /** Tries again after the attempts were given up. */
  again() {
    this.#set({ ...this.state, connection: "ok" });
    this.run();
  }

  /** Ends the turn with what is known. The stream then brings its end. */
  async stop() {
    if (!this.state.answer || this.stopping) return;
    this.stopping = true;
    this.#set({ ...this.state });
    try {
      await api.stopAnswer(this.state.answer);
    } catch {
      this.stopping = false;
      this.#set({ ...this.state });
    }
  }

  async #read(response) {
    const answer = response.headers.get("X-Cardinal-Answer");
    if (answer && !this.state.answer) this.#set({ ...this.state, answer });
    for await (const event of eventsOf(response)) {
      this.#set(withEvent({ ...this.state, connection: "ok" }, event));
      if (this.state.answer) this.#open = () => follow(this.state.answer, this.state.lastEvent);
      if (event.event === "done") return;
    }
  }

  /** A stream may end without the record; then it is read by itself. */
  async #complete() {
    if (this.state.record || !this.state.answer) return;
    try {
      const record = await api.answer(this.state.answer);
      const { lastEvent, error, steps, notes } = this.state;
      const read = turnOf(record);
      this.#set({ ...read, lastEvent, notes, error: read.error ?? error, steps: steps.length ? steps : read.steps });
    } catch {
      // The state says how it ended; the rest can be read after a reload.
      this.#set({ ...this.state });
    }
  }

  #fail(problem) {
    this.#set({
      ...this.state,
      status: "failed",
      error: { code: problem.code, detail: problem.message, retryAfter: problem.retryAfter },
    });
    byAnswer.delete(this.state.answer);
  }

  #set(state) {
    this.state = state;
    this.#remember();
    this.dispatchEvent(new Event("change"));
  }

  #remember() {
    if (this.state.answer && !isOver(this.state)) byAnswer.set(this.state.answer, this);
  }
}

/** Waits, but not longer than until the network is there again. */
function pause(milliseconds) {
  return new Promise((resume) => {
    setTimeout(resume, milliseconds);
    addEventListener("online", resume, { once: true });
  });
}
