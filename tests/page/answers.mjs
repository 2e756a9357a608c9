// The answers that the mock gives: what a question's words ask for decides which. Each is the shape of docs/server.md:
// tables, chart, text, figures with their sources, steps and the outcome.

const REVENUE = { kind: "metric", id: 1, name: "Revenue", link: "https://metabase.example/metric/1" };
const ORDERS = {
  kind: "card",
  id: 7,
  name: "Orders by customer and product, with all of their addresses, as the warehouse ships them",
  link: "https://metabase.example/question/7?country=DE",
};
const YEAR = [
  { dimension: "created_at", operation: "greater-than-or-equal", values: ["2025-01-01"] },
  { dimension: "created_at", operation: "less-than", values: ["2026-01-01"] },
];
const MONTHS = [
  28550.43, 22737.95, 28610.44, 31981.91, 38850.7, 35603.97, 33167.31, 34033.42, 35925.84, 45176.2, 49452.38, 62123,
];
export const EVIL = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>"'><svg onload=window.pwned=1>`;

const column = (name, label, kind, unit = null) => ({ name, label, kind, unit });
const day = (month) => `2025-${String(month).padStart(2, "0")}-01`;

function table(entry, columns, rows, more = {}) {
  return {
    result: "r1",
    title: `${entry.kind} ${entry.id} "${entry.name}"`,
    entry,
    columns,
    rows,
    rows_known: rows.length,
    extent: "complete",
    truncated: false,
    ...more,
  };
}

const chart = (kind, x, y, kinds, series = null) => ({ result: "r1", kind, x, y, series, kinds, by: "shape" });
const cell = (row, name, value, key) => ({ source: "cell", result: "r1", row, column: name, cell: value, key });

const byMonth = () =>
  table(
    REVENUE,
    [column("created_at", "Created At", "date", "month"), column("sum", "Sum of Total", "number")],
    MONTHS.map((value, index) => [day(index + 1), value]),
  );

