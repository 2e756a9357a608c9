"""dbt-mcp, dbt's own server of its APIs for models, against the sandbox. Run by dbt.sh, in the Python that has dbt-mcp.

    DBT_SANDBOX=LINE.json CLIENT_FOLDER=FOLDER python dbt.py

dbt-mcp asks three hosts over TLS: a recorder here ends the TLS of all three and passes everything on to the sandbox, and
`sitecustomize.py` in the folder makes the hosts' names lead to this machine, for that process only. Then Cardinal asks the same
sandbox for the same things through another recorder, and what both of them asked has to be the same."""

import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.parse

import certifi

from mcp import McpServer

HOST = "dbt.test"
NAMES = [HOST, f"metadata.{HOST}", f"semantic-layer.{HOST}"]

# Tools that would ask services that are not dbt's three APIs, some of them at start.
ELSEWHERE = "text_to_sql,execute_sql,get_related_models,search,fusion.compile_sql,fusion.get_column_lineage"

# Headers that are of one connection, and the length, which is written anew.
HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}

RESOLVER = f"""
import socket

ours, lookup = {NAMES!r}, socket.getaddrinfo


def getaddrinfo(host, *arguments, **more):
    name = host.decode() if isinstance(host, bytes) else host
    return lookup("127.0.0.1" if name in ours else host, *arguments, **more)


socket.getaddrinfo = getaddrinfo
"""


def certificate(folder):
    """A certificate for the three names, and a bundle of authorities that knows it."""
    names = ",".join(f"DNS:{name}" for name in NAMES)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key.pem", "-out", "cert.pem"]
        + ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName={names}"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    bundle = folder / "bundle.pem"
    bundle.write_text(pathlib.Path(certifi.where()).read_text() + (folder / "cert.pem").read_text())
    return bundle


class Recorder:
    """A server before the sandbox that passes every request on and remembers it, over TLS or without."""

    def __init__(self, target, folder=None):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                requests.append((self.command, self.path, dict(self.headers.items()), body))
                server = http.client.HTTPConnection(*target)
                kept = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
                server.request(self.command, self.path, body or None, kept)
                answer = server.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = pass_on

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if folder:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    line = json.loads(pathlib.Path(os.environ["DBT_SANDBOX"]).read_text())
    folder = pathlib.Path(os.environ["CLIENT_FOLDER"])
    address = urllib.parse.urlsplit(line["dbt_url"])
    bundle = certificate(folder)
    theirs = Recorder((address.hostname, address.port), folder)
    port = theirs.port
    (folder / "sitecustomize.py").write_text(RESOLVER)
    server = McpServer(
        shutil.which("dbt-mcp", path=str(pathlib.Path(sys.executable).parent)),
        DBT_HOST=f"{HOST}:{port}",
        DBT_TOKEN=line["dbt_token"],
        DBT_ACCOUNT_ID=str(line["dbt_account_id"]),
        DBT_PROD_ENV_ID=str(line["dbt_environment_id"]),
        DISABLE_TOOLS=ELSEWHERE,
        DISABLE_PRODUCT_DOCS="true",
        DISABLE_LSP="true",
        DISABLE_DBT_CLI="true",
        DISABLE_MCP_APPS="true",
        DO_NOT_TRACK="1",
        # Nobody listens there, so that it goes on to GraphQL at once.
        DBT_SL_ADBC_URL_FORMAT="grpc://127.0.0.1:1",
        SSL_CERT_FILE=str(bundle),
        REQUESTS_CA_BUNDLE=str(bundle),
        PYTHONPATH=str(folder),
    )
    try:
        check(server)
    finally:
        server.stop()
    ours = Recorder((address.hostname, address.port))
    ask_ourselves(line, folder, ours.port)
    run_ourselves(line, folder, ours.port)
    compare(operations(theirs.requests), operations(ours.requests))


