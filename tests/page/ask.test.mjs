// Asking: what a reader sees of an answer, while it is written and afterwards.

import assert from "node:assert/strict";
import { after } from "node:test";
import { closeBrowser, pageTest } from "./browser.mjs";

after(closeBrowser);

pageTest(
  "a suggestion is asked, and its answer has steps, text, chart, table, sources and an address",
  {},
  async (d) => {
    await d.open();
    await d.page.getByRole("button", { name: /Revenue by month in 2025/ }).click();
    await d.page.waitForSelector(".answer[aria-busy=false]");
    assert.match(d.page.url(), /\/s\/ses_/);
    assert.match(await d.text(".prose"), /Revenue in 2025 was 446213.55/);
    assert.equal(await d.page.locator(".steps").getAttribute("open"), null, "the steps are folded");
    await d.page.click(".steps > summary");
    assert.match(
      await d.text(".step"),
      /Metric Revenue · 12 rows\s+Created at ≥ 2025-01-01\s+Created at < 2026-01-01\s+by Created at \(month\)/,
    );
    const canvas = d.page.locator("canvas");
    assert.match(
      await canvas.getAttribute("aria-label"),
      /Line: Sum of Total by Created At, 12 points, least 22,737.95, greatest 62,123/,
    );
    await d.page.waitForFunction(
      () => globalThis.Chart?.getChart(document.querySelector("canvas"))?.data.labels[0] === "Jan 2025",
    );
    assert.equal(await d.page.locator(".source-chip").getAttribute("href"), "https://metabase.example/metric/1");
    assert.match(await d.text(".cost"), /3.1 s · \$0.0041/);
    await d.page.waitForSelector(".history-list a[aria-current=page]");
    assert.equal(await d.page.title(), "Revenue by month in 2025? · Cardinal");
  },
);

pageTest("a figure shows its cell, filters and link: by pointer, and by keyboard", {}, async (d) => {
  await d.open();
  await d.ask("Revenue by month");
  await d.page.locator(".figure", { hasText: "62123" }).first().hover();
  const box = d.page.locator(".popover:popover-open");
  await box.waitFor();
  assert.match(
    await box.innerText(),
    /A cell\s+62,123\s+Created At Dec 2025 · column Sum of Total · row 12\s+Metric Revenue r1\s+Created at ≥ 2025-01-01/,
  );
  assert.equal(
    await box.getByRole("link", { name: "Open in Metabase" }).getAttribute("href"),
    "https://metabase.example/metric/1",
  );
  await box.getByRole("button", { name: "Show in the table" }).click();
  assert.equal(await d.text(".pointed"), "62,123.00");
  assert.equal(await d.count("td.pointed"), 1);

  const figures = d.page.locator(".figure");
  assert.equal(await d.count(".figure[tabindex='0']"), 1, "an answer is one stop of the Tab key");
  await d.page.keyboard.press("Escape");
  await d.page.focus(".steps > summary");
  await d.page.keyboard.press("Tab");
  assert.equal(await figures.nth(0).evaluate((element) => element === document.activeElement), true);
  assert.match(await box.innerText(), /A total/);
  await d.page.keyboard.press("ArrowRight");
  assert.match(await box.innerText(), /A cell\s+62,123/);
  await d.page.keyboard.press("Enter");
  assert.equal(await box.evaluate((element) => element.contains(document.activeElement)), true);
  await d.page.keyboard.press("Escape");
  assert.equal(await d.count(".popover:popover-open"), 0);
  assert.equal(await figures.nth(1).evaluate((element) => element === document.activeElement), true);

  // Tab goes through the box, and from its end back to the figure, in both directions.
  const inBox = () => box.evaluate((element) => element.contains(document.activeElement));
  const stops = async () => box.locator("a[href], button").count();
  for (const key of ["Tab", "Shift+Tab"]) {
    await d.page.keyboard.press("Enter");
    const most = await stops();
    assert.ok(most > 1);
    if (key === "Tab")
      for (let at = 1; at < most; at += 1) {
        await d.page.keyboard.press(key);
        assert.equal(await inBox(), true, `${key} ${at}`);
      }
    await d.page.keyboard.press(key);
    assert.equal(await d.count(".popover:popover-open"), 0, key);
    assert.equal(await figures.nth(1).evaluate((element) => element === document.activeElement), true, key);
  }
  await d.page.keyboard.press("Tab");
  assert.equal(await figures.nth(1).evaluate((element) => element === document.activeElement), false);
});

