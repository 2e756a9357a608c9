// Small dialogs over the page. The browser's own `dialog` keeps the focus inside, closes with Escape, and gives the focus
// back.

import { h, iconButton } from "./dom.js";
import { t } from "./texts.js";

/** Opens a dialog and promises what `build(close)` closes it with; undefined when it was dismissed. */
function open(title, build, { dismissable = true } = {}) {
  return new Promise((resolve) => {
    let result;
    const close = (value) => {
      result = value;
      dialog.close();
    };
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "dialog-title" },
      h(
        "header",
        {},
        h("h2", { id: "dialog-title" }, title),
        dismissable && iconButton("close", t("close"), () => close(undefined)),
      ),
      build(close),
    );
    dialog.addEventListener("cancel", (event) => !dismissable && event.preventDefault());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    dialog.addEventListener("click", (event) => dismissable && event.target === dialog && close(undefined));
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[autofocus]")?.focus();
  });
}

/** Asks for a line of text. */
export function askText({ title, label, value = "" }) {
  return open(title, (close) => {
    const field = h("input", { type: "text", value, maxlength: "200", autofocus: true, autocomplete: "off" });
    return h(
      "form",
      { on: { submit: (event) => (event.preventDefault(), field.value.trim() && close(field.value.trim())) } },
      h("label", {}, h("span", { class: "label" }, label), field),
      h(
        "div",
        { class: "row end" },
        h("button", { type: "button", class: "quiet", on: { click: () => close(undefined) } }, t("cancel")),
        h("button", { type: "submit", class: "primary" }, t("save")),
      ),
    );
  });
}

/** Asks whether something that cannot be undone shall be done. */
export function confirm({ title, text, action }) {
  return open(title, (close) =>
    h(
      "div",
      {},
      h("p", {}, text),
      h(
        "div",
        { class: "row end" },
        h(
          "button",
          { type: "button", class: "quiet", autofocus: true, on: { click: () => close(false) } },
          t("cancel"),
        ),
        h("button", { type: "button", class: "primary", on: { click: () => close(true) } }, action),
      ),
    ),
  );
}

/** Asks for a token, or a session of Metabase, until there is one. A password manager may keep it; the page does not. */
export function askToken({ wrong, session }) {
  const words = session
    ? { text: t("session.text"), wrong: t("session.wrong"), label: t("session.label"), hint: t("session.hint") }
    : { text: t("token.text"), wrong: t("token.wrong"), label: t("token.label"), hint: t("token.hint") };
  return open(
    t("token.title"),
    (close) => {
      const field = h("input", {
        type: "password",
        name: "token",
        autocomplete: "current-password",
        autofocus: true,
        spellcheck: "false",
      });
      return h(
        "form",
        { on: { submit: (event) => (event.preventDefault(), field.value.trim() && close(field.value.trim())) } },
        h("p", {}, words.text),
        wrong && h("p", { class: "warn", role: "alert" }, words.wrong),
        h("label", {}, h("span", { class: "label" }, words.label), field),
        h("p", { class: "faint" }, words.hint),
        h("div", { class: "row end" }, h("button", { type: "submit", class: "primary" }, t("token.send"))),
      );
    },
    { dismissable: false },
  );
}

/** Shows something to be read. */
export function show(title, ...content) {
  return open(title, () => h("div", { class: "dialog-body" }, content));
}
