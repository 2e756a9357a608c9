// One result beside the answer: its chart, if it has one, its table, and the ways to take it along.

import { ChartView } from "./chart.js";
import { chartData, singleNumber } from "./chart_data.js";
import { copy, csv, download, fileName, tabbed } from "./files.js";
import { fill, h, icon, iconButton, outside } from "./dom.js";
import { number } from "./format.js";
import { TableView } from "./table.js";
import { t, tWord } from "./texts.js";
import { extentText, isCut } from "./words.js";

/** Kinds that a picture shows; `none` is the table alone. */
const DRAWN = ["line", "bar", "stacked_bar", "scatter"];

export class ResultView {
  #chart = null;

  constructor(table, chart) {
    this.table = table;
    this.chart = chart ?? null;
    // Beside a picture a few rows are enough to begin with.
    this.rows = new TableView(table, { folded: DRAWN.includes(chart?.kind) ? 5 : 10 });
    this.picture = h("div", { class: "picture" });
    this.switch = h("div", { class: "kinds" });
    const title = table.entry?.name ?? table.title ?? table.result;
    const cut = extentText(table.extent);
    this.element = h(
      "div",
      { class: "result", role: "group", "aria-label": t("table.of", { title }), data: { result: table.result } },
      h(
        "header",
        { class: "result-head" },
        h(
          "div",
          { class: "result-title" },
          h(
            "h4",
            {},
            table.entry?.link ? outside(table.entry.link, { class: "quiet-link" }, title, icon("out")) : title,
          ),
          h("p", { class: `faint${isCut(table) ? " warn" : ""}` }, [rowsText(table), cut].filter(Boolean).join(" · ")),
        ),
        h(
          "div",
          { class: "result-tools" },
          this.switch,
          iconButton("copy", t("table.copy"), () => this.#copy()),
          iconButton("download", t("table.csv"), () => this.#csv(title)),
        ),
      ),
      this.picture,
      this.rows.element,
    );
    this.#show(this.chart?.kind ?? "none");
  }

  /** Takes the chart that came after the table. */
  withChart(chart) {
    if (JSON.stringify(chart) === JSON.stringify(this.chart)) return;
    this.chart = chart;
    this.#show(chart.kind);
  }

  /** Shows a cell, in the table or as the number that stands for it. */
  point(row, column) {
    if (!this.rows.element.hidden) return this.rows.point(row, column);
    this.element.scrollIntoView({ block: "center" });
    this.picture.classList.add("pointed");
  }

  destroy() {
    this.#chart?.destroy();
  }

  #show(kind) {
    this.#chart?.destroy();
    this.#chart = null;
    fill(this.picture);
    if (kind === "number") this.#number();
    else if (DRAWN.includes(kind)) this.#draw(kind);
    this.#kinds(kind);
  }

  #number() {
    const single = singleNumber(this.chart, this.table);
    if (single)
      fill(
        this.picture,
        h(
          "p",
          { class: "single" },
          h("span", { class: "single-value" }, single.value),
          h("span", { class: "faint" }, single.label),
        ),
      );
    // A table of that one cell would say it twice.
    this.rows.element.hidden = Boolean(single) && this.table.columns.length === 1 && this.table.rows.length === 1;
  }

  #draw(kind) {
    const data = chartData(this.chart, this.table, kind);
    if (!data) return;
    this.#chart = new ChartView(data, this.table.entry?.name ?? "");
    fill(this.picture, this.#chart.element);
    // The element may not be in the page yet.
    requestAnimationFrame(() =>
      this.#chart?.draw().catch(() => fill(this.picture, h("p", { class: "faint" }, t("chart.failed")))),
    );
  }

  #kinds(current) {
    const kinds = (this.chart?.kinds ?? []).filter((kind) => DRAWN.includes(kind));
    if (kinds.length === 0) return fill(this.switch);
    const button = (kind) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(kind === current),
          on: { click: () => this.#switchTo(kind) },
        },
        t(`chart.${kind}`),
      );
    this.switch.setAttribute("role", "group");
    this.switch.setAttribute("aria-label", t("chart.as"));
    fill(this.switch, [...kinds, "none"].map(button));
  }

  #switchTo(kind) {
    this.#show(kind);
    [...this.switch.children].find((button) => button.getAttribute("aria-pressed") === "true")?.focus();
  }

  #labels() {
    return this.table.columns.map((column) => column.label ?? column.name);
  }

  #copy() {
    copy(
      tabbed(
        this.#labels(),
        this.rows.ordered.map(({ cells }) => cells),
      ),
    );
  }

  #csv(title) {
    const text = csv(
      this.#labels(),
      this.rows.ordered.map(({ cells }) => cells),
    );
    download(fileName(title, "csv"), new Blob([text], { type: "text/csv;charset=utf-8" }));
  }
}

function rowsText(table) {
  const kind = table.entry ? `${tWord("kind", table.entry.kind)} · ` : "";
  const { length } = table.rows;
  const known = table.rows_known ?? length;
  return (
    kind +
    (known > length ? t("table.first", { shown: number(length), count: known }) : t("table.rows", { count: length }))
  );
}
