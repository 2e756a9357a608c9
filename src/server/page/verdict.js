// How an answer ended, where that is not simply "answered": the outcome and its reasons, in words. An answer that is not
// fully verified must look it.

import { h, icon } from "./dom.js";
import { t, tWord } from "./texts.js";
import { extentText, isCut } from "./words.js";

/** The box above an answer's text, or null when there is nothing to warn of. */
export function verdictOf(turn) {
  const word = outcomeOf(turn);
  if (word === null || word === "answered") return null;
  const reasons = reasonsOf(turn);
  const grave = ["upstream_failed", "interrupted", "failed"].includes(word);
  return h(
    "div",
    { class: `verdict ${word}${grave ? " grave" : ""}`, role: "note" },
    icon(word === "needs_clarification" ? "question" : "warning"),
    h(
      "div",
      {},
      h("p", { class: "verdict-title" }, tWord("outcome", word)),
      reasons.map((reason) => h("p", {}, reason)),
    ),
  );
}

/** The outcome of an answer, or the status of a turn that has none. */
export function outcomeOf(turn) {
  if (turn.record?.answer) return turn.record.answer.outcome;
  return turn.status === "interrupted" || turn.status === "failed" ? turn.status : null;
}

function reasonsOf(turn) {
  const answer = turn.record?.answer;
  const said = turn.error?.detail;
  if (!answer)
    return [
      said,
      turn.error?.retryAfter && t("error.wait", { count: turn.error.retryAfter }),
      turn.status === "interrupted" && !said && t("why.interrupted"),
    ].filter(Boolean);
  const reasons = [];
  const unmatched = answer.figures.filter((figure) => figure.status === "unmatched").length;
  if (unmatched) reasons.push(t("why.unmatched", { count: unmatched }));
  const cut = answer.evidence.filter(isCut);
  if (cut.length)
    reasons.push(
      t("why.cut", {
        count: cut.length,
        names: cut
          .map((item) => `${item.name ?? item.result} (${extentText(item.extent) ?? t("extent.cut")})`)
          .join(", "),
      }),
    );
  const failed = answer.tool_calls.filter((call) => call.status === "failed").length;
  if (failed && answer.outcome !== "answered") reasons.push(t("why.failed_calls", { count: failed }));
  if (answer.outcome === "not_in_catalog") reasons.push(t("why.not_in_catalog"));
  if (!["final_answer", "asked_user", "cannot_answer"].includes(answer.stop_reason))
    reasons.push(tWord("stop", answer.stop_reason));
  if (answer.stop_detail) reasons.push(answer.stop_detail);
  if (answer.links_removed) reasons.push(t("why.links", { count: answer.links_removed }));
  return reasons;
}
