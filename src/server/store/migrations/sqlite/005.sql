-- Title and question as they are looked for. What was stored before is folded when the store is opened.
ALTER TABLE sessions ADD COLUMN folded TEXT;
ALTER TABLE answers ADD COLUMN folded TEXT;
CREATE INDEX sessions_unfolded ON sessions (id) WHERE folded IS NULL;
CREATE INDEX answers_unfolded ON answers (id) WHERE folded IS NULL;
-- So that how much there is can be summed without reading it.
CREATE INDEX answers_bytes ON answers (bytes);
