// The catalog: what may be asked about, by collection, with search.

import * as api from "./api.js";
import { fill, h, icon, outside } from "./dom.js";
import { moment } from "./format.js";
import { problemView } from "./problem.js";
import { t, tWord } from "./texts.js";
import { humanName } from "./words.js";

const KINDS = [
  ["", "catalog.all"],
  ["metric", "catalog.metrics"],
  ["card", "catalog.cards"],
  ["table", "catalog.tables"],
];

export class CatalogView {
  #entries = [];
  #kind = "";

  constructor(app) {
    this.app = app;
    this.field = h("input", {
      type: "search",
      "aria-label": t("catalog.search"),
      placeholder: t("catalog.search"),
      on: { input: () => this.#render() },
    });
    this.kinds = h(
      "div",
      { class: "kinds", role: "group", "aria-label": t("catalog.title") },
      KINDS.map(([kind, key]) =>
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(kind === ""),
            data: { kind },
            on: { click: () => this.#choose(kind) },
          },
          t(key),
        ),
      ),
    );
    this.about = h("p", { class: "faint" }, t("catalog.text"));
    this.list = h("div", { class: "catalog-list", "aria-live": "off" }, h("p", { class: "faint" }, t("loading")));
    this.element = h(
      "section",
      { class: "page catalog" },
      h("h1", {}, t("catalog.title")),
      this.about,
      h("div", { class: "filter-bar" }, this.field, this.kinds),
      this.list,
    );
    this.#load();
  }

  destroy() {}

  async #load() {
    try {
      const { entries, loaded_at: loaded, unreadable = [] } = await api.catalog();
      this.#entries = entries;
      fill(this.about, t("catalog.text"), " ", t("catalog.loaded", { count: entries.length, when: moment(loaded) }));
      this.unreadable = unreadable;
      this.#render();
    } catch (problem) {
      fill(
        this.list,
        problemView(problem, () => this.#load()),
      );
    }
  }

  #choose(kind) {
    this.#kind = kind;
    for (const button of this.kinds.children) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    this.#render();
  }

  #render() {
    const words = this.field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.#entries.filter(
      (entry) => (!this.#kind || entry.kind === this.#kind) && words.every((word) => haystack(entry).includes(word)),
    );
    const groups = Map.groupBy(found, (entry) => entry.collection || t("catalog.no_collection"));
    fill(
      this.list,
      found.length === 0 && h("p", { class: "faint" }, t("catalog.none")),
      [...groups]
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([collection, entries]) =>
          h(
            "section",
            {},
            h("h2", { class: "collection" }, collection),
            h(
              "ul",
              { class: "entries" },
              entries.map((entry) => this.#entry(entry)),
            ),
          ),
        ),
      this.unreadable?.length > 0 &&
        h(
          "details",
          { class: "unreadable" },
          h("summary", {}, icon("chevron"), t("catalog.unreadable", { count: this.unreadable.length })),
          h(
            "ul",
            {},
            this.unreadable.map((text) => h("li", {}, text)),
          ),
        ),
    );
  }

  #entry(entry) {
    const more = h("div", { class: "entry-more" });
    const details = h(
      "details",
      {
        class: "entry",
        id: `${entry.kind}-${entry.id}`,
        on: { toggle: () => details.open && more.childNodes.length === 0 && this.#details(entry, more) },
      },
      h(
        "summary",
        {},
        icon("chevron"),
        h(
          "span",
          { class: "entry-name" },
          h("span", { class: "kind" }, tWord("kind", entry.kind)),
          " ",
          entry.name,
          entry.verified && h("span", { class: "tag good" }, t("catalog.verified")),
        ),
        entry.description && h("span", { class: "entry-about faint" }, entry.description),
      ),
      more,
    );
    return h("li", {}, details);
  }

  async #details(entry, more) {
    const takes = entry.takes ?? [];
    const draw = (whole) =>
      fill(
        more,
        whole.description && h("p", {}, whole.description),
        takes.length > 0 && [
          h("p", { class: "label" }, t("catalog.takes")),
          h(
            "ul",
            { class: "filters" },
            takes.map((name) => h("li", { title: name }, humanName(name))),
          ),
        ],
        h("dl", { class: "facts" }, extraFacts(whole)),
        h(
          "p",
          { class: "source-actions" },
          h(
            "button",
            {
              type: "button",
              class: "link",
              on: { click: () => this.app.compose(t("catalog.ask.text", { name: entry.name })) },
            },
            t("catalog.ask"),
          ),
          entry.link && outside(entry.link, {}, t("in_metabase"), icon("out")),
        ),
      );
    draw(entry);
    try {
      draw({ ...entry, ...(await api.entry(entry.kind, entry.id)) });
    } catch {
      // What the list knows is shown already.
    }
  }
}

/** What a whole entry says beyond the list: its columns, dimensions and such, as they come. */
function extraFacts(entry) {
  const known = new Set(["kind", "id", "name", "collection", "verified", "takes", "description", "link"]);
  return Object.entries(entry)
    .filter(([key, value]) => !known.has(key) && value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => [
      h("dt", {}, humanName(key)),
      h(
        "dd",
        {},
        Array.isArray(value)
          ? h(
              "ul",
              { class: "filters" },
              value.map((item) => h("li", { title: titleOf(item) }, nameOf(item))),
            )
          : nameOf(value),
      ),
    ]);
}

function nameOf(item) {
  if (item === null || typeof item !== "object") return String(item);
  const name = item.label ?? item.name;
  if (name === undefined) return JSON.stringify(item);
  const known = item.allowed ?? item.values;
  const values = known?.values ?? [];
  const some =
    values.slice(0, 8).map(String).join(", ") + (values.length > 8 || known?.complete === false ? ", …" : "");
  return [name, item.kind, values.length > 0 && some].filter((part) => typeof part === "string").join(" · ");
}

function titleOf(item) {
  return typeof item?.description === "string" ? item.description : null;
}

function haystack(entry) {
  return [entry.name, entry.description, entry.collection, ...(entry.takes ?? [])]
    .filter(Boolean)
    .join("\n")
    .toLowerCase();
}
