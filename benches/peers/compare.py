"""Runs every contender over the same stubs, and writes what they took as a table.

    compare.py LOOP CONTENDERS.json OUT.md [--quick] [--readme README.md]

LOOP is the program of `benches/loop`, which serves the stubs and has the bare loop and Cardinal in it. CONTENDERS.json lists the
others: name, version, command. Between its marks, README.md gets the columns that matter most. One after the other they run, each in processes of its own, so that only its own CPU time and
memory are counted. A contender that fails is in the table with what it said last.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

FLOOR = "bare loop"
MARKS = ("<!-- peers: written by benches/peers/run.sh -->", "<!-- end of peers -->")
COLD_STARTS = 5


class Loads:
    def __init__(self, quick):
        self.one_by_one = "20x1x0" if quick else "300x1x0"
        self.together = "50x50x1000" if quick else "1000x1000x1000"
        self.cold = "0x1x0"


def run(command, load, stub):
    """What a contender measured of itself, and how long its process took, in milliseconds."""
    began = time.perf_counter()
    # A contender that hangs has failed; a turn at once takes three seconds at least.
    done = subprocess.run([*command, load, stub], capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    took = (time.perf_counter() - began) * 1000
    if done.returncode != 0:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise RuntimeError(said[-1][:200] if said else f"exit code {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1]), took


def measure(contender, stub, loads):
    command = contender["command"]
    cold = statistics.median(run(command, loads.cold, stub)[1] for _ in range(COLD_STARTS))
    alone, _ = run(command, loads.one_by_one, stub)
    together, _ = run(command, loads.together, stub)
    return {
        "cpu_ms": alone["cpu_ms"],
        "turns_per_second": alone["turns_per_second"],
        "together_cpu_ms": together["cpu_ms"],
        "together_per_second": together["turns_per_second"],
        "peak_mb": together["peak_mb"],
        "cold_ms": cold,
    }


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def by_cost(measured):
    return sorted(measured.items(), key=lambda item: item[1]["cpu_ms"])


def cell(one, floor, key, digits):
    ratio = one[key] / floor[key] if floor[key] else float("nan")
    return f"{one[key]:.{digits}f} ({ratio:.1f}×)"


def short_table(measured):
    floor = measured[FLOOR]
    lines = ["| | CPU ms a turn | MB at 1 000 turns at once | cold start ms |", "|---|---|---|---|"]
    for name, one in by_cost(measured):
        cells = [cell(one, floor, "cpu_ms", 2), cell(one, floor, "peak_mb", 0), cell(one, floor, "cold_ms", 0)]
        lines.append(f"| {name} {one['version'].split(',')[0]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_readme(path, measured):
    text = path.read_text(encoding="utf-8")
    begin, end = (text.index(mark) for mark in MARKS)
    path.write_text(f"{text[: begin + len(MARKS[0])]}\n{short_table(measured)}\n{text[end:]}", encoding="utf-8")


def table(measured, loads, failed):
    floor = measured[FLOOR]
    turns, at_once, delay = loads.together.split("x")
    lines = [
        "# What a turn costs, beside what one would pick instead",
        "",
        f"Written by `benches/peers/run.sh` on {time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores of {processor()}, "
        f"{platform.system()}.",
        "",
        "The same work for all: three streamed completions, two tool calls that ask a Metabase for 200 rows by 8 columns, over the same "
        "stubs of both. Only the process of the contender is counted. Cardinal checks every call, keeps every row, and finds a source "
        "for every figure; taped, it also writes each exchange to disk before it goes on. None of the others does. "
        "The ratios, in brackets, are to the bare loop, which does the same HTTP and nothing else.",
        "",
        f"- *one by one*: {loads.one_by_one.split('x')[0]} turns, each after the other, and the model answers at once.",
        f"- *at once*: {turns} turns, {at_once} of them at once, and each completion takes {int(delay) / 1000:g} s, so that a turn "
        "takes three seconds at least.",
        f"- *cold start*: from the start of the process to its first answer, the median of {COLD_STARTS}.",
        "",
        "| | version | CPU ms a turn | turns/s one by one | CPU ms a turn at once | turns/s at once | peak MB at once | cold start ms |",
        "|---|---|---|---|---|---|---|---|",
    ]

    for name, one in by_cost(measured):
        cells = [
            cell(one, floor, "cpu_ms", 2),
            cell(one, floor, "turns_per_second", 0),
            cell(one, floor, "together_cpu_ms", 2),
            cell(one, floor, "together_per_second", 0),
            cell(one, floor, "peak_mb", 0),
            cell(one, floor, "cold_ms", 0),
        ]
        lines.append(f"| {name} | {one['version']} | " + " | ".join(cells) + " |")
    for name, why in failed.items():
        lines.append(f"| {name} | failed: {why.replace('|', '/')} | | | | | | |")
    return "\n".join(lines) + "\n"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("loop")
    arguments.add_argument("contenders", type=pathlib.Path)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--readme", type=pathlib.Path)
    asked = arguments.parse_args()
    loads = Loads(asked.quick)
    contenders = json.loads(asked.contenders.read_text(encoding="utf-8"))
    stubs = subprocess.Popen([asked.loop, "stub"], stdout=subprocess.PIPE, text=True)
    measured, failed = {}, {}
    try:
        stub = stubs.stdout.readline().strip()
        for contender in contenders:
            name = contender["name"]
            print(f"{name} {contender['version']} …", file=sys.stderr, flush=True)
            try:
                measured[name] = {**measure(contender, stub, loads), "version": contender["version"]}
                print(f"  {json.dumps(measured[name])}", file=sys.stderr, flush=True)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                failed[name] = str(error)
                print(f"  failed: {error}", file=sys.stderr, flush=True)
    finally:
        stubs.kill()
        stubs.wait()
    text = table(measured, loads, failed)
    asked.out.write_text(text, encoding="utf-8")
    if asked.readme and not failed:
        write_readme(asked.readme, measured)
    print(text)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
