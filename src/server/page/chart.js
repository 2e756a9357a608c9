// Draws a chart with Chart.js, in the page's own colours and type. The library is read when the first chart is shown.

import { h } from "./dom.js";
import { number, shortNumber } from "./format.js";
import { chartText } from "./chart_data.js";

let library = null;
const drawn = new Set();

/** A figure with the chart of `data` (chart_data.js). `destroy` frees it. */
export class ChartView {
  #chart = null;
  #gone = false;

  constructor(data, title) {
    this.data = data;
    this.canvas = h("canvas", { role: "img", "aria-label": chartText(data, title) });
    this.frame = h("div", { class: "chart-frame" }, this.canvas);
    // Bars that lie need a line each.
    if (data.horizontal) this.frame.style.height = `${Math.max(160, 56 + data.labels.length * 24)}px`;
    this.element = h("figure", { class: "chart" }, this.frame, data.cut && h("figcaption", {}, data.cut));
    drawn.add(this);
  }

  /** Draws it; the element has to be in the page, because it is drawn to its size. */
  async draw() {
    library ??= import("./vendor/chart.umd.min.js").then(() => globalThis.Chart);
    const Chart = await library;
    if (this.#gone || !this.canvas.isConnected) return;
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    this.#chart?.destroy();
    this.#chart = new Chart(this.canvas, settings(this.data, coloursOf(this.frame)));
  }

  destroy() {
    this.#gone = true;
    this.#chart?.destroy();
    drawn.delete(this);
  }
}

/** Draws all charts again, after the colours changed. */
export function redrawCharts() {
  for (const view of drawn) {
    if (view.canvas.isConnected) view.draw();
    else view.destroy();
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawCharts);

function settings(data, colours) {
  const { kind, horizontal } = data;
  const many = data.series.length > 1;
  const second = needsSecondAxis(data);
  const datasets = data.series.map(({ label, values }, index) => {
    const colour = colours.series[index % colours.series.length];
    return {
      label,
      data: values,
      ...(second ? { yAxisID: index === 0 ? "y" : "y2" } : {}),
      borderColor: colour,
      backgroundColor: kind === "line" ? `${colour}1f` : colour,
      borderWidth: kind === "line" ? 2 : 0,
      fill: kind === "line" && !many ? "origin" : false,
      spanGaps: false,
      pointRadius: kind === "scatter" ? 3.5 : values.length > 40 ? 0 : 2.5,
      pointHoverRadius: 5,
      pointBackgroundColor: colour,
      borderRadius: kind === "bar" ? 3 : 0,
      maxBarThickness: 44,
      categoryPercentage: 0.78,
      barPercentage: 0.92,
    };
  });
  const ticks = { color: colours.faint, font: { size: 12 }, maxRotation: 0, autoSkipPadding: 14 };
  const categories = {
    grid: { display: false },
    border: { color: colours.line },
    ticks,
    stacked: kind === "stacked_bar",
  };
  const values = {
    grid: { color: colours.line, drawTicks: false },
    border: { display: false },
    stacked: kind === "stacked_bar",
    beginAtZero: kind !== "scatter",
    ticks: { ...ticks, padding: 8, maxTicksLimit: 6, callback: (value) => shortNumber(value) },
    title: {
      display: true,
      text: shortened(data.yLabel, 48),
      color: colours.faint,
      font: { size: 12, weight: "normal" },
    },
  };
  const titled = (text, color = colours.faint) => ({ ...values.title, text: shortened(text, 48), color });
  const scales = () => {
    if (kind === "scatter") return { x: { ...values, beginAtZero: false, title: titled(data.xLabel) }, y: values };
    if (horizontal)
      return { x: values, y: { ...categories, ticks: { ...ticks, autoSkip: false, callback: shortLabel } } };
    if (!second) return { x: categories, y: values };
    const [left, right] = data.series.map(({ label }, index) => titled(label, colours.series[index]));
    return {
      x: categories,
      y: { ...values, title: left },
      y2: { ...values, title: right, position: "right", grid: { display: false } },
    };
  };
  return {
    type: kind === "stacked_bar" ? "bar" : kind,
    data: { labels: data.labels, datasets },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      indexAxis: horizontal ? "y" : "x",
      locale: document.documentElement.lang,
      interaction: {
        mode: kind === "scatter" ? "nearest" : "index",
        intersect: kind === "scatter",
        axis: horizontal ? "y" : "x",
      },
      scales: scales(),
      plugins: {
        legend: {
          display: many,
          position: "bottom",
          labels: {
            color: colours.ink,
            font: { size: 12 },
            boxWidth: 10,
            boxHeight: 10,
            useBorderRadius: true,
            borderRadius: 2,
            padding: 14,
          },
        },
        tooltip: {
          backgroundColor: colours.ink,
          titleColor: colours.paper,
          bodyColor: colours.paper,
          padding: 10,
          cornerRadius: 6,
          boxPadding: 4,
          displayColors: many,
          callbacks: { label: (item) => tooltipText(item, kind, horizontal) },
        },
      },
    },
  };
}

/** Long names stand whole in the hint and in the table. */
function shortLabel(value) {
  return shortened(this.getLabelForValue(value), 26);
}

function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Two measures of very different size get an axis each: on one, the smaller would lie flat on the floor. */
function needsSecondAxis({ kind, series, measures, horizontal }) {
  if (!measures || horizontal || kind === "stacked_bar" || series.length !== 2) return false;
  const [one, other] = series.map(({ values }) =>
    values.reduce((most, value) => Math.max(most, Math.abs(value ?? 0)), 0),
  );
  return Math.max(one, other) > 8 * Math.min(one, other);
}

function tooltipText({ dataset, parsed }, kind, horizontal) {
  if (kind === "scatter") return `${number(parsed.x)} · ${number(parsed.y)}`;
  return `${dataset.label}: ${number(horizontal ? parsed.x : parsed.y)}`;
}

/** The colours of the page as a canvas takes them: a custom property alone may still hold `light-dark(…)`. */
function coloursOf(frame) {
  const probe = h("span", { class: "offscreen" });
  frame.append(probe);
  const read = (name) => {
    probe.style.color = `var(${name})`;
    const [red, green, blue] = getComputedStyle(probe)
      .color.match(/[\d.]+/g)
      .map(Number);
    return `#${[red, green, blue].map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
  };
  const colours = {
    ink: read("--ink"),
    faint: read("--ink-2"),
    line: read("--line"),
    paper: read("--raised"),
    series: Array.from({ length: 8 }, (_, index) => read(`--series-${index + 1}`)),
  };
  probe.remove();
  return colours;
}
