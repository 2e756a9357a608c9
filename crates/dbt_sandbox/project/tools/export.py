"""Writes the tables of the sandbox's demo as CSV: export.py PROGRAM FOLDER"""

import csv
import json
import pathlib
import re
import subprocess
import sys
import urllib.request

TABLES = ["orders", "people", "products", "reviews", "accounts", "invoices"]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def main(program: str, folder: str) -> None:
    target = pathlib.Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    sandbox = subprocess.Popen([program, "sandbox", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = json.loads(sandbox.stdout.readline())["url"]
        signed = call(f"{url}/api/session", {"username": "admin@example.com", "password": "sandbox-admin"}, {})
        session = {"X-Metabase-Session": signed["id"]}
        for table in TABLES:
            query = {"database": 1, "type": "native", "native": {"query": f"SELECT * FROM {table}"}}
            rows = call(f"{url}/api/dataset/json", {"query": query, "format_rows": False}, session)
            with (target / f"{table}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows({name: plain(value) for name, value in row.items()} for row in rows)
    finally:
        sandbox.terminate()
        sandbox.wait()


def plain(value: object) -> object:
    """Moments as the database has them: without `T` and `Z`."""
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return value.replace("T", " ").removesuffix("Z")
    return value


def call(url: str, body: dict, headers: dict) -> object:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
