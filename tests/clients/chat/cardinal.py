"""`cardinal serve` in a folder of its own, for as long as a test needs it."""

import json
import os
import pathlib
import subprocess
import tempfile


class Cardinal:
    """A server over the sandbox that lets nobody in without a token. `model` is the address of a model, or None for the keyword
    planner; `config` is its configuration file, and `more` are further variables."""

    def __init__(self, model=None, config="version = 1\n", **more):
        self.folder = tempfile.TemporaryDirectory()
        home = self.folder.name
        pathlib.Path(home, "cardinal.toml").write_text(config, encoding="utf-8")
        self.variables = {
            **{name: os.environ[name] for name in ("PATH", "METABASE_URL", "METABASE_API_KEY")},
            "CARDINAL_CATALOG_COLLECTIONS": os.environ["CURATED"],
            "HOME": home,
            "CARDINAL_DATABASE_URL": f"sqlite:{home}/store.sqlite",
            "CARDINAL_SERVER_AUTH": "required",
            "CARDINAL_SERVER_DRAIN_SECONDS": "1",
            "CARDINAL_MODEL": "openai:slow" if model else "offline",
            "OPENAI_BASE_URL": model or "http://127.0.0.1:9",
            "OPENAI_API_KEY": "sk-none",
            **more,
        }
        self.log = open(pathlib.Path(home) / "log", "w+", encoding="utf-8")  # noqa: SIM115: it is closed with the server.
        self.process = subprocess.Popen(
            [os.environ["CARDINAL"], "serve", "--listen", "127.0.0.1:0"],
            env=self.variables,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise RuntimeError(f"the server did not begin: {self.log.read()}")
        self.url = json.loads(line)["url"]
        made = self.run("token", "create", "--name", "client", "--principal", "ana@example.com", "--json")
        self.token = json.loads(made)["token"]

    def run(self, *arguments):
        command = [os.environ["CARDINAL"], *arguments]
        done = subprocess.run(command, env=self.variables, cwd=self.folder.name, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kill(self):
        """As a crash ends it."""
        self.process.kill()
        self.process.wait(30)

    def terminate(self):
        """As a deployment ends it: running turns have a second."""
        self.process.terminate()

    def close(self):
        self.process.kill()
        self.process.wait(30)
        self.process.stdout.close()
        self.log.close()
        self.folder.cleanup()


def slow_model():
    """The process of the slow model, and its address."""
    process = subprocess.Popen(
        ["python3", str(pathlib.Path(__file__).with_name("slow_model.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()
