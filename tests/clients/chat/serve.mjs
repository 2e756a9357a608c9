// `cardinal serve` in a folder of its own, for as long as a test needs it.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const { CARDINAL, METABASE_URL, METABASE_API_KEY, CURATED, PATH } = process.env;

async function firstLine(process) {
  for await (const line of createInterface({ input: process.stdout })) return line;
  throw new Error("the process ended before it said anything");
}

/** A server that lets nobody in without a token. `model` is the address of a model, or null for the keyword planner. */
export async function serve(model = null) {
  const folder = mkdtempSync(join(tmpdir(), "cardinal-clients-"));
  const env = {
    PATH,
    METABASE_URL,
    METABASE_API_KEY,
    CARDINAL_CATALOG_COLLECTIONS: CURATED,
    HOME: folder,
    CARDINAL_DATABASE_URL: `sqlite:${join(folder, "store.sqlite")}`,
    CARDINAL_SERVER_AUTH: "required",
    CARDINAL_SERVER_DRAIN_SECONDS: "1",
    CARDINAL_MODEL: model ? "openai:slow" : "offline",
    OPENAI_BASE_URL: model ?? "http://127.0.0.1:9",
    OPENAI_API_KEY: "sk-none",
  };
  const child = spawn(CARDINAL, ["serve", "--listen", "127.0.0.1:0"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const { url } = JSON.parse(await firstLine(child));
  const made = spawnSync(
    CARDINAL,
    ["token", "create", "--name", "client", "--principal", "ana@example.com", "--json"],
    {
      cwd: folder,
      env,
      encoding: "utf8",
    },
  );
  const { token } = JSON.parse(made.stdout);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    url,
    token,
    headers: { authorization: `Bearer ${token}` },
    /** As a crash ends it. */
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    /** As a deployment ends it: running turns have a second. */
    terminate: () => child.kill("SIGTERM"),
    async close() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A model that speaks slowly; see slow_model.py. */
export async function slowModel() {
  const child = spawn("python3", [fileURLToPath(new URL("slow_model.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const url = await firstLine(child);
  return { url, close: () => child.stdin.end() };
}

/** Waits until `condition` gives something true, and returns it; an error after twenty seconds. */
export async function until(condition, what) {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const found = await condition();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`it did not happen in twenty seconds: ${what}`);
}
