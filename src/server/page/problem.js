// A problem in the place of what could not be shown: what happened, in the server's words, and what can be done.

import { h, icon } from "./dom.js";
import { t } from "./texts.js";

export function problemView(problem, again, text = null) {
  const detail = text ?? (problem.code === "network" ? t("error.network") : problem.message);
  return h(
    "div",
    { class: "problem", role: "alert" },
    icon("warning"),
    h(
      "div",
      {},
      h("p", { class: "verdict-title" }, t("error")),
      h("p", {}, detail),
      problem.retryAfter && h("p", {}, t("error.wait", { count: problem.retryAfter })),
      again && h("button", { type: "button", class: "quiet", on: { click: again } }, icon("again"), t("error.again")),
    ),
  );
}
