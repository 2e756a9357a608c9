"""The requests that Open WebUI and LibreChat send, in their form: a conversation, and what they ask beside it. Open WebUI reads
`data:` lines alone and runs every tool call it sees; LibreChat names the conversation in a header that its settings fill in."""

import json
import unittest

import httpx
from cardinal import Cardinal

ORDERS = "How many orders were placed in 2025?"
HISTORY = f"<chat_history>\nUSER: {ORDERS}\nASSISTANT: 5300\n</chat_history>"


def task(instruction, form):
    return f"### Task:\n{instruction}\n\n### Output:\nJSON format: {form}\n\n### Chat History:\n{HISTORY}"


class FrontEnds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Cardinal()
        cls.addClassCleanup(cls.server.close)
        cls.client = httpx.Client(
            base_url=f"{cls.server.url}/v1", headers={"authorization": f"Bearer {cls.server.token}"}, timeout=60
        )
        cls.addClassCleanup(cls.client.close)

    def complete(self, messages, headers=None, **more):
        reply = self.client.post(
            "/chat/completions", json={"model": "cardinal", "messages": messages, **more}, headers=headers or {}
        )
        self.assertEqual(reply.status_code, 200, reply.text)
        return reply

    def open_webui(self, messages):
        """What Open WebUI makes of a stream: text, reasoning, sources."""
        # It sends everything that its sliders are set to; what means nothing here is not an error.
        reply = self.complete(
            messages, stream=True, temperature=0.7, top_p=0.9, seed=1, user="u1", stream_options={"include_usage": True}
        )
        text, reasoning, sources = "", "", []
        lines = [line[5:].strip() for line in reply.text.splitlines() if line.startswith("data:")]
        self.assertEqual(lines[-1], "[DONE]")
        for line in lines[:-1]:
            chunk = json.loads(line)
            self.assertNotIn("error", chunk)
            for choice in chunk["choices"]:
                delta = choice["delta"]
                self.assertNotIn("tool_calls", delta)
                text += delta.get("content") or ""
                reasoning += delta.get("reasoning_content") or ""
                sources += [one["url_citation"] for one in delta.get("annotations", []) if one["type"] == "url_citation"]
        return text, reasoning, sources

    def test_open_webui_shows_text_reasoning_and_sources(self):
        messages = [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": ORDERS}]
        text, reasoning, sources = self.open_webui(messages)
        self.assertIn("5300", text)
        self.assertIn("Number of orders", reasoning)
        self.assertEqual(sources[0]["title"], "Number of orders")
        # It sends the reasoning back inside of details, folded, before the answer.
        follow_up = messages + [{"role": "assistant", "content": text}, {"role": "user", "content": ORDERS}]
        self.assertIn("5300", self.open_webui(follow_up)[0])

    def test_what_open_webui_asks_beside_a_conversation_is_json_of_its_form(self):
        before = self.sessions()
        for instruction, form, key, kind in (
            ("Generate a concise, 3-5 word title with an emoji", '{ "title": "your concise title here" }', "title", str),
            ("Generate 1-3 broad tags", '{ "tags": ["tag1", "tag2", "tag3"] }', "tags", list),
            ("Suggest 3-5 relevant follow-up questions", '{ "follow_ups": ["Question 1?", "Question 2?"] }', "follow_ups", list),
            ("Analyze the chat history to determine queries", '{ "queries": ["query1", "query2"] }', "queries", list),
            ("You are an autocompletion system", '{ "text": "<your completion>" }', "text", str),
        ):
            asked = [{"role": "user", "content": task(instruction, form)}]
            reply = self.complete(asked, stream=False, max_completion_tokens=1000)
            told = json.loads(reply.json()["choices"][0]["message"]["content"])
            self.assertIsInstance(told[key], kind)
        self.assertEqual(self.sessions(), before)

    def test_librechat_names_the_conversation_and_asks_for_a_title(self):
        conversation = {"X-Cardinal-Session": "6f1c7e0e-8f9e-4c56-9d0b-5a3f0a1c2d3e"}
        for turn in (1, 2):
            reply = self.complete([{"role": "user", "content": ORDERS}], conversation, stream=False)
            self.assertEqual(reply.json()["cardinal"]["turn"], turn)
        before = self.sessions()
        title = "Please generate a concise, 5-word-or-less title for the conversation, using its same language."
        asked = [{"role": "user", "content": f"{title}\n\nConversation:\nUser: {ORDERS}\nAI: 5300"}]
        reply = self.complete(asked, {"X-Cardinal-Session": ""}, stream=False)
        self.assertIn("How many orders", reply.json()["choices"][0]["message"]["content"])
        self.assertEqual(self.sessions(), before)

    def sessions(self):
        return len(self.client.get("/sessions").json()["sessions"])


if __name__ == "__main__":
    unittest.main()
