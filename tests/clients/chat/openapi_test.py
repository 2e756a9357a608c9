"""The OpenAPI document, held against the specification by a validator, and every response of the server held against the
document: its status, its media type and its body."""

import copy
import hashlib
import hmac
import json
import pathlib
import unittest

import httpx
from cardinal import Cardinal
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ORDERS = "How many orders were placed in 2025?"
SECRET = "of-the-webhook"
APPROVALS = """version = 1
[approvals]
dir = "approvals"
[[approvals.approvers]]
name = "Ana"
principal = "ana@example.com"
"""
UI = [{"id": "m1", "role": "user", "parts": [{"type": "text", "text": ORDERS}]}]


def closed(schema):
    """The same schema, where an object has no other keys than those that are written down."""
    if isinstance(schema, dict):
        made = {key: closed(value) for key, value in schema.items()}
        if "properties" in made and not {"additionalProperties", "allOf", "anyOf", "oneOf", "$ref"} & set(made):
            made["additionalProperties"] = False
        return made
    return [closed(one) for one in schema] if isinstance(schema, list) else schema


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Cardinal()
        cls.addClassCleanup(cls.server.close)
        made = cls.server.run("token", "create", "--name", "admin", "--scope", "admin", "--principal", "ana@example.com", "--json")
        bearer = {"authorization": f"Bearer {json.loads(made)['token']}"}
        cls.client = httpx.Client(base_url=cls.server.url, headers=bearer, timeout=60)
        cls.addClassCleanup(cls.client.close)
        cls.document = cls.client.get("/openapi.json").json()
        strict = copy.deepcopy(cls.document)
        strict["components"]["schemas"] = closed(strict["components"]["schemas"])
        # A response has no key that is not written down; a request may have any, because clients send more than counts here.
        told, taken = (Resource.from_contents(one, DRAFT202012) for one in (strict, cls.document))
        cls.registry = Registry().with_resources([("urn:told", told), ("urn:taken", taken)])
        cls.seen = set()

    def test_the_document_is_valid(self):
        OpenAPIV31SpecValidator(self.document).validate()
        for schema in self.document["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)

    def valid(self, value, *pointer, document="urn:told"):
        steps = [step.replace("~", "~0").replace("/", "~1") for step in pointer]
        reference = {"$ref": f"{document}#/" + "/".join(steps)}
        errors = Draft202012Validator(reference, registry=self.registry).iter_errors(value)
        told = [f"{list(error.absolute_path)}: {error.message[:300]}" for error in errors]
        self.assertEqual(told, [], pointer)

    def call(self, method, path, status, client=None, **more):
        """Sends a request of the route `path`, with `at` in place of what stands in braces, and checks what comes back."""
        address = path
        for name, value in more.pop("at", {}).items():
            address = address.replace("{" + name + "}", value)
        reply = (client or self.client).request(method, address, **more)
        self.assertEqual(reply.status_code, status, f"{method} {address}: {reply.text[:500]}")
        self.seen.add((method.lower(), path))
        responses = self.document["paths"][path][method.lower()]["responses"]
        declared = str(status) if str(status) in responses else "default"
        self.assertTrue(declared != "default" or status >= 400, f"{method} {path}: {status} is not in the document")
        content = responses[declared].get("content", {})
        media = reply.headers.get("content-type", "").split(";")[0]
        if not content:
            self.assertEqual(reply.content, b"")
            return reply
        if "*/*" in content:
            return reply
        self.assertIn(media, content, f"{method} {path}")
        if media.endswith("json"):
            place = ("paths", path, method.lower(), "responses", declared, "content", media, "schema")
            self.valid(reply.json(), *place)
        return reply

    def takes(self, path, body):
        """That a body is what the document says the route takes."""
        place = ("paths", path, "post", "requestBody", "content", "application/json", "schema")
        self.valid(body, *place, document="urn:taken")
        return body

    def approvals_and_webhooks(self):
        """Their routes, at a server that has both."""
        server = Cardinal(config=APPROVALS, DBT_WEBHOOK_SECRET=SECRET)
        self.addCleanup(server.close)
        client = httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.token}"}, timeout=60)
        self.addCleanup(client.close)
        folder = pathlib.Path(server.folder.name, "approvals")
        folder.mkdir()
        ids = ["ap_0123456789abcdef", "ap_fedcba9876543210"]
        for one in ids:
            waiting = {
                "version": 1,
                "id": one,
                "state": "waiting",
                "agent": "analyst",
                "principal": "default",
                "asked_by": "ben@example.com",
                "account": "1",
                "operation": "delete_job",
                "does": "delete job 5",
                "reason": "it changes code",
                "body": {"a": 1},
                "request_sha256": "00",
                "credential": "00",
                "asked_at": "2026-01-01T00:00:00Z",
                "expires_at": "2999-01-01T00:00:00Z",
            }
            (folder / f"{one}.json").write_text(json.dumps(waiting), encoding="utf-8")
        listed = self.call("GET", "/v1/approvals", 200, client).json()["approvals"]
        self.assertEqual(sorted(one["id"] for one in listed), ids)
        self.call("GET", "/v1/approvals/{id}", 200, client, at={"id": ids[0]})
        self.call("GET", "/v1/approvals/{id}", 404, client, at={"id": "ap_0000000000000000"})
        for one, decision, state in zip(ids, ("grant", "deny"), ("granted", "denied"), strict=True):
            decided = self.call("POST", f"/v1/approvals/{{id}}/{decision}", 200, client, at={"id": one}).json()
            self.assertEqual((decided["state"], decided["decided_by"]), (state, "Ana"))
            self.call("POST", f"/v1/approvals/{{id}}/{decision}", 409, client, at={"id": one})

        told = {"eventId": "wev_1", "eventType": "job.run.completed", "accountId": 1, "data": {"runId": "9", "runStatus": "Success"}}
        body = json.dumps(told)
        kind = {"content-type": "application/json"}
        signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
        for authorization, status in ((signature, 204), ("0" * 64, 401)):
            signed = {**kind, "authorization": authorization}
            self.call("POST", "/v1/dbt/webhook", status, client, content=body, headers=signed)

    def test_every_response_is_what_the_document_says(self):
        answers, session = "/v1/answers", {"X-Cardinal-Session": "openapi"}
        record = self.call("POST", answers, 200, json=self.takes(answers, {"question": ORDERS})).json()
        events = {"accept": "text/event-stream"}
        told = self.call("POST", answers, 200, json={"question": "Revenue by month in 2025"}, headers=events).text
        names = [line[7:] for line in told.splitlines() if line.startswith("event: ")]
        self.assertEqual(names[-1], "done")
        for line in told.splitlines():
            data = json.loads(line[6:]) if line.startswith("data: ") else {}
            if data.get("type") == "answer":
                self.valid({key: value for key, value in data.items() if key != "type"}, "components", "schemas", "AnswerRecord")
        for question in ("What is the weather in Paris?", "revenue", "Revenue by country and month in 2024"):
            self.call("POST", answers, 200, json={"question": question})
        at, in_session = {"id": record["id"]}, {"id": record["session"]}
        for path in ("", "/events", "/evidence", "/tape"):
            self.call("GET", f"/v1/answers/{{id}}{path}", 200, at=at)
            self.call("GET", f"/v1/answers/{{id}}{path}", 404, at={"id": "ans_none"})
        self.call("POST", "/v1/answers/{id}/stop", 202, at=at)
        feedback = "/v1/answers/{id}/feedback"
        self.call("POST", feedback, 200, at=at, json=self.takes(feedback, {"rating": "up", "comment": "Right."}))
        self.call("POST", feedback, 400, at=at, json={"rating": "sideways"})
        self.call("POST", answers, 400, content="{", headers={"content-type": "application/json"})

        made = self.call("POST", "/v1/sessions", 201, json=self.takes("/v1/sessions", {"title": "Mine"})).json()
        self.call("GET", "/v1/sessions", 200, params={"limit": "2", "search": "orders"})
        for method, status, more in (("GET", 200, {}), ("PATCH", 200, {"json": {"title": "Ours"}})):
            self.call(method, "/v1/sessions/{id}", status, at=in_session, **more)
        self.call("POST", "/v1/sessions/{id}/stop", 202, at=in_session)
        for form in ("markdown", "html"):
            self.call("GET", "/v1/sessions/{id}/export", 200, at=in_session, params={"format": form})
        self.call("DELETE", "/v1/sessions/{id}", 204, at={"id": made["id"]})
        self.call("GET", "/v1/sessions/{id}", 404, at={"id": made["id"]})

        catalog = self.call("GET", "/v1/catalog", 200).json()
        for entry in catalog["entries"]:
            self.call("GET", "/v1/catalog/{kind}/{id}", 200, at={"kind": entry["kind"], "id": str(entry["id"])})
        self.call("GET", "/v1/catalog/{kind}/{id}", 404, at={"kind": "card", "id": "999999"})
        for path in ("/v1/suggestions", "/v1/me", "/healthz", "/readyz", "/openapi.json", "/metrics", "/", "/catalog", "/admin"):
            self.call("GET", path, 200)
        self.call("GET", "/s/{session}", 200, at={"session": record["session"]})
        asset = next(part for part in self.client.get("/").text.split('"') if part.startswith("/assets/"))
        _, _, hashed, name = asset.split("/", 3)
        self.call("GET", "/assets/{hash}/{name}", 200, at={"hash": hashed, "name": name})

        self.call("GET", "/v1/admin/answers", 200, params={"outcome": "answered", "limit": "3"})
        self.call("GET", "/v1/admin/answers/{id}", 200, at=at)
        self.call("GET", "/v1/admin/answers/{id}/tape", 200, at=at)
        self.call("GET", "/v1/admin/usage", 200, params={"days": "7"})

        # This server keeps no approvals and has no secret for webhooks: it says so in the form of its errors.
        self.call("GET", "/v1/approvals", 404)
        self.call("POST", "/v1/dbt/webhook", 404, content="{}", headers={"content-type": "application/json"})
        self.approvals_and_webhooks()

        chat, responses, ui = "/v1/chat/completions", "/v1/responses", "/api/chat"
        body = {"model": "cardinal", "messages": [{"role": "user", "content": ORDERS}]}
        self.call("POST", chat, 200, json=self.takes(chat, body), headers=session)
        self.call("POST", chat, 200, json=self.takes(chat, {**body, "stream": True}), headers=session)
        self.call("POST", chat, 400, json={"messages": []})
        body = {"model": "cardinal", "input": ORDERS}
        self.call("POST", responses, 200, json=self.takes(responses, body))
        self.call("POST", responses, 200, json=self.takes(responses, {**body, "stream": True}))
        self.call("POST", responses, 404, json={**body, "previous_response_id": "resp_none"})
        self.call("GET", "/v1/models", 200)
        self.call("GET", "/v1/models/{id}", 200, at={"id": "cardinal"})
        self.call("GET", "/v1/models/{id}", 404, at={"id": "other"})
        self.call("POST", ui, 200, json=self.takes(ui, {"id": "openapi-ui", "messages": UI}))
        self.call("POST", ui, 400, json={"id": "openapi-ui", "messages": []})
        self.call("GET", "/api/chat/{id}/stream", 204, at={"id": "openapi-ui"})

        nobody = httpx.Client(base_url=self.server.url)
        self.addCleanup(nobody.close)
        for path in ("/v1/me", "/v1/models", "/api/chat/{id}/stream", "/v1/admin/usage", "/metrics"):
            self.call("GET", path, 401, nobody)
        asker = httpx.Client(base_url=self.server.url, headers={"authorization": f"Bearer {self.server.token}"})
        self.addCleanup(asker.close)
        self.call("GET", "/v1/admin/usage", 403, asker)

        every = {(method, path) for path, methods in self.document["paths"].items() for method in methods}
        self.assertEqual(every - self.seen, set(), "routes that nobody asked here")


if __name__ == "__main__":
    unittest.main()
