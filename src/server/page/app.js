// The page itself: the list of conversations at the side, one view in the middle, and which address shows which. Start
// here, then read `conversation.js` (one conversation), `live.js` (an answer as it is written) and `answer.js` (how it
// is shown).

import * as api from "./api.js";
import { AdminView } from "./admin.js";
import { announce, prepareAnnouncements } from "./announce.js";
import { CatalogView } from "./catalog.js";
import { ConversationView } from "./conversation.js";
import { askToken } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { problemView } from "./problem.js";
import { Shell } from "./shell.js";
import { language, t } from "./texts.js";

class App {
  #view = null;
  #path = null;

  async start() {
    document.documentElement.lang = language;
    prepareAnnouncements();
    api.onUnauthenticated(askToken);
    this.shell = new Shell(this);
    document.body.prepend(...this.shell.elements);
    // A jump inside of the page changes only what stands behind the `#`.
    addEventListener("popstate", () => location.pathname !== this.#path && this.#route());
    addEventListener("keydown", (event) => this.#shortcut(event));
    try {
      this.me = await api.me();
    } catch (problem) {
      fill(
        this.shell.main,
        problemView(problem, () => location.reload()),
      );
      return;
    }
    this.shell.setMe(this.me);
    this.shell.history.load();
    this.#route();
  }

  /** Goes to an address of this page. */
  open(path) {
    if (path !== location.pathname) history.pushState(null, "", path);
    this.#route();
  }

  /** A new conversation with a question in its field, not asked yet. */
  compose(text) {
    this.open("/");
    this.#view.composer.write(text);
  }

  /** A new conversation that goes on after an answer of another one. */
  askAfter(question, after) {
    history.pushState(null, "", "/");
    this.#path = "/";
    this.session = null;
    this.shell.setTitle("", null);
    this.#show(new ConversationView(this, null));
    this.#view.begin(question, after);
  }

  /** A conversation is on the page. */
  opened(session) {
    this.session = session;
    this.shell.setTitle(session.title || t("untitled"), session);
  }

  /** A conversation got its id with its first question. */
  began(turn, view) {
    this.shell.history.load();
    if (view !== this.#view) return;
    // The page is at an address from now on that can be read again and passed on.
    history.replaceState(null, "", `/s/${encodeURIComponent(turn.session)}`);
    this.#path = location.pathname;
    this.shell.history.select(turn.session);
    this.shell.setPlace(this.#path);
    this.opened({ id: turn.session, title: turn.title ?? turn.question });
  }

  /** A turn ended: titles, times and marks of the list may be others. */
  changed() {
    this.shell.history.load();
  }

  renamed(id, title) {
    if (this.session?.id === id) this.opened({ ...this.session, title });
  }

  deleted(id) {
    if (this.session?.id === id) this.open("/");
  }

  #route() {
    const { pathname } = location;
    this.#path = pathname;
    const [, session] = /^\/s\/([^/]+)\/?$/.exec(pathname) ?? [];
    this.session = null;
    this.shell.history.select(session ? decodeURIComponent(session) : null);
    this.shell.setPlace(pathname);
    if (session) {
      this.shell.setTitle("", null);
      return this.#show(new ConversationView(this, decodeURIComponent(session)));
    }
    if (pathname === "/catalog") {
      this.shell.setTitle("", null, t("catalog"));
      return this.#show(new CatalogView(this));
    }
    if (pathname === "/admin") {
      this.shell.setTitle("", null, t("admin"));
      return this.#show(new AdminView());
    }
    this.shell.setTitle("", null);
    this.#show(new ConversationView(this));
  }

  #show(view) {
    this.#view?.destroy();
    this.#view = view;
    fill(this.shell.main, view.element);
    this.shell.closeDrawer();
    // On a phone the keyboard would cover half of what is there to read.
    if (view.composer && matchMedia("(hover: hover)").matches) view.composer.focus();
    else if (!view.composer) this.shell.main.focus({ preventScroll: true });
  }

  #shortcut(event) {
    const command = event.metaKey || event.ctrlKey;
    if (command && event.key.toLowerCase() === "k") {
      this.shell.openDrawer();
      this.shell.history.field.focus();
    } else if (command && event.shiftKey && event.key.toLowerCase() === "o") {
      this.open("/");
      announce(t("new"));
    } else return;
    event.preventDefault();
  }
}

new App().start();
