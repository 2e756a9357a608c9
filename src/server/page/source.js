// What the box beside a figure says: the cell, total or derivation that the figure comes from, the entry that was asked,
// with its filters, and the ways to look at it. A figure without a source says why.

import { h, icon, outside } from "./dom.js";
import { cellText } from "./format.js";
import { t, tWord } from "./texts.js";
import { extentText, filterTexts, groupText, humanName } from "./words.js";

/** The content of the box for one figure. `showCell(result, row, column)` shows a cell in the table, if it is there. */
export function sourceOf(figure, record, showCell) {
  if (figure.status === "unmatched") {
    return [
      h("p", { class: "source-title warn" }, icon("warning"), t("source.none")),
      h("p", {}, tWord("reason", figure.reason ?? "no_source")),
    ];
  }
  const [source, ...others] = figure.sources ?? [];
  if (!source) return [h("p", {}, t("source.none"))];
  const result = resultOf(source.result ?? source.inputs?.[0]?.result, record);
  return [
    h(
      "p",
      { class: "source-title" },
      t(`source.${source.source}`),
      result?.earlier && h("span", { class: "tag" }, t("source.earlier")),
    ),
    h("div", { class: "source-what" }, whatItIs(source, record)),
    result && entryLines(result),
    actions(source, result, showCell),
    others.length > 0 && h("p", { class: "faint" }, t("source.more", { count: others.length })),
  ];
}

/** Everything known of a result: its table, the evidence of it, and whether it is of an earlier question. */
export function resultOf(name, record) {
  if (!name) return null;
  const { evidence = [], earlier_results: earlier = [] } = record.answer ?? {};
  const own = evidence.find((item) => item.result === name);
  const cited = earlier.find((item) => item.result === name);
  const query = own ?? cited?.source ?? null;
  const table = (record.tables ?? []).find((item) => item.result === name) ?? null;
  if (!query && !table) return cited ? { name, query: {}, table: null, earlier: true } : null;
  return { name, query: query ?? {}, table, earlier: !own && Boolean(cited) };
}

function whatItIs(source, record) {
  const column = columnOf(source, record);
  const label = source.column ? (column.label ?? humanName(source.column)) : null;
  switch (source.source) {
    case "cell":
      return [
        h("span", { class: "source-value" }, source.cell === undefined ? "" : cellText(source.cell, column)),
        h(
          "span",
          { class: "source-place" },
          [
            keyText(source, record),
            label && t("source.column", { column: label }),
            t("source.row", { row: source.row }),
          ]
            .filter(Boolean)
            .join(" · "),
        ),
      ];
    case "total":
      return h(
        "span",
        { class: "source-place" },
        [tWord("total", source.total), label && t("source.column", { column: label })].filter(Boolean).join(" · "),
      );
    case "derivation":
      return [
        source.value !== undefined &&
          source.value !== null &&
          h("span", { class: "source-value" }, t("source.value", { value: source.value })),
        h("span", { class: "source-place" }, tWord("operation", source.operation)),
        h(
          "ol",
          { class: "inputs" },
          (source.inputs ?? []).map((input) => h("li", {}, inputText(input, record))),
        ),
      ];
    case "argument":
      return h("span", { class: "source-place" }, source.pointer || t("filters"));
    default:
      return h(
        "span",
        { class: "source-place" },
        source.rows?.length ? t("source.rows_of", { result: source.result ?? "", rows: ranges(source.rows) }) : "",
      );
  }
}

/** One input of a derivation: its column, its rows by what names them, and the value when it is a single cell. */
function inputText(input, record) {
  const table = resultOf(input.result, record)?.table;
  const index = table ? table.columns.findIndex((column) => column.name === input.column) : -1;
  const label = index >= 0 ? table.columns[index].label : humanName(input.column);
  if (input.total) return `${tWord("total", input.total)}, ${label}`;
  const rows = input.rows ?? [];
  const first = rows.length === 1 && table ? table.rows[rows[0] - 1] : null;
  if (!first || index < 0) return `${label}, ${t("source.rows_of", { result: input.result, rows: ranges(rows) })}`;
  const named = table.columns.findIndex((column) => column.kind !== "number" && column.kind !== "integer");
  const key = named >= 0 && named !== index ? `${cellText(first[named], table.columns[named])}: ` : "";
  return `${key}${cellText(first[index], table.columns[index])} (${label}, ${t("source.row", { row: rows[0] })})`;
}

function entryLines({ name, query, table }) {
  const entry = query.name ? query : table?.entry;
  const lines = [
    ...filterTexts(query.arguments ?? {}),
    groupText(query.arguments ?? {}),
    extentText(query.extent ?? table?.extent),
  ].filter(Boolean);
  return h(
    "div",
    { class: "source-entry" },
    h(
      "p",
      {},
      entry && h("span", { class: "kind" }, tWord("kind", entry.kind)),
      " ",
      entry ? entry.name : (table?.title ?? ""),
      h("span", { class: "faint" }, ` ${name}`),
    ),
    lines.length > 0 &&
      h(
        "ul",
        { class: "filters" },
        lines.map((line) => h("li", {}, line)),
      ),
  );
}

function actions(source, result, showCell) {
  const link = result?.query.link ?? result?.table?.entry?.link;
  const input = source.inputs?.[0];
  const place = { row: source.row ?? input?.rows?.[0] ?? null, column: source.column ?? input?.column ?? null };
  return h(
    "p",
    { class: "source-actions" },
    result?.table &&
      h(
        "button",
        { type: "button", class: "link", on: { click: () => showCell(result.name, place.row, place.column) } },
        t("in_table"),
      ),
    link && outside(link, {}, t("in_metabase"), icon("out")),
  );
}

function columnOf(source, record) {
  const columns = resultOf(source.result, record)?.table?.columns ?? [];
  return columns.find((column) => column.name === source.column) ?? {};
}

/** What tells the cell's row from others: "Country DE". */
function keyText(source, record) {
  const columns = resultOf(source.result, record)?.table?.columns ?? [];
  return Object.entries(source.key ?? {})
    .map(([name, value]) => {
      const column = columns.find((other) => other.name === name) ?? {};
      return `${column.label ?? humanName(name)} ${cellText(value, column)}`;
    })
    .join(" · ");
}

/** 1, 2, 3, 7 → 1–3, 7 */
export function ranges(rows) {
  const parts = [];
  for (const row of rows) {
    const last = parts.at(-1);
    if (last && row === last[1] + 1) last[1] = row;
    else parts.push([row, row]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
