// One result as a table: sorted by a click on a column's head, folded when it is long, and able to point at one cell.

import { fill, h, icon } from "./dom.js";
import { columnFormat } from "./format.js";
import { t } from "./texts.js";

/** The view of a table as docs/server.md gives it. `element` holds it. */
export class TableView {
  #sort = null;
  #open = false;

  constructor(table, { folded = 10 } = {}) {
    this.table = table;
    this.folded = folded;
    this.formats = table.columns.map((column, index) => columnFormat(column, table.rows, index));
    this.body = h("tbody");
    this.shapes = table.columns.map((column, index) => shapeOf(column, table.rows, index));
    this.heads = table.columns.map((column, index) => this.#head(column, index));
    this.more = h("button", {
      type: "button",
      class: "link table-more",
      on: { click: () => this.#unfold(!this.#open) },
    });
    const scroller = h(
      "div",
      {
        class: "table-scroll",
        tabindex: "0",
        role: "group",
        "aria-label": t("table.of", { title: table.title ?? "" }),
      },
      h(
        "table",
        { class: table.columns.length === 2 ? "narrow" : null },
        h("thead", {}, h("tr", {}, this.heads)),
        this.body,
      ),
    );
    this.element = h("div", { class: "table" }, scroller, this.more);
    this.#render();
  }

  /** The rows in the order that is shown, each with its number in the result (from 0). */
  get ordered() {
    const rows = this.table.rows.map((cells, index) => ({ cells, index }));
    if (this.#sort === null) return rows;
    const { column, up } = this.#sort;
    return rows.sort((one, other) => {
      const [left, right] = [one.cells[column], other.cells[column]];
      // Empty cells stay last, whichever way it goes.
      if (left === null || right === null) return (left === null) - (right === null) || one.index - other.index;
      return (up ? 1 : -1) * compare(left, right) || one.index - other.index;
    });
  }

  /** Shows the cell of this row (from 1) and column, and lets it stand out for a moment. */
  point(row, columnName) {
    if (row !== null && row > this.folded) this.#unfold(true);
    const column = this.table.columns.findIndex(({ name }) => name === columnName);
    const cell =
      row === null
        ? this.heads[column]
        : this.body.querySelector(`[data-row="${Number(row)}"]`)?.children[Math.max(column, 0)];
    const target = cell ?? this.element;
    target.scrollIntoView({
      block: "center",
      inline: "center",
      behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
    });
    for (const old of this.element.querySelectorAll(".pointed")) old.classList.remove("pointed");
    target.classList.add("pointed");
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  #head(column, index) {
    const label = column.label ?? column.name;
    const button = h(
      "button",
      { type: "button", title: t("table.sort", { column: label }), on: { click: () => this.#sortBy(index) } },
      h("span", {}, label),
      icon("chevron"),
    );
    return h("th", { scope: "col", class: this.shapes[index], "aria-sort": "none" }, button);
  }

  #sortBy(column) {
    const same = this.#sort?.column === column;
    // A third click gives the order of the result back.
    this.#sort = !same ? { column, up: true } : this.#sort.up ? { column, up: false } : null;
    this.heads.forEach((head, index) => {
      const sorted = this.#sort?.column === index;
      head.setAttribute("aria-sort", sorted ? (this.#sort.up ? "ascending" : "descending") : "none");
    });
    this.#render();
  }

  #unfold(open) {
    this.#open = open;
    this.#render();
  }

  #render() {
    const { rows, columns } = this.table;
    // One or two rows more do not need a click.
    const shown = this.#open || rows.length <= this.folded + 2 ? rows.length : this.folded;
    fill(
      this.body,
      this.ordered.slice(0, shown).map(({ cells, index }) =>
        h(
          "tr",
          { data: { row: index + 1 } },
          columns.map((_, at) => this.#cell(cells[at], at)),
        ),
      ),
    );
    if (rows.length === 0)
      fill(this.body, h("tr", {}, h("td", { colspan: columns.length, class: "empty" }, t("table.empty"))));
    this.more.hidden = rows.length <= this.folded + 2;
    this.more.textContent = this.#open ? t("table.fewer") : t("table.all", { count: rows.length });
  }

  #cell(value, at) {
    if (value === null || value === undefined)
      return h(
        "td",
        { class: `${this.shapes[at]} null` },
        h("span", { class: "offscreen" }, t("table.null")),
        h("span", { "aria-hidden": "true" }, "–"),
      );
    const text = this.formats[at](value);
    const raw = String(value);
    return h("td", { class: this.shapes[at], title: raw !== text ? raw : null }, text);
  }
}

/** Numbers stand to the right; a column of long texts gets room, so that its rows do not become towers. */
function shapeOf({ kind }, rows, index) {
  if (kind === "number" || kind === "integer") return "numeric";
  if (kind === "date" || kind === "datetime" || kind === "time") return "nowrap";
  return rows.some((row) => typeof row[index] === "string" && row[index].length > 40) ? "wide" : "";
}

const collator = new Intl.Collator(undefined, { numeric: true });

function compare(left, right) {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return collator.compare(String(left), String(right));
}
