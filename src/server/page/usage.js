// What was asked and spent by day, as bars and as a table.

import { ChartView } from "./chart.js";
import { chartData } from "./chart_data.js";
import { h } from "./dom.js";
import { TableView } from "./table.js";
import { t } from "./texts.js";

/** The view of `days` (docs/server.md) as `{ element, chart }`; the chart has to be drawn once it is in the page. */
export function usageView(days) {
  const rows = (unknown) =>
    days.map((day) => [
      day.day,
      day.answers,
      day.answered,
      day.cost_usd ?? unknown,
      day.input_tokens + day.output_tokens,
      day.up,
      day.down,
    ]);
  const table = {
    title: t("admin.usage"),
    columns: [
      { name: "day", label: t("admin.day"), kind: "date", unit: "day" },
      { name: "answers", label: t("admin.answers"), kind: "integer" },
      { name: "answered", label: t("admin.answered"), kind: "integer" },
      { name: "cost", label: `${t("admin.cost")} ($)`, kind: "number" },
      { name: "tokens", label: t("admin.tokens"), kind: "integer" },
      { name: "up", label: t("up"), kind: "integer" },
      { name: "down", label: t("down"), kind: "integer" },
    ],
    rows: rows(t("how.price.unknown")),
  };
  const data =
    days.length > 1
      ? chartData({ kind: "bar", x: "day", y: ["cost"], series: null }, { ...table, rows: rows(null) })
      : null;
  const chart = data && new ChartView(data, t("admin.usage"));
  return {
    element: h(
      "div",
      {},
      h("p", { class: "faint" }, t("admin.days", { count: 30 })),
      chart?.element,
      new TableView(table, { folded: 7 }).element,
    ),
    chart,
  };
}
