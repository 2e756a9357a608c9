// Markdown as it becomes HTML: the one place where a string turns into markup. marked reads it, DOMPurify lets through
// what prose needs, and the browser's Trusted Types refuse everything that did not pass there. Raw HTML in a text is shown
// as text, so that nothing a model or a cell said disappears.

import { Marked } from "./vendor/marked.esm.js";
import "./vendor/purify.min.js";
import { t } from "./texts.js";

const purifier = globalThis.DOMPurify;

const ALLOWED = {
  ALLOWED_TAGS: [
    "p",
    "br",
    "hr",
    "strong",
    "em",
    "del",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
  ],
  ALLOWED_ATTR: ["href", "title", "start", "align"],
  // Without this the rule for addresses would apply to them, and lists would lose their first number.
  ADD_URI_SAFE_ATTR: ["start", "align"],
  ALLOWED_URI_REGEXP: /^https?:/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_TRUSTED_TYPE: true,
};

purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
});

const markdown = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: {
    html() {},
    tag() {},
    // Tildes stand before numbers, and no answer strikes out what it says.
    del() {},
  },
  renderer: {
    // The page has headings of its own above these.
    heading({ tokens, depth }) {
      const level = Math.min(depth + 2, 6);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
    },
    image({ text }) {
      return escaped(text);
    },
    checkbox({ checked }) {
      return checked ? "☑ " : "☐ ";
    },
  },
});

function escaped(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Puts the text, rendered, in the place of what `element` holds. */
export function renderInto(element, text) {
  element.innerHTML = purifier.sanitize(markdown.parse(text), ALLOWED);
  for (const table of element.querySelectorAll("table")) wrapTable(table);
}

/** A wide table scrolls by itself; it must not widen the page. */
function wrapTable(table) {
  const scroller = document.createElement("div");
  scroller.className = "prose-table";
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-label", t("table"));
  table.replaceWith(scroller);
  scroller.append(table);
}

/**
 * A text that grows. Its blocks (paragraphs, lists, tables) have elements of their own, and only those whose source
 * changed are rendered again, so that nothing above the last block moves or flickers.
 */
export class GrowingMarkdown {
  #blocks = [];

  constructor(element) {
    this.element = element;
  }

  show(text) {
    const sources = blocksOf(text);
    while (this.#blocks.length > sources.length) this.#blocks.pop().element.remove();
    sources.forEach((source, index) => {
      const block = this.#blocks[index] ?? this.#append();
      if (block.source === source) return;
      block.source = source;
      renderInto(block.element, source);
    });
  }

  #append() {
    const element = document.createElement("div");
    element.className = "block";
    this.element.append(element);
    const block = { element, source: null };
    this.#blocks.push(block);
    return block;
  }
}

/** The sources of the blocks of a text that is not at its end yet. */
export function blocksOf(text) {
  const tokens = markdown.lexer(text).filter((token) => token.type !== "space" && token.type !== "def");
  const sources = tokens.map((token) => token.raw);
  const last = sources.pop();
  if (last !== undefined) {
    const shown = settled(last, tokens.at(-1).type);
    if (shown !== "") sources.push(shown);
  }
  return sources;
}

/** The last block, without what would look different a moment later: half a table's head, an open link, open marks. */
export function settled(source, type) {
  if (type === "code") return source;
  // The head of a table is a paragraph with bars until the line below it is there.
  if (type === "paragraph" && /^\s*\|/.test(source)) return "";
  let shown = source
    .trimEnd()
    .replace(/!?\[[^\]\n]*$/, "")
    .replace(/!?\[([^\]\n]*)\](\([^)\n]*)?$/, "$1")
    .replace(/(^|\s)[*_~]+$/, "$1");
  shown = shown.replace(/(^|\n)[ \t]*(?:[-*+]|\d{1,9}[.)]|#{1,6}|>)[ \t]*$/, "$1");
  for (const mark of ["`", "**", "~~"]) {
    const outsideCode = mark === "`" ? shown : shown.replace(/`[^`]*`/g, "");
    if (outsideCode.split(mark).length % 2 === 0) {
      const open = shown.lastIndexOf(mark);
      const rest = shown.slice(open + mark.length);
      shown = rest.trim() === "" ? shown.slice(0, open) : `${shown.trimEnd().replace(/\*$/, "")}${mark}`;
    }
  }
  return shown;
}
