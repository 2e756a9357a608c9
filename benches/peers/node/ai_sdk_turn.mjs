// The AI SDK: `streamText` with one tool.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { isStepCount, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { INSTRUCTIONS, measure } from "./measure.mjs";

await measure((stub) => {
  const model = createOpenAICompatible({ name: "bench", baseURL: stub.model, includeUsage: true }).chatModel("bench");
  const run_card = tool({
    description: "Runs a card.",
    inputSchema: z.object({ card_id: z.number().int(), parameters: z.record(z.string(), z.number()) }),
    execute: stub.runCard,
  });
  return async (question) => {
    let failed = null;
    const result = streamText({
      model,
      instructions: INSTRUCTIONS,
      prompt: question,
      tools: { run_card },
      stopWhen: (isStepCount ?? stepCountIs)(5),
      onError: ({ error }) => (failed = error),
    });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    if (failed) throw failed;
    return text;
  };
});
