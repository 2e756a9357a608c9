"""OpenAI's own Python client in conversations with Cardinal: chat completions and responses, streamed and not."""

import unittest

import httpx
from cardinal import Cardinal, slow_model
from openai import APIError, AsyncOpenAI, AuthenticationError, BadRequestError, NotFoundError, OpenAI

ORDERS = "How many orders were placed in 2025?"
ANSWER = "5300"
UNKNOWN = "What is the weather in Paris?"


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Cardinal()
        cls.addClassCleanup(cls.server.close)
        cls.client = client(cls.server)


def client(server, token=None, kind=OpenAI):
    return kind(base_url=f"{server.url}/v1", api_key=token or server.token, max_retries=0, timeout=60)


def user(text):
    return {"role": "user", "content": text}


def extra(completion):
    """The key of ours, which the client passes through."""
    return completion.model_extra["cardinal"]


def has_sources_and_figures(test, told):
    test.assertEqual(told["outcome"], "answered")
    figure = next(figure for figure in told["figures"] if figure["text"] == ANSWER)
    test.assertEqual(figure["status"], "matched")
    test.assertTrue(figure["sources"])
    test.assertTrue(told["evidence"][0]["link"].startswith("http"))


class ChatCompletions(WithServer):
    def test_two_turns_in_a_session_that_a_header_names(self):
        session = {"X-Cardinal-Session": "python-chat"}
        for turn in (1, 2):
            raw = self.client.chat.completions.with_raw_response.create(
                model="cardinal", messages=[user(ORDERS)], extra_headers=session
            )
            completion = raw.parse()
            message = completion.choices[0].message
            self.assertIn(ANSWER, message.content)
            self.assertEqual(completion.choices[0].finish_reason, "stop")
            self.assertIsNone(message.tool_calls)
            self.assertTrue(message.model_extra["reasoning_content"])
            self.assertEqual(message.annotations[0].type, "url_citation")
            self.assertTrue(message.annotations[0].url_citation.url.startswith("http"))
            self.assertEqual(extra(completion)["turn"], turn)
            self.assertEqual(extra(completion)["session"], "python-chat")
            self.assertEqual(raw.headers["x-cardinal-answer"], extra(completion)["answer"])
            has_sources_and_figures(self, extra(completion))

    def test_two_streamed_turns_that_are_known_by_their_messages(self):
        messages = [user(ORDERS)]
        sessions = set()
        for turn in (1, 2):
            text, told, sources, steps, usage, reasons = "", None, [], "", None, []
            stream = self.client.chat.completions.create(
                model="cardinal", messages=messages, stream=True, stream_options={"include_usage": True}
            )
            for chunk in stream:
                usage = chunk.usage or usage
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                    steps += (choice.delta.model_extra or {}).get("reasoning_content", "")
                    sources += (choice.delta.model_extra or {}).get("annotations", [])
                    reasons += [choice.finish_reason] if choice.finish_reason else []
                    self.assertIsNone(choice.delta.tool_calls)
                ours = (chunk.model_extra or {}).get("cardinal", {})
                told = ours if "outcome" in ours else told
            self.assertIn(ANSWER, text)
            self.assertEqual(reasons, ["stop"])
            self.assertIn("Number of orders", steps)
            self.assertTrue(sources[0]["url_citation"]["url"].startswith("http"))
            self.assertIsNotNone(usage)
            self.assertEqual(told["turn"], turn)
            has_sources_and_figures(self, told)
            sessions.add(told["session"])
            messages += [{"role": "assistant", "content": text}, user(ORDERS)]
        self.assertEqual(len(sessions), 1)

    def test_the_stream_helper_gathers_a_whole_completion(self):
        with self.client.chat.completions.stream(model="cardinal", messages=[user(ORDERS)]) as stream:
            for _ in stream:
                pass
            completion = stream.get_final_completion()
        self.assertIn(ANSWER, completion.choices[0].message.content)

    def test_what_the_catalog_cannot_answer_is_a_completion_that_says_so(self):
        completion = self.client.chat.completions.create(model="cardinal", messages=[user(UNKNOWN)])
        self.assertEqual(extra(completion)["outcome"], "not_in_catalog")
        self.assertIn("weather", completion.choices[0].message.content)
        self.assertEqual(extra(completion)["evidence"], [])

    def test_errors_are_of_the_clients_own_classes(self):
        wrong = client(self.server, "cdl_wrong")
        for call in (
            lambda: wrong.chat.completions.create(model="cardinal", messages=[user(ORDERS)]),
            lambda: wrong.chat.completions.create(model="cardinal", messages=[user(ORDERS)], stream=True),
            lambda: wrong.responses.create(model="cardinal", input=ORDERS),
            wrong.models.list,
        ):
            with self.assertRaises(AuthenticationError) as raised:
                call()
            self.assertIn("token", raised.exception.body["message"])
        tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
        with self.assertRaisesRegex(BadRequestError, "tools of its own"):
            self.client.chat.completions.create(model="cardinal", messages=[user(ORDERS)], tools=[tool])
        with self.assertRaises(NotFoundError):
            self.client.models.retrieve("gpt-no")

    def test_models_are_listed(self):
        self.assertEqual([model.id for model in self.client.models.list()], ["cardinal"])
        self.assertEqual(self.client.models.retrieve("cardinal").id, "cardinal")


