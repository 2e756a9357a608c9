// What is known of one turn. A turn grows by events and ends with a record; both are folded into one plain state by pure
// functions, so that an answer that is watched, one that is read after a reload and one of last month look the same.

/** A turn of which nothing is known but its question. */
export function newTurn(question) {
  return {
    answer: null,
    session: null,
    turn: null,
    question,
    title: null,
    model: null,
    newSession: false,
    status: "sending",
    ahead: 0,
    step: 0,
    steps: [],
    notes: [],
    draft: "",
    withdrawn: false,
    tables: [],
    charts: [],
    record: null,
    error: null,
    lastEvent: 0,
    connection: "ok",
  };
}

/** The turn of a record that the server keeps. */
export function turnOf(record) {
  const turn = newTurn(record.question);
  Object.assign(turn, { answer: record.id, session: record.session, turn: record.turn });
  return withRecord(turn, record);
}

/** The turn after one more event. An event that was read before changes nothing: a stream that is resumed may repeat. */
export function withEvent(turn, { id, event, data }) {
  if (id && id <= turn.lastEvent) return turn;
  const next = { ...turn, lastEvent: id || turn.lastEvent };
  const apply = EVENTS[event];
  return apply ? apply(next, data) : next;
}

function withRecord(turn, record) {
  const over = record.status !== "queued" && record.status !== "running";
  return {
    ...turn,
    record: over ? record : null,
    status: record.status,
    error: record.error ?? null,
    tables: record.tables ?? turn.tables,
    charts: record.charts ?? turn.charts,
    steps: record.answer ? completed(turn.steps, record) : turn.steps,
    model: record.answer?.model ?? turn.model,
  };
}

const EVENTS = {
  started: (turn, data) => ({
    ...turn,
    answer: data.answer,
    session: data.session,
    turn: data.turn,
    question: data.question ?? turn.question,
    model: data.model,
    newSession: data.new_session === true,
    title: data.title ?? null,
    status: turn.status === "sending" ? "running" : turn.status,
  }),
  queued: (turn, data) => ({ ...turn, status: "queued", ahead: data.ahead ?? 0 }),
  step: (turn, data) => ({ ...turn, status: "running", step: data.step }),
  text: (turn, data) => ({ ...turn, status: "running", withdrawn: false, draft: turn.draft + data.delta }),
  // Talk before a call goes away too; only what is written again was an answer.
  text_discarded: (turn) => ({ ...turn, draft: "", withdrawn: turn.draft !== "" }),
  tool_started: (turn, data) =>
    withStep({ ...turn, status: "running", withdrawn: false }, { ...data, status: "running" }),
  tool_finished: (turn, data) => withStep(turn, data),
  note: (turn, data) => ({ ...turn, notes: [...turn.notes, data.text] }),
  table: (turn, data) => ({ ...turn, tables: replaced(turn.tables, data) }),
  chart: (turn, data) => ({ ...turn, charts: replaced(turn.charts, data) }),
  answer: (turn, data) => withRecord(turn, data),
  error: (turn, data) => ({ ...turn, status: "failed", error: { code: data.code, detail: data.detail } }),
  // A status that is not final here would leave a turn running that nobody runs.
  done: (turn, data) => ({
    ...turn,
    status: ["queued", "running", "sending"].includes(data.status) ? "interrupted" : (data.status ?? turn.status),
  }),
};

/** Whether nothing more will come. */
export function isOver(turn) {
  return turn.status === "finished" || turn.status === "interrupted" || turn.status === "failed";
}

function withStep(turn, step) {
  const known = turn.steps.some((other) => other.call === step.call);
  const steps = known
    ? turn.steps.map((other) => (other.call === step.call ? { ...other, ...step } : other))
    : [...turn.steps, { entry: null, filters: [], parameters: {}, group_by: [], ...step }];
  return { ...turn, steps };
}

function replaced(list, item) {
  const known = list.some((other) => other.result === item.result);
  return known ? list.map((other) => (other.result === item.result ? item : other)) : [...list, item];
}

/** The steps of a record. What was seen of them as they happened says more about entries, the record about the rest. */
function completed(seen, record) {
  return record.answer.tool_calls.map((call, index) => {
    const step = stepOf(call, index, record);
    const other = seen.find(({ call: number }) => number === index + 1);
    return other
      ? {
          ...step,
          ...other,
          arguments: other.arguments ?? step.arguments,
          entry: other.entry ?? step.entry,
          duration_ms: step.duration_ms,
        }
      : step;
  });
}

/** A step as the record of an old answer tells it: its entry is found by the evidence of the same call. */
function stepOf(call, index, { answer }) {
  const evidence = (answer.evidence ?? []).find((item) => item.call === index + 1 && item.kind);
  const { filters = [], parameters = {}, group_by = [] } = call.arguments ?? {};
  return {
    call: index + 1,
    tool: call.name,
    summary: null,
    arguments: call.arguments,
    filters,
    parameters,
    group_by,
    entry: evidence ? { kind: evidence.kind, id: evidence.id, name: evidence.name, link: evidence.link ?? null } : null,
    status: call.status,
    rows: call.rows ?? null,
    served_by: call.served_by ?? null,
    note: call.message ?? null,
    duration_ms: call.duration_ms,
  };
}
