#!/usr/bin/env bash
# Drives the page in headless Chromium, against the mock and against the server of the program that CARDINAL names. What it
# needs beyond Node (playwright-core without a browser, axe-core, prettier) goes into a folder of its own, which is removed
# again; PAGE_MODULES names one that has it already.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

skip() {
  echo "skipped: the page was not tested, because $1"
  exit 0
}

command -v node >/dev/null || skip "there is no node"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || skip "node is older than 20"
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [[ -z $chromium && ${CI:-} == true ]]; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation; } >/dev/null 2>&1 || true
  chromium=$(command -v chromium || true)
fi
[[ -n $chromium ]] || skip "there is no chromium"

modules=${PAGE_MODULES:-}
if [[ -z $modules ]]; then
  modules=$(mktemp -d)
  trap 'rm -rf "$modules"' EXIT
  (cd "$modules" && npm install --silent --no-audit --no-fund --no-save playwright-core@1 axe-core@4 prettier@3 >/dev/null 2>&1) || skip "npm could not install playwright-core, axe-core and prettier"
fi
cd "$here/../.."
"$modules/node_modules/.bin/prettier" --log-level warn --check 'src/server/page/*.{js,css,html}' 'tests/page/*.mjs' 'tests/clients/chat/*.mjs'
export PAGE_MODULES=$modules CHROMIUM=$chromium
node --test --test-concurrency=2 --test-reporter="${REPORTER:-spec}" "$here"/*.test.mjs
