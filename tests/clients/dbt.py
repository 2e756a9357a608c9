"""dbt-mcp, dbt's own server of its APIs for models, against the sandbox. Run by dbt.sh, in the Python that has dbt-mcp.

    DBT_SANDBOX=LINE.json CLIENT_FOLDER=FOLDER python dbt.py

dbt-mcp asks three hosts over TLS: a proxy here ends the TLS of all three and passes everything on to the sandbox, and
`sitecustomize.py` in the folder makes the hosts' names lead to this machine, for that process only."""

import json
import os
import pathlib
import shutil
import socket
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


def proxy(folder, target):
    """Ends TLS and passes bytes on. The port that it listens on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, sink):
        try:
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def connect(raw):
        try:
            client = context.wrap_socket(raw, server_side=True)
        except OSError:
            return
        server = socket.create_connection(target)
        threading.Thread(target=pump, args=(client, server), daemon=True).start()
        pump(server, client)

    def accept():
        while True:
            raw, _ = listener.accept()
            threading.Thread(target=connect, args=(raw,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def main():
    line = json.loads(pathlib.Path(os.environ["DBT_SANDBOX"]).read_text())
    folder = pathlib.Path(os.environ["CLIENT_FOLDER"])
    address = urllib.parse.urlsplit(line["dbt_url"])
    bundle = certificate(folder)
    port = proxy(folder, (address.hostname, address.port))
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


if __name__ == "__main__":
    main()
