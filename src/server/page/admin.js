// For administrators: who asked what, how it ended, what people thought of it and what it cost.

import * as api from "./api.js";
import { AdminAnswerView } from "./admin_answer.js";
import { fill, h, icon } from "./dom.js";
import { duration, moment, money } from "./format.js";
import { problemView } from "./problem.js";
import { t, tWord } from "./texts.js";
import { usageView } from "./usage.js";

const OUTCOMES = [
  "answered",
  "partial",
  "needs_clarification",
  "not_in_catalog",
  "refused",
  "budget_exhausted",
  "loop_stopped",
  "upstream_failed",
  "cancelled",
];

export class AdminView {
  #answers = [];
  #next = null;
  #timer = null;
  #view = null;

  constructor() {
    const changed = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#load(), 200);
    };
    const select = (key, options) =>
      h(
        "label",
        {},
        h("span", { class: "label" }, t(key)),
        h(
          "select",
          { on: { change: changed } },
          h("option", { value: "" }, t("admin.any")),
          options.map(([value, label]) => h("option", { value }, label)),
        ),
      );
    this.search = h("input", {
      type: "search",
      "aria-label": t("admin.search"),
      placeholder: t("admin.search"),
      on: { input: changed },
    });
    this.principal = h("input", {
      type: "search",
      "aria-label": t("admin.principal"),
      placeholder: t("admin.principal"),
      on: { input: changed },
    });
    this.outcome = select(
      "admin.outcome",
      OUTCOMES.map((word) => [word, t(`outcome.${word}`)]),
    );
    this.rating = select("admin.rating", [
      ["up", t("up")],
      ["down", t("down")],
    ]);
    this.list = h("div", { class: "admin-list" }, h("p", { class: "faint" }, t("loading")));
    this.usage = h("div", { class: "admin-usage" });
    this.overview = h(
      "div",
      {},
      h("section", {}, h("h2", {}, t("admin.usage")), this.usage),
      h(
        "section",
        {},
        h("h2", {}, t("admin.answers")),
        h("div", { class: "filter-bar" }, this.search, this.principal, this.outcome, this.rating),
        this.list,
      ),
    );
    this.one = h("div", { hidden: true });
    this.element = h("section", { class: "page admin" }, h("h1", {}, t("admin.title")), this.overview, this.one);
    this.#load();
    this.#usage();
  }

  destroy() {
    this.#view?.destroy();
    this.chart?.destroy();
  }

  async #usage() {
    try {
      const { element, chart } = usageView((await api.adminUsage(30)).days);
      this.chart = chart;
      fill(this.usage, element);
      chart?.draw();
    } catch (problem) {
      fill(this.usage, problem.status === 403 ? null : problemView(problem, () => this.#usage()));
    }
  }

  async #load(more = false) {
    const values = {
      search: this.search.value.trim(),
      principal: this.principal.value.trim(),
      outcome: this.outcome.querySelector("select").value,
      rating: this.rating.querySelector("select").value,
      limit: 50,
      before: more ? this.#next : null,
    };
    try {
      const { answers, next } = await api.adminAnswers(values);
      this.#answers = more ? [...this.#answers, ...answers] : answers;
      this.#next = next;
      this.#render();
    } catch (problem) {
      if (problem.status === 403) fill(this.overview, problemView(problem, null, t("admin.forbidden")));
      else
        fill(
          this.list,
          problemView(problem, () => this.#load()),
        );
    }
  }

  #render() {
    if (this.#answers.length === 0) return fill(this.list, h("p", { class: "faint" }, t("admin.none")));
    const heads = [
      "admin.when",
      "admin.principal",
      "admin.question",
      "admin.outcome",
      "admin.rating",
      "admin.time",
      "admin.cost",
    ];
    fill(
      this.list,
      h(
        "div",
        { class: "table-scroll", tabindex: "0", role: "group", "aria-label": t("admin.answers") },
        h(
          "table",
          { class: "admin-table" },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              heads.map((key) => h("th", { scope: "col" }, t(key))),
            ),
          ),
          h(
            "tbody",
            {},
            this.#answers.map((row) => this.#row(row)),
          ),
        ),
      ),
      this.#next &&
        h("button", { type: "button", class: "link", on: { click: () => this.#load(true) } }, t("admin.more")),
    );
  }

  #row(row) {
    const word = row.outcome ?? row.status;
    return h(
      "tr",
      {},
      h("td", { class: "nowrap" }, moment(row.created_at)),
      h("td", {}, row.asked_by),
      h(
        "td",
        { class: "asked" },
        h(
          "button",
          { type: "button", class: "link question-link", title: row.question, on: { click: () => this.#open(row.id) } },
          row.question,
        ),
      ),
      h(
        "td",
        {},
        h(
          "span",
          {
            class: `tag ${word === "answered" ? "good" : ["partial", "needs_clarification"].includes(word) ? "warn" : ""}`,
            title: row.stop_reason,
          },
          tWord("outcome", word),
        ),
      ),
      h(
        "td",
        { title: row.comment },
        row.rating && [
          icon(row.rating),
          h("span", { class: "offscreen" }, t(row.rating)),
          row.comment && h("span", { class: "faint said" }, row.comment),
        ],
      ),
      h("td", { class: "numeric nowrap" }, duration(row.total_ms)),
      h("td", { class: "numeric nowrap" }, row.outcome ? money(row.cost_usd) : "–"),
    );
  }

  async #open(id) {
    try {
      const record = await api.adminAnswer(id);
      this.#view?.destroy();
      this.#view = new AdminAnswerView(record, () => this.#back());
      fill(this.one, this.#view.element);
      this.overview.hidden = true;
      this.one.hidden = false;
      this.one.querySelector("button").focus();
    } catch (problem) {
      fill(
        this.list,
        problemView(problem, () => this.#load()),
      );
    }
  }

  #back() {
    this.#view?.destroy();
    this.#view = null;
    fill(this.one);
    this.one.hidden = true;
    this.overview.hidden = false;
    this.search.focus();
  }
}
