"""A client of MCP servers over their standard streams, as small as the tests need it."""

import json
import os
import subprocess


class McpServer:
    """A server that runs until the program ends. `call` gives a tool's text."""

    def __init__(self, *command, **variables):
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **variables},
        )
        self.last_id = 0
        self.request(
            "initialize",
            protocolVersion="2025-03-26",
            capabilities={},
            clientInfo={"name": "tests", "version": "1"},
        )
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def request(self, method, **params):
        self.last_id += 1
        self.send({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params})
        for line in self.process.stdout:
            if not line.startswith("{"):
                continue
            message = json.loads(line)
            if message.get("id") == self.last_id:
                return message
        raise AssertionError(f"the server ended before it answered {method}")

    def call(self, tool, **arguments):
        message = self.request("tools/call", name=tool, arguments=arguments)
        result = message.get("result")
        assert result is not None, f"{tool}: {message.get('error')}"
        text = "\n".join(part.get("text", "") for part in result["content"])
        assert not result.get("isError"), f"{tool}: {text}"
        return text

    def stop(self):
        self.process.kill()
        self.process.wait()