/** Each: when it is meant, and what it answers. The first whose words are in the question counts. */
const ANSWERS = [
  [
    "xss",
    () => ({
      ...base(),
      entry: { kind: "card", id: 9, name: EVIL, link: "javascript:window.pwned=1" },
      filters: [{ dimension: EVIL, operation: EVIL, values: [EVIL] }],
      parameters: { [EVIL]: EVIL },
      table: table(
        { kind: "card", id: 9, name: EVIL, link: "javascript:window.pwned=1" },
        [column("a", EVIL, "text"), column("b", EVIL, "number")],
        [
          [EVIL, 1],
          [`=HYPERLINK("x")`, 2],
          ["~10%~ or ~~10%~~", 3],
        ],
        { title: EVIL },
      ),
      chart: chart("bar", "a", ["b"], ["bar"]),
      text: `${EVIL}\n\n[link](javascript:window.pwned=1) ![image](https://evil.example/x.png) <https://evil.example/>\n\n| a |\n|---|\n| ${EVIL} |\n\nThe figure is 1 and ${EVIL}`,
      figures: [
        ["1", "matched", [{ ...cell(1, "b", EVIL, { [EVIL]: EVIL }), pointer: EVIL }]],
        ["x.png", "exempt", []],
      ],
      note: EVIL,
      follow_ups: [{ text: EVIL, entry: { kind: "card", id: 9, name: EVIL, link: null } }],
      options: [EVIL],
      stop_detail: EVIL,
      outcome: "partial",
      model: EVIL,
    }),
  ],
  [
    "country",
    () => ({
      ...base(),
      group_by: [{ dimension: "User.country" }],
      table: table(
        REVENUE,
        [column("country", "User → Country", "text"), column("sum", "Sum of Total", "number")],
        [
          ["US", 220408.46],
          ["DE", 61173.33],
          ["GB", 49946.68],
          ["FR", 29518.48],
          ["ES", 24284.5],
          ["CN", 20513.91],
          ["PL", 16823.59],
          ["BR", 16542.9],
          ["JP", 7001.7],
        ],
      ),
      chart: chart("bar", "country", ["sum"], ["bar", "line"]),
      text: "**US** leads with **220408.46**, which is 49.4 % of the total of 446213.55.\n\n1. US\n2. DE with 61,173.33\n3. GB",
      figures: [
        ["220408.46", "matched", [cell(1, "sum", 220408.46, { country: "US" })]],
        [
          "49.4 %",
          "matched",
          [
            {
              source: "derivation",
              operation: "share",
              value: "49.395286315530310722",
              inputs: [
                { result: "r1", column: "sum", rows: [1] },
                { result: "r1", column: "sum", rows: [], total: "sum" },
              ],
            },
          ],
        ],
        ["446213.55", "matched", [{ source: "total", result: "r1", column: "sum", total: "sum" }]],
        [
          "61,173.33",
          "matched",
          [cell(2, "sum", 61173.33, { country: "DE" }), cell(2, "sum", 61173.33, { country: "DE" })],
        ],
      ],
    }),
  ],
  [
    "category",
    () => ({
      ...base(),
      group_by: [{ dimension: "created_at", granularity: "month" }, { dimension: "Product.category" }],
      table: table(
        REVENUE,
        [
          column("created_at", "Created At", "date", "month"),
          column("category", "Category", "text"),
          column("sum", "Sum of Total", "number"),
        ],
        Array.from({ length: 12 }, (_, month) =>
          ["Bath & Body", "Décor", "Kitchen", "Office", "Outdoor", "Toys"].map((name, index) => [
            day(month + 1),
            name,
            Math.round(100 * (1200 + 700 * index + (300 * month * ((index % 3) + 1)) / 3)) / 100,
          ]),
        ).flat(),
      ),
      chart: chart("stacked_bar", "created_at", ["sum"], ["stacked_bar", "bar", "line"], "category"),
      text: "Every category grew. Toys grew most.",
      figures: [],
    }),
  ],
  [
    "orders",
    () => ({
      ...base(),
      table: table(
        { ...REVENUE, id: 2, name: "Number of orders" },
        [column("count", "Number of orders", "integer")],
        [[18155]],
      ),
      chart: chart("number", null, ["count"], ["number"]),
      text: "There were **18155** orders.",
      figures: [["18155", "matched", [cell(1, "count", 18155, {})]]],
    }),
  ],
  [
    "two",
    () => ({
      ...base(),
      table: table(
        REVENUE,
        [
          column("month", "Month", "date", "month"),
          column("revenue", "Revenue", "number"),
          column("orders", "Orders", "integer"),
        ],
        MONTHS.map((value, index) => [day(index + 1), value, 300 + index * 40]),
      ),
      chart: chart("line", "month", ["revenue", "orders"], ["line", "bar"]),
      text: "Both grew.",
      figures: [],
    }),
  ],
  [
    "price",
    () => ({
      ...base(),
      table: table(
        REVENUE,
        [column("price", "Price", "number"), column("quantity", "Quantity", "integer")],
        Array.from({ length: 60 }, (_, index) => [
          Math.round(100 * (5 + index * 1.7 + ((index * 37) % 11))) / 100,
          Math.round(400 / (index + 4)) + ((index * 13) % 9),
        ]),
      ),
      chart: chart("scatter", "price", ["quantity"], ["scatter"]),
      text: "The dearer, the fewer.",
      figures: [],
    }),
  ],
  [
    "long",
    () => ({
      ...base(),
      entry: ORDERS,
      filters: [],
      parameters: { country: ["DE", "AT", "CH"], "delivery date": "past12months" },
      group_by: [],
      table: table(
        ORDERS,
        [
          column("id", "ID", "integer"),
          column("name", "Name of the product as it stands in the catalogue", "text"),
          column("city", "City", "text"),
          column("at", "Delivered", "datetime"),
          column("total", "Total", "number"),
          column("paid", "Paid", "boolean"),
          column("comment", "Comment", "text"),
        ],
        Array.from({ length: 200 }, (_, index) => [
          index + 1000,
          `Product ${index} of the Donaudampfschifffahrtsgesellschaftskapitän collection`,
          index % 7 ? "Frankfurt am Main" : null,
          `2025-0${(index % 9) + 1}-11T08:30:00`,
          Math.round(index * 1317.77) / 100,
          index % 2 === 0,
          index % 5
            ? null
            : "A comment that goes on and on, because somebody had much to say about the packaging of this delivery and its string.",
        ]),
        { rows_known: 2000, extent: { row_budget: { budget: 2000 } }, truncated: true },
      ),
      text: "Here are the orders. The dearest was 2622.36.\n\n```sql\nselect a_very_long_name_of_a_column, another_very_long_name_of_a_column from a_table_with_a_long_name where x = 1\n```\n\n| Product | Total | Comment |\n|:--|--:|---|\n| Product 199 of the Donaudampfschifffahrtsgesellschaftskapitän collection | 2622.36 | none at all, but it is a wide cell |\n",
      figures: [["2622.36", "matched", [cell(200, "total", 2622.36, { id: 1199 })]]],
      outcome: "partial",
    }),
  ],
  [
    "partial",
    () => ({
      ...base(),
      table: byMonth(),
      chart: chart("line", "created_at", ["sum"], ["line", "bar"]),
      text: "Revenue rose from 28550.43 in January to 62123 in December, a growth of 117.6 %. Next year 700,000 can be expected.",
      figures: [
        ["28550.43", "matched", [cell(1, "sum", 28550.43, { created_at: "2025-01-01" })]],
        ["62123", "matched", [cell(12, "sum", 62123, { created_at: "2025-12-01" })]],
        [
          "117.6 %",
          "matched",
          [
            {
              source: "derivation",
              operation: "percent_change",
              value: "117.59041387",
              inputs: [
                { result: "r1", column: "sum", rows: [12] },
                { result: "r1", column: "sum", rows: [1] },
              ],
            },
          ],
        ],
        ["700,000", "unmatched", [], "no_source"],
      ],
      outcome: "partial",
      repair: "Revenue rose to 62123, and 800,000 can be expected.",
    }),
  ],
  [
    "which",
    () => ({
      ...base(),
      steps: false,
      text: "Do you mean gross or net revenue?",
      outcome: "needs_clarification",
      stop_reason: "asked_user",
      options: ["Gross revenue", "Net revenue, without refunds"],
      figures: [],
    }),
  ],
  [
    "weather",
    () => ({
      ...base(),
      steps: false,
      text: "Nothing in the catalog speaks of the weather.",
      outcome: "not_in_catalog",
      stop_reason: "cannot_answer",
      figures: [],
      follow_ups: [],
    }),
  ],
  [
    "refused",
    () => ({
      ...base(),
      refusal: true,
      table: byMonth(),
      text: "Revenue was 446213.55.",
      figures: [["446213.55", "matched", [{ source: "total", result: "r1", column: "sum", total: "sum" }]]],
    }),
  ],
  [
    "fail",
    () => ({
      ...base(),
      fail: {
        code: "model_failed",
        detail: "the model at http://127.0.0.1:9 could not be reached: connection refused; check model.url",
      },
    }),
  ],
  [
    "",
    () => ({
      ...base(),
      table: byMonth(),
      chart: chart("line", "created_at", ["sum"], ["line", "bar"]),
      text: `Revenue in 2025 was **446213.55**. It was highest in December with 62123 and lowest in February with 22737.95.\n\n${MONTHS.map((value, index) => `- ${day(index + 1).slice(0, 7)}: ${value}`).join("\n")}\n\nSee [the metric](https://metabase.example/metric/1) 🎉.`,
      figures: [
        ["446213.55", "matched", [{ source: "total", result: "r1", column: "sum", total: "sum" }]],
        ["62123", "matched", [cell(12, "sum", 62123, { created_at: "2025-12-01" })]],
        ["22737.95", "matched", [cell(2, "sum", 22737.95, { created_at: "2025-02-01" })]],
        ...MONTHS.flatMap((value, index) => [
          [day(index + 1).slice(0, 7), "matched", [cell(index + 1, "created_at", day(index + 1), {})]],
          [String(value), "matched", [cell(index + 1, "sum", value, { created_at: day(index + 1) })]],
        ]),
      ],
    }),
  ],
];