def check(server):
    tools = {tool["name"] for tool in server.request("tools/list")["result"]["tools"]}
    print(f"dbt-mcp: {len(tools)} tools")

    def told(tool, *wanted, **arguments):
        text = server.call(tool, **arguments)
        for word in wanted:
            assert word in text, f"{tool}: no {word!r} in {text[:2000]}"
        print(f"dbt-mcp {tool}: {len(text)} characters")
        return text

    # Administrative API.
    told("list_projects", "Shop", "Production", "example/shop")
    told("list_jobs", "Daily build", "Reviews repair")
    told("get_job_details", "dbt build", job_id=8001)
    told("list_jobs_runs", "Daily build", job_id=8001)
    started = json.loads(told("trigger_job_run", "Queued", job_id=8002, cause="the client test"))
    run = started["id"]
    told("get_job_run_details", str(run), run_id=run)
    # Its runs go on until somebody cancels them.
    hanging = json.loads(told("trigger_job_run", "Queued", job_id=8004, cause="the client test"))["id"]
    told("cancel_job_run", str(hanging), run_id=hanging)
    told("list_job_run_artifacts", "manifest.json", run_id=60001)
    told("get_job_run_artifacts", "run-results", run_id=60001, artifact_path="run_results.json")

    # Discovery API.
    told("get_all_models", "fct_orders", "stg_orders")
    told("get_mart_models", "fct_orders")
    told("get_model_health", "error", "skipped", unique_id="model.shop.fct_reviews")
    told("get_model_details", "is_large", unique_id="model.shop.fct_orders")
    told("get_model_parents", "stg_orders", unique_id="model.shop.fct_orders")
    told("get_model_children", "product_performance", unique_id="model.shop.fct_orders")
    told("get_lineage", "source.shop.shop.reviews", unique_id="model.shop.fct_reviews", depth=0)
    told("get_all_sources", "invoices")
    told("get_exposures", "shop_overview")

    # Semantic Layer.
    told("list_metrics", "revenue_trailing_30_days")
    told("get_dimensions", "customer__region", metrics=["revenue"])
    told("get_entities", "customer", metrics=["revenue"])
    told("list_saved_queries", "monthly_sales")
    grouped = [{"name": "metric_time", "type": "time_dimension", "grain": "YEAR"}]
    told("query_metrics", "2022", metrics=["revenue"], group_by=grouped)
    told("get_metrics_compiled_sql", "fct_orders", metrics=["revenue"], group_by=grouped)


CONFIG = """
version = 1
[catalog.dbt_metrics]
names = ["revenue", "number_of_orders", "average_order_value"]
[[grants.rules]]
areas = ["dbt.jobs", "dbt.runs", "dbt.discovery", "dbt.semantic_layer"]
level = "read"
"""


def variables_of(line, folder, port):
    """The environment of Cardinal, with the recorder as dbt."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "DBT_HOST": f"http://127.0.0.1:{port}",
        "DBT_TOKEN": line["dbt_token"],
        "DBT_ACCOUNT_ID": str(line["dbt_account_id"]),
        "DBT_PROD_ENV_ID": str(line["dbt_environment_id"]),
        "CARDINAL_MODEL": "offline",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_STATE_HOME": str(folder / "state"),
    }


def ask_ourselves(line, folder, port):
    """Asks with Cardinal for what dbt-mcp was asked for, as far as there are commands for it."""
    (folder / "cardinal.toml").write_text(CONFIG)
    variables = variables_of(line, folder, port)
    for arguments in [
        ["dbt", "jobs"],
        ["dbt", "runs", "--job", "8001"],
        ["dbt", "health", "fct_reviews"],
        ["dbt", "saved"],
        ["dbt", "saved", "monthly_sales"],
    ]:
        command(arguments, folder, variables)
    (folder / "cardinal.toml").write_text(CONFIG + RUN_GRANT)
    hanging = command(["dbt", "rerun", "8004"], folder, variables)["run"]["id"]
    command(["dbt", "cancel", str(hanging)], folder, variables)


def command(arguments, folder, variables):
    """What Cardinal prints. Something of the sandbox's project is unhealthy, which ends with 1."""
    program = [os.environ["CARDINAL"], *arguments, "--json"]
    done = subprocess.run(program, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1) and done.stdout, f"cardinal {arguments}: {done.stdout}{done.stderr}"
    print(f"cardinal {' '.join(arguments)}: {len(done.stdout)} characters")
    return json.loads(done.stdout)


RUN_GRANT = """
[[grants.rules]]
areas = ["dbt.jobs", "dbt.runs"]
level = "full"
"""


