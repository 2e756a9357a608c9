"""Runs turns of one contender, and measures what they took.

A contender is a program `CONTENDER.py LOAD STUB`: LOAD is TURNSxAT_ONCExDELAY_MS, STUB the line that the stubs announce
themselves with. It prints one line of JSON. Before the clock runs there is one turn, for what is made once in a process.
"""

import asyncio
import json
import resource
import sys
import time

import httpx

INSTRUCTIONS = "Answer questions with the card."
EXPECTED = "complete as far as it was asked for."


def question(number):
    # Two queries a turn, each from another number on.
    return f"Which order lines come after line {number * 2 % 19_000}?"


class Stub:
    """Where the stubs are, and the tool that asks the one of Metabase."""

    def __init__(self, announced, delay_ms, at_once):
        self.model = f"{announced['model']}/wait/{delay_ms}/v1"
        self.metabase, self.key, self.card = announced["metabase"], announced["key"], announced["card"]
        limits = httpx.Limits(max_connections=at_once + 10, max_keepalive_connections=at_once + 10)
        self.client = httpx.AsyncClient(limits=limits, timeout=600)
        self.calls = 0

    async def run_card(self, card_id, parameters):
        """The rows of the card as lines of text."""
        parameter = {"type": "number/=", "target": ["variable", ["template-tag", "from"]], "value": parameters["From"]}
        answer = await self.client.post(
            f"{self.metabase}/api/card/{card_id}/query",
            headers={"x-api-key": self.key},
            json={"parameters": [parameter]},
        )
        answer.raise_for_status()
        self.calls += 1
        return "".join("\t".join(map(str, row)) + "\n" for row in answer.json()["data"]["rows"])


def peak_mb():
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(contender):
    """`contender(stub)` gives a coroutine function that answers a question with a text."""
    turns, at_once, delay = map(int, sys.argv[1].split("x"))
    stub = Stub(json.loads(sys.argv[2]), delay, at_once)
    asyncio.run(measure(stub, contender(stub), turns, at_once))


async def measure(stub, ask, turns, at_once):
    async def turn(number):
        text = await ask(question(number))
        if EXPECTED not in text:
            raise RuntimeError(f"turn {number} was answered with {text!r}")

    await turn(9_000)
    places = asyncio.Semaphore(at_once)

    async def in_place(number):
        async with places:
            await turn(number)

    began, used = time.perf_counter(), cpu()
    await asyncio.gather(*(in_place(number) for number in range(turns)))
    seconds, used = time.perf_counter() - began, cpu() - used
    if stub.calls != 2 * (turns + 1):
        raise RuntimeError(f"the card was asked {stub.calls} times in {turns + 1} turns")
    measured = {"cpu_ms": used * 1000 / turns, "turns_per_second": turns / seconds} if turns else {}
    print(json.dumps({**measured, "peak_mb": peak_mb()}))
