-- Times are milliseconds since 1970.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    title TEXT NOT NULL,
    -- Whether a person named it, so that the first question does not.
    named INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- For one that began with "edit and ask again": the answer it goes on from, in another session.
    base TEXT
) STRICT;
CREATE INDEX sessions_of ON sessions (principal, updated_at DESC, id);

CREATE TABLE answers (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    principal TEXT NOT NULL,
    turn INTEGER NOT NULL,
    question TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    -- The answer, its tables, charts and follow-ups, as JSON.
    content TEXT,
    outcome TEXT,
    stop_reason TEXT,
    total_ms INTEGER,
    cost_usd REAL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    rating TEXT,
    comment TEXT,
    rated_at INTEGER,
    error_code TEXT,
    error_detail TEXT,
    idempotency_key TEXT,
    -- Whether its tape lies in the folder of tapes.
    taped INTEGER NOT NULL DEFAULT 0,
    -- Which process runs it, and until when it has said so.
    owner TEXT,
    lease_until INTEGER
) STRICT;
CREATE UNIQUE INDEX answers_of ON answers (session, turn);
CREATE UNIQUE INDEX answers_once ON answers (principal, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX answers_running ON answers (status) WHERE status IN ('queued', 'running');
CREATE INDEX answers_by_time ON answers (created_at);

-- What stands before an answer on wires where the client sends all messages, as a hash.
CREATE TABLE message_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    answer TEXT NOT NULL REFERENCES answers (id) ON DELETE CASCADE,
    PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_keys_of ON message_keys (answer);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    principal TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;
