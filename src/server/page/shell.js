// What stays while views change: the side with the list of conversations, and the head with the title.

import { redrawCharts } from "./chart.js";
import { show as showDialog } from "./dialogs.js";
import { fill, h, icon, iconButton } from "./dom.js";
import { HistoryView } from "./history.js";
import { t } from "./texts.js";

const THEMES = ["auto", "light", "dark"];

const KEYS = [
  ["Enter", "keys.send"],
  ["Shift Enter", "keys.line"],
  ["Esc", "keys.stop"],
  ["↑", "keys.edit"],
  ["← →", "keys.figures"],
  ["Ctrl K", "keys.search"],
  ["Ctrl Shift O", "keys.new"],
];

export class Shell {
  constructor(app) {
    this.app = app;
    this.history = new HistoryView(app);
    this.main = h("main", { id: "main", tabindex: "-1" });
    this.title = h("h1", { class: "title" });
    this.tools = h("div", { class: "head-tools" });
    this.me = h("p", { class: "me faint" });
    this.admin = this.#link("/admin", "admin", t("admin"));
    this.admin.hidden = true;
    this.theme = h("button", { type: "button", class: "icon-button", on: { click: () => this.#nextTheme() } });
    this.#drawTheme();
    this.side = h(
      "nav",
      { class: "side", id: "side", "aria-label": t("conversations") },
      h(
        "div",
        { class: "side-head" },
        h(
          "a",
          { href: "/", class: "brand", on: { click: (event) => this.#go(event, "/") } },
          h("span", { class: "brand-mark", "aria-hidden": "true" }),
          "Cardinal",
        ),
        iconButton("close", t("close_menu"), () => this.closeDrawer(), { class: "icon-button only-narrow" }),
      ),
      this.#link("/", "plus", t("new")),
      this.#link("/catalog", "catalog", t("catalog")),
      this.admin,
      this.history.element,
      h(
        "div",
        { class: "side-foot" },
        this.me,
        this.theme,
        h(
          "button",
          { type: "button", class: "icon-button", "aria-label": t("keys"), title: t("keys"), on: { click: showKeys } },
          icon("question"),
        ),
      ),
    );
    this.opener = iconButton("menu", t("open_menu"), () => this.openDrawer(), {
      class: "icon-button only-narrow",
      "aria-controls": "side",
      "aria-expanded": "false",
    });
    this.veil = h("div", { class: "veil", on: { click: () => this.closeDrawer() } });
    this.frame = h(
      "div",
      { class: "frame" },
      h("header", { class: "head" }, this.opener, this.title, this.tools),
      this.main,
    );
    this.elements = [h("a", { class: "skip", href: "#main" }, t("skip")), this.side, this.veil, this.frame];
    this.side.addEventListener("keydown", (event) => event.key === "Escape" && this.closeDrawer());
  }

  setMe(me) {
    this.admin.hidden = !me.scopes?.includes("admin");
    fill(
      this.me,
      h("span", { class: "me-name", title: me.principal }, me.auth === "open" ? "" : (me.name ?? me.principal)),
      h("span", { title: me.version }, me.model ?? ""),
    );
  }

  /** The title of what is shown; a conversation gets its menu. */
  setTitle(title, session, name = title) {
    document.title = name ? `${name} · Cardinal` : "Cardinal";
    this.title.textContent = title;
    // The other views have a heading of their own.
    this.title.hidden = title === "";
    fill(this.tools, session && this.history.menuOf(session));
  }

  /** Marks the link of the view that is shown. */
  setPlace(path) {
    for (const link of this.side.querySelectorAll(":scope > a")) {
      if (link.getAttribute("href") === path) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  openDrawer() {
    document.body.classList.add("drawer");
    this.opener.setAttribute("aria-expanded", "true");
    // On a wide window the side is there anyway and the focus stays.
    if (getComputedStyle(this.opener).display === "none") return;
    this.frame.inert = true;
    this.side.querySelector("button").focus();
  }

  closeDrawer() {
    if (!document.body.classList.contains("drawer")) return;
    document.body.classList.remove("drawer");
    this.frame.inert = false;
    this.opener.setAttribute("aria-expanded", "false");
    if (this.side.contains(document.activeElement)) this.opener.focus();
  }

  #link(path, drawing, label) {
    return h(
      "a",
      { href: path, class: "side-link", on: { click: (event) => this.#go(event, path) } },
      icon(drawing),
      label,
    );
  }

  #go(event, path) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.app.open(path);
  }

  #nextTheme() {
    const root = document.documentElement;
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      localStorage.setItem("cardinal.theme", next);
    } catch {
      // Then the choice holds until the page is closed.
    }
    this.#drawTheme();
    redrawCharts();
  }

  #drawTheme() {
    const theme = document.documentElement.dataset.theme ?? "auto";
    const label = t("theme", { theme: t(`theme.${theme}`) });
    fill(this.theme, icon(theme));
    this.theme.setAttribute("aria-label", label);
    this.theme.title = label;
  }
}

function showKeys() {
  showDialog(
    t("keys"),
    h(
      "dl",
      { class: "keys" },
      KEYS.map(([keys, key]) => [
        h(
          "dt",
          {},
          keys.split(" ").map((one) => h("kbd", {}, one)),
        ),
        h("dd", {}, t(key)),
      ]),
    ),
  );
}
