// What a query was, in words: entry, filters, parameters and grouping, as they are shown with steps and figures.
//
//   {"dimension": "created_at", "operation": "less-than", "values": ["2026-01-01"]}  →  Created at < 2026-01-01

import { locale, t, tWord } from "./texts.js";
import { number } from "./format.js";

const SIGNS = {
  "=": "=",
  equals: "=",
  "!=": "≠",
  "not-equals": "≠",
  "<": "<",
  "less-than": "<",
  ">": ">",
  "greater-than": ">",
  "<=": "≤",
  "less-than-or-equal": "≤",
  ">=": "≥",
  "greater-than-or-equal": "≥",
};

/** `created_at` → Created at; `User.country` → User › Country. */
export function humanName(name) {
  return String(name ?? "")
    .split(".")
    .map((part) => part.replaceAll("_", " ").trim())
    .map((part) => part.charAt(0).toLocaleUpperCase(locale) + part.slice(1))
    .join(" › ");
}

/** One filter, as a short line. */
export function filterText(filter) {
  if (filter === null || typeof filter !== "object") return plain(filter);
  if (filter.segment !== undefined && filter.segment !== null) return t("segment", { name: plain(filter.segment) });
  const name = humanName(filter.dimension ?? filter.field ?? filter.column);
  const values = Array.isArray(filter.values)
    ? filter.values.map(plain)
    : filter.value === undefined
      ? []
      : [plain(filter.value)];
  const operation = String(filter.operation ?? "=");
  const bucket = /^(year|quarter|month|week|day)-equals$/.exec(operation);
  const sign = SIGNS[operation] ?? (bucket ? "=" : operation.replaceAll("-", " "));
  return [name, sign, values.join(", ")].filter(Boolean).join(" ");
}

/** Filters and parameters of a query, a line each. Takes an event of a step as well as an evidence's `arguments`. */
export function filterTexts({ filters, parameters } = {}) {
  const named =
    parameters && typeof parameters === "object" && !Array.isArray(parameters) ? Object.entries(parameters) : [];
  return [
    ...(Array.isArray(filters) ? filters : []).map(filterText),
    ...named.map(([name, value]) => `${humanName(name)} = ${plain(value)}`),
  ];
}

/** What a query grouped by: "by Created at (month), Country". Empty without a grouping. */
export function groupText({ group_by: groups } = {}) {
  if (!Array.isArray(groups) || groups.length === 0) return "";
  const parts = groups.map((group) => {
    const name = humanName(typeof group === "string" ? group : group?.dimension);
    return group?.granularity ? `${name} (${group.granularity})` : name;
  });
  return t("by", { what: parts.join(", ") });
}

/** What was asked: the entry's kind and name, or the tool's. */
export function stepTitle({ entry, tool, summary }) {
  if (entry) return { kind: tWord("kind", entry.kind), name: entry.name };
  return { kind: tWord("tool", tool), name: summary ?? "" };
}

/** Why a result is not whole, or null if it is. */
export function extentText(extent) {
  if (extent === "complete" || extent === undefined || extent === null) return null;
  const [kind, detail] = typeof extent === "object" ? (Object.entries(extent)[0] ?? []) : [extent, {}];
  const known = ["server_limit", "row_budget", "page_failed", "asked_limit", "over_asked_limit"].includes(kind);
  return t(known ? `extent.${kind}` : "extent.cut", detail ?? {});
}

/** Whether rows were lost, rather than left out because the query asked for no more. */
export function isCut({ extent, truncated } = {}) {
  if (truncated && extent === undefined) return true;
  return (
    extent !== undefined &&
    extent !== "complete" &&
    !(typeof extent === "object" && extent !== null && "asked_limit" in extent)
  );
}

function plain(value) {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : number(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
