#!/usr/bin/env bash
# Metabase clients that other people wrote, against the sandbox: what they expect of a Metabase is what the sandbox has to
# serve. Installs them from PyPI and npm into a folder of its own.
#
#     tests/clients/run.sh [PROGRAM]
#
# PROGRAM is the built `cardinal` (default: target/debug/cardinal). A client that cannot be installed is skipped with a line
# that says so; a client that is installed and fails makes the run fail.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
program=$(realpath "${1:-$here/../../target/debug/cardinal}")
cd "$here"
folder=$(mktemp -d)
sandbox=
trap '[[ -z $sandbox ]] || kill "$sandbox" 2>/dev/null || true; rm -rf "$folder"' EXIT

skip() { printf 'SKIPPED: %s\n' "$1"; }

if python3 -m venv "$folder/python" >/dev/null 2>&1 &&
  timeout 180 "$folder/python/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt >"$folder/pip.log" 2>&1; then
  export PYTHON_CLIENTS=1
  python=$folder/python/bin/python
else
  skip "the Python clients cannot be installed ($(tail -n 1 "$folder/pip.log" 2>/dev/null || echo 'no python3-venv'))"
  python=python3
fi

cp package.json "$folder/"
if command -v npm >/dev/null && (cd "$folder" && timeout 180 npm install --silent --no-audit --no-fund --ignore-scripts >npm.log 2>&1); then
  export NODE_CLIENTS=$folder/node_modules
else
  skip "the clients from npm cannot be installed ($(tail -n 1 "$folder/npm.log" 2>/dev/null || echo 'no npm'))"
fi

if [[ -z ${PYTHON_CLIENTS:-}${NODE_CLIENTS:-} ]]; then
  exit 0
fi

"$program" sandbox serve --port 0 >"$folder/sandbox.json" 2>"$folder/sandbox.log" </dev/null &
sandbox=$!
for _ in $(seq 300); do
  [[ -s $folder/sandbox.json ]] && break
  kill -0 "$sandbox" 2>/dev/null || { cat "$folder/sandbox.log"; exit 1; }
  sleep 0.1
done
SANDBOX=$folder/sandbox.json CLIENT_FOLDER=$folder "$python" clients.py
