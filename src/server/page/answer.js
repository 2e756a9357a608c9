// One turn on the page: the question, the steps, the text, the results, and what can be done with the answer. It is drawn
// again from the turn's state (turn.js) whenever that changes; parts that did not change stay as they are.

import { fill, h, icon, iconButton } from "./dom.js";
import { announce } from "./announce.js";
import { copy } from "./files.js";
import { duration, money } from "./format.js";
import { renderWithFigures } from "./figures.js";
import { FeedbackView } from "./feedback.js";
import { howAnswered, sourcesOf } from "./how.js";
import { GrowingMarkdown } from "./markdown.js";
import { close as closePopover, connect } from "./popover.js";
import { questionView } from "./question.js";
import { ResultView } from "./result.js";
import { sourceOf } from "./source.js";
import { StepsView } from "./steps.js";
import { t } from "./texts.js";
import { isOver } from "./turn.js";
import { outcomeOf, verdictOf } from "./verdict.js";

/** A view of one turn. `actions` are `{ ask(text), edit(text), again() }`; without them it can only be read. */
export class AnswerView {
  #results = new Map();
  #finished = false;
  #frame = null;

  constructor(turn, actions = null, { readTape } = {}) {
    this.actions = actions;
    this.readTape = readTape;
    this.question = questionView(turn.question, actions?.edit);
    this.steps = new StepsView();
    this.verdict = h("div", { class: "verdicts" });
    this.text = h("div", { class: "prose" });
    this.draft = new GrowingMarkdown(this.text);
    this.progress = h("p", { class: "progress" });
    this.results = h("div", { class: "results" });
    this.end = h("div", { class: "answer-end" });
    this.body = h(
      "div",
      { class: "answer", "aria-busy": "true" },
      h("h3", { class: "offscreen" }, t("answer")),
      this.steps.element,
      this.verdict,
      this.text,
      this.progress,
      this.results,
      this.end,
    );
    this.element = h("article", { class: "turn", "aria-label": turn.question }, this.question.element, this.body);
    this.show(turn);
  }

  /** Shows the turn; several changes in one frame are drawn once. */
  update(turn) {
    this.turn = turn;
    if (isOver(turn)) return this.show(turn);
    // A page in the background gets no frames; it is drawn when it is looked at again.
    this.#frame ??= requestAnimationFrame(() => this.show(this.turn));
  }

  show(turn) {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.turn = turn;
    const over = isOver(turn);
    if (turn.answer) this.element.id = turn.answer;
    this.steps.show(turn, over);
    this.#tables(turn);
    if (over) this.#finish(turn);
    else this.#grow(turn);
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    for (const result of this.#results.values()) result.destroy();
  }

  #grow(turn) {
    this.draft.show(turn.draft);
    const gaveUp = turn.connection === "gave_up";
    const text = progressText(turn);
    fill(
      this.progress,
      text !== "" && !gaveUp && h("span", { class: "pulse" }),
      text,
      gaveUp &&
        this.actions &&
        h("button", { type: "button", class: "link", on: { click: () => this.actions.again() } }, t("state.again")),
    );
  }

  #finish(turn) {
    const { record } = turn;
    // The record may come a moment after the end; everything is drawn again then, and never once more.
    if (this.#finished && this.#finished === record) return;
    const watched = this.body.isConnected && this.body.getAttribute("aria-busy") === "true";
    this.#finished = record;
    this.body.setAttribute("aria-busy", "false");
    fill(this.progress);
    fill(this.verdict, verdictOf(turn));
    const answer = record?.answer;
    this.body.dataset.outcome = outcomeOf(turn) ?? "";
    if (!answer) {
      fill(
        this.end,
        this.actions &&
          turn.error &&
          h(
            "button",
            { type: "button", class: "quiet", on: { click: () => this.actions.ask(turn.question) } },
            icon("again"),
            t("state.again"),
          ),
      );
      return;
    }
    const found = renderWithFigures(this.text, answer.text, answer.figures ?? []);
    connect(this.text, found, (index) => sourceOf(answer.figures[index], record, (...cell) => this.#point(...cell)));
    fill(this.end, this.#options(answer), sourcesOf(record), this.#bar(turn), this.#followUps(record));
    if (watched) announce(`${t("state.finished")} ${this.text.textContent}`);
  }

  #tables(turn) {
    for (const table of turn.tables) {
      const chart = turn.charts.find((other) => other.result === table.result);
      const known = this.#results.get(table.result);
      if (known && chart) known.withChart(chart);
      if (known) continue;
      const result = new ResultView(table, chart);
      this.#results.set(table.result, result);
      this.results.append(result.element);
    }
  }

  #point(result, row, column) {
    closePopover();
    this.#results.get(result)?.point(row, column);
  }

  #options(answer) {
    const options = answer.options ?? [];
    if (options.length === 0) return null;
    return h(
      "div",
      { class: "options", role: "group", "aria-label": t("options") },
      h("p", { class: "faint" }, t("options")),
      options.map((option) =>
        h(
          "button",
          { type: "button", class: "option", disabled: !this.actions, on: { click: () => this.actions.ask(option) } },
          option,
        ),
      ),
    );
  }

  #followUps(record) {
    const { follow_ups: followUps = [] } = record;
    if (!this.actions || followUps.length === 0) return null;
    return h(
      "div",
      { class: "follow-ups", role: "group", "aria-label": t("follow_ups") },
      followUps.map(({ text, entry }) =>
        h(
          "button",
          { type: "button", class: "chip", title: entry?.name, on: { click: () => this.actions.ask(text) } },
          text,
        ),
      ),
    );
  }

  #bar(turn) {
    const { record } = turn;
    const { usage = {}, timings = {}, text } = record.answer;
    const panel = h("div", { class: "how-panel", hidden: true });
    const how = h(
      "button",
      {
        type: "button",
        class: "quiet how-button",
        "aria-expanded": "false",
        on: { click: () => this.#toggle(how, panel) },
      },
      icon("chevron"),
      t("how"),
    );
    const feedback = this.actions && new FeedbackView(record);
    return [
      h(
        "div",
        { class: "answer-bar" },
        iconButton("copy", t("copy.answer"), () => copy(text)),
        feedback?.buttons,
        how,
        h("span", { class: "cost faint" }, `${duration(timings.total_ms)} · ${money(usage.cost_usd)}`),
      ),
      feedback?.element,
      panel,
    ];
  }

  #toggle(button, panel) {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden && !panel.firstChild) fill(panel, howAnswered(this.turn, this.readTape));
  }
}

/** What is going on in a turn that is not over, unless its steps say it already. */
function progressText(turn) {
  if (turn.connection !== "ok") return t(turn.connection === "lost" ? "state.lost" : "state.gave_up");
  if (turn.status === "sending") return t("state.sending");
  if (turn.status === "queued") return t("state.queued", { count: turn.ahead });
  if (turn.draft !== "") return t("state.writing");
  if (turn.steps.some((step) => step.status === "running")) return "";
  return t(turn.withdrawn ? "state.checking" : "state.thinking");
}
