// Thumbs and a comment. A thumb counts at once; the comment may follow. A second click takes it back.

import * as api from "./api.js";
import { announce } from "./announce.js";
import { fill, h, iconButton } from "./dom.js";
import { t } from "./texts.js";

export class FeedbackView {
  constructor(record) {
    this.id = record.id;
    this.given = record.feedback ?? null;
    this.up = iconButton("up", t("up"), () => this.#rate("up"));
    this.down = iconButton("down", t("down"), () => this.#rate("down"));
    this.buttons = [this.up, this.down];
    this.element = h("div", { class: "feedback-form" });
    this.#show(false);
  }

  async #rate(rating) {
    const taken = this.given?.rating === rating;
    await this.#send(
      taken ? { rating: null } : { rating, ...(this.given?.comment ? { comment: this.given.comment } : {}) },
      !taken,
    );
    if (taken) announce(t("feedback.taken"), { visible: true });
  }

  async #send(feedback, ask) {
    const before = this.given;
    this.given = feedback.rating ? feedback : null;
    this.#show(ask);
    try {
      const record = await api.giveFeedback(this.id, feedback);
      this.given = record?.feedback ?? this.given;
    } catch (problem) {
      this.given = before;
      this.#show(false);
      announce(problem.message, { visible: true });
      return false;
    }
    return true;
  }

  #show(ask) {
    this.up.setAttribute("aria-pressed", String(this.given?.rating === "up"));
    this.down.setAttribute("aria-pressed", String(this.given?.rating === "down"));
    if (!ask) return fill(this.element);
    const rating = this.given.rating;
    const field = h("textarea", {
      rows: "2",
      maxlength: "4000",
      placeholder: rating === "down" ? t("feedback.placeholder") : null,
      value: this.given.comment ?? "",
    });
    const form = h(
      "form",
      {
        on: {
          submit: async (event) => {
            event.preventDefault();
            const comment = field.value.trim();
            if (await this.#send({ rating, ...(comment ? { comment } : {}) }, false))
              announce(t("feedback.thanks"), { visible: true });
            (rating === "up" ? this.up : this.down).focus();
          },
          keydown: (event) =>
            event.key === "Escape" && (this.#show(false), (rating === "up" ? this.up : this.down).focus()),
        },
      },
      h("label", {}, h("span", { class: "label" }, t(rating === "down" ? "feedback.title" : "feedback.up")), field),
      h(
        "div",
        { class: "row" },
        h("button", { type: "submit", class: "primary" }, t("feedback.send")),
        h("button", { type: "button", class: "quiet", on: { click: () => this.#show(false) } }, t("close")),
      ),
    );
    fill(this.element, form);
    field.focus();
  }
}