class Responses(WithServer):
    def test_two_turns_that_go_on_from_each_other(self):
        first = self.client.responses.create(model="cardinal", input=ORDERS, instructions="Be brief.")
        self.assertEqual(first.status, "completed")
        self.assertIn(ANSWER, first.output_text)
        cited = first.output[0].content[0].annotations
        self.assertEqual(cited[0].type, "url_citation")
        has_sources_and_figures(self, extra(first))
        second = self.client.responses.create(model="cardinal", input=ORDERS, previous_response_id=first.id)
        self.assertEqual(second.previous_response_id, first.id)
        self.assertEqual(extra(second)["session"], extra(first)["session"])
        self.assertEqual(extra(second)["turn"], 2)

    def test_a_streamed_response_is_whole(self):
        text, kinds, last = "", [], None
        items = [{"role": "user", "content": [{"type": "input_text", "text": ORDERS}]}]
        for event in self.client.responses.create(model="cardinal", input=items, stream=True):
            kinds.append(event.type)
            text += event.delta if event.type == "response.output_text.delta" else ""
            last = event
        self.assertEqual(kinds[0], "response.created")
        self.assertEqual(last.type, "response.completed")
        self.assertEqual(text, last.response.output_text)
        self.assertIn(ANSWER, text)
        has_sources_and_figures(self, extra(last.response))
        with self.client.responses.stream(model="cardinal", input=ORDERS) as stream:
            self.assertIn(ANSWER, stream.get_final_response().output_text)

    def test_what_cannot_be_answered_and_what_is_not_there(self):
        told = self.client.responses.create(model="cardinal", input=UNKNOWN)
        self.assertEqual(extra(told)["outcome"], "not_in_catalog")
        with self.assertRaises(NotFoundError):
            self.client.responses.create(model="cardinal", input=ORDERS, previous_response_id="resp_none")


class Asynchronous(unittest.IsolatedAsyncioTestCase):
    async def test_the_asynchronous_client_streams(self):
        server = Cardinal()
        self.addCleanup(server.close)
        async with client(server, kind=AsyncOpenAI) as asking:
            stream = await asking.chat.completions.create(model="cardinal", messages=[user(ORDERS)], stream=True)
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
        self.assertIn(ANSWER, text)


class Cut(unittest.TestCase):
    """A server that ends in the middle of a stream, and a client that hangs up."""

    @classmethod
    def setUpClass(cls):
        process, cls.model = slow_model()
        cls.addClassCleanup(process.communicate)

    def begin(self):
        server = Cardinal(self.model)
        self.addCleanup(server.close)
        return server

    def streams(self, server):
        asking = client(server)
        yield lambda: asking.chat.completions.create(model="cardinal", messages=[user("Talk for ever")], stream=True)
        yield lambda: asking.responses.create(model="cardinal", input="Talk for ever", stream=True)

    def test_a_killed_server_is_an_error_and_never_an_end(self):
        for wire in (0, 1):
            server = self.begin()
            stream = iter(list(self.streams(server))[wire]())
            next(stream)
            server.kill()
            with self.assertRaises(APIError):
                for _ in stream:
                    pass

    def test_a_server_that_is_told_to_end_says_so(self):
        for wire in (0, 1):
            server = self.begin()
            stream = iter(list(self.streams(server))[wire]())
            next(stream)
            server.terminate()
            with self.assertRaisesRegex(APIError, "ask again"):
                for _ in stream:
                    pass

    def test_hanging_up_cancels_what_belongs_to_no_session(self):
        server = self.begin()
        asking = client(server)
        raw = asking.chat.completions.with_raw_response.create(
            model="cardinal", messages=[user("Talk for ever")], stream=True
        )
        stream = raw.parse()
        next(iter(stream))
        stream.close()
        with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.token}"}) as native:
            answer = f"/v1/answers/{raw.headers['x-cardinal-answer']}"
            told = native.get(f"{answer}/events", timeout=10).text
        self.assertIn('"outcome":"cancelled"', told.replace(": ", ":"))

    def test_stop_ends_a_turn_with_a_whole_stream(self):
        server = self.begin()
        raw = client(server).chat.completions.with_raw_response.create(
            model="cardinal",
            messages=[user("Talk for ever")],
            stream=True,
            extra_headers={"X-Cardinal-Session": "stopped"},
        )
        stream = iter(raw.parse())
        next(stream)
        stopped = httpx.post(f"{server.url}/v1/sessions/stopped/stop", headers={"authorization": f"Bearer {server.token}"})
        self.assertEqual(stopped.status_code, 202)
        *_, last = stream
        self.assertEqual(last.choices[0].finish_reason, "length")
        self.assertEqual(extra(last)["outcome"], "cancelled")


if __name__ == "__main__":
    unittest.main()