pageTest("a derivation names its inputs, and a figure without a source says why", {}, async (d) => {
  await d.open();
  await d.ask("partial");
  assert.match(await d.text(".verdict"), /Not fully verified\s+One figure has no source/);
  const box = d.page.locator(".popover:popover-open");
  await d.page.locator(".figure", { hasText: "117.6 %" }).click();
  assert.match(
    await box.innerText(),
    /Computed\s+Exactly 117.59041387\s+Change in percent.*\s+.*Dec 2025: 62,123.*\s+.*Jan 2025: 28,550.43/,
  );
  const unmatched = d.page.locator(".figure.unmatched");
  assert.equal(await unmatched.getAttribute("aria-label"), "700,000, figure without a source");
  await unmatched.click();
  assert.match(await box.innerText(), /No source\s+No result holds it/);
  assert.ok(!(await d.text(".prose")).includes("800,000"), "the withdrawn draft is gone");
});

pageTest("a question back offers its answers, and further questions are asked by a click", {}, async (d) => {
  await d.open();
  await d.ask("which revenue");
  assert.match(await d.text(".verdict"), /A question back/);
  await d.page.getByRole("button", { name: "Net revenue, without refunds" }).click();
  await d.page.locator(".turn").nth(1).locator(".answer[aria-busy=false]").waitFor();
  await d.page.locator(".turn").nth(1).getByRole("button", { name: "Revenue by country in 2025" }).click();
  await d.page.locator(".turn").nth(2).locator(".answer[aria-busy=false]").waitFor();
  assert.deepEqual(
    d.mock.asked.map(({ question }) => question),
    ["which revenue", "Net revenue, without refunds", "Revenue by country in 2025"],
  );
  assert.equal(new Set([...d.mock.answers.values()].map(({ record }) => record.session)).size, 1);
});

pageTest(
  "what could not be answered says why, and a refused question stands in the field again",
  { expected: [/409/] },
  async (d) => {
    await d.open();
    await d.ask("the weather");
    assert.match(await d.text(".verdict"), /Not in the catalog/);
    await d.ask("fail");
    assert.match(
      await d.page.locator(".verdict").last().innerText(),
      /There is no answer\s+the model at .* could not be reached/,
    );
    await d.say("busy");
    await d.page.locator(".verdict").nth(2).waitFor();
    assert.match(await d.page.locator(".verdict").last().innerText(), /8 questions wait[\s\S]*Try again in 5 seconds/);
    assert.equal(await d.page.inputValue(".composer textarea"), "busy");
    await d.ask("refused");
    await d.page.locator(".steps > summary").last().click();
    assert.match(await d.page.locator(".step.refused").innerText(), /refused[\s\S]*there is no dimension "region"/);
  },
);

pageTest("an answer is stopped", {}, async (d) => {
  await d.open();
  await d.say("slow revenue");
  await d.page.waitForSelector(".prose .block");
  await d.page.getByRole("button", { name: "Stop" }).click();
  await d.page.waitForSelector(".answer[aria-busy=false]");
  assert.match(await d.text(".verdict"), /Stopped/);
});

pageTest("a stream that is cut is taken up, and nothing is asked twice", { expected: [/ERR_/] }, async (d) => {
  await d.open();
  await d.ask("cut revenue");
  assert.equal(d.mock.asked.length, 1);
  assert.match(await d.text(".prose"), /Revenue in 2025 was 446213.55[\s\S]*2025-12: 62123/);
  assert.equal(await d.count(".step"), 1);
});

