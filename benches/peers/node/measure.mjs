// Runs turns of one contender, and measures what they took.
//
// A contender is a program `CONTENDER.mjs LOAD STUB`: LOAD is TURNSxAT_ONCExDELAY_MS, STUB the line that the stubs announce
// themselves with. It prints one line of JSON. Before the clock runs there is one turn, for what is made once in a process.

import { readFileSync } from "node:fs";

export const INSTRUCTIONS = "Answer questions with the card.";
const EXPECTED = "complete as far as it was asked for.";

// Two queries a turn, each from another number on.
const question = (number) => `Which order lines come after line ${(number * 2) % 19_000}?`;

const peakMb = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;

/** `contender(stub)` gives a function that answers a question with a text. */
export async function measure(contender) {
  const [turns, atOnce, delay] = process.argv[2].split("x").map(Number);
  const { model, metabase, key } = JSON.parse(process.argv[3]);
  let calls = 0;
  const stub = {
    model: `${model}/wait/${delay}/v1`,
    /** The rows of the card as lines of text. */
    async runCard({ card_id, parameters }) {
      const target = ["variable", ["template-tag", "from"]];
      const answer = await fetch(`${metabase}/api/card/${card_id}/query`, {
        method: "POST",
        headers: { "x-api-key": key, "content-type": "application/json" },
        body: JSON.stringify({ parameters: [{ type: "number/=", target, value: parameters.From }] }),
      });
      if (!answer.ok) throw new Error(`the card was answered with ${answer.status}`);
      calls += 1;
      const { data } = await answer.json();
      return data.rows.map((row) => `${row.join("\t")}\n`).join("");
    },
  };
  const ask = contender(stub);
  const turn = async (number) => {
    const text = await ask(question(number));
    if (!text.includes(EXPECTED)) throw new Error(`turn ${number} was answered with ${JSON.stringify(text)}`);
  };
  await turn(9_000);
  let next = 0;
  const worker = async () => {
    while (next < turns) await turn(next++);
  };
  const began = performance.now();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: Math.min(atOnce, turns) }, worker));
  const used = process.cpuUsage(before);
  const seconds = (performance.now() - began) / 1000;
  if (calls !== 2 * (turns + 1)) throw new Error(`the card was asked ${calls} times in ${turns + 1} turns`);
  const cpu_ms = (used.user + used.system) / 1000 / turns;
  const measured = turns > 0 ? { cpu_ms, turns_per_second: turns / seconds } : {};
  console.log(JSON.stringify({ ...measured, peak_mb: peakMb() }));
  process.exit(0);
}
