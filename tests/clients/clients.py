"""What the clients do with a Metabase in their daily work, each compared with what the sandbox is known to hold."""

import json
import os
import pathlib
import subprocess
import sys
import traceback

from mcp import McpServer

SANDBOX = json.loads(pathlib.Path(os.environ["SANDBOX"]).read_text())
FOLDER = pathlib.Path(os.environ["CLIENT_FOLDER"])
NODE = os.environ.get("NODE_CLIENTS")
KEYED = {"METABASE_URL": SANDBOX["url"], "METABASE_API_KEY": SANDBOX["api_key"]}
# The metric "Revenue", card 1, by month: its first row.
FIRST_MONTH = "10506.42"
ORDERS = 20004


def metabase_api_signs_in_and_reads_cards():
    from metabase_api import Metabase_API

    signed_in = Metabase_API(SANDBOX["url"], SANDBOX["user"], SANDBOX["password"], is_admin=False)
    rows = signed_in.get_card_data(card_id=1)
    assert len(rows) == 54 and rows[0]["Sum of Total"] == float(FIRST_MONTH), rows[:1]
    csv = signed_in.get_card_data(card_id=1, data_format="csv")
    assert FIRST_MONTH in str(csv)
    assert any(found["name"] == "Revenue" for found in signed_in.search("revenue"))
    keyed = Metabase_API(SANDBOX["url"], api_key=SANDBOX["api_key"], is_admin=False)
    assert keyed.get_item_info("card", 1)["name"] == "Revenue"


def dbt_metabase_extracts_exposures():
    manifest = FOLDER / "manifest.json"
    model = {
        "resource_type": "model", "name": "orders", "alias": "orders", "database": "main", "schema": "main",
        "unique_id": "model.shop.orders", "package_name": "shop", "path": "orders.sql",
        "original_file_path": "models/orders.sql", "description": "", "columns": {}, "fqn": ["shop", "orders"],
        "config": {"materialized": "table", "meta": {}, "enabled": True, "tags": []}, "tags": [], "meta": {},
        "depends_on": {"nodes": []}, "relation_name": "orders",
    }  # fmt: skip
    manifest.write_text(
        json.dumps(
            {
                "metadata": {
                    "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
                    "dbt_version": "1.11.0",
                    "project_name": "shop",
                    "adapter_type": "sqlite",
                },
                "nodes": {model["unique_id"]: model},
                "sources": {},
                "child_map": {model["unique_id"]: []},
                "parent_map": {},
                "exposures": {},
                "metrics": {},
            }
        )
    )
    program = pathlib.Path(sys.executable).with_name("dbt-metabase")
    run(
        [program, "exposures", "--manifest-path", manifest, "--metabase-url", SANDBOX["url"]]
        + ["--metabase-api-key", SANDBOX["api_key"], "--output-path", FOLDER]
    )
    exposures = (FOLDER / "exposures.yml").read_text()
    assert "active_subscriptions_by_plan" in exposures and "Metabase ID: __33__" in exposures


def the_official_cli_reads_everything():
    cli = ["node", f"{NODE}/@metabase/cli/dist/cli.mjs"]
    variables = {
        "MB_URL": SANDBOX["url"],
        "MB_API_KEY": SANDBOX["api_key"],
        "XDG_CONFIG_HOME": str(FOLDER / "config"),
    }

    def mb(*arguments):
        return run([*cli, *arguments], variables)

    mb("auth", "login")
    profile = json.loads(mb("auth", "list", "--json"))["data"][0]
    assert profile["status"] == "ok" and profile["version"]["major"] == 60, profile
    for listed in ["card", "table", "collection", "dashboard", "segment", "measure", "snippet", "db"]:
        assert "data" in json.loads(mb(listed, "list", "--json")), listed
    for one in ["card", "table", "field", "dashboard", "segment", "measure", "db", "collection"]:
        assert json.loads(mb(one, "get", "1", "--json"))["id"] == 1, one
    assert json.loads(mb("card", "query", "1", "--json"))["row_count"] == 54
    assert FIRST_MONTH in mb("card", "query", "1", "--export-format", "csv")
    assert json.loads(mb("search", "revenue", "--json"))["total"] > 3
    assert json.loads(mb("collection", "items", "1", "--json"))["total"] == 4
    assert json.loads(mb("table", "fields", "1", "--json"))["total"] == 12
    native = {"database": 1, "type": "native", "native": {"query": "SELECT count(*) FROM orders"}}
    assert json.loads(mb("query", "--body", json.dumps(native), "--json"))["data"]["rows"] == [[ORDERS]]


