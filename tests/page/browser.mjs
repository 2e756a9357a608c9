// A browser for the tests. Each test gets a page of its own with a mock of its own; what the page logs as an error, a
// violation of the policy included, fails the test.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { startMock } from "./mock.mjs";

const require = createRequire(join(process.env.PAGE_MODULES, "package.json"));
const { chromium } = require("playwright-core");
const axe = require("axe-core");

let browser = null;

async function launch() {
  // Chromium's own sandbox does not start for root; the pages here are the mock's.
  browser ??= chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  return browser;
}

/** Closes what the tests of a file opened. */
export async function closeBrowser() {
  await (await browser)?.close();
}

/**
 * A test with a page. `context` are the browser's settings, `mock` those of the mock, `expected` errors that belong to
 * it; `server` gives another server than the mock.
 */
export function pageTest(name, { context = {}, mock = {}, expected = [], server: given = null, skip = false }, run) {
  test(name, { timeout: 90_000, skip }, async () => {
    const server = given?.() ?? (await startMock({ pace: 1, ...mock }));
    const opened = await (
      await launch()
    ).newContext({
      viewport: { width: 1200, height: 900 },
      locale: "en-US",
      permissions: ["clipboard-read", "clipboard-write"],
      ...context,
    });
    opened.setDefaultTimeout(20_000);
    const page = await opened.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.stack));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("dialog", (dialog) => (errors.push(`a dialog: ${dialog.message()}`), dialog.dismiss()));
    const foreign = [];
    page.on(
      "request",
      (request) =>
        !/^(blob|data):/.test(request.url()) && !request.url().startsWith(server.url) && foreign.push(request.url()),
    );
    try {
      await run(new Driver(page, server));
      assert.deepEqual(
        errors.filter((error) => !expected.some((pattern) => pattern.test(error))),
        [],
        "the page logged errors",
      );
      assert.deepEqual(foreign, [], "the page asked other hosts");
    } finally {
      await opened.close();
      server.close();
    }
  });
}

class Driver {
  constructor(page, server) {
    Object.assign(this, { page, url: server.url, mock: server.mock });
  }

  async open(path = "/") {
    await this.page.goto(this.url + path);
  }

  /** Asks, and waits until the answer is there. */
  async ask(question) {
    await this.say(question);
    await this.page
      .locator(".turn", { has: this.page.getByRole("heading", { name: question, exact: false }) })
      .last()
      .locator(".answer[aria-busy=false]")
      .waitFor();
  }

  async say(question) {
    await this.page.fill(".composer textarea", question);
    await this.page.press(".composer textarea", "Enter");
  }

  text(selector) {
    return this.page.locator(selector).innerText();
  }

  count(selector) {
    return this.page.locator(selector).count();
  }

  /** A module of the page, as the page itself has it: `use` runs in the browser. */
  async module(name, use, argument) {
    const from = await this.page.evaluate(() => document.querySelector("script[type=module]").src);
    return this.page.evaluate(
      `import(${JSON.stringify(from.replace(/app\.js$/, name))}).then((module) => (${use})(module, ${JSON.stringify(argument ?? null)}))`,
    );
  }

  /** Fails on what keeps people from using the page. */
  async accessible(what) {
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate(() =>
      globalThis.axe.run(document, { resultTypes: ["violations"] }),
    );
    const found = violations.filter(
      ({ impact }) => impact === "serious" || impact === "critical" || impact === "moderate",
    );
    assert.deepEqual(
      found.map(
        ({ id, nodes }) =>
          `${what}: ${id}: ${nodes
            .slice(0, 3)
            .map(({ html, failureSummary }) => `${html} ${failureSummary}`)
            .join(" | ")}`,
      ),
      [],
    );
  }

  /** Fails when something is wider than the window. */
  async fits(what) {
    const wide = await this.page.evaluate(() =>
      [...document.querySelectorAll("main, main *")]
        .filter((element) => {
          if (
            element.closest(".table-scroll, .prose-table, pre, .offscreen, .popover, svg, .toast") &&
            !element.matches(".table-scroll, .prose-table")
          )
            return false;
          return element.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
        })
        .map((element) => `${element.tagName}.${element.className}`),
    );
    assert.deepEqual(wide, [], `${what} is wider than the window`);
    const { width } = this.page.viewportSize();
    assert.equal(await this.page.evaluate(() => innerWidth), width, `${what} widens the window`);
  }
}