function base() {
  return {
    entry: REVENUE,
    filters: YEAR,
    parameters: {},
    group_by: [{ dimension: "created_at", granularity: "month" }],
    steps: true,
    table: null,
    chart: null,
    text: "",
    figures: [],
    outcome: "answered",
    stop_reason: "final_answer",
    stop_detail: null,
    options: [],
    note: null,
    model: "openai:gpt-demo",
    fail: null,
    refusal: false,
    repair: null,
    follow_ups: [
      { text: "Revenue by country in 2025", entry: REVENUE },
      { text: "How many orders were there?", entry: REVENUE },
    ],
  };
}

/** What the mock answers to a question. */
export function planOf(question) {
  return ANSWERS.find(([word]) => question.toLowerCase().includes(word))[1]();
}

/** The figures with their places in the text, each after the one before it. */
function placed(text, figures) {
  let at = 0;
  return figures.map(([said, status, sources, reason]) => {
    const start = text.indexOf(said, at);
    if (start < 0) throw new Error(`the text does not say ${said}`);
    at = start + said.length;
    const count = (part) => Array.from(part).length;
    return {
      start: Buffer.byteLength(text.slice(0, start)),
      end: Buffer.byteLength(text.slice(0, at)),
      start_char: count(text.slice(0, start)),
      end_char: count(text.slice(0, at)),
      text: said,
      kind: "number",
      status,
      ...(reason ? { reason } : {}),
      sources,
    };
  });
}

