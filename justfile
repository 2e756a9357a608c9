# List the recipes.
default:
    @just --list

# Everything a change must pass, fastest first.
check: fmt-check lint doc test

# Format.
fmt:
    cargo fmt --all

# Whether everything is formatted.
fmt-check:
    cargo fmt --all --check

# Lints, warnings are errors.
lint:
    cargo clippy --all-targets -- -D warnings

# The API's documentation, warnings are errors.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# All tests, or those whose name contains FILTER.
test *FILTER:
    cargo test {{ FILTER }}

# Licences, sources and duplicates of the dependencies.
deny:
    cargo deny check bans licenses sources

# What continuous integration runs.
ci:
    bash .ci/run

# Ask the sandbox a question.
ask QUESTION:
    cargo run --quiet -- ask {{ quote(QUESTION) }}

# Serve the sandbox on a free port.
sandbox:
    cargo run --quiet -- sandbox serve --port 0
