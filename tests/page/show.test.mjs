// Showing: tables, charts, text that grows, hostile texts, languages, people who do not see or have a small window.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after } from "node:test";
import { EVIL } from "./answers.mjs";
import { closeBrowser, pageTest } from "./browser.mjs";

after(closeBrowser);

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

pageTest("a table is sorted, unfolded, copied and kept as a file", {}, async (d) => {
  await d.open();
  await d.ask("long table");
  assert.equal(await d.count(".table tbody tr"), 10);
  assert.match(await d.text(".result-title"), /Card · first 200 of 2,000 rows · cut at 2,000 rows; there are more/);
  await d.page.getByRole("button", { name: "Show all 200 rows" }).click();
  assert.equal(await d.count(".table tbody tr"), 200);
  const total = d.page.locator(".result th", { hasText: "Total" });
  await total.getByRole("button").click();
  await total.getByRole("button").click();
  assert.equal(await total.getAttribute("aria-sort"), "descending");
  assert.match(await d.page.locator(".table tbody tr").first().innerText(), /^1199\tProduct 199/);
  await d.page.getByRole("button", { name: "Copy the table" }).click();
  await d.page.waitForFunction(() => document.querySelector(".toast").classList.contains("shown"));
  const copied = await d.page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^ID\tName of the product.*\n1199\tProduct 199/);
  assert.equal(copied.trim().split("\n").length, 201);
  const [file] = await Promise.all([
    d.page.waitForEvent("download"),
    d.page.getByRole("button", { name: "Download as CSV" }).click(),
  ]);
  assert.match(readFileSync(await file.path(), "utf8"), /^\uFEFFID,Name of the product[\s\S]*\r\n1199,Product 199/);
});

pageTest("charts follow the shape: a number stays a number, series are split, kinds can be switched", {}, async (d) => {
  const kind = () =>
    d.page
      .waitForFunction(() => globalThis.Chart?.getChart(document.querySelector(".turn:last-child canvas"))?.config.type)
      .then((handle) => handle.jsonValue());
  await d.open();
  await d.ask("How many orders");
  assert.equal(await d.text(".single-value"), "18,155");
  assert.equal(await d.count("canvas"), 0);
  await d.ask("Revenue by category and month");
  assert.equal(await kind(), "bar");
  assert.equal(
    await d.page.evaluate(() => globalThis.Chart.getChart(document.querySelector("canvas")).data.datasets.length),
    6,
  );
  await d.page.getByRole("button", { name: "Line" }).click();
  await d.page.waitForFunction(
    () => globalThis.Chart.getChart(document.querySelector("canvas"))?.config.type === "line",
  );
  await d.page.getByRole("button", { name: "Table only" }).click();
  assert.equal(await d.count("canvas"), 0);
  await d.ask("price and quantity");
  assert.equal(await kind(), "scatter");
  await d.ask("two measures");
  assert.equal(await kind(), "line");
  const axes = "Object.keys(Chart.getChart(document.querySelector('.turn:last-child canvas')).scales).sort()";
  assert.deepEqual(await d.page.evaluate(axes), ["x", "y", "y2"], "measures of different size have an axis each");
});

pageTest("a chart that leaves something out says so", {}, async (d) => {
  await d.open();
  const rows = Array.from({ length: 100 }, (_, index) => [`city ${index}`, index]);
  const table = {
    columns: [
      { name: "city", label: "City", kind: "text" },
      { name: "count", label: "Count", kind: "integer" },
    ],
    rows,
  };
  const data = await d.module(
    "chart_data.js",
    "(module, table) => module.chartData({ kind: 'bar', x: 'city', y: ['count'], series: null }, table)",
    table,
  );
  assert.equal(data.labels.length, 40);
  assert.match(data.cut, /shows 40 of 100/);
  const series = {
    columns: [...table.columns, { name: "day", label: "Day", kind: "date" }],
    rows: rows.slice(0, 12).map(([city, count]) => [city, count, "2025-01-01"]),
  };
  const split = await d.module(
    "chart_data.js",
    "(module, table) => module.chartData({ kind: 'line', x: 'day', y: ['count'], series: 'city' }, table)",
    series,
  );
  assert.equal(split.series.length, 8);
  assert.match(split.cut, /shows 8 of 12/);
  const gone = await d.module(
    "chart_data.js",
    "(module, table) => module.chartData({ kind: 'bar', x: 'town', y: ['count'], series: null }, table)",
    table,
  );
  assert.equal(gone, null);
});

