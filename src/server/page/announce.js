// Says things: to screen readers always, and as a line at the edge of the window where nothing else shows them.

import { h } from "./dom.js";

const polite = h("div", { class: "offscreen", role: "status", "aria-live": "polite" });
const toast = h("div", { class: "toast", "aria-hidden": "true" });
let timer = null;

/** Puts the live region into the page; it has to be there before the first thing is said. */
export function prepareAnnouncements() {
  document.body.append(polite, toast);
}

export function announce(text, { visible = false } = {}) {
  polite.textContent = "";
  // A text that is set in the same moment as the one before it is not read.
  setTimeout(() => (polite.textContent = text), 50);
  if (!visible) return;
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => toast.classList.remove("shown"), 2600);
}
