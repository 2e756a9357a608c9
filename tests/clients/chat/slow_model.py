"""A model that speaks slowly, so that a turn can be stopped, left and cut while it runs.

    python3 slow_model.py

prints its address and serves OpenAI's chat completions until its standard input ends. A question that has "for ever" in it is
answered with one word after another until the client goes away; any other one with twenty words, one every tenth of a second.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAUSE = 0.1
WORDS = 20


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = [message for message in request["messages"] if message["role"] == "user"][-1]
        words = 10**9 if "for ever" in json.dumps(asked["content"]) else WORDS
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            for _ in range(words):
                self.chunk({"content": "slowly "}, None)
                time.sleep(PAUSE)
            self.chunk({}, "stop")
            self.write("data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            # The client went away: that is what it was to find out.
            self.close_connection = True

    def do_GET(self):
        body = json.dumps({"object": "list", "data": [{"id": "slow", "object": "model"}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def chunk(self, delta, finish):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "slow", "object": "chat.completion.chunk", "created": 0, "model": "slow", "choices": [choice]}
        self.write(f"data: {json.dumps(chunk)}\n\n")

    def write(self, text):
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
