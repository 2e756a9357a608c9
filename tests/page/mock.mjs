// A stand-in for the server: the routes of docs/server.md that the page uses, in memory, and the page's files with the same
// headers. What is in a question's words decides the answer (answers.mjs) and how it is given:
//
//   slow   each word takes a while      cut    the connection breaks in the middle, once      busy   409
//
// By hand: node tests/page/mock.mjs 8700, then open the address. With `--token SECRET` it asks for that token.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { answerOf, CATALOG, planOf, SUGGESTIONS } from "./answers.mjs";

const PAGE = fileURLToPath(new URL("../../src/server/page/", import.meta.url));
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify";
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** The page's files as the server gives them. */
function pageFiles() {
  const names = [...readdirSync(PAGE), ...readdirSync(join(PAGE, "vendor")).map((name) => `vendor/${name}`)].filter(
    (name) => extname(name) in TYPES,
  );
  const files = new Map(names.map((name) => [name, readFileSync(join(PAGE, name))]));
  const hash = createHash("sha256");
  for (const name of [...files.keys()].sort()) hash.update(name).update(files.get(name));
  return { files, hash: hash.digest("hex").slice(0, 16) };
}

export async function startMock({ port = 0, token = null, lent = null, pace = 4, scopes = ["ask", "admin"] } = {}) {
  const mock = new Mock({ token, lent, pace, scopes });
  const server = createServer((request, response) =>
    mock
      .handle(request, response)
      .catch((error) =>
        response.headersSent ? response.destroy() : mock.problem(response, 500, "internal", String(error)),
      ),
  );
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    mock,
    close: () => (server.closeAllConnections(), server.close()),
  };
}

class Mock {
  constructor({ token, lent, pace, scopes }) {
    Object.assign(this, {
      token,
      lent,
      pace,
      scopes,
      sessions: new Map(),
      answers: new Map(),
      keys: new Map(),
      count: 0,
      asked: [],
    });
  }

  async handle(request, response) {
    const { pathname, searchParams } = new URL(request.url, "http://mock");
    if (!pathname.startsWith("/v1/")) return this.page(pathname, response);
    if (this.token && request.headers.authorization !== `Bearer ${this.token}`)
      return this.problem(response, 401, "unauthenticated", "a token is needed");
    if (this.lent && request.headers["x-metabase-session"] !== this.lent)
      return this.problem(response, 401, "metabase_session", "a session of Metabase is needed");
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : {};
    const [, , kind, id, verb, last] = pathname.split("/").map(decodeURIComponent);
    const route = { answers: "answer", sessions: "session", admin: "admin" }[kind] ?? kind;
    return (
      this[route]?.({ request, response, body, id, verb, last, searchParams, method: request.method }) ??
      this.problem(response, 404, "no_such_route", pathname)
    );
  }

  page(pathname, response) {
    const { files, hash } = pageFiles();
    const headers = {
      "Content-Security-Policy": POLICY,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
    };
    const [, asset] = /^\/assets\/[0-9a-f]{16}\/(.+)$/.exec(pathname) ?? [];
    const known = asset
      ? files.get(asset)
      : /^\/(s\/[^/]+|catalog|admin)?$/.test(pathname)
        ? Buffer.from(String(files.get("index.html")).replaceAll("/assets/", `/assets/${hash}/`))
        : null;
    if (!known) return response.writeHead(404, headers).end();
    response.writeHead(200, { ...headers, "Content-Type": TYPES[extname(asset ?? "index.html")] }).end(known);
  }

  json(response, value, status = 200) {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  }

  problem(response, status, code, detail, headers = {}) {
    response
      .writeHead(status, { "Content-Type": "application/problem+json", ...headers })
      .end(JSON.stringify({ type: "about:blank", status, title: code, code, detail }));
  }

  me({ response }) {
    this.json(response, {
      principal: "ana@example.com",
      name: "Ana",
      scopes: this.scopes,
      auth: this.token ? "token" : "open",
      version: "0.1.0",
      model: "openai:gpt-demo",
      today: "2026-06-30",
      demo: true,
      metabase: "https://metabase.example",
    });
    return true;
  }

  suggestions({ response }) {
    this.json(response, { suggestions: SUGGESTIONS });
    return true;
  }

  catalog({ response, id: kind, verb: id }) {
    if (!kind) this.json(response, CATALOG);
    else
      this.json(response, {
        ...CATALOG.entries.find((entry) => entry.kind === kind && String(entry.id) === id),
        columns: [
          { name: "created_at", kind: "date" },
          { name: "sum", kind: "number", description: "The sum." },
        ],
      });
    return true;
  }

