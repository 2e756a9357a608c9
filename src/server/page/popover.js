// The box beside a figure that says where it came from. It opens when the figure is pointed at, focused or tapped, stays
// while the pointer is in it, and closes with Escape. Arrow keys go from figure to figure: one answer is one stop of the
// Tab key, however many figures it has.

import { fill, h } from "./dom.js";
import { t } from "./texts.js";

const OPEN_AFTER = 140;
const CLOSE_AFTER = 220;

const box = h("div", { class: "popover", popover: "manual", role: "dialog", tabindex: "-1" });
let anchor = null;
let timer = null;
// While the focus comes back from the box, it does not open again.
let returning = false;

box.addEventListener("pointerenter", () => clearTimeout(timer));
box.addEventListener("pointerleave", () => later(close, CLOSE_AFTER));
box.addEventListener("focusout", ({ relatedTarget }) => {
  if (relatedTarget && !box.contains(relatedTarget) && relatedTarget !== anchor) close();
});
addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !anchor) return;
    event.stopPropagation();
    if (box.contains(document.activeElement)) back();
    else close();
  },
  true,
);
addEventListener(
  "pointerdown",
  ({ target }) => {
    if (anchor && !box.contains(target) && !anchor.contains(target)) close();
  },
  true,
);
// Behind the last of what is in the box, and before the first, the focus goes back to the figure: in the page the box stands
// at the end, where Tab would leave the page.
box.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || !anchor) return;
  const stops = [...box.querySelectorAll("a[href], button:not(:disabled)")];
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (edge && document.activeElement !== edge && document.activeElement !== box) return;
  if (!event.shiftKey && stops.length > 0 && document.activeElement === box) return;
  event.preventDefault();
  back();
});
addEventListener("resize", close);
addEventListener(
  "scroll",
  ({ target }) => {
    if (anchor && target !== box && !box.contains(target)) place();
  },
  true,
);

/** Lets the figures of an answer open the box. `content` gives what it shows for the figure with this place. */
export function connect(root, found, content) {
  if (found.length === 0) return;
  const elements = found.map(({ element }) => element);
  elements.forEach((element, at) => (element.tabIndex = at === 0 ? 0 : -1));
  const show = (element) => open(element, content(Number(element.dataset.figure)));
  for (const element of elements) {
    element.addEventListener(
      "pointerenter",
      ({ pointerType }) => pointerType === "mouse" && later(() => show(element), OPEN_AFTER),
    );
    element.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && later(close, CLOSE_AFTER));
    element.addEventListener("focus", () => !returning && element.matches(":focus-visible") && show(element));
    element.addEventListener("click", () => show(element));
    element.addEventListener("blur", ({ relatedTarget }) => !box.contains(relatedTarget) && later(close, CLOSE_AFTER));
  }
  root.addEventListener("keydown", (event) => {
    const at = elements.indexOf(event.target);
    if (at < 0) return;
    if (event.key === "Enter" || event.key === " ") {
      show(event.target);
      (box.querySelector("a, button") ?? box).focus();
    } else {
      const to = {
        ArrowRight: at + 1,
        ArrowDown: at + 1,
        ArrowLeft: at - 1,
        ArrowUp: at - 1,
        Home: 0,
        End: elements.length - 1,
      }[event.key];
      if (to === undefined || !elements[to]) return;
      elements.forEach((element, index) => (element.tabIndex = index === to ? 0 : -1));
      elements[to].focus();
    }
    event.preventDefault();
  });
}

/** Closes the box and gives the focus back to its figure. */
function back() {
  const origin = anchor;
  close();
  returning = true;
  origin.focus({ preventScroll: true });
  returning = false;
}

/** Closes the box. */
export function close() {
  clearTimeout(timer);
  if (!anchor) return;
  anchor.setAttribute("aria-expanded", "false");
  anchor.classList.remove("open");
  anchor = null;
  if (box.isConnected) box.hidePopover();
}

function open(element, content) {
  clearTimeout(timer);
  if (anchor === element) return;
  close();
  anchor = element;
  if (!box.isConnected) document.body.append(box);
  box.setAttribute("aria-label", t("figure.source", { text: element.textContent }));
  fill(box, content);
  element.setAttribute("aria-expanded", "true");
  element.classList.add("open");
  box.showPopover();
  place();
}

/** Below the figure if there is room, otherwise above it, and always inside of the window. */
function place() {
  const gap = 6;
  const edge = 8;
  const [at] = anchor.getClientRects();
  if (!at || at.bottom < 0 || at.top > innerHeight) return close();
  const { width, height } = box.getBoundingClientRect();
  const below = at.bottom + gap + height <= innerHeight - edge || at.top < height + gap;
  box.style.left = `${Math.max(edge, Math.min(at.left, innerWidth - width - edge))}px`;
  box.style.top = `${Math.max(edge, below ? at.bottom + gap : at.top - gap - height)}px`;
}

function later(action, delay) {
  clearTimeout(timer);
  timer = setTimeout(action, delay);
}