pageTest("days are written in the style of their column, where it has one", {}, async (d) => {
  await d.open();
  const shown = await d.module(
    "format.js",
    `({ cellText }) => [
      ["2025-03-04", { unit: "day", date_style: "D MMMM, YYYY" }],
      ["2025-03-04", { date_style: "dddd, MMMM D, YYYY" }],
      ["2025-03-04", { date_style: "YYYY/M/D" }],
      ["2025-03-01", { unit: "month", date_style: "D MMMM, YYYY" }],
      ["2025-03-04", { unit: "day", date_style: null }],
    ].map(([cell, column]) => cellText(cell, { kind: "date", ...column }))`,
  );
  assert.deepEqual(shown, ["4 March, 2025", "Tuesday, March 4, 2025", "2025/3/4", "Mar 2025", "Mar 4, 2025"]);
});

pageTest("text that grows renders only its last block again, and never shows half a mark", {}, async (d) => {
  await d.open();
  const seen = await d.module(
    "markdown.js",
    `({ GrowingMarkdown }) => {
    const element = document.createElement("div");
    const growing = new GrowingMarkdown(element);
    const text = "First **bold** line.\\n\\n- one\\n- [two](https://a.example/x)\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n\\n3. three\\n\\nThe \`end\`.";
    const kept = [], shown = [];
    for (let length = 1; length <= text.length; length++) {
      const before = [...element.children];
      growing.show(text.slice(0, length));
      kept.push(before.slice(0, -1).every((child, index) => element.children[index] === child));
      shown.push(element.textContent);
    }
    return { kept: kept.every(Boolean), odd: shown.filter((line) => /[*|\`\\[\\]]|https/.test(line)), html: element.innerHTML };
  }`,
  );
  assert.equal(seen.kept, true);
  assert.deepEqual(seen.odd, []);
  assert.match(
    seen.html,
    /<strong>bold<\/strong>[\s\S]*<a href="https:\/\/a.example\/x"[^>]*>two<\/a>[\s\S]*<td>2<\/td>[\s\S]*<ol start="3">[\s\S]*<code>end<\/code>/,
  );
});

pageTest(
  "figures are found by characters, in bold, in tables, beside signs of two halves, and not in addresses",
  {},
  async (d) => {
    await d.open();
    const found = await d.module(
      "figures.js",
      `({ renderWithFigures }) => {
    const texts = ["🎉 **1,200** and 7", "| a |\\n|---|\\n| 1,200 |\\n", "https://a.example/7/x and 7", "\\uE0001,200\\uE002 7", "1,200 **to 7**"];
    return texts.map((text) => {
      const at = (said, status = "matched") => { const start = text.indexOf(said); const count = Array.from(text.slice(0, start)).length; return { text: said, status, start_char: count, end_char: count + said.length, sources: [] }; };
      const figures = [...(text.includes("1,200") ? [at("1,200")] : []), ...(text.includes("7") ? [at("7")] : [])];
      const element = document.createElement("div");
      renderWithFigures(element, text, figures);
      return { marked: [...element.querySelectorAll(".figure")].map((figure) => figure.textContent), text: element.textContent.trim(), links: [...element.querySelectorAll("a")].map((link) => link.href) };
    });
  }`,
    );
    assert.deepEqual(found[0], { marked: ["1,200", "7"], text: "🎉 1,200 and 7", links: [] });
    assert.deepEqual(found[1].marked, ["1,200"]);
    assert.deepEqual(found[2].links, ["https://a.example/7/x"]);
    assert.equal(found[2].text, "https://a.example/7/x and 7");
    assert.deepEqual(found[3].text, "\uFFFD1,200\uFFFD 7");
    assert.deepEqual(found[4].marked, ["1,200", "7"]);
  },
);

