// One conversation: its answers, the one that is being written, and the field below them.

import * as api from "./api.js";
import { AnswerView } from "./answer.js";
import { Composer } from "./composer.js";
import { fill, h } from "./dom.js";
import { problemView } from "./problem.js";
import { LiveTurn, liveTurn } from "./live.js";
import { close as closePopover } from "./popover.js";
import { t } from "./texts.js";
import { isOver, turnOf } from "./turn.js";
import { welcomeView } from "./welcome.js";

export class ConversationView {
  #views = [];
  #live = new Set();
  #loading = false;
  #gone = new AbortController();

  /** `app` is told of a session that began (`began(turn)`) and of one that changed (`changed()`). */
  constructor(app, session = null) {
    this.app = app;
    this.session = session;
    this.list = h("div", { class: "turns" });
    this.composer = new Composer({
      ask: (text) => this.ask(text),
      stop: () => this.stop(),
      edit: () => this.#editLast(),
    });
    this.scroller = h("div", { class: "scroller" }, this.list);
    this.element = h("section", { class: "conversation" }, this.scroller, this.composer.element);
    if (session) this.#load();
    else this.#welcome();
  }

  /** Asks a question, in this conversation or as the first of a new one. */
  ask(question) {
    // Until the conversation is there, or the first question has a session, there is nothing that this could belong to.
    const early = this.#loading || (this.session === null && this.#live.size > 0);
    if (early) return this.composer.write(question);
    if (this.#views.length === 0) fill(this.list);
    this.#watch(LiveTurn.ask({ question, session: this.session }), this.session === null);
    this.composer.setFollowing(true);
    this.#scroll();
  }

  /** Stops what is being answered. */
  stop() {
    for (const live of this.#live) live.stop();
  }

  destroy() {
    this.#gone.abort();
    closePopover();
    for (const { view } of this.#views) view.destroy();
  }

  async #load() {
    fill(this.list, h("p", { class: "loading faint" }, t("loading")));
    this.#loading = true;
    try {
      const session = await api.session(this.session);
      this.#loading = false;
      if (this.#gone.signal.aborted) return;
      this.app.opened(session);
      fill(this.list);
      for (const record of session.answers) {
        const running = record.status === "queued" || record.status === "running";
        if (running) this.#watch(liveTurn(record.id) ?? LiveTurn.follow(record), false);
        else this.#append(turnOf(record));
      }
      this.composer.setFollowing(session.answers.length > 0);
      if (session.answers.length === 0) this.#welcome();
      const linked = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (linked) linked.scrollIntoView();
      else this.#scroll();
    } catch (problem) {
      if (this.#gone.signal.aborted) return;
      // In a conversation that does not exist nothing can be asked.
      this.composer.element.hidden = problem.status === 404;
      fill(
        this.list,
        problemView(problem, () => this.#load(), problem.status === 404 ? t("error.session") : null),
      );
    }
  }

  async #welcome() {
    fill(
      this.list,
      welcomeView((text) => this.ask(text), this.app.me),
    );
  }

  #append(turn, live = null) {
    const view = new AnswerView(turn, {
      ask: (text) => this.ask(text),
      edit: (text) => this.#askAgain(view, text),
      again: () => live?.again(),
    });
    this.#views.push({ view, turn });
    this.list.append(view.element);
    return view;
  }

  /** Shows a turn as it is answered. */
  #watch(live, begins) {
    const view = this.#append(live.state, live);
    const shown = this.#views.at(-1);
    this.#live.add(live);
    const { signal } = this.#gone;
    let known = !begins;
    live.addEventListener(
      "change",
      () => {
        shown.turn = live.state;
        view.update(live.state);
        if (!known && live.state.session) {
          known = true;
          this.session = live.state.session;
          this.app.began(live.state, this);
        }
        this.#state();
        if (isOver(live.state)) this.#over(live);
      },
      { signal },
    );
    this.#state();
  }

  #over(live) {
    if (!this.#live.delete(live)) return;
    this.#state();
    this.app.changed();
    // A question that was not taken stands in the field again, so that it need not be written twice.
    if (!live.state.answer && live.state.status === "failed" && this.composer.field.value === "")
      this.composer.write(live.state.question);
  }

  #state() {
    const running = [...this.#live].filter((live) => !isOver(live.state));
    this.composer.setRunning(running.length > 0, running.length > 0 && running.every((live) => live.stopping));
  }

  /** Asks an edited question after what was said before it: a new conversation begins. */
  #askAgain(edited, text) {
    const at = this.#views.findIndex(({ view }) => view === edited);
    const before = this.#views.slice(0, at).findLast(({ turn }) => turn.answer !== null);
    this.app.askAfter(text, before?.turn.answer ?? null);
  }

  #editLast() {
    const last = this.#views.at(-1);
    if (!last || !isOver(last.turn)) return false;
    last.view.question.write();
    return true;
  }

  /** Brings the last question to the top: its answer grows below it, and nothing moves while it is read. */
  #scroll() {
    this.#views.at(-1)?.view.element.scrollIntoView({ block: "start" });
  }

  /** Begins this (new) conversation with a question after an answer of another one. */
  begin(question, after) {
    fill(this.list);
    this.#watch(LiveTurn.ask({ question, after }), true);
    this.composer.setFollowing(true);
  }
}
