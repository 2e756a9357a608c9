-- Times are milliseconds since 1970. Every whole number is a BIGINT.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    title TEXT NOT NULL,
    -- Whether a person named it, so that the first question does not.
    named BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- For one that began with "edit and ask again": the answer it goes on from, in another session.
    base TEXT
);
CREATE INDEX sessions_of ON sessions (principal, updated_at DESC, id);
CREATE INDEX sessions_by_time ON sessions (updated_at);

CREATE TABLE answers (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    principal TEXT NOT NULL,
    turn BIGINT NOT NULL,
    question TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    -- The answer, its tables, charts and follow-ups, as JSON.
    content TEXT,
    outcome TEXT,
    stop_reason TEXT,
    total_ms BIGINT,
    cost_usd DOUBLE PRECISION,
    input_tokens BIGINT,
    output_tokens BIGINT,
    rating TEXT,
    comment TEXT,
    rated_at BIGINT,
    error_code TEXT,
    error_detail TEXT,
    idempotency_key TEXT,
    -- Whether its tape is in the table of tapes.
    taped BIGINT NOT NULL DEFAULT 0,
    -- Which process runs it, and until when it has said so, by the database's clock.
    owner TEXT,
    lease_until BIGINT,
    -- What the answer and its tape take, in bytes.
    bytes BIGINT NOT NULL DEFAULT 0,
    -- Whether somebody asked for its turn to end, wherever it runs.
    stopped BIGINT NOT NULL DEFAULT 0,
    -- Who asks, in the words that a model is told, and the hash of the messages up to the question: for whoever takes the
    -- turn over.
    asker TEXT,
    message_key TEXT
);
CREATE UNIQUE INDEX answers_of ON answers (session, turn);
CREATE UNIQUE INDEX answers_once ON answers (principal, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX answers_running ON answers (owner, status) WHERE status IN ('queued', 'running');
CREATE INDEX answers_by_time ON answers (created_at);

-- What stands before an answer on wires where the client sends all messages, as a hash.
CREATE TABLE message_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    answer TEXT NOT NULL REFERENCES answers (id) ON DELETE CASCADE,
    PRIMARY KEY (principal, key)
);
CREATE INDEX message_keys_of ON message_keys (answer);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    principal TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

-- Tapes, in parts of whole lines: `at` is where a part begins, in bytes.
CREATE TABLE tape_parts (
    answer TEXT NOT NULL REFERENCES answers (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (answer, at)
);

-- Prompts and catalogs that tapes share, by the name of their file.
CREATE TABLE tape_texts (
    name TEXT PRIMARY KEY,
    bytes BYTEA NOT NULL,
    -- When a tape last needed it.
    kept_at BIGINT NOT NULL
);