/** The object that `cardinal ask --json` would print. */
export function answerOf(question, plan) {
  const { entry, filters, parameters, group_by, table: rows } = plan;
  const args = {
    filters,
    group_by,
    ...(Object.keys(parameters).length ? { parameters } : {}),
    [`${entry.kind}_id`]: entry.id,
  };
  const evidence = rows
    ? [
        {
          result: "r1",
          call: plan.refusal ? 2 : 1,
          kind: entry.kind,
          id: entry.id,
          name: entry.name,
          arguments: args,
          link: entry.link,
          columns: rows.columns.map(({ name }) => name),
          rows_known: rows.rows_known,
          extent: rows.extent,
          truncated: rows.truncated,
        },
      ]
    : [];
  const call = {
    name: entry.kind === "card" ? "run_card" : "query_metric",
    arguments: args,
    status: "ok",
    rows: rows?.rows.length ?? null,
    bytes: 618,
    bytes_received: 3648,
    truncated: false,
    served_by: "live",
    message: plan.note,
    duration_ms: 63,
  };
  const refused = {
    ...call,
    status: "refused",
    rows: null,
    served_by: null,
    message: 'there is no dimension "region"; the nearest are User.country and User.city',
    arguments: { ...args, group_by: [{ dimension: "region" }] },
  };
  return {
    version: 2,
    question,
    outcome: plan.outcome,
    stop_reason: plan.stop_reason,
    stop_detail: plan.stop_detail,
    text: plan.text,
    figures: placed(plan.text, plan.figures),
    links_removed: 0,
    options: plan.options,
    evidence,
    earlier_results: [],
    tool_calls: plan.steps ? (plan.refusal ? [refused, call] : [call]) : [],
    usage: {
      input_tokens: 4210,
      cached_tokens: 3410,
      output_tokens: 212,
      cached_share: 0.81,
      cost_usd: 0.0041,
      unreported: 0,
      steps: 2,
    },
    timings: { total_ms: 3120, model_ms: 2890, tools_ms: 163, first_text_ms: 1200 },
    catalog: { fingerprint: "da732d7c7ec072f997e88b08ae55a7db", entries: 35 },
    prompt: { hash: "e08be174" },
    model: plan.model,
  };
}

export const CATALOG = {
  fingerprint: "da732d7c",
  loaded_at: "2026-06-30T08:00:00Z",
  unreadable: ['card 12 "Old things": its columns cannot be read'],
  entries: [
    {
      ...REVENUE,
      collection: "Finance / Revenue",
      verified: true,
      takes: ["created_at", "User.country", "Product.category"],
      description: "The sum of totals of completed orders.",
    },
    {
      ...ORDERS,
      collection: "Operations",
      verified: false,
      takes: ["country", "delivery date"],
      description: "One row for each order.",
    },
    {
      kind: "table",
      id: 3,
      name: "Customers",
      collection: "",
      verified: false,
      takes: ["created_at"],
      description: null,
      link: null,
    },
    {
      kind: "card",
      id: 9,
      name: EVIL,
      collection: EVIL,
      verified: true,
      takes: [EVIL],
      description: EVIL,
      link: "javascript:window.pwned=1",
    },
  ],
};

export const SUGGESTIONS = [
  { text: "Revenue by month in 2025?", entry: REVENUE },
  { text: "Revenue by country in 2025?", entry: REVENUE },
  { text: "How many orders were there in 2025?", entry: { ...REVENUE, id: 2, name: "Number of orders" } },
  { text: "Revenue by category and month", entry: REVENUE },
];
