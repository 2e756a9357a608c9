// Numbers, dates, durations and money, as the reader's locale writes them. Nothing here drops a digit that a cell has.

import { locale, t } from "./texts.js";

const numbers = new Map();

function numberFormat(options) {
  const key = JSON.stringify(options);
  if (!numbers.has(key)) numbers.set(key, new Intl.NumberFormat(locale, options));
  return numbers.get(key);
}

/** A number with all its digits. */
export function number(value, { grouped = true, decimals = 0 } = {}) {
  return numberFormat({ useGrouping: grouped, minimumFractionDigits: decimals, maximumFractionDigits: 20 }).format(
    settled(value),
  );
}

/** Without the noise of binary fractions: 6030.2300000000005 is 6030.23. A double says no more than 15 digits. */
function settled(value) {
  return Number.isInteger(value) ? value : Number(value.toPrecision(15));
}

/** A number for an axis, where space is short: 1.2K, 45M. */
export function shortNumber(value) {
  return numberFormat({ notation: "compact", maximumFractionDigits: 2 }).format(value);
}

export function money(dollars) {
  if (dollars === null || dollars === undefined) return t("how.price.unknown");
  if (dollars === 0) return t("how.free");
  const options = { style: "currency", currency: "USD", maximumSignificantDigits: dollars < 0.1 ? 2 : 4 };
  return numberFormat(options).format(dollars);
}

export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 1000) return `${number(Math.round(milliseconds))} ms`;
  if (milliseconds < 60_000) return `${number(Number((milliseconds / 1000).toFixed(1)))} s`;
  return `${number(Math.floor(milliseconds / 60_000))} min ${number(Math.round((milliseconds % 60_000) / 1000))} s`;
}

/** A moment in time: the hour if it is today, otherwise the day too. */
export function moment(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return String(text ?? "");
  const today = date.toDateString() === new Date().toDateString();
  const options = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(locale, options).format(date);
}

/** A column's formatter: all its cells get the same number of decimals, so that they can be compared by eye. */
export function columnFormat(column, rows, index) {
  const numeric = column.kind === "number" || column.kind === "integer";
  if (!numeric) return (cell) => cellText(cell, column);
  const values = rows.map((row) => row[index]).filter((cell) => typeof cell === "number");
  const grouped = !isLabelLike(column, values);
  const most = values.reduce((found, value) => Math.max(found, decimalsOf(value)), 0);
  const decimals = most <= 4 ? most : 0;
  return (cell) => (typeof cell === "number" ? number(cell, { grouped, decimals }) : cellText(cell, column));
}

/** One cell as text. Null is empty: the table says so by itself. */
export function cellText(cell, column = {}) {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") return number(cell, { grouped: !isLabelLike(column, [cell]) });
  if (typeof cell === "boolean") return cell ? "✓" : "✗";
  if (typeof cell === "object") return JSON.stringify(cell);
  return column.kind === "date" || column.kind === "datetime" ? dateText(cell, column.unit, column.date_style) : cell;
}

/** Years and ids are names in digits: 2025, not 2,025. */
function isLabelLike(column, values) {
  if (column.kind && column.kind !== "integer") return false;
  if (/(^|[^a-z])(id|year|jahr|zip|code)([^a-z]|$)/i.test(`${column.name ?? ""} ${column.label ?? ""}`)) return true;
  return column.unit === "year" && values.every((value) => value > 1000 && value < 3000);
}

function decimalsOf(value) {
  const [, digits = "", exponent] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(settled(value))) ?? [];
  return exponent ? 99 : digits.length;
}

const BUCKETS = {
  year: { year: "numeric" },
  month: { year: "numeric", month: "short" },
  week: { dateStyle: "medium" },
  day: { dateStyle: "medium" },
  hour: { dateStyle: "medium", timeStyle: "short" },
  minute: { dateStyle: "medium", timeStyle: "short" },
};

/** A date as its bucket is called: 2025-01-01 by month is Jan 2025. What is not a date stays as it is. */
export function dateText(text, unit, style) {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?/.exec(text);
  if (!match) return String(text);
  const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => Number(part ?? 0));
  // The parts are shown as they stand: a bucket has no time zone of the reader's.
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (unit === "quarter") return `Q${Math.floor((month - 1) / 3) + 1} ${year}`;
  const midnight = !match[4] || (hour === 0 && minute === 0 && second === 0);
  if (style && midnight && (!unit || unit === "day" || unit === "default")) return styledDay(date, style);
  const options =
    BUCKETS[unit] ??
    (midnight ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: second ? "medium" : "short" });
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(date);
}

const PARTS = {
  dddd: { weekday: "long" },
  YYYY: { year: "numeric" },
  MMMM: { month: "long" },
};

/** A day in the style that its column has in Metabase: `D MMMM, YYYY` is 1 March, 2025. */
function styledDay(date, style) {
  return style.replace(/dddd|YYYY|MMMM|M|D/g, (part) => {
    if (part === "M") return String(date.getUTCMonth() + 1);
    if (part === "D") return String(date.getUTCDate());
    return new Intl.DateTimeFormat(locale, { ...PARTS[part], timeZone: "UTC" }).format(date);
  });
}
