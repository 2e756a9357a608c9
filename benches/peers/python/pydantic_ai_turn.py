"""pydantic-ai: an agent with one tool."""

import measure
import openai
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider


def contender(stub):
    client = openai.AsyncOpenAI(base_url=stub.model, api_key="none", timeout=600)
    model = OpenAIChatModel("bench", provider=OpenAIProvider(openai_client=client))
    agent = Agent(model, instructions=measure.INSTRUCTIONS)

    @agent.tool_plain
    async def run_card(card_id: int, parameters: dict[str, int]) -> str:
        """Runs a card."""
        return await stub.run_card(card_id, parameters)

    async def ask(question):
        async with agent.run_stream(question) as result:
            return "".join([piece async for piece in result.stream_text(delta=True, debounce_by=None)])

    return ask


if __name__ == "__main__":
    measure.main(contender)
