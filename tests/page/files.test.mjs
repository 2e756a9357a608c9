// What can be checked without a browser: the vendored files, the tables of texts, and rules for all files of the page.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const PAGE = new URL("../../src/server/page/", import.meta.url);
const read = (name) => readFileSync(new URL(name, PAGE), "utf8");
const modules = readdirSync(PAGE).filter((name) => name.endsWith(".js"));

test("vendored files are what their packages publish, with licences", () => {
  const manifest = JSON.parse(read("vendor/manifest.json"));
  for (const { file, sha256, license_file: license } of manifest) {
    assert.equal(
      createHash("sha256")
        .update(readFileSync(new URL(`vendor/${file}`, PAGE)))
        .digest("hex"),
      sha256,
      file,
    );
    assert.ok(read(`vendor/${license}`).length > 500, license);
  }
  const listed = manifest.flatMap(({ file, license_file: license }) => [file, license]);
  assert.deepEqual(readdirSync(new URL("vendor/", PAGE)).sort(), [...listed, "manifest.json"].sort());
});

test("both languages have the same texts, with the same places to fill", async () => {
  const { ENGLISH } = await import(new URL("texts_en.js", PAGE));
  const { GERMAN } = await import(new URL("texts_de.js", PAGE));
  assert.deepEqual(Object.keys(GERMAN), Object.keys(ENGLISH));
  // One of them may be a word: "one figure" for "{count} figures".
  const places = (text) => [...new Set((typeof text === "string" ? text : text.other).match(/\{\w+\}/g) ?? [])].sort();
  for (const key of Object.keys(ENGLISH)) {
    assert.equal(typeof GERMAN[key], typeof ENGLISH[key], key);
    assert.deepEqual(places(GERMAN[key]), places(ENGLISH[key]), key);
  }
});

test("every text that a module names is there, and every text is named", async () => {
  const { ENGLISH } = await import(new URL("texts_en.js", PAGE));
  const code = modules
    .filter((name) => !name.startsWith("texts_"))
    .map(read)
    .join("\n");
  const named = [...code.matchAll(/\bt\("([^"]+)"/g)].map(([, key]) => key);
  for (const key of named) assert.ok(key in ENGLISH, key);
  const prefixes = [...code.matchAll(/(?:`|tWord\(")([a-z]+)(?:\.\$\{|")/g)].map(([, prefix]) => prefix);
  for (const key of Object.keys(ENGLISH)) {
    assert.ok(code.includes(`"${key}"`) || prefixes.includes(key.split(".")[0]), `nothing names the text ${key}`);
  }
});

test("nothing is inline, and only one module makes HTML", () => {
  for (const name of modules) {
    const code = read(name);
    if (name !== "markdown.js")
      assert.ok(!/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser/.test(code), name);
    assert.ok(!/\beval\(|new Function|setAttribute\("style"/.test(code), name);
    assert.ok(code.split("\n").length <= 330, `${name} is too long`);
    assert.match(code, /^\/\/ /, `${name} does not say what it is for`);
  }
  assert.ok(!/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/i.test(read("index.html")));
});

test("the program embeds every file of the page", () => {
  const table = readFileSync(new URL("../page.rs", PAGE), "utf8");
  const embedded = [...table.matchAll(/^ {4}"([^"]+)",$/gm)].map(([, name]) => name);
  const vendored = readdirSync(new URL("vendor/", PAGE)).map((name) => `vendor/${name}`);
  const files = readdirSync(PAGE).filter((name) => !["vendor", "README.md"].includes(name));
  assert.deepEqual(embedded, [...files, ...vendored].sort());
});
