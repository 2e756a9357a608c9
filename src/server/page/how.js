// "How was this answered?": the whole turn, for those who want to check it or to mend the catalog.

import * as api from "./api.js";
import { announce } from "./announce.js";
import { download, fileName } from "./files.js";
import { h, icon, outside } from "./dom.js";
import { duration, moment, money, number } from "./format.js";
import { healthOf } from "./health.js";
import { StepsView } from "./steps.js";
import { t } from "./texts.js";

/** The panel of one finished turn. `readTape` fetches its recording. */
export function howAnswered(turn, readTape = api.tape) {
  const { record } = turn;
  const { usage = {}, timings = {}, catalog, model } = record.answer;
  const steps = new StepsView();
  steps.show({ ...turn, notes: [] }, false);
  const row = (label, ...content) => [h("dt", {}, label), h("dd", {}, content)];
  return h(
    "div",
    { class: "how" },
    h("h4", {}, t("how.steps")),
    turn.steps.length ? steps.list : h("p", { class: "faint" }, t("how.none")),
    h("h4", {}, t("how.health")),
    healthOf(record),
    h("h4", {}, t("how.cost")),
    h(
      "dl",
      { class: "facts" },
      row(t("admin.cost"), money(usage.cost_usd)),
      row(
        t("admin.time"),
        t("how.time", {
          total: duration(timings.total_ms),
          model: duration(timings.model_ms),
          tools: duration(timings.tools_ms),
        }),
      ),
      row(
        t("how.model"),
        [
          model ?? "–",
          t("how.completions", { count: usage.steps ?? 0 }),
          t("how.tokens", {
            input: number(usage.input_tokens ?? 0),
            cached: number(usage.cached_tokens ?? 0),
            output: number(usage.output_tokens ?? 0),
          }),
        ].join(" · "),
      ),
      catalog &&
        row(
          t("how.catalog"),
          t("how.catalog.of", { count: catalog.entries, fingerprint: catalog.fingerprint.slice(0, 12) }),
        ),
      row(t("how.asked"), [moment(record.created_at), record.asked_by].filter(Boolean).join(" · ")),
    ),
    h(
      "button",
      {
        type: "button",
        class: "link",
        on: { click: () => keepTape(record, readTape) },
      },
      icon("download"),
      t("how.tape"),
    ),
  );
}

async function keepTape(record, readTape) {
  try {
    download(fileName(`${record.question}-${record.id}`, "jsonl"), await readTape(record.id));
  } catch (problem) {
    announce(problem.message, { visible: true });
  }
}

/** The results an answer rests on, one line each, with their pages in Metabase. */
export function sourcesOf(record) {
  const { evidence = [], earlier_results: earlier = [], figures = [] } = record.answer;
  // Of earlier results only those that are the best source of a figure: a date alone is in many of them.
  const best = new Set(
    figures.flatMap(({ sources: [source] = [] }) => [
      source?.result,
      ...(source?.inputs ?? []).map((input) => input.result),
    ]),
  );
  const cited = earlier.filter((item) => best.has(item.result) && item.source);
  const all = [...evidence, ...cited.map((item) => ({ ...item.source, result: item.result, earlier: true }))].filter(
    (item) => item.name,
  );
  const items = all.filter((item, index) => all.findIndex((other) => sameQuery(other, item)) === index);
  if (items.length === 0) return null;
  return h(
    "div",
    { class: "sources" },
    h("span", { class: "faint" }, t("sources")),
    items.map((item) =>
      outside(
        item.link,
        { class: "source-chip", title: t("in_metabase") },
        h("span", { class: "kind" }, t(`kind.${item.kind}`)),
        " ",
        item.name,
        item.earlier && h("span", { class: "tag" }, t("source.earlier")),
        item.link && icon("out"),
      ),
    ),
  );
}

function sameQuery(one, other) {
  return (
    one.kind === other.kind && one.id === other.id && JSON.stringify(one.arguments) === JSON.stringify(other.arguments)
  );
}
