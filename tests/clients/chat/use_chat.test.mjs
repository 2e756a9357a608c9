// `useChat` of the AI SDK, majors 5, 6 and 7, in a React tree: what its users do, over the UI message stream.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import React from "react";
import { create } from "react-test-renderer";
import * as ai5 from "ai-5";
import * as ai6 from "ai-6";
import * as ai7 from "ai-7";
import * as react5 from "react-ai-5";
import * as react6 from "react-ai-6";
import * as react7 from "react-ai-7";
import { serve, slowModel, until } from "./serve.mjs";

const ORDERS = "How many orders were placed in 2025?";
const ANSWER = "5300";
let server;
let slow;

before(async () => {
  server = await serve();
  slow = await slowModel();
});

after(async () => {
  slow?.close();
  await server?.close();
});

// The renderer tells in development that it is deprecated; it is the smallest one there is.
const { error } = console;
console.error = (text, ...more) => String(text).includes("react-test-renderer") || error(text, ...more);

/** A component that uses the hook and shows nothing. */
class Chat {
  constructor({ ai, react }, at, options = {}) {
    const { headers = at.headers, posts = [], ...more } = options;
    const counting = (address, init) => {
      posts.push(init?.method ?? "GET");
      return fetch(address, init);
    };
    const transport = new ai.DefaultChatTransport({ api: `${at.url}/api/chat`, headers, fetch: counting });
    this.posts = posts;
    const Component = () => {
      this.now = react.useChat({ transport, ...more });
      return null;
    };
    this.root = create(React.createElement(Component));
  }

  /** Asks, and waits for the end; gives the status then. */
  async ask(text) {
    await this.now.sendMessage({ text });
    // What the hook said last is rendered a moment later.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return until(() => ["ready", "error"].find((status) => status === this.now.status), "the chat is settled");
  }

  get last() {
    return this.now.messages.at(-1);
  }

  parts(type) {
    return this.last.parts.filter((part) => part.type === type);
  }

  text() {
    return this.parts("text")
      .map(({ text }) => text)
      .join("");
  }
}

const majors = { 5: { ai: ai5, react: react5 }, 6: { ai: ai6, react: react6 }, 7: { ai: ai7, react: react7 } };

/** A chat that is rendered, and unmounted when the test is over. */
async function open(t, sdk, at, options) {
  const chat = new Chat(sdk, at, options);
  t.after(() => chat.root.unmount());
  await until(() => chat.now, "the component is rendered");
  return chat;
}

/** A server that a test may end, before the slow model. */
async function serveSlowly(t) {
  const own = await serve(slow.url);
  t.after(own.close);
  return own;
}

for (const [major, sdk] of Object.entries(majors)) {
  const title = `ai ${major}:`;

  test(`${title} two turns, with steps, tables, figures and sources`, async (t) => {
    const data = [];
    const chat = await open(t, sdk, server, {
      id: `two-turns-${major}`,
      onData: (part) => data.push(part),
      // Apps that set this would post for ever if Cardinal's tools looked like the client's.
      sendAutomaticallyWhen: sdk.ai.lastAssistantMessageIsCompleteWithToolCalls,
    });
    for (const turn of [1, 2]) {
      assert.equal(await chat.ask(ORDERS), "ready");
      assert.equal(chat.now.messages.length, 2 * turn);
      assert.equal(chat.last.role, "assistant");
      assert.match(chat.text(), new RegExp(ANSWER));
      const [tool] = chat.parts("dynamic-tool");
      assert.equal(tool.state, "output-available");
      assert.equal(tool.providerExecuted, true);
      assert.match(chat.parts("source-url")[0].url, /^http/);
      assert.equal(chat.parts("data-table")[0].data.rows[0][0], Number(ANSWER));
      const { figures, evidence } = chat.parts("data-evidence")[0].data;
      assert.ok(figures.some(({ text, status }) => text === ANSWER && status === "matched"));
      assert.equal(evidence[0].name, "Number of orders");
      assert.equal(chat.parts("data-answer")[0].data.turn, turn);
      assert.equal(chat.last.metadata.outcome, "answered");
      assert.equal(chat.last.metadata.session, `two-turns-${major}`);
    }
    assert.ok(data.some(({ type }) => type === "data-progress"));
    assert.deepEqual(chat.posts, ["POST", "POST"]);
  });

  test(`${title} what the catalog cannot answer is an answer that says so`, async (t) => {
    const chat = await open(t, sdk, server);
    assert.equal(await chat.ask("What is the weather in Paris?"), "ready");
    assert.equal(chat.last.metadata.outcome, "not_in_catalog");
    assert.match(chat.text(), /weather/);
  });

  test(`${title} a wrong token is an error in words`, async (t) => {
    const chat = await open(t, sdk, server, { headers: { authorization: "Bearer cdl_wrong" } });
    assert.equal(await chat.ask(ORDERS), "error");
    assert.match(chat.now.error.message, /token/);
    assert.doesNotMatch(chat.now.error.message, /[{}]/);
  });

  test(`${title} a killed server is an error and never an end`, async (t) => {
    const mortal = await serveSlowly(t);
    const chat = await open(t, sdk, mortal);
    const settled = chat.ask("Talk for ever");
    await until(() => chat.last?.role === "assistant", "the answer begins");
    await mortal.kill();
    assert.equal(await settled, "error");
  });

  test(`${title} a server that is told to end says so`, async (t) => {
    const mortal = await serveSlowly(t);
    const chat = await open(t, sdk, mortal);
    const settled = chat.ask("Talk for ever");
    await until(() => chat.last?.role === "assistant", "the answer begins");
    mortal.terminate();
    assert.equal(await settled, "error");
    assert.match(chat.now.error.message, /ask again/);
  });

  test(`${title} a page that was left resumes the answer from its beginning, and stop ends it`, async (t) => {
    const patient = await serveSlowly(t);
    const id = `left-${major}`;
    const chat = await open(t, sdk, patient, { id });
    const hungUp = chat.ask("Talk slowly");
    await until(() => chat.last?.role === "assistant", "the answer begins");
    await chat.now.stop();
    assert.equal(await hungUp, "ready");
    const asked = chat.now.messages.slice(0, 1);
    // Stopping the hook only hangs up: the turn goes on for whoever comes back.
    const again = await open(t, sdk, patient, { id, messages: asked, resume: true });
    await until(() => again.last.metadata?.outcome && again.now.status === "ready", "the answer is there");
    assert.match(again.text(), /(slowly ?){20}/);
    assert.equal(again.last.metadata.outcome, "answered");
    assert.deepEqual(again.posts, ["GET"]);
    // There is nothing to resume now.
    await again.now.resumeStream();
    await until(() => again.now.status === "ready", "nothing is resumed");
    // The server's own stop ends a turn, and the hook sees a whole message.
    const settled = again.ask("Talk for ever");
    await until(() => again.now.messages.length === 4, "the second answer begins");
    const stopped = await fetch(`${patient.url}/v1/sessions/${id}/stop`, { method: "POST", headers: patient.headers });
    assert.equal(stopped.status, 202);
    assert.equal(await settled, "ready");
    assert.equal(again.last.metadata.outcome, "cancelled");
  });
}
