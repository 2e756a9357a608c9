"""OpenAI's Agents SDK: an agent with one tool, over chat completions."""

import measure
import openai
from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled


def contender(stub):
    # Traces would be sent to OpenAI.
    set_tracing_disabled(True)
    client = openai.AsyncOpenAI(base_url=stub.model, api_key="none", timeout=600)

    @function_tool(strict_mode=False)
    async def run_card(card_id: int, parameters: dict[str, int]) -> str:
        """Runs a card."""
        return await stub.run_card(card_id, parameters)

    model = OpenAIChatCompletionsModel(model="bench", openai_client=client)
    agent = Agent(name="bench", instructions=measure.INSTRUCTIONS, model=model, tools=[run_card])

    async def ask(question):
        result = Runner.run_streamed(agent, question)
        async for _ in result.stream_events():
            pass
        return result.final_output

    return ask


if __name__ == "__main__":
    measure.main(contender)
