// Builds elements. A string that is given here can only become text or the value of an attribute, never markup, so that
// whatever a model or a Metabase says stays text. The one way to HTML is `markdown.js`.
//
//   h("button", { class: "quiet", on: { click: send } }, icon("send"), label)

/** One element. `on` holds listeners, `data` the data attributes; a value of false or null leaves an attribute out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key === "value" || key === "checked" || key === "disabled") element[key] = value;
    else if (key === "href") {
      const address = safeAddress(value);
      if (address) element.setAttribute("href", address);
    } else if (/^on|^style$|^srcdoc$/i.test(key)) throw new Error(`the attribute ${key} is not for strings`);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...flat(children));
  return element;
}

/** A link that leaves the page. Without a usable address it is plain text. */
export function outside(address, attributes, ...children) {
  if (!safeAddress(address)) return h("span", { class: attributes?.class }, ...children);
  return h("a", { ...attributes, href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** The address if a click on it cannot run a script: http, https, a path of this page, or a file made here. */
export function safeAddress(address) {
  if (typeof address !== "string") return null;
  if (/^(\/(?![/\\])|#)/.test(address)) return address;
  try {
    const { protocol } = new URL(address);
    return ["http:", "https:", "blob:"].includes(protocol) ? address : null;
  } catch {
    return null;
  }
}

/** Puts `children` in the place of what `element` holds. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

const PATHS = {
  plus: "M8 3v10M3 8h10",
  send: "M8 13V3M3.5 7.5 8 3l4.5 4.5",
  stop: "M5 5h6v6H5z",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  close: "m4 4 8 8M12 4l-8 8",
  check: "m3.5 8.5 3 3 6-7",
  blocked: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM4.2 4.2l7.6 7.6",
  warning: "M8 2.8 14 13H2L8 2.8ZM8 6.6v3M8 11.3h.01",
  question: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM6.3 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.9.6-.9 1.2M8 11.3h.01",
  chevron: "m6 4 4 4-4 4",
  out: "M6 3.5H3.5v9h9V10M9 3.5h3.5V7M12.2 3.8 7.5 8.5",
  copy: "M6 6h7v7H6zM3 10V3h7",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13h10",
  edit: "M3 13l.6-2.8 7-7 2.2 2.2-7 7L3 13Z",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9",
  link: "M6.8 9.2a2.4 2.4 0 0 0 3.4 0l2.1-2.1a2.4 2.4 0 0 0-3.4-3.4l-.8.8M9.2 6.8a2.4 2.4 0 0 0-3.4 0L3.7 8.9a2.4 2.4 0 0 0 3.4 3.4l.8-.8",
  up: "M5.5 7 8 2.5c1 0 1.6.8 1.4 1.8L9 6.5h3.2c.8 0 1.3.7 1.1 1.5l-1 4c-.2.6-.6 1-1.2 1H5.5M5.5 7v6M5.5 7H3v6h2.5",
  down: "M5.5 9 8 13.5c1 0 1.6-.8 1.4-1.8L9 9.5h3.2c.8 0 1.3-.7 1.1-1.5l-1-4c-.2-.6-.6-1-1.2-1H5.5M5.5 9V3M5.5 9H3V3h2.5",
  search: "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4ZM10.2 10.2l3.3 3.3",
  catalog: "M3 3.5h4.5v9H3zM8.5 3.5H13v9H8.5z",
  admin: "M3 13V9M6.3 13V5M9.6 13V7.5M13 13V3",
  light:
    "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.8v1M8 13.2v1M1.8 8h1M13.2 8h1M3.6 3.6l.7.7M11.7 11.7l.7.7M12.4 3.6l-.7.7M4.3 11.7l-.7.7",
  dark: "M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6Z",
  auto: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 2.5v11",
  again: "M12.8 6.5A5 5 0 1 0 13 9M13 3v3.5H9.5",
};

/** A line drawing, hidden from screen readers: what it stands for is said beside it. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  for (const [key, value] of [
    ["viewBox", "0 0 16 16"],
    ["class", "icon"],
    ["aria-hidden", "true"],
    ["focusable", "false"],
  ]) {
    drawing.setAttribute(key, value);
  }
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}

/** A button with a drawing and a name that only screen readers and the hint say. */
export function iconButton(name, label, click, attributes = {}) {
  return h(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, on: { click }, ...attributes },
    icon(name),
  );
}