pageTest("events are read from any pieces, and a connection that went quiet is given up", {}, async (d) => {
  await d.open();
  const read = await d.module(
    "stream.js",
    `async ({ eventsOf }) => {
      const bytes = new TextEncoder().encode(': hello\\r\\n\\r\\nid: 7\\r\\nevent: text\\r\\ndata: {"delta":\\r\\ndata: "é🎉"}\\r\\n\\r\\nid: 8\\ndata: {}\\n\\ndata: {"never": ');
      const found = [];
      for (let size = 1; size < 9; size++) {
        const body = new ReadableStream({
          start(controller) {
            for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
            controller.close();
          },
        });
        const events = [];
        for await (const event of eventsOf(new Response(body))) events.push(event);
        found.push(JSON.stringify(events));
      }
      const quiet = new Response(new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice(0, 5)) }));
      const ended = await (async () => { for await (const event of eventsOf(quiet, 20)) return event; })().catch((error) => error.message);
      return { found: [...new Set(found)], ended };
    }`,
  );
  assert.deepEqual(read.found.map(JSON.parse), [
    [
      { id: 7, event: "text", data: { delta: "é🎉" } },
      { id: 8, event: "message", data: {} },
    ],
  ]);
  assert.match(read.ended, /said nothing for too long/);
});

pageTest("an answer goes on after a reload, and after looking at something else", {}, async (d) => {
  await d.open();
  await d.say("slow revenue");
  await d.page.waitForURL(/\/s\/ses_/);
  await d.page.waitForSelector(".prose .block");
  await d.page.reload();
  await d.page.waitForSelector(".answer[aria-busy=true] .step");
  await d.page.getByRole("link", { name: "Catalog" }).click();
  await d.page.waitForSelector(".entry");
  await d.page.goBack();
  await d.page.waitForSelector(".answer[aria-busy=true] .step");
  await d.page.waitForSelector(".answer[aria-busy=false]");
  assert.match(await d.text(".prose"), /^Revenue in 2025 was 446213.55/);
  assert.equal(d.mock.asked.length, 1);
});

pageTest("a question is edited and asked again in a conversation of its own", {}, async (d) => {
  await d.open();
  await d.ask("Revenue by month");
  await d.ask("Revenue by country");
  const first = d.page.url();
  await d.page.locator(".turn").nth(1).getByRole("button", { name: "Edit and ask again" }).click();
  await d.page.fill(".question-edit textarea", "Revenue by category");
  await d.page.keyboard.press("Enter");
  await d.page.waitForSelector(".answer[aria-busy=false]");
  await d.page.waitForFunction((url) => location.href !== url && /\/s\//.test(location.href), first);
  const [before] = [...d.mock.answers.keys()];
  assert.deepEqual(d.mock.asked[2], { question: "Revenue by category", session: undefined, after: before });
});

pageTest("a thumb and a comment are kept, and taken back", {}, async (d) => {
  await d.open();
  await d.ask("Revenue by month");
  const [turn] = [...d.mock.answers.values()];
  await d.page.getByRole("button", { name: "Bad answer" }).click();
  await d.page.fill(".feedback-form textarea", "the year is wrong");
  await d.page.getByRole("button", { name: "Send" }).click();
  await d.page.waitForFunction(() => document.querySelector(".feedback-form").childElementCount === 0);
  assert.deepEqual([turn.record.feedback.rating, turn.record.feedback.comment], ["down", "the year is wrong"]);
  await d.page.getByRole("button", { name: "Bad answer" }).click();
  await d.page.waitForSelector("[aria-label='Bad answer'][aria-pressed=false]");
  await d.page.waitForFunction(() => document.querySelector(".toast").textContent.includes("taken back"));
  assert.equal(turn.record.feedback, null);
  await d.page.getByRole("button", { name: "How was this answered?" }).click();
  assert.match(
    await d.text(".how"),
    /What was done[\s\S]*Health of the data[\s\S]*all rows[\s\S]*openai:gpt-demo[\s\S]*ana@example.com/,
  );
});
