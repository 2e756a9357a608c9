// The page's own words, in the language of the browser. What people, models and Metabase wrote is never translated.
//
//   t("step.rows", { count: 12 })  →  "12 rows"
//
// A further language is a file like `texts_de.js` and its line in TABLES.

import { ENGLISH } from "./texts_en.js";
import { GERMAN } from "./texts_de.js";

export const TABLES = { en: ENGLISH, de: GERMAN };

/** The language of the words. */
export const language = choose(navigator.languages ?? [navigator.language]);

/** The locale of numbers and dates: the reader's own, if it speaks the language of the words. */
export const locale = (navigator.languages ?? []).find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

const plurals = new Intl.PluralRules(language);
const counts = new Intl.NumberFormat(locale);

/** The text of a key. A text that depends on a number is a pair of `one` and `other`, chosen by `count`. */
export function t(key, values = {}) {
  let text = TABLES[language][key] ?? ENGLISH[key];
  if (text === undefined) throw new Error(`there is no text "${key}": add it to texts_en.js and texts_de.js`);
  if (typeof text === "object") text = text[plurals.select(values.count)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? counts.format(value) : String(value ?? "");
  });
}

/** The text of `prefix.word`, or the word itself in plain letters: a newer server may know words that this page does not. */
export function tWord(prefix, word) {
  const key = `${prefix}.${word}`;
  return key in ENGLISH ? t(key) : String(word ?? "").replaceAll("_", " ");
}

function choose(tags) {
  for (const tag of tags) {
    const short = String(tag).toLowerCase().split("-")[0];
    if (Object.hasOwn(TABLES, short)) return short;
  }
  return "en";
}
