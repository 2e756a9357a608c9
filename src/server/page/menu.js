// A menu of a button: arrows move, Escape closes, and the focus comes back to the button.

import { fill, h, icon } from "./dom.js";

let opened = null;

/** A button that opens a menu of `items`: `[drawing, label, action]`. */
export function menuButton(label, items) {
  const button = h(
    "button",
    {
      type: "button",
      class: "icon-button menu-button",
      "aria-label": label,
      title: label,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      on: { click: (event) => (event.preventDefault(), event.stopPropagation(), toggle(button, items)) },
    },
    icon("more"),
  );
  return button;
}

function toggle(button, items) {
  const again = opened?.button === button;
  close();
  if (again) return;
  const menu = h(
    "div",
    { class: "menu", role: "menu", popover: "manual" },
    items.map(([drawing, label, action]) =>
      h(
        "button",
        { type: "button", role: "menuitem", tabindex: "-1", on: { click: () => (close(true), action()) } },
        icon(drawing),
        label,
      ),
    ),
  );
  menu.addEventListener("keydown", (event) => key(event, menu));
  button.after(menu);
  menu.showPopover();
  const at = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${at.bottom + height + 4 > innerHeight ? at.top - height - 4 : at.bottom + 4}px`;
  button.setAttribute("aria-expanded", "true");
  opened = { button, menu };
  menu.firstChild.focus();
}

function key(event, menu) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const to = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at + items.length - 1) % items.length,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (to !== undefined) items[to].focus();
  else if (event.key === "Escape") close(true);
  else if (event.key === "Tab") return close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function close(focus = false) {
  if (!opened) return;
  const { button, menu } = opened;
  opened = null;
  fill(menu);
  menu.remove();
  button.setAttribute("aria-expanded", "false");
  if (focus && button.isConnected) button.focus();
}

addEventListener(
  "pointerdown",
  ({ target }) => {
    if (opened && !opened.menu.contains(target) && !opened.button.contains(target)) close();
  },
  true,
);
addEventListener("resize", () => close());