class RunsOneJob(http.server.BaseHTTPRequestHandler):
    """A model that starts job 8002 with Cardinal's tool, and then says so."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message = {"role": "assistant", "content": "The job was started."}
        if not any(message["role"] == "tool" for message in asked["messages"]):
            function = {"name": "dbt_run_job", "arguments": json.dumps({"job": "8002"})}
            message = {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": function}]}
        answer = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def run_ourselves(line, folder, port):
    """Starts with Cardinal's tool the job that dbt-mcp started."""
    model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RunsOneJob)
    model.daemon_threads = True
    threading.Thread(target=model.serve_forever, daemon=True).start()
    (folder / "cardinal.toml").write_text(CONFIG + RUN_GRANT)
    variables = variables_of(line, folder, port) | {
        "CARDINAL_MODEL": "openai:scripted",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{model.server_port}/v1",
    }
    program = [os.environ["CARDINAL"], "ask", "Please run job 8002 of dbt."]
    done = subprocess.run(program, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)
    model.shutdown()
    print(f"cardinal dbt_run_job: exit code {done.returncode}")
    if "was started" not in done.stdout:
        print(done.stdout, done.stderr)


def operations(requests):
    """What was asked, each thing once: method and path, of GraphQL the root field too, with the variables that were sent, the
    parameters of the query and the credential. Each of them has runs of its own, so all runs are one."""
    found = {}
    for method, target, headers, body in requests:
        url = urllib.parse.urlsplit(target)
        parameters = dict(urllib.parse.parse_qsl(url.query))
        path = re.sub(r"/runs/\d+/", "/runs/{run}/", url.path)
        name, variables = f"{method} {path}", {}
        if url.path.endswith("/graphql"):
            sent = json.loads(body)
            document, variables = sent["query"], sent.get("variables") or {}
            name += f" {root_field(document)}"
        elif body:
            variables = json.loads(body)
        credential = next(value for key, value in headers.items() if key.lower() == "authorization")
        found.setdefault(name, []).append((parameters, variables, credential))
    return found


def root_field(document):
    """The field that a document asks for: below `environment` of Discovery its path."""
    fields = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "", document)
    words = re.findall(r"[A-Za-z_]\w*|[{}]", fields[fields.index("{") :])
    path = [word for word in words[:8] if word not in "{}"]
    if path[0] == "environment":
        return ".".join(path[:3])
    return path[0]


# What both ask, and the parameters and variables that have to be the same where both send them.
SHARED = {
    "GET /api/v2/accounts/{account}/jobs/": {"offset"},
    "GET /api/v2/accounts/{account}/runs/": {"job_definition_id", "order_by"},
    "GET /api/v2/accounts/{account}/runs/{run}/": set(),
    "POST /api/v2/accounts/{account}/runs/{run}/cancel/": set(),
    "POST /api/v2/accounts/{account}/jobs/8002/run/": set(),
    "POST /graphql environment.applied.lineage": {"environmentId"},
    "POST /graphql environment.applied.models": {"environmentId"},
    "POST /graphql environment.applied.sources": {"environmentId"},
    "POST /graphql environment.definition.exposures": {"environmentId"},
    "POST /api/graphql metricsPaginated": {"environmentId"},
    "POST /api/graphql createQuery": {"environmentId"},
    "POST /api/graphql query": {"environmentId"},
}


def compare(theirs, ours):
    """Both have to ask for each shared thing in the same way, with the same token."""
    account = json.loads(pathlib.Path(os.environ["DBT_SANDBOX"]).read_text())["dbt_account_id"]
    for name, equal in SHARED.items():
        name = name.replace("{account}", str(account))
        for whose, asked in (("dbt-mcp", theirs), ("cardinal", ours)):
            assert name in asked, f"{whose} did not ask {name!r}, only:\n" + "\n".join(sorted(asked))
        one, other = theirs[name], ours[name]
        for key in equal:
            values = [{json.dumps(sent[key]) for call in calls for sent in call[:2] if key in sent} for calls in (one, other)]
            assert not all(values) or values[0] & values[1], f"{name}: {key} is {values[0]} of dbt-mcp and {values[1]} of cardinal"
        tokens = [{call[2].split()[-1] for call in calls} for calls in (one, other)]
        assert tokens[0] == tokens[1] and len(tokens[0]) == 1, f"{name}: not the same token"
        if name.startswith("POST /api/"):
            names = [set().union(*(call[1] for call in calls)) for calls in (one, other)]
            assert names[1] <= names[0], f"{name}: only cardinal sends {names[1] - names[0]}"
        schemes = {call[2].split()[0] for call in other}
        assert schemes <= {"Token", "Bearer"}, f"{name}: {schemes}"
        print(f"both ask {name}")


if __name__ == "__main__":
    main()
