#!/usr/bin/env bash
# Chat clients that other people wrote, in conversations with `cardinal serve` over the sandbox: OpenAI's own clients for Python
# and JavaScript, `useChat` of the AI SDK in three majors, and the requests of Open WebUI and LibreChat; and the OpenAPI document
# before a validator. Installs them from PyPI and npm, at the versions that are written down here, into a folder of its own.
#
#     tests/clients/chat/run.sh [PROGRAM]
#
# PROGRAM is the built `cardinal` (default: target/debug/cardinal). Clients that cannot be installed are skipped with a line that
# says so. CHAT_PYTHON and CHAT_MODULES name an interpreter and a folder `node_modules` that have them already.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CARDINAL=$(realpath "${1:-$here/../../../target/debug/cardinal}")
cd "$here"
folder=$(mktemp -d)
sandbox=
trap '[[ -z $sandbox ]] || kill "$sandbox" 2>/dev/null || true; rm -rf "$folder"' EXIT

skip() { printf 'SKIPPED: %s\n' "$1"; }

python=${CHAT_PYTHON:-}
if [[ -z $python ]]; then
  if python3 -m venv "$folder/python" >/dev/null 2>&1 &&
    timeout 300 "$folder/python/bin/pip" install --quiet --disable-pip-version-check --no-deps -r requirements.txt >"$folder/pip.log" 2>&1; then
    python=$folder/python/bin/python
  else
    skip "OpenAI's client for Python cannot be installed ($(tail -n 1 "$folder/pip.log" 2>/dev/null || echo 'no python3-venv'))"
  fi
fi

# The tests run beside the modules, which is where Node looks for them.
cp -- *.mjs *.py package.json package-lock.json "$folder/"
node=
if ! command -v node >/dev/null || ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
  skip "the clients from npm need node 20 or newer"
elif [[ -n ${CHAT_MODULES:-} ]]; then
  ln -s "$(realpath "$CHAT_MODULES")" "$folder/node_modules" && node=1
elif (cd "$folder" && timeout 300 npm ci --silent --no-audit --no-fund --ignore-scripts >npm.log 2>&1); then
  node=1
else
  skip "the clients from npm cannot be installed ($(tail -n 1 "$folder/npm.log" 2>/dev/null || echo 'no npm'))"
fi

[[ -n $python$node ]] || exit 0

"$CARDINAL" sandbox serve --port 0 >"$folder/sandbox.json" 2>"$folder/sandbox.log" </dev/null &
sandbox=$!
for _ in $(seq 300); do
  [[ -s $folder/sandbox.json ]] && break
  kill -0 "$sandbox" 2>/dev/null || { cat "$folder/sandbox.log"; exit 1; }
  sleep 0.1
done
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$folder/sandbox.json" "$1"; }
METABASE_URL=$(field url) METABASE_API_KEY=$(field api_key) CURATED=$(field curated_collection_id)
export CARDINAL METABASE_URL METABASE_API_KEY CURATED

failed=0
cd "$folder"
if [[ -n $python ]]; then
  timeout 300 "$python" -W error::ResourceWarning -m unittest -v openai_test front_ends_test openapi_test || failed=1
fi
if [[ -n $node ]]; then
  timeout 300 node --test --test-timeout=60000 --test-concurrency=2 --test-reporter="${REPORTER:-spec}" openai.test.mjs use_chat.test.mjs || failed=1
fi
exit "$failed"
