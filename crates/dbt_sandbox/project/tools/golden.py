"""Asks MetricFlow the questions of a file, and writes down its answers: golden.py QUESTIONS ANSWERS

Each question goes through `mf query --csv`, in this process, so that the engine's start is paid for once."""

import csv
import json
import pathlib
import sys
import tempfile

from click.testing import CliRunner
from dbt_metricflow.cli.main import cli

def main(questions: str, answers: str) -> None:
    answered = []
    for question in json.loads(pathlib.Path(questions).read_text()):
        rows = ask(question)
        # Without an order, the engine gives them in any.
        ordered = rows[1:] if "order_by" in question else sorted(rows[1:])
        answered.append({"question": question, "columns": rows[0], "rows": ordered})
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in answered)
    pathlib.Path(answers).write_text(f"[\n{lines}\n]\n")


def ask(question: dict) -> list[list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder, "answer.csv")
        arguments = ["query", "--csv", str(target)]
        for flag, name in (("--metrics", "metrics"), ("--group-by", "group_by"), ("--order", "order_by")):
            if name in question:
                arguments += [flag, ",".join(question[name])]
        if "saved_query" in question:
            arguments += ["--saved-query", question["saved_query"]]
        for where in question.get("where", []):
            arguments += ["--where", where]
        if "limit" in question:
            arguments += ["--limit", str(question["limit"])]
        result = CliRunner().invoke(cli, arguments)
        if result.exit_code != 0 or not target.exists():
            raise SystemExit(f"{question}: {result.output}")
        with target.open(newline="") as file:
            return list(csv.reader(file))


if __name__ == "__main__":
    main(*sys.argv[1:])
