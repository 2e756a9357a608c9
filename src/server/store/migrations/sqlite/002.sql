-- What the answer and its tape take, in bytes.
ALTER TABLE answers ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
-- Whether somebody asked for its turn to end, wherever it runs.
ALTER TABLE answers ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0;
-- Who asks, in the words that a model is told, and the hash of the messages up to the question: for whoever takes the turn over.
ALTER TABLE answers ADD COLUMN asker TEXT;
ALTER TABLE answers ADD COLUMN message_key TEXT;
CREATE INDEX sessions_by_time ON sessions (updated_at);
