// The health of the data behind an answer: whether each result is whole and where it came from. What a project's tests and
// freshness checks say stands here too, as `health` of an evidence: `{ status: "healthy" | "questionable" | "unhealthy", detail }`.

import { h, icon } from "./dom.js";
import { t, tWord } from "./texts.js";
import { extentText, isCut } from "./words.js";

export function healthOf(record) {
  const { evidence = [], tool_calls: calls = [] } = record.answer;
  const checked = evidence.filter((item) => item.health);
  return [
    evidence.length > 0 &&
      h(
        "ul",
        { class: "health" },
        evidence.map((item) => line(item, calls[item.call - 1])),
      ),
    checked.length === 0 && h("p", { class: "faint" }, t("how.health.none")),
  ];
}

function line(item, call) {
  const bad = isCut(item) || ["questionable", "unhealthy"].includes(item.health?.status);
  const parts = [
    extentText(item.extent) ?? t("how.whole"),
    call?.served_by && tWord("served", call.served_by),
    item.health?.detail,
  ];
  return h(
    "li",
    { class: bad ? "warn" : "" },
    icon(bad ? "warning" : "check"),
    h(
      "span",
      {},
      item.name ?? item.result,
      h("span", { class: "faint" }, ` ${item.result} · ${parts.filter(Boolean).join(" · ")}`),
    ),
  );
}
