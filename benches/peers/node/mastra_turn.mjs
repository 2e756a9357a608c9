// Mastra: an agent with one tool.

import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { z } from "zod";
import { INSTRUCTIONS, measure } from "./measure.mjs";

await measure((stub) => {
  const run_card = createTool({
    id: "run_card",
    description: "Runs a card.",
    inputSchema: z.object({ card_id: z.number().int(), parameters: z.record(z.string(), z.number()) }),
    execute: stub.runCard,
  });
  const agent = new Agent({
    id: "bench",
    name: "bench",
    instructions: INSTRUCTIONS,
    model: { id: "bench/bench", url: stub.model, apiKey: "none" },
    tools: { run_card },
  });
  return async (question) => {
    const result = await agent.stream(question, { maxSteps: 5 });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    return text;
  };
});
