// The field at the foot of the page: Enter asks, Shift+Enter begins a line, and while an answer is written the button
// stops it.

import { fill, h, icon } from "./dom.js";
import { t } from "./texts.js";

const MOST_BYTES = 32 * 1024;

export class Composer {
  /** `ask(text)` is called with what was written; `stop()` ends the answer; `edit()` edits the last question. */
  constructor({ ask, stop, edit }) {
    Object.assign(this, { ask, stop, edit, running: false });
    this.field = h("textarea", {
      rows: "1",
      "aria-label": t("ask.label"),
      placeholder: t("ask.placeholder"),
      autocomplete: "off",
      enterkeyhint: "send",
      on: { input: () => this.#changed(), keydown: (event) => this.#key(event) },
    });
    this.button = h("button", { type: "submit", class: "send" });
    this.problem = h("p", { class: "composer-problem warn", role: "alert" });
    this.element = h(
      "form",
      { class: "composer", on: { submit: (event) => (event.preventDefault(), this.#submit()) } },
      h("div", { class: "composer-box" }, this.field, this.button),
      this.problem,
    );
    this.#changed();
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  /** Puts a text into the field, to be asked or changed by the reader. */
  write(text) {
    this.field.value = text;
    this.#changed();
    this.focus();
    this.field.setSelectionRange(text.length, text.length);
  }

  setRunning(running, stopping = false) {
    if (this.running === running && this.stopping === stopping) return;
    Object.assign(this, { running, stopping });
    this.#changed();
  }

  setFollowing(following) {
    this.field.placeholder = t(following ? "ask.follow" : "ask.placeholder");
  }

  #submit() {
    const text = this.field.value.trim();
    if (this.running && text === "") return this.stop();
    const bytes = new TextEncoder().encode(text).length;
    if (text === "" || bytes > MOST_BYTES) return;
    this.field.value = "";
    this.#changed();
    this.ask(text);
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && this.running) {
      event.preventDefault();
      this.stop();
    } else if (event.key === "ArrowUp" && this.field.value === "" && this.edit()) {
      event.preventDefault();
    }
  }

  /** The field grows with its text, up to the height that the style sheet allows. Before it is in the page it has none. */
  #grow() {
    const { field } = this;
    if (!field.isConnected || CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }

  #changed() {
    const { field, button } = this;
    // With a question in the field the button asks it, also while an answer is written: the server lets it wait.
    const stops = this.running && field.value.trim() === "";
    const label = stops ? t(this.stopping ? "ask.stopping" : "ask.stop") : t("ask.send");
    fill(button, icon(stops ? "stop" : "send"));
    button.setAttribute("aria-label", label);
    button.title = label;
    button.classList.toggle("stops", stops);
    button.disabled = stops ? this.stopping : field.value.trim() === "";
    const size = Math.ceil(new TextEncoder().encode(field.value).length / 1024);
    this.problem.textContent = size > MOST_BYTES / 1024 ? t("ask.long", { size }) : "";
    this.#grow();
  }
}
