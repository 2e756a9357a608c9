"""Makes artifacts that can be committed: distill.py FROM TO

Takes out what only this machine or this hour put in (paths, moments, ids of invocations, times that things took) and what
nobody reads: the macros and texts of dbt itself, which are most of a manifest. Nothing else is changed. Moments become
those of the nights that the sandbox's account tells of."""

import datetime
import json
import pathlib
import sys

GOOD_NIGHT = datetime.datetime(2026, 6, 30, 2, 1, 0)
LAST_NIGHT = datetime.datetime(2026, 7, 1, 2, 1, 0)
PROJECT = "shop"


def main(source: str, target: str) -> None:
    here, there = pathlib.Path(source), pathlib.Path(target)
    there.mkdir(exist_ok=True)
    for name, distill, night in (
        ("manifest.json", manifest, LAST_NIGHT),
        ("catalog.json", catalog, LAST_NIGHT),
        ("run_results.json", run_results, GOOD_NIGHT),
        ("run_results_failed.json", run_results, LAST_NIGHT),
        ("run_results_docs.json", run_results, GOOD_NIGHT),
        ("sources.json", sources, LAST_NIGHT),
        ("semantic_manifest.json", lambda artifact, night: None, LAST_NIGHT),
    ):
        artifact = json.loads((here / name).read_text())
        if "metadata" in artifact:
            metadata(artifact["metadata"], night)
        distill(artifact, night)
        text = json.dumps(artifact, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        for path in (str(pathlib.Path.cwd()), str(pathlib.Path.home()) + "/"):
            assert path not in text, f"{name} names {path}"
        (there / name).write_text(text + "\n")
        print(f"{name}: {len(text)} bytes", file=sys.stderr)


def metadata(of: dict, night: datetime.datetime) -> None:
    of["generated_at"] = moment(night, 300)
    of["invocation_started_at"] = moment(night, 0)
    of["invocation_id"] = "00000000-0000-4000-8000-000000000000"
    for name in ("user_id", "env"):
        if name in of:
            of[name] = {} if name == "env" else None
    if "send_anonymous_usage_stats" in of:
        of["send_anonymous_usage_stats"] = False


def manifest(of: dict, night: datetime.datetime) -> None:
    of["macros"] = {key: macro for key, macro in of["macros"].items() if macro["package_name"] == PROJECT}
    of["docs"] = {key: doc for key, doc in of["docs"].items() if doc["package_name"] == PROJECT}
    for kind in ("nodes", "sources", "exposures", "metrics", "saved_queries", "semantic_models", "macros"):
        for node in of[kind].values():
            if "created_at" in node:
                node["created_at"] = night.replace(tzinfo=datetime.timezone.utc).timestamp()
            for name in ("root_path", "build_path", "compiled_path"):
                if name in node:
                    node[name] = None


def catalog(of: dict, night: datetime.datetime) -> None:
    pass


def run_results(of: dict, night: datetime.datetime) -> None:
    of["args"] = {name: value for name, value in of["args"].items() if name in ("which", "vars", "select", "exclude")}
    at = 0.0
    for position, row in enumerate(of["results"]):
        row["thread_id"] = "Thread-1"
        row["execution_time"] = 0.1 * (1 + position % 7) if row["timing"] else 0.0
        for timing in row["timing"]:
            timing["started_at"] = moment(night, at)
            timing["completed_at"] = moment(night, at + row["execution_time"])
        at += row["execution_time"]
        if row.get("message"):
            row["message"] = "\n".join(line for line in row["message"].split("\n") if "compiled code at" not in line)
    of["elapsed_time"] = at


def sources(of: dict, night: datetime.datetime) -> None:
    for row in of["results"]:
        loaded = datetime.datetime.fromisoformat(row["max_loaded_at"]).replace(tzinfo=None)
        row["snapshotted_at"] = moment(night, 0)
        row["max_loaded_at_time_ago_in_s"] = (night - loaded).total_seconds()
        row["thread_id"], row["execution_time"] = "Thread-1", 0.1
        for timing in row["timing"]:
            timing["started_at"], timing["completed_at"] = moment(night, 0), moment(night, 0.1)
        row["status"] = "pass"
        for status, criterion in (("warn", "warn_after"), ("error", "error_after")):
            limit = row["criteria"].get(criterion) or {}
            if limit.get("count") and row["max_loaded_at_time_ago_in_s"] > seconds(limit):
                row["status"] = status


def seconds(limit: dict) -> int:
    return limit["count"] * {"minute": 60, "hour": 3600, "day": 86400}[limit["period"]]


def moment(night: datetime.datetime, after: float) -> str:
    return (night + datetime.timedelta(seconds=after)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


if __name__ == "__main__":
    main(*sys.argv[1:])
