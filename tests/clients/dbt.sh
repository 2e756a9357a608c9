#!/usr/bin/env bash
# dbt-mcp against the sandbox of dbt: what it expects of dbt's three APIs is what the sandbox has to serve, and Cardinal has to ask for
# the same things in the same way. Installs it from PyPI into a folder of its own.
#
#     tests/clients/dbt.sh [PROGRAM]
#
# PROGRAM is the built `cardinal` (default: target/debug/cardinal). It is skipped, with a line that says so, where dbt-mcp
# cannot be installed: it needs Python 3.12 or 3.13, on the path or from pyenv. DBT_MCP_VENV names an environment that has it already.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
program=$(realpath "${1:-$here/../../target/debug/cardinal}")
cd "$here"
folder=$(mktemp -d)
sandbox=
trap '[[ -z $sandbox ]] || kill "$sandbox" 2>/dev/null || true; rm -rf "$folder"' EXIT

skip() {
  printf 'SKIPPED: %s\n' "$1"
  exit 0
}

command -v openssl >/dev/null || skip "dbt-mcp needs a certificate, and there is no openssl"
venv=${DBT_MCP_VENV:-$folder/python}
if [[ ! -x $venv/bin/dbt-mcp ]]; then
  interpreter=
  # Versions that pyenv has are not on the path unless somebody chose them.
  for candidate in python3.13 python3.12 python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[23].*/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' >/dev/null 2>&1; then
      interpreter=$candidate
      break
    fi
  done
  [[ -n $interpreter ]] || skip "dbt-mcp needs Python 3.12 or 3.13"
  "$interpreter" -m venv "$venv" >/dev/null 2>&1 || skip "dbt-mcp needs Python's venv"
  timeout 600 "$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements-dbt.txt >"$folder/pip.log" 2>&1 ||
    skip "dbt-mcp cannot be installed ($(tail -n 1 "$folder/pip.log"))"
fi

"$program" sandbox serve --port 0 --dbt >"$folder/sandbox.json" 2>"$folder/sandbox.log" </dev/null &
sandbox=$!
for _ in $(seq 300); do
  [[ -s $folder/sandbox.json ]] && break
  kill -0 "$sandbox" 2>/dev/null || { cat "$folder/sandbox.log"; exit 1; }
  sleep 0.1
done
DBT_SANDBOX=$folder/sandbox.json CLIENT_FOLDER=$folder CARDINAL=$program "$venv/bin/python" dbt.py
