"""Loads the exported tables into DuckDB, with the types of the demo's schema: load.py FOLDER DATABASE"""

import pathlib
import sys

import duckdb

SCHEMA = pathlib.Path(__file__).resolve().parents[3] / "sandbox" / "src" / "data" / "schema.sql"


def main(folder: str, database: str) -> None:
    connection = duckdb.connect(database)
    connection.execute("CREATE SCHEMA shop; USE shop")
    # In SQLite a REAL has eight bytes.
    connection.execute(SCHEMA.read_text().replace(" REAL", " DOUBLE"))
    for table in ["people", "products", "orders", "reviews", "accounts", "invoices"]:
        path = pathlib.Path(folder, f"{table}.csv").resolve()
        rows = f"SELECT * FROM read_csv('{path}', all_varchar = true, nullstr = '')"
        if table == "people":
            rows = f"SELECT * REPLACE (birth_date[:10] AS birth_date) FROM ({rows})"
        connection.execute(f"INSERT INTO {table} BY NAME {rows}")
        count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        print(f"{table}: {count} rows", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