def cognitions_mcp_server_works():
    with_server(
        "@cognitionai/metabase-mcp-server/dist/server.js",
        [
            ("list_databases", {}, "Example shop"),
            ("list_collections", {}, "Curated"),
            ("list_cards", {}, "Revenue"),
            ("get_card", {"card_id": 1}, "Revenue"),
            ("execute_card", {"card_id": 1}, FIRST_MONTH),
            ("export_card_result", {"card_id": 1, "export_format": "csv"}, FIRST_MONTH),
            ("list_tables", {}, "accounts"),
            ("get_table_query_metadata", {"table_id": 1}, "accounts"),
            ("get_database_metadata", {"database_id": 1}, "Example shop"),
            ("list_dashboards", {}, "Shop overview"),
            ("get_dashboard", {"dashboard_id": 1}, "Shop overview"),
            ("search_content", {"q": "revenue"}, "Revenue"),
            ("get_collection_items", {"collection_id": 1}, "Sales"),
        ],
        # Without it only a part of the tools is there.
        "--all",
    )


def easeclouds_mcp_server_works():
    with_server(
        "@easecloudio/mcp-metabase-server/dist/index.js",
        [
            ("list_databases", {}, "Example shop"),
            ("get_database_schema", {"database_id": 1}, "orders"),
            ("list_cards", {}, "Revenue"),
            ("execute_card", {"card_id": 1}, FIRST_MONTH),
            ("export_card_result", {"card_id": 1, "format": "csv"}, FIRST_MONTH),
            ("get_table_metadata", {"table_id": 1}, "accounts"),
            ("list_dashboards", {}, "Shop overview"),
            ("get_collection_items", {"collection_id": 1}, "Sales"),
            ("execute_query", {"database_id": 1, "query": "SELECT count(*) FROM orders"}, str(ORDERS)),
        ],
    )


def naos_mcp_server_works():
    with_server(
        "@getnao/metabase-mcp-server/dist/index.js",
        [
            ("metabase-list-questions", {}, "Revenue"),
            ("metabase-get-question", {"questionId": 1}, "Revenue"),
            # Its tool to run a question sends `"parameters": {}`, which a Metabase refuses.
            ("metabase-list-databases", {}, "Example shop"),
            ("metabase-get-database-metadata", {"databaseId": 1}, "orders"),
            ("metabase-get-table-metadata", {"tableId": 1}, "accounts"),
            ("metabase-list-collections", {}, "Curated"),
            ("metabase-get-collection-items", {"collectionId": 1}, "Sales"),
            ("metabase-search-metabase", {"query": "revenue"}, "Revenue"),
            ("metabase-list-dashboards", {}, "Shop overview"),
            ("metabase-get-current-user", {}, "Curated reader"),
            ("metabase-execute-native-query", {"databaseId": 1, "query": "SELECT count(*) FROM orders"}, str(ORDERS)),
        ],
    )


def run(command, variables=None):
    command = [str(part) for part in command]
    done = subprocess.run(
        command, env={**os.environ, **(variables or {})}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def with_server(script, calls, *arguments):
    server = McpServer("node", f"{NODE}/{script}", *arguments, **KEYED)
    try:
        for tool, arguments, expected in calls:
            text = server.call(tool, **arguments)
            assert expected in text, f"{tool} does not say {expected}: {text[:300]}"
    finally:
        server.stop()


def main():
    tests = []
    if os.environ.get("PYTHON_CLIENTS"):
        tests += [metabase_api_signs_in_and_reads_cards, dbt_metabase_extracts_exposures]
    if NODE:
        tests += [the_official_cli_reads_everything, cognitions_mcp_server_works]
        tests += [easeclouds_mcp_server_works, naos_mcp_server_works]
    failed = 0
    for test in tests:
        try:
            test()
            print(f"ok      {test.__name__}", flush=True)
        except Exception:  # noqa: BLE001: each client is reported, whatever went wrong with it.
            failed += 1
            print(f"FAILED  {test.__name__}", flush=True)
            traceback.print_exc()
    print(f"clients: {len(tests) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
