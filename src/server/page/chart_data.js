// A table turned into what a chart draws, without the chart: points by series, what had to be left out, and the sentence
// that stands for the picture. The server chooses the kind from the table's shape; here it is only carried out.

import { cellText, number } from "./format.js";
import { t } from "./texts.js";

/** More than these cannot be told apart by eye. The table has all; the chart says what it shows. */
const MOST_SERIES = 8;
const MOST_BARS = 40;
const MOST_POINTS = 1000;

/**
 * What to draw, or null when the table does not have the columns: `{ kind, labels, series: [{ label, values }], measures,
 * horizontal, cut, xLabel, yLabel }`. `measures` is whether each series is a column of its own. The values of a scatter
 * are `{ x, y }`.
 */
export function chartData(chart, table, kind = chart.kind) {
  const column = (name) => table.columns.findIndex((other) => other.name === name);
  const x = column(chart.x);
  const ys = (chart.y ?? []).map(column);
  const split = chart.series ? column(chart.series) : -1;
  if (x < 0 || ys.length === 0 || ys.some((y) => y < 0) || (chart.series && split < 0)) return null;
  const labelOf = (index) => table.columns[index].label ?? table.columns[index].name;
  const names = { xLabel: labelOf(x), yLabel: ys.map(labelOf).join(", ") };
  if (kind === "scatter") return { ...scatter(table, x, ys[0]), ...names, kind };

  const rows = kind === "line" ? inOrder(table, x) : table.rows;
  const keys = [...new Set(rows.map((row) => row[x]))];
  const all =
    split < 0
      ? ys.map((y) => ({ label: labelOf(y), values: valuesBy(rows, x, y, keys) }))
      : seriesOf(rows, x, ys[0], split, keys, table.columns[split]);
  const most = kind === "line" ? MOST_POINTS : MOST_BARS;
  const series = largest(all).map(({ label, values }) => ({ label, values: values.slice(0, most) }));
  const labels = keys.slice(0, most).map((key) => labelText(key, table.columns[x]));
  const time = ["date", "datetime"].includes(table.columns[x].kind);
  const longest = labels.reduce((length, label) => Math.max(length, label.length), 0);
  return {
    ...names,
    kind,
    labels,
    series,
    measures: split < 0,
    horizontal: kind !== "line" && !time && (labels.length > 12 || longest > 14),
    cut: cutText(labels.length, keys.length) ?? cutText(series.length, all.length),
  };
}

/** The one value of a number: `{ value, label }`. */
export function singleNumber(chart, table) {
  const index = table.columns.findIndex((column) => column.name === (chart.y ?? [])[0]);
  const value = table.rows[0]?.[index];
  if (index < 0 || value === null || value === undefined) return null;
  const column = table.columns[index];
  return { value: cellText(value, column), label: column.label ?? column.name };
}

/** The picture in one sentence, for those who do not see it. */
export function chartText(data, title) {
  const values = data.series.flatMap(({ values }) =>
    values.map((value) => (typeof value === "object" && value ? value.y : value)),
  );
  const known = values.filter((value) => typeof value === "number");
  const least = known.reduce((found, value) => Math.min(found, value), Infinity);
  const greatest = known.reduce((found, value) => Math.max(found, value), -Infinity);
  const sentence = t("chart.alone", {
    kind: t(`chart.${data.kind}`),
    y: data.yLabel,
    x: data.xLabel,
    count: known.length,
    min: known.length ? number(least) : "–",
    max: known.length ? number(greatest) : "–",
  });
  return title ? `${title}. ${sentence}` : sentence;
}

function inOrder(table, x) {
  if (!["date", "datetime", "time", "integer", "number"].includes(table.columns[x].kind)) return table.rows;
  return [...table.rows].sort((one, other) => (one[x] < other[x] ? -1 : one[x] > other[x] ? 1 : 0));
}

function labelText(value, column) {
  return value === null || value === "" ? t("table.null") : cellText(value, column);
}

function valuesBy(rows, x, y, keys) {
  const values = new Map(rows.map((row) => [row[x], row[y]]));
  return keys.map((key) => values.get(key) ?? null);
}

function seriesOf(rows, x, y, split, keys, column) {
  const names = [...new Set(rows.map((row) => row[split]))];
  return names.map((name) => ({
    label: labelText(name, column),
    values: valuesBy(
      rows.filter((row) => row[split] === name),
      x,
      y,
      keys,
    ),
  }));
}

/** The series with the greatest values, in the order they came. */
function largest(series) {
  if (series.length <= MOST_SERIES) return series;
  const weight = ({ values }) =>
    values.reduce((sum, value) => sum + Math.abs(typeof value === "number" ? value : 0), 0);
  const chosen = new Set([...series].sort((one, other) => weight(other) - weight(one)).slice(0, MOST_SERIES));
  return series.filter((one) => chosen.has(one));
}

function scatter(table, x, y) {
  const points = table.rows
    .filter((row) => typeof row[x] === "number" && typeof row[y] === "number")
    .map((row) => ({ x: row[x], y: row[y] }));
  const shown = points.slice(0, MOST_POINTS);
  return {
    labels: [],
    series: [{ label: table.columns[y].label ?? table.columns[y].name, values: shown }],
    horizontal: false,
    cut: cutText(shown.length, points.length),
  };
}

function cutText(shown, count) {
  return shown < count ? t("chart.cut", { shown, count }) : null;
}