  session({ response, id, verb, method, body, searchParams }) {
    if (!id) {
      const found = [...this.sessions.values()]
        .filter((session) => session.title.toLowerCase().includes((searchParams.get("search") ?? "").toLowerCase()))
        .reverse();
      const from = Number(searchParams.get("before") ?? 0);
      const limit = Number(searchParams.get("limit") ?? 50);
      this.json(response, {
        sessions: found.slice(from, from + limit).map((session) => this.sessionOf(session)),
        next: found.length > from + limit ? String(from + limit) : null,
      });
      return true;
    }
    const session = this.sessions.get(id);
    if (!session)
      return (
        this.problem(response, 404, "no_such_session", `there is no session ${id}; list them with GET /v1/sessions`),
        true
      );
    if (verb === "export") response.writeHead(200, { "Content-Type": "text/plain" }).end(`# ${session.title}\n`);
    else if (method === "DELETE") {
      this.sessions.delete(id);
      response.writeHead(204).end();
    } else {
      if (method === "PATCH") session.title = body.title;
      this.json(response, {
        ...this.sessionOf(session),
        answers: session.answers.map((answer) => this.answers.get(answer).record),
      });
    }
    return true;
  }

  sessionOf({ id, title, answers, at }) {
    const running =
      answers.find((answer) => ["queued", "running"].includes(this.answers.get(answer).record.status)) ?? null;
    return { id, title, created_at: at, updated_at: at, turns: answers.length, running, asked_by: "ana@example.com" };
  }

  async answer({ request, response, id, verb, method, body }) {
    if (!id && method === "POST") return this.ask(request, response, body);
    const turn = this.answers.get(id);
    if (!turn) return (this.problem(response, 404, "no_such_answer", `there is no answer ${id}`), true);
    if (verb === "events") this.stream(response, turn, Number(request.headers["last-event-id"] ?? 0));
    else if (verb === "stop") {
      turn.stopped = true;
      this.json(response, turn.record, 202);
    } else if (verb === "feedback") {
      turn.record.feedback = body.rating
        ? { ...body, comment: body.comment ?? null, at: new Date().toISOString() }
        : null;
      this.json(response, turn.record);
    } else if (verb === "tape") response.writeHead(200, { "Content-Type": "application/jsonl" }).end("{}\n");
    else this.json(response, turn.record);
    return true;
  }

  ask(request, response, body) {
    if (body.question.includes("busy"))
      return (
        this.problem(
          response,
          409,
          "session_busy",
          `8 questions wait in this session already; ask when one of them is answered (${body.question})`,
          { "Retry-After": "5" },
        ),
        true
      );
    const key = request.headers["idempotency-key"];
    let turn = this.keys.get(key);
    if (!turn) {
      turn = this.begin(body);
      this.keys.set(key, turn);
      this.run(turn);
    }
    this.stream(response, turn, 0);
    return true;
  }

  begin({ question, session: wanted, after }) {
    this.asked.push({ question, session: wanted, after });
    const at = new Date().toISOString();
    const session = this.sessions.get(wanted) ?? { id: `ses_${++this.count}`, title: question, answers: [], at };
    const fresh = !this.sessions.has(session.id);
    this.sessions.set(session.id, session);
    const id = `ans_${++this.count}`;
    session.answers.push(id);
    const record = {
      id,
      session: session.id,
      turn: session.answers.length,
      status: "running",
      question,
      created_at: at,
      finished_at: null,
      asked_by: "ana@example.com",
      answer: null,
      tables: [],
      charts: [],
      follow_ups: [],
      feedback: null,
      error: null,
    };
    const turn = {
      id,
      record,
      events: [],
      readers: new Set(),
      fresh,
      title: session.title,
      cut: question.includes("cut"),
    };
    this.answers.set(id, turn);
    return turn;
  }

