// One answer as an administrator sees it: whole, of whoever asked, and made into an eval case.

import * as api from "./api.js";
import { AnswerView } from "./answer.js";
import { fill, h, iconButton } from "./dom.js";
import { copy } from "./files.js";
import { moment } from "./format.js";
import { t } from "./texts.js";
import { turnOf } from "./turn.js";

export class AdminAnswerView {
  constructor(record, back) {
    this.record = record;
    this.answer = new AnswerView(turnOf(record), null, { readTape: api.adminTape });
    this.promoted = h("div");
    this.element = h(
      "div",
      { class: "admin-one" },
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", class: "quiet", on: { click: back } }, t("admin.back")),
        h("button", { type: "button", class: "primary", on: { click: () => this.#promote() } }, t("admin.case")),
      ),
      h("p", { class: "faint" }, this.#about()),
      this.promoted,
      this.answer.element,
    );
  }

  destroy() {
    this.answer.destroy();
  }

  /** Who asked, when, and what they thought of the answer. */
  #about() {
    const { asked_by: asker, created_at: at, feedback } = this.record;
    return [asker, moment(at), feedback && t(feedback.rating), feedback?.comment].filter(Boolean).join(" · ");
  }

  /** A case is made on the server, of the recording and the catalog that lie beside its store. */
  #promote() {
    const command = `cardinal eval promote ${this.record.id}`;
    fill(
      this.promoted,
      h("p", { class: "label" }, t("admin.case.text")),
      h(
        "div",
        { class: "code-box promoted" },
        h("pre", { tabindex: "0" }, command),
        iconButton("copy", t("admin.case.copy"), () => copy(command)),
      ),
    );
  }
}
