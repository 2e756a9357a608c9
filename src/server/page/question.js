// The question above an answer. It can be edited and asked again, which begins a new conversation.

import { fill, h, icon } from "./dom.js";
import { t } from "./texts.js";

/** `edit(text)` asks the edited question; without it the question can only be read. */
export function questionView(text, edit) {
  const element = h("div", { class: "question" });
  const read = () =>
    fill(
      element,
      h("h2", { class: "question-text" }, h("span", { class: "offscreen" }, `${t("you")}: `), text),
      edit &&
        h(
          "button",
          {
            type: "button",
            class: "icon-button edit",
            "aria-label": t("edit"),
            title: t("edit"),
            on: { click: write },
          },
          icon("edit"),
        ),
    );

  function write() {
    const field = h("textarea", { rows: "2", "aria-label": t("edit.label"), value: text });
    const done = () => {
      read();
      element.querySelector(".edit")?.focus();
    };
    const submit = () => {
      const asked = field.value.trim();
      if (asked) edit(asked);
    };
    fill(
      element,
      h(
        "form",
        {
          class: "question-edit",
          on: {
            submit: (event) => (event.preventDefault(), submit()),
            keydown: (event) => {
              if (event.key === "Escape") done();
              if (event.key === "Enter" && !event.shiftKey && !event.isComposing) (event.preventDefault(), submit());
            },
          },
        },
        field,
        h(
          "div",
          { class: "row" },
          h("button", { type: "submit", class: "primary" }, t("edit.ask")),
          h("button", { type: "button", class: "quiet", on: { click: done } }, t("cancel")),
          h("span", { class: "faint" }, t("edit.hint")),
        ),
      ),
    );
    field.focus();
    field.setSelectionRange(text.length, text.length);
  }

  read();
  return { element, write };
}
