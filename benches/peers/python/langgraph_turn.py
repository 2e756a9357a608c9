"""LangGraph: a graph of model and tools, with the prebuilt tool node, over LangChain's client of OpenAI."""

import measure
from langchain_core.messages import SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition


def contender(stub):
    @tool
    async def run_card(card_id: int, parameters: dict[str, int]) -> str:
        """Runs a card."""
        return await stub.run_card(card_id, parameters)

    model = ChatOpenAI(model="bench", base_url=stub.model, api_key="none", streaming=True, stream_usage=True, timeout=600)
    model = model.bind_tools([run_card])
    system = SystemMessage(measure.INSTRUCTIONS)

    async def complete(state: MessagesState):
        return {"messages": [await model.ainvoke([system, *state["messages"]])]}

    graph = StateGraph(MessagesState)
    graph.add_node("complete", complete)
    graph.add_node("tools", ToolNode([run_card]))
    graph.add_edge(START, "complete")
    graph.add_conditional_edges("complete", tools_condition)
    graph.add_edge("tools", "complete")
    graph = graph.compile()

    async def ask(question):
        text = ""
        async for piece, at in graph.astream({"messages": [("user", question)]}, stream_mode="messages"):
            if at["langgraph_node"] == "complete":
                text += piece.text if isinstance(piece.text, str) else piece.text()
        return text

    return ask


if __name__ == "__main__":
    measure.main(contender)
