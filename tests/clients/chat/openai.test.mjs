// OpenAI's own JavaScript client in conversations with Cardinal: chat completions and responses, streamed and not.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import OpenAI from "openai";
import { serve, slowModel } from "./serve.mjs";

const ORDERS = "How many orders were placed in 2025?";
const ANSWER = "5300";
const UNKNOWN = "What is the weather in Paris?";
const model = "cardinal";
let server;
let slow;
let client;

const clientOf = (at, apiKey = at.token) => new OpenAI({ baseURL: `${at.url}/v1`, apiKey, maxRetries: 0 });
const user = (content) => ({ role: "user", content });

before(async () => {
  server = await serve();
  slow = await slowModel();
  client = clientOf(server);
});

after(async () => {
  slow?.close();
  await server?.close();
});

function hasSourcesAndFigures(told) {
  assert.equal(told.outcome, "answered");
  const figure = told.figures.find(({ text }) => text === ANSWER);
  assert.equal(figure.status, "matched");
  assert.ok(figure.sources.length > 0);
  assert.match(told.evidence[0].link, /^http/);
}

/** All chunks of a streamed completion, put together. */
async function gather(stream) {
  const all = { text: "", steps: "", sources: [], reasons: [], usage: null, told: null };
  for await (const chunk of stream) {
    all.usage = chunk.usage ?? all.usage;
    if (chunk.cardinal?.outcome) all.told = chunk.cardinal;
    for (const { delta, finish_reason } of chunk.choices) {
      all.text += delta.content ?? "";
      all.steps += delta.reasoning_content ?? "";
      all.sources.push(...(delta.annotations ?? []));
      if (finish_reason) all.reasons.push(finish_reason);
      assert.equal(delta.tool_calls, undefined);
    }
  }
  return all;
}

test("chat: two turns in a session that metadata names", async () => {
  for (const turn of [1, 2]) {
    const { data, response } = await client.chat.completions
      .create({ model, messages: [user(ORDERS)], metadata: { session: "js-chat" } })
      .withResponse();
    assert.match(data.choices[0].message.content, new RegExp(ANSWER));
    assert.equal(data.choices[0].finish_reason, "stop");
    assert.match(data.choices[0].message.annotations[0].url_citation.url, /^http/);
    assert.equal(data.cardinal.turn, turn);
    assert.equal(response.headers.get("x-cardinal-session"), "js-chat");
    hasSourcesAndFigures(data.cardinal);
  }
});

test("chat: two streamed turns that are known by their messages", async () => {
  const messages = [user(ORDERS)];
  const sessions = new Set();
  for (const turn of [1, 2]) {
    const stream = await client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const all = await gather(stream);
    assert.match(all.text, new RegExp(ANSWER));
    assert.deepEqual(all.reasons, ["stop"]);
    assert.match(all.steps, /Number of orders/);
    assert.match(all.sources[0].url_citation.url, /^http/);
    assert.ok(all.usage);
    assert.equal(all.told.turn, turn);
    hasSourcesAndFigures(all.told);
    sessions.add(all.told.session);
    messages.push({ role: "assistant", content: all.text }, user(ORDERS));
  }
  assert.equal(sessions.size, 1);
});

test("chat: the stream helper gathers a whole completion", async () => {
  const stream = client.chat.completions.stream({ model, messages: [user(ORDERS)] });
  const completion = await stream.finalChatCompletion();
  assert.match(completion.choices[0].message.content, new RegExp(ANSWER));
});

test("what the catalog cannot answer is an answer that says so", async () => {
  const completion = await client.chat.completions.create({ model, messages: [user(UNKNOWN)] });
  assert.equal(completion.cardinal.outcome, "not_in_catalog");
  assert.match(completion.choices[0].message.content, /weather/);
  const response = await client.responses.create({ model, input: UNKNOWN });
  assert.equal(response.cardinal.outcome, "not_in_catalog");
});

