#!/usr/bin/env bash
# Makes the committed artifacts and the expected figures anew: exports the demo's tables, builds the project with dbt and
# DuckDB, asks MetricFlow, and distils what came of it. The sandbox itself needs nothing of this.
#
#     crates/dbt_sandbox/project/build.sh [PROGRAM]
#
# PROGRAM is the built `cardinal` (default: target/debug/cardinal). VENV names the folder of the Python environment, which
# is made when it is not there (Python 3.10 to 3.12).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(realpath "${1:-$here/../../../target/debug/cardinal}")
venv=${VENV:-$here/target/venv}
cd "$here"
mkdir -p target
if [[ ! -x $venv/bin/dbt ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet -r requirements.txt
fi
export PATH=$venv/bin:$PATH DBT_PROFILES_DIR=$here DBT_PROJECT_DIR=$here DO_NOT_TRACK=1
export SHOP_DUCKDB=$here/target/cardinal.duckdb

rm -f "$SHOP_DUCKDB"
python tools/export.py "$program" target/csv
python tools/load.py target/csv "$SHOP_DUCKDB"

# A whole build, as the last good night made it.
dbt build --quiet
mkdir -p target/kept
cp target/run_results.json target/kept/run_results.json
# Against today's clock all sources are stale; the clock of the demo is put in when the file is distilled.
dbt source freshness --quiet || true
cp target/sources.json target/kept/sources.json
dbt docs generate --quiet
cp target/manifest.json target/catalog.json target/kept/
cp target/run_results.json target/kept/run_results_docs.json
dbt parse --quiet
cp target/semantic_manifest.json target/kept/

# What MetricFlow answers.
python tools/golden.py golden/questions.json golden/answers.json

# The same for kinds of metrics that the project has none of, in a copy of it: they are no part of what is served.
rm -rf target/more
mkdir target/more
cp -r dbt_project.yml profiles.yml macros models seeds snapshots tests tools golden target/more/
cp golden/more.yml target/more/models/metrics/
(
  cd target/more
  export DBT_PROFILES_DIR=$PWD DBT_PROJECT_DIR=$PWD
  dbt parse --quiet
  python tools/golden.py golden/more_questions.json "$here/golden/more_answers.json"
  python -c 'import json; print(json.dumps(json.load(open("target/semantic_manifest.json")), separators=(",", ":"), sort_keys=True))' \
    >"$here/golden/more_semantic_manifest.json"
)

# The last night: the reviews could not be built, so what rests on them was skipped.
dbt build --quiet --vars '{reviews_table: stg_reviews_copy}' || true
cp target/run_results.json target/kept/run_results_failed.json

python tools/distill.py target/kept artifacts
