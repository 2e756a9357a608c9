// Marks the figures of an answer in its rendered text. The record counts them in characters of the Markdown source, and
// the source turns into HTML; so each figure is wrapped in signs that nobody types, the signs are carried through
// Markdown and DOMPurify as text, and then become elements.
//
//   "Revenue was 1,200.50"  →  "Revenue was ⟨0⟩1,200.50⟨/⟩"  →  Revenue was <span class="figure">1,200.50</span>

import { h } from "./dom.js";
import { renderInto } from "./markdown.js";
import { t } from "./texts.js";

// Signs of the private use area: Markdown sees letters in them, and a text that holds some loses them first.
const OPEN = "\uE000";
const OPENED = "\uE001";
const CLOSE = "\uE002";
const DIGITS = 0xe010;
const SIGNS = /[\uE000-\uE002\uE010-\uE019]/g;
const MARK = /\uE000([\uE010-\uE019]+)\uE001|\uE002/g;

/** Renders `text` into `element` and gives the elements of its figures, each with the figure's place in `figures`. */
export function renderWithFigures(element, text, figures) {
  renderInto(element, signed(text, figures));
  for (const node of element.querySelectorAll("*")) {
    for (const { name, value } of [...node.attributes]) node.setAttribute(name, unsigned(value));
  }
  return markUp(element, figures);
}

/** The text with signs around the figures that have something to show. */
export function signed(text, figures) {
  // The record counts whole characters; a string counts halves of some.
  const characters = Array.from(text, (character) => character.replace(SIGNS, "\uFFFD"));
  let result = "";
  let at = 0;
  figures.forEach((figure, index) => {
    const { start_char: start, end_char: end } = figure;
    if (figure.status === "exempt" || start < at || end <= start || end > characters.length) return;
    const number = Array.from(String(index), (digit) => String.fromCharCode(DIGITS + Number(digit))).join("");
    result += `${characters.slice(at, start).join("")}${OPEN}${number}${OPENED}${characters.slice(start, end).join("")}${CLOSE}`;
    at = end;
  });
  return result + characters.slice(at).join("");
}

function unsigned(value) {
  return value.replace(/%EE%80%8[0-2]|%EE%80%9[0-9]/gi, "").replace(SIGNS, "");
}

function markUp(element, figures) {
  const found = [];
  let current = null;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const node of texts) {
    const parts = [];
    let at = 0;
    const add = (piece) => {
      if (piece === "") return;
      if (current === null) return parts.push(piece);
      const marked = figureElement(piece, figures[current], current);
      parts.push(marked);
      found.push({ element: marked, index: current });
    };
    for (const match of node.data.matchAll(MARK)) {
      add(node.data.slice(at, match.index));
      current = match[1] ? Number(Array.from(match[1], (sign) => sign.charCodeAt(0) - DIGITS).join("")) : null;
      at = match.index + match[0].length;
    }
    if (at === 0 && current === null) continue;
    add(node.data.slice(at));
    node.replaceWith(...parts);
  }
  return found;
}

// A span and not a button: text of a button cannot be selected in every browser, and does not break into lines.
function figureElement(text, figure, index) {
  const unmatched = figure.status === "unmatched";
  return h(
    "span",
    {
      class: `figure ${figure.status}`,
      role: "button",
      tabindex: index === 0 ? "0" : "-1",
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "aria-label": t(unmatched ? "figure.unmatched" : "figure.label", { text: figure.text }),
      data: { figure: index },
    },
    ...grouped(text),
  );
}

/** 28550.43 in groups of three. The gaps are drawn, not written: a copied figure has the digits of the text. */
function grouped(text) {
  const match = /^(\D{0,3})(\d{5,})((?:\.\d+)?\D{0,3})$/.exec(text);
  if (!match) return [text];
  const head = match[2].length % 3 || 3;
  const groups = match[2].slice(head).match(/\d{3}/g);
  return [
    match[1] + match[2].slice(0, head),
    ...groups.map((group, index) =>
      h("span", { class: "thousand" }, group + (index === groups.length - 1 ? match[3] : "")),
    ),
  ];
}
