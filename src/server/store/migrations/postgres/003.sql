-- Whether its turn ends when its client hangs up, for whoever takes the turn over.
ALTER TABLE answers ADD COLUMN ends_with_client BIGINT NOT NULL DEFAULT 0;
-- Whether what it rests on was deleted: then its tape is not kept.
ALTER TABLE answers ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sessions_by_base ON sessions (base) WHERE base IS NOT NULL;
