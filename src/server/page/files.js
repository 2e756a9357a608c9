// What leaves the page: the clipboard and files.

import { announce } from "./announce.js";
import { h } from "./dom.js";
import { t } from "./texts.js";

/** Copies a text and says so. Outside of a secure context the old way still works. */
export async function copy(text, done = t("copied")) {
  let copied = false;
  try {
    await navigator.clipboard.writeText(text);
    copied = true;
  } catch {
    const field = h("textarea", { class: "offscreen", value: text, readonly: true });
    document.body.append(field);
    field.select();
    copied = document.execCommand("copy");
    field.remove();
  }
  announce(copied ? done : t("copy.failed"), { visible: true });
  return copied;
}

/** Lets the reader keep a file. */
export function download(name, blob) {
  const address = URL.createObjectURL(blob);
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A name that every file system takes. */
export function fileName(title, extension) {
  const base = title
    .normalize("NFKC")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  return `${base || "cardinal"}.${extension}`;
}

/** RFC 4180, with a BOM so that spreadsheets read UTF-8. A text that a spreadsheet would run as a formula is disarmed. */
export function csv(columns, rows) {
  const quoted = (text) => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `\uFEFF${[columns, ...rows].map((row) => row.map((cell) => quoted(cellOf(cell))).join(",")).join("\r\n")}\r\n`;
}

/** Columns apart by tabs, as spreadsheets take it from the clipboard. */
export function tabbed(columns, rows) {
  return [columns, ...rows]
    .map((row) => row.map((cell) => cellOf(cell).replace(/[\t\r\n]+/g, " ")).join("\t"))
    .join("\n");
}

function cellOf(cell) {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "string") return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
  // Spreadsheets look behind white space and what nobody sees, and some read the wide signs of Asian scripts.
  const formula = /^[\s\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/u;
  return formula.test(cell) && Number.isNaN(Number(cell)) ? `'${cell}` : cell;
}