pageTest("a hostile text stays text, wherever it stands", { expected: [/409/] }, async (d) => {
  await d.open();
  await d.say(`busy ${EVIL}`);
  await d.page.locator(".verdict").waitFor();
  await d.ask(`xss ${EVIL}`);
  assert.ok((await d.page.title()).startsWith("xss <img"));
  await d.page.locator(".steps > summary").last().click();
  await d.page.locator(".how-button").click();
  await d.page.locator(".figure").first().click();
  await d.page.locator(".popover:popover-open").waitFor();
  const clean = () =>
    d.page.evaluate(() => ({
      pwned: globalThis.pwned ?? null,
      planted: document.querySelectorAll(
        "main img, main script, main iframe, main [onerror], main [onload], .popover img, nav img",
      ).length,
      addresses: [...document.querySelectorAll("a[href]")]
        .map((link) => link.getAttribute("href"))
        .filter((address) => /^\s*(javascript|data):/i.test(address)),
    }));
  const nothing = { pwned: null, planted: 0, addresses: [] };
  assert.deepEqual(await clean(), nothing);
  assert.match(
    await d.text(".turn:last-child .prose"),
    /<img src=x onerror="window.pwned=1"><script>/,
    "it is shown, not swallowed",
  );
  const [file] = await Promise.all([
    d.page.waitForEvent("download"),
    d.page.getByRole("button", { name: "Download as CSV" }).click(),
  ]);
  assert.match(readFileSync(await file.path(), "utf8"), /"'=HYPERLINK\(""x""\)"/, "a spreadsheet does not run it");
  await d.page.getByRole("link", { name: "Catalog" }).click();
  await d.page.locator(".entry summary").first().click();
  await d.page.locator(".entry[open] .filters").first().waitFor();
  assert.deepEqual(await clean(), nothing);
  await d.page.getByRole("link", { name: "Administration" }).click();
  await d.page.locator(".question-link").click();
  await d.page.locator(".admin-one .verdict").waitFor();
  assert.deepEqual(await clean(), nothing);
});

pageTest("German readers read German, with their own numbers", { context: { locale: "de-DE" } }, async (d) => {
  await d.open();
  await d.page.getByRole("heading", { name: "Was möchten Sie wissen?" }).waitFor();
  assert.equal(await d.page.getAttribute("html", "lang"), "de");
  await d.ask("Revenue by month");
  assert.match(await d.text(".table"), /Jan\. 2025\s+28\.550,43/);
});

pageTest("nothing stands in the way of a screen reader", {}, async (d) => {
  await d.open();
  await d.page.waitForSelector(".suggestion");
  await d.accessible("the empty page");
  await d.ask("partial");
  await d.page.locator(".steps > summary").click();
  await d.page.locator(".how-button").click();
  await d.page.locator(".figure").nth(2).click();
  await d.accessible("an answer");
  await d.page.keyboard.press("Escape");
  await d.page.getByRole("button", { name: "Bad answer" }).click();
  await d.accessible("the feedback");
  await d.ask("long table");
  await d.ask("which one");
  await d.ask("fail");
  await d.accessible("a conversation");
  await d.page.locator(".head .menu-button").click();
  await d.accessible("a menu");
  await d.page.getByRole("menuitem", { name: "Rename" }).click();
  await d.accessible("a dialog");
  await d.page.keyboard.press("Escape");
  await d.open("/catalog");
  await d.page.locator(".entry summary").nth(1).click();
  await d.accessible("the catalog");
  await d.open("/admin");
  await d.page.waitForSelector(".admin-table");
  await d.accessible("the administrator's view");
});

pageTest("the dark colours have contrast too", { context: { colorScheme: "dark" } }, async (d) => {
  await d.open();
  await d.ask("partial");
  await d.accessible("a dark answer");
  await d.open("/admin");
  await d.page.waitForSelector(".admin-table");
  await d.accessible("the dark administrator's view");
});

pageTest("a phone shows everything, and its list of conversations opens and closes", { context: PHONE }, async (d) => {
  await d.open();
  await d.page.waitForSelector(".suggestion");
  await d.fits("the empty page");
  for (const question of ["long table", "Revenue by category and month", "partial", "xss", "refused"]) {
    await d.ask(question);
    await d.fits(question);
  }
  await d.page.locator(".figure").last().tap();
  const box = await d.page.locator(".popover:popover-open").boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 390, "the box of a figure is inside of the window");
  await d.accessible("a phone");
  await d.page.getByRole("button", { name: "Open the list of conversations" }).tap();
  await d.page.locator(".history-list a").first().waitFor();
  await d.accessible("the list on a phone");
  await d.page.getByRole("link", { name: "Catalog" }).tap();
  await d.page.waitForSelector(".entry");
  await d.page.waitForFunction(() => document.querySelector("#side").getBoundingClientRect().right <= 0);
  await d.fits("the catalog");
  await d.open("/admin");
  await d.page.waitForSelector(".admin-table");
  await d.fits("the administrator's view");
});

const NARROW = { ...PHONE, viewport: { width: 360, height: 740 }, locale: "de-DE" };

pageTest("on a narrow phone a long title and long words in German widen nothing", { context: NARROW }, async (d) => {
  await d.open();
  await d.page.waitForSelector(".suggestion");
  await d.ask("How did revenue develop by month in 2025 and by which channel did it grow most, please?");
  await d.fits("a long title");
  await d.open("/catalog");
  await d.page.waitForSelector(".entry");
  await d.fits("the catalog");
  await d.open("/admin");
  await d.page.waitForSelector(".admin-table");
  await d.fits("the administrator's view");
});