test("errors are of the client's own classes", async () => {
  const wrong = clientOf(server, "cdl_wrong");
  for (const call of [
    () => wrong.chat.completions.create({ model, messages: [user(ORDERS)] }),
    () => wrong.chat.completions.create({ model, messages: [user(ORDERS)], stream: true }),
    () => wrong.responses.create({ model, input: ORDERS }),
    () => wrong.models.list(),
  ]) {
    await assert.rejects(call, (error) => error instanceof OpenAI.AuthenticationError && /token/.test(error.message));
  }
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }];
  await assert.rejects(
    () => client.chat.completions.create({ model, messages: [user(ORDERS)], tools }),
    (error) => error instanceof OpenAI.BadRequestError && /tools of its own/.test(error.message),
  );
  await assert.rejects(() => client.models.retrieve("gpt-no"), OpenAI.NotFoundError);
  await assert.rejects(
    () => client.responses.create({ model, input: ORDERS, previous_response_id: "resp_none" }),
    OpenAI.NotFoundError,
  );
});

test("models are listed", async () => {
  const ids = [];
  for await (const { id } of client.models.list()) ids.push(id);
  assert.deepEqual(ids, ["cardinal"]);
});

test("responses: two turns, the second one streamed", async () => {
  const first = await client.responses.create({ model, input: ORDERS, instructions: "Be brief." });
  assert.equal(first.status, "completed");
  assert.match(first.output_text, new RegExp(ANSWER));
  assert.equal(first.output[0].content[0].annotations[0].type, "url_citation");
  hasSourcesAndFigures(first.cardinal);
  const stream = await client.responses.create({
    model,
    input: [{ role: "user", content: [{ type: "input_text", text: ORDERS }] }],
    previous_response_id: first.id,
    stream: true,
  });
  let text = "";
  let last = null;
  for await (const event of stream) {
    if (event.type === "response.output_text.delta") text += event.delta;
    last = event;
  }
  assert.equal(last.type, "response.completed");
  assert.match(text, new RegExp(ANSWER));
  assert.equal(last.response.cardinal.turn, 2);
  assert.equal(last.response.cardinal.session, first.cardinal.session);
  const helper = await client.responses.stream({ model, input: ORDERS }).finalResponse();
  assert.match(helper.output_text, new RegExp(ANSWER));
});

const talking = {
  chat: (at) => clientOf(at).chat.completions.create({ model, messages: [user("Talk for ever")], stream: true }),
  responses: (at) => clientOf(at).responses.create({ model, input: "Talk for ever", stream: true }),
};

for (const [wire, talk] of Object.entries(talking)) {
  test(`${wire}: a killed server is an error and never an end`, async (t) => {
    const mortal = await serve(slow.url);
    t.after(mortal.close);
    const stream = (await talk(mortal))[Symbol.asyncIterator]();
    await stream.next();
    await mortal.kill();
    await assert.rejects(async () => {
      while (!(await stream.next()).done);
    });
  });

  test(`${wire}: a server that is told to end says so`, async (t) => {
    const mortal = await serve(slow.url);
    t.after(mortal.close);
    const stream = (await talk(mortal))[Symbol.asyncIterator]();
    await stream.next();
    mortal.terminate();
    await assert.rejects(async () => {
      while (!(await stream.next()).done);
    }, /ask again/);
  });
}

test("chat: an aborted stream cancels what belongs to no session", async (t) => {
  const patient = await serve(slow.url);
  t.after(patient.close);
  const { data, response } = await clientOf(patient)
    .chat.completions.create({ model, messages: [user("Talk for ever")], stream: true })
    .withResponse();
  await data[Symbol.asyncIterator]().next();
  data.controller.abort();
  const answer = `${patient.url}/v1/answers/${response.headers.get("x-cardinal-answer")}`;
  const events = await fetch(`${answer}/events`, { headers: patient.headers, signal: AbortSignal.timeout(10_000) });
  assert.match(await events.text(), /"outcome":\s*"cancelled"/);
});