  /** Plays an answer, event by event. */
  async run(turn) {
    const { record } = turn;
    const plan = planOf(record.question);
    const wait = (times = 1) =>
      new Promise((resolve) => setTimeout(resolve, times * (record.question.includes("slow") ? 60 : this.pace)));
    const emit = (type, data = {}) => this.emit(turn, type, data);
    const speak = async (text) => {
      for (const delta of text.match(/\S+\s*|\s+/g) ?? []) {
        if (turn.stopped) return;
        emit("text", { delta });
        await wait();
      }
    };
    emit("started", {
      answer: record.id,
      session: record.session,
      turn: record.turn,
      question: record.question,
      model: plan.model,
      new_session: turn.fresh,
      title: turn.title,
    });
    await wait();
    emit("step", { step: 1 });
    const answer = answerOf(record.question, plan);
    if (plan.fail) {
      record.error = plan.fail;
      emit("error", plan.fail);
      return this.end(turn, "failed");
    }
    if (plan.steps) {
      await speak("Let me look that up.");
      emit("text_discarded");
      answer.tool_calls.forEach(({ name, arguments: args, status, rows, message }, index) => {
        const call = index + 1;
        if (status !== "refused")
          emit("tool_started", {
            call,
            tool: name,
            summary: `${name} ${plan.entry.name}`,
            entry: plan.entry,
            parameters: plan.parameters,
            filters: plan.filters,
            group_by: plan.group_by,
            arguments: args,
          });
        emit("tool_finished", { call, tool: name, status, rows, served_by: "live", note: message });
      });
      await wait(3);
      if (plan.table) emit("table", plan.table);
      if (plan.chart) emit("chart", plan.chart);
      emit("step", { step: 2 });
    }
    if (plan.repair) {
      await speak(plan.repair);
      emit("text_discarded");
      emit("note", { text: "800,000 has no source and is looked up again" });
      await wait(5);
    }
    await speak(plan.text);
    await wait(5);
    if (turn.stopped)
      Object.assign(answer, {
        outcome: "cancelled",
        stop_reason: "cancelled",
        text: "You stopped it. Until then nothing was known.",
        figures: [],
      });
    Object.assign(record, {
      answer,
      tables: plan.table ? [plan.table] : [],
      charts: plan.chart ? [plan.chart] : [],
      follow_ups: plan.follow_ups,
    });
    this.end(turn, "finished");
  }

  end(turn, status) {
    Object.assign(turn.record, { status, finished_at: new Date().toISOString() });
    if (turn.record.answer) this.emit(turn, "answer", turn.record);
    this.emit(turn, "done", { status });
    for (const reader of turn.readers) reader.end();
  }

  emit(turn, type, data) {
    const id = turn.events.length + 1;
    turn.events.push(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
    for (const reader of turn.readers) reader.write(turn.events.at(-1));
    if (turn.cut && type === "text" && id > 10) {
      turn.cut = false;
      for (const reader of turn.readers) reader.destroy();
      turn.readers.clear();
    }
  }

  stream(response, turn, after) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "X-Cardinal-Answer": turn.id });
    response.write(": hello\n\n");
    for (const event of turn.events.slice(after)) response.write(event);
    if (["finished", "failed"].includes(turn.record.status)) return response.end();
    turn.readers.add(response);
    response.on("close", () => turn.readers.delete(response));
  }

  admin({ response, id: what, verb: id, last }) {
    if (!this.scopes.includes("admin"))
      return (this.problem(response, 403, "forbidden", "this needs the scope admin"), true);
    const turn = this.answers.get(id);
    if (what === "usage")
      this.json(response, {
        days: Array.from({ length: 14 }, (_, index) => ({
          day: `2026-06-${String(index + 10).padStart(2, "0")}`,
          answers: 20 + index * 3,
          answered: 18 + index * 2,
          cost_usd: 0.12 + index * 0.031,
          input_tokens: 90000,
          output_tokens: 4000,
          up: index % 4,
          down: index % 3,
        })),
      });
    else if (turn && last === "tape") response.writeHead(200).end("{}\n");
    else if (turn) this.json(response, turn.record);
    else
      this.json(response, {
        next: null,
        answers: [...this.answers.values()].reverse().map(({ record }) => ({
          id: record.id,
          session: record.session,
          asked_by: record.asked_by,
          question: record.question,
          status: record.status,
          outcome: record.answer?.outcome ?? null,
          stop_reason: record.answer?.stop_reason ?? null,
          created_at: record.created_at,
          total_ms: 3120,
          cost_usd: 0.0041,
          rating: record.feedback?.rating ?? null,
          comment: record.feedback?.comment ?? null,
        })),
      });
    return true;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const token = process.argv.includes("--token") ? process.argv[process.argv.indexOf("--token") + 1] : null;
  const { url } = await startMock({ port: Number(process.argv[2] ?? 8700), token, pace: 40 });
  console.log(url);
}
