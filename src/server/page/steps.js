// The steps of an answer: what was asked of which entry, with filters, as it happens. While the answer is written the
// steps are open; then they fold into one line.

import { fill, h, icon, outside } from "./dom.js";
import { duration } from "./format.js";
import { t, tWord } from "./texts.js";
import { filterTexts, groupText, stepTitle } from "./words.js";

export class StepsView {
  #rows = new Map();
  #folded = false;

  constructor() {
    this.summary = h("summary");
    this.list = h("ol", { class: "steps-list", "aria-label": t("steps.label") });
    this.element = h("details", { class: "steps", open: true, hidden: true }, this.summary, this.list);
  }

  show(turn, over) {
    this.element.hidden = turn.steps.length === 0 && turn.notes.length === 0;
    for (const step of turn.steps) this.#show(step);
    const notes = turn.notes.slice(this.list.querySelectorAll(".note").length);
    this.list.append(...notes.map((text) => h("li", { class: "note" }, text)));
    fill(this.summary, icon("chevron"), over ? foldedText(turn) : t("steps", { count: turn.steps.length }));
    if (over && !this.#folded) {
      this.#folded = true;
      this.element.open = false;
    }
  }

  #show(step) {
    const known = this.#rows.get(step.call);
    if (known?.step === step) return;
    const element = h("li", { class: `step ${step.status}` }, stepLine(step), stepDetails(step));
    if (known) {
      element.querySelector("details")?.toggleAttribute("open", known.element.querySelector("details")?.open ?? false);
      known.element.replaceWith(element);
    } else this.list.append(element);
    this.#rows.set(step.call, { step, element });
  }
}

/** A step in one line: how it went, what was asked, with which filters, and how many rows came. */
function stepLine(step) {
  const { kind, name } = stepTitle(step);
  const details = [...filterTexts(step), groupText(step)].filter(Boolean);
  return h(
    "div",
    { class: "step-line" },
    marker(step),
    h(
      "div",
      {},
      h(
        "p",
        { class: "step-title" },
        h("span", { class: "kind" }, kind),
        " ",
        step.entry?.link ? outside(step.entry.link, { class: "quiet-link" }, name) : name,
        h("span", { class: "faint" }, outcomeText(step)),
      ),
      details.length > 0 &&
        h(
          "ul",
          { class: "filters" },
          details.map((line) => h("li", {}, line)),
        ),
      step.note && h("p", { class: `step-note${step.status === "ok" ? "" : " warn"}` }, step.note),
    ),
  );
}

/** All of what was asked, as it was checked. */
export function stepDetails(step) {
  const known = step.arguments && Object.keys(step.arguments).length > 0;
  if (!known) return null;
  return h(
    "details",
    { class: "step-arguments" },
    h("summary", {}, t("arguments")),
    h("pre", { tabindex: "0" }, JSON.stringify(step.arguments, null, 2)),
  );
}

function marker(step) {
  const drawings = { ok: "check", served_from_turn: "check", refused: "blocked", failed: "warning" };
  if (step.status === "running") return h("span", { class: "spinner", role: "img", "aria-label": t("step.running") });
  return h(
    "span",
    { class: `marker ${step.status}`, role: "img", "aria-label": tWord("status", step.status) },
    icon(drawings[step.status] ?? "check"),
  );
}

function outcomeText(step) {
  const parts = [];
  if (step.status === "refused" || step.status === "failed" || step.status === "served_from_turn")
    parts.push(tWord("status", step.status));
  if (typeof step.rows === "number") parts.push(t("step.rows", { count: step.rows }));
  if (step.served_by && step.served_by !== "live") parts.push(tWord("served", step.served_by));
  return parts.length ? ` · ${parts.join(" · ")}` : "";
}

function foldedText(turn) {
  const names = [...new Set(turn.steps.map((step) => step.entry?.name).filter(Boolean))];
  const time = turn.record?.answer?.timings?.total_ms;
  return [
    t("steps", { count: turn.steps.length }),
    names.slice(0, 2).join(", ") + (names.length > 2 ? " …" : ""),
    time ? duration(time) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
