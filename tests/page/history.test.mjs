// Around the answers: the list of conversations, signing in, the catalog and the administrator's view.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after } from "node:test";
import { closeBrowser, pageTest } from "./browser.mjs";

after(closeBrowser);

pageTest("conversations are searched, renamed, linked, exported and deleted", {}, async (d) => {
  await d.open();
  await d.ask("Revenue by country");
  await d.page.getByRole("link", { name: "New conversation" }).click();
  await d.ask("How many orders");
  await d.page.locator(".history-list li").nth(1).waitFor();
  await d.page.fill(".history input", "country");
  await d.page.waitForFunction(() => document.querySelectorAll(".history-list li").length === 1);
  await d.page.getByRole("link", { name: "Revenue by country" }).click();
  await d.page.waitForFunction(() => document.querySelector(".prose")?.textContent.includes("US leads"));

  const choose = async (name) => {
    await d.page.locator(".head .menu-button").click();
    await d.page.getByRole("menuitem", { name }).click();
  };
  await choose("Rename");
  await d.page.fill("dialog input", "Countries");
  await d.page.keyboard.press("Enter");
  await d.page.waitForFunction(() => document.title === "Countries · Cardinal");
  await choose("Copy link");
  await d.page.waitForFunction(() => document.querySelector(".toast").classList.contains("shown"));
  assert.equal(await d.page.evaluate(() => navigator.clipboard.readText()), d.page.url());
  const [file] = await Promise.all([d.page.waitForEvent("download"), choose("Export as Markdown")]);
  assert.equal(file.suggestedFilename(), "Countries.md");
  assert.match(readFileSync(await file.path(), "utf8"), /^# Countries/);
  await choose("Delete");
  await d.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await d.page.waitForSelector(".welcome");
  assert.equal(d.mock.sessions.size, 1);
});

pageTest("the keyboard reaches everything: search, a new conversation, editing, stopping", {}, async (d) => {
  await d.open();
  await d.ask("Revenue by country");
  await d.page.keyboard.press("Control+k");
  assert.equal(await d.page.evaluate(() => document.activeElement.type), "search");
  await d.page.keyboard.press("Control+Shift+O");
  await d.page.waitForSelector(".welcome");
  await d.say("slow revenue");
  await d.page.waitForSelector(".prose .block");
  await d.page.keyboard.press("Escape");
  await d.page.waitForSelector(".verdict.cancelled");
  await d.page.keyboard.press("ArrowUp");
  assert.equal(await d.page.evaluate(() => document.activeElement.value), "slow revenue");
  await d.page.keyboard.press("Escape");
  assert.equal(await d.page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Edit and ask again");
});

pageTest(
  "a server that wants a token asks for it, once, and says when it is wrong",
  { mock: { token: "s3cret" }, expected: [/401/] },
  async (d) => {
    await d.open();
    await d.page.fill("dialog input", "wrong");
    await d.page.keyboard.press("Enter");
    await d.page.getByText("did not accept this token").waitFor();
    await d.accessible("signing in");
    await d.page.fill("dialog input", "s3cret");
    await d.page.keyboard.press("Enter");
    await d.page.waitForSelector(".suggestion");
    await d.ask("Revenue by country");
    assert.equal(await d.count("dialog"), 0);
    assert.equal(
      await d.page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]).includes("s3cret")),
      false,
    );
  },
);

pageTest(
  "a server that wants a session of Metabase asks for that, and gets it in its own header",
  { mock: { lent: "1f2e3d4c-0000-4000-8000-00000000abcd" }, expected: [/401/] },
  async (d) => {
    await d.open();
    await d.page.getByText("your own session").waitFor();
    await d.page.fill("dialog input", "wrong");
    await d.page.keyboard.press("Enter");
    await d.page.getByText("did not accept this session").waitFor();
    await d.accessible("lending a session");
    await d.page.fill("dialog input", "1f2e3d4c-0000-4000-8000-00000000abcd");
    await d.page.keyboard.press("Enter");
    await d.page.waitForSelector(".suggestion");
    await d.ask("Revenue by country");
    assert.equal(await d.count("dialog"), 0);
  },
);

pageTest("the catalog is searched by words and kinds, and an entry can be asked about", {}, async (d) => {
  await d.open("/catalog");
  await d.page.waitForSelector(".entry");
  await d.page.getByRole("button", { name: "Metrics" }).click();
  assert.equal(await d.count(".entry"), 1);
  await d.page.fill(".page input[type=search]", "country revenue");
  await d.page.locator(".entry summary").click();
  await d.page.locator(".entry-more .facts li").first().waitFor();
  assert.match(await d.text(".entry-more"), /Created at[\s\S]*User › Country[\s\S]*created_at · date/);
  await d.page.getByRole("button", { name: "Ask about it" }).click();
  assert.equal(await d.page.inputValue(".composer textarea"), "Show me Revenue");
});

pageTest("an administrator sees who asked what, and makes a case of it", {}, async (d) => {
  await d.open();
  await d.ask("Revenue by country");
  await d.page.getByRole("link", { name: "Administration" }).click();
  await d.page.waitForSelector(".admin-table");
  assert.match(await d.text(".admin-table"), /ana@example.com\s+Revenue by country\s+Answered\s+3.1 s\s+\$0.0041/);
  await d.page.getByRole("button", { name: "Revenue by country", exact: true }).click();
  await d.page.getByRole("button", { name: "Make an eval case" }).click();
  const [id] = [...d.mock.answers.keys()];
  assert.equal(await d.text(".promoted pre"), `cardinal eval promote ${id}`);
});

pageTest("who is not an administrator is told so", { mock: { scopes: ["ask"] }, expected: [/403/] }, async (d) => {
  await d.open("/admin");
  await d.page.getByText("This page is for administrators").waitFor();
  assert.equal(await d.count(".filter-bar"), 0);
  assert.equal(await d.page.getByRole("link", { name: "Administration" }).count(), 0);
});

pageTest(
  "a conversation that is not there, and a server that is not there, are told",
  { expected: [/404/, /ERR_/] },
  async (d) => {
    await d.open("/s/ses_none");
    await d.page.getByText("This conversation does not exist").waitFor();
    await d.page.route("**/v1/**", (route) => route.abort());
    await d.page.getByRole("link", { name: "Catalog" }).click();
    await d.page.getByText("The server cannot be reached").waitFor();
  },
);
