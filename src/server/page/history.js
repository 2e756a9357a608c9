// The list of conversations: search, open, rename, delete, link, export.

import * as api from "./api.js";
import { announce } from "./announce.js";
import { askText, confirm } from "./dialogs.js";
import { copy, download, fileName } from "./files.js";
import { fill, h } from "./dom.js";
import { menuButton } from "./menu.js";
import { t } from "./texts.js";

export class HistoryView {
  #sessions = [];
  #next = null;
  #search = "";
  #timer = null;
  #request = 0;

  /** `app` opens sessions (`open(path)`) and is told of a deletion (`deleted(id)`) and a new title (`renamed(id, title)`). */
  constructor(app) {
    this.app = app;
    this.current = null;
    this.field = h("input", {
      type: "search",
      placeholder: t("search"),
      "aria-label": t("search"),
      autocomplete: "off",
      on: {
        input: () => this.#typed(),
        keydown: (event) =>
          event.key === "Escape" && this.field.value !== "" && (event.stopPropagation(), this.#clear()),
      },
    });
    this.list = h("div", { class: "history-list" });
    this.element = h("div", { class: "history" }, this.field, this.list);
  }

  /** Reads the newest conversations. */
  async load() {
    const request = ++this.#request;
    try {
      const { sessions, next } = await api.sessions({ search: this.#search, limit: 50 });
      // Only what was asked for last is shown.
      if (request !== this.#request) return;
      this.#sessions = sessions;
      this.#next = next;
      this.#render();
    } catch (problem) {
      if (request === this.#request)
        fill(this.list, h("p", { class: "faint" }, problem.code === "network" ? t("error.network") : problem.message));
    }
  }

  /** Marks the conversation that is open. */
  select(id) {
    this.current = id;
    for (const link of this.list.querySelectorAll("a")) {
      if (link.dataset.session === id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** What can be done with a conversation, also in the head of the page. */
  menuOf(session) {
    const title = session.title || t("untitled");
    return menuButton(t("actions", { title }), [
      ["edit", t("rename"), () => this.#rename(session)],
      [
        "link",
        t("link"),
        () => copy(new URL(`/s/${encodeURIComponent(session.id)}`, location.href).href, t("link.copied")),
      ],
      ["download", t("export.markdown"), () => this.#export(session, "markdown", "md")],
      ["download", t("export.html"), () => this.#export(session, "html", "html")],
      ["trash", t("delete"), () => this.#delete(session)],
    ]);
  }

  async #more() {
    const { sessions, next } = await api.sessions({ search: this.#search, limit: 50, before: this.#next });
    this.#sessions = [...this.#sessions, ...sessions];
    this.#next = next;
    this.#render();
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#search = this.field.value.trim();
      this.load();
    }, 200);
  }

  #clear() {
    this.field.value = "";
    this.#search = "";
    this.load();
  }

  #render() {
    if (this.#sessions.length === 0) {
      fill(
        this.list,
        h("p", { class: "faint" }, this.#search ? t("search.none", { text: this.#search }) : t("history.none")),
      );
      return;
    }
    const groups = Map.groupBy(this.#sessions, (session) => ageOf(session.updated_at ?? session.created_at));
    fill(
      this.list,
      [...groups].map(([age, sessions]) => [
        h("h3", { class: "age" }, t(age)),
        h(
          "ul",
          {},
          sessions.map((session) => this.#item(session)),
        ),
      ]),
      this.#next &&
        h("button", { type: "button", class: "link", on: { click: () => this.#more() } }, t("history.more")),
    );
    this.select(this.current);
  }

  #item(session) {
    const path = `/s/${encodeURIComponent(session.id)}`;
    const link = h(
      "a",
      {
        href: path,
        data: { session: session.id },
        title: session.title,
        on: {
          click: (event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            this.app.open(path);
          },
        },
      },
      session.running && h("span", { class: "pulse", role: "img", "aria-label": t("history.running") }),
      session.title || t("untitled"),
    );
    return h("li", {}, link, this.menuOf(session));
  }

  async #rename(session) {
    const title = await askText({ title: t("rename"), label: t("rename.label"), value: session.title });
    if (!title || title === session.title) return;
    await this.#try(async () => {
      await api.renameSession(session.id, title);
      session.title = title;
      this.app.renamed(session.id, title);
      await this.load();
    });
  }

  async #delete(session) {
    const sure = await confirm({
      title: t("delete.title"),
      text: t("delete.text", { title: session.title || t("untitled") }),
      action: t("delete"),
    });
    if (!sure) return;
    await this.#try(async () => {
      await api.deleteSession(session.id);
      this.app.deleted(session.id);
      await this.load();
    });
  }

  #export(session, format, extension) {
    return this.#try(async () =>
      download(fileName(session.title || session.id, extension), await api.exportSession(session.id, format)),
    );
  }

  async #try(action) {
    try {
      await action();
    } catch (problem) {
      announce(problem.message, { visible: true });
    }
  }
}

function ageOf(time) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const then = new Date(time).getTime();
  if (then >= midnight) return "today";
  if (then >= midnight - 86_400_000) return "yesterday";
  return then >= midnight - 7 * 86_400_000 ? "week" : "older";
}
