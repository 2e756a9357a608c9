// The empty page: a greeting and questions that the catalog can answer.

import * as api from "./api.js";
import { fill, h } from "./dom.js";
import { t, tWord } from "./texts.js";

export function welcomeView(ask, me) {
  const suggestions = h("div", { class: "suggestions", role: "group", "aria-label": t("suggestions") });
  api
    .suggestions()
    .then(({ suggestions: found }) => {
      fill(
        suggestions,
        found
          .slice(0, 6)
          .map(({ text, entry }) =>
            h(
              "button",
              { type: "button", class: "suggestion", on: { click: () => ask(text) } },
              h("span", {}, text),
              entry &&
                h("span", { class: "faint" }, h("span", { class: "kind" }, tWord("kind", entry.kind)), " ", entry.name),
            ),
          ),
      );
    })
    .catch(() => {
      // Without suggestions the page is as good as with them.
    });
  return h(
    "div",
    { class: "welcome" },
    h("h1", {}, t("welcome")),
    h("p", { class: "faint" }, t("welcome.text")),
    me?.demo && h("p", {}, h("span", { class: "tag" }, t("demo"))),
    suggestions,
  );
}
