// The page against the real server with its demo: the same things a reader does, over real answers. CARDINAL names the
// program; without it these tests are skipped.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { closeBrowser, pageTest } from "./browser.mjs";

const { CARDINAL } = process.env;
let server = null;
let folder = null;

before(async () => {
  if (!CARDINAL) return;
  folder = mkdtempSync(join(tmpdir(), "cardinal-page-"));
  const env = {
    ...process.env,
    CARDINAL_DATABASE_URL: `sqlite:${join(folder, "demo.sqlite")}`,
    XDG_CACHE_HOME: folder,
    XDG_STATE_HOME: folder,
  };
  server = spawn(CARDINAL, ["serve", "--listen", "127.0.0.1:0", "--model", "offline"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    server.url = JSON.parse(line).url;
    break;
  }
});

after(async () => {
  await closeBrowser();
  server?.kill();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const settings = {
  skip: CARDINAL ? false : "CARDINAL does not name the program",
  server: () => ({ url: server.url, mock: null, close() {} }),
};

pageTest("the server: ask, hover evidence, chart, follow up, reload", settings, async (d) => {
  await d.open();
  await d.page.waitForSelector(".suggestion");
  await d.accessible("the empty page");
  await d.ask("Revenue by month in 2025");
  assert.match(await d.text(".prose"), /28550.43[\s\S]*446213.55/);
  await d.page.waitForFunction(
    () => globalThis.Chart?.getChart(document.querySelector("canvas"))?.data.labels.length === 12,
  );
  await d.page.locator(".figure", { hasText: "62123" }).hover();
  const box = d.page.locator(".popover:popover-open");
  await box.waitFor();
  assert.match(await box.innerText(), /A cell\s+62,123[\s\S]*row 12[\s\S]*Metric Revenue r1[\s\S]*≥ 2025-01-01/);
  await d.page.locator(".follow-ups button").first().click();
  await d.page.locator(".turn").nth(1).locator(".answer[aria-busy=false]").waitFor();
  await d.page.reload();
  await d.page.locator(".turn").nth(1).locator(".answer[aria-busy=false]").waitFor();
  assert.equal(await d.count(".turn"), 2);
  await d.accessible("answers of the server");
});

pageTest("the server: edit, rate, rename, export, delete, catalog, administration", settings, async (d) => {
  await d.open();
  await d.ask("How many orders in 2025");
  const first = d.page.url();
  await d.page.getByRole("button", { name: "Edit and ask again" }).click();
  await d.page.fill(".question-edit textarea", "Revenue by country in 2025");
  await d.page.keyboard.press("Enter");
  await d.page.waitForFunction((url) => location.href !== url && /\/s\//.test(location.href), first);
  await d.page.waitForSelector(".answer[aria-busy=false]");
  await d.page.getByRole("button", { name: "Good answer" }).click();
  await d.page.fill(".feedback-form textarea", "quick");
  await d.page.getByRole("button", { name: "Send" }).click();
  await d.page.locator(".head .menu-button").click();
  await d.page.getByRole("menuitem", { name: "Rename" }).click();
  await d.page.fill("dialog input", "Countries");
  await d.page.keyboard.press("Enter");
  await d.page.getByRole("link", { name: "Countries" }).waitFor();
  await d.page.locator(".head .menu-button").click();
  const [file] = await Promise.all([
    d.page.waitForEvent("download"),
    d.page.getByRole("menuitem", { name: "Export as HTML" }).click(),
  ]);
  assert.equal(file.suggestedFilename(), "Countries.html");
  await d.page.getByRole("link", { name: "Administration" }).click();
  await d.page.getByRole("button", { name: "Revenue by country in 2025", exact: true }).first().click();
  await d.page.getByRole("button", { name: "Make an eval case" }).click();
  const [, ...command] = (await d.text(".promoted pre")).split(" ");
  const env = { ...process.env, CARDINAL_DATABASE_URL: `sqlite:${join(folder, "demo.sqlite")}` };
  const made = spawnSync(CARDINAL, [...command, "--suite", join(folder, "suite")], { env });
  assert.equal(made.status, 0, String(made.stderr));
  await d.page.getByRole("link", { name: "Catalog" }).click();
  await d.page.locator(".entry summary").first().click();
  await d.page.locator(".entry-more .facts li").first().waitFor();
  await d.page.getByRole("link", { name: "Countries" }).click();
  await d.page.waitForSelector(".answer[aria-busy=false]");
  await d.page.locator(".head .menu-button").click();
  await d.page.getByRole("menuitem", { name: "Delete" }).click();
  await d.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await d.page.waitForSelector(".welcome");
  // The list is read again after the page has changed.
  await d.page.getByRole("link", { name: "Countries" }).waitFor({ state: "detached" });
});
