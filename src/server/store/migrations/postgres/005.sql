-- What was said before it began here, as its client told it: questions and answers, as JSON.
ALTER TABLE sessions ADD COLUMN said_before TEXT;
-- What was folded with the dot of a large I apart is folded again.
UPDATE sessions SET folded = NULL WHERE folded LIKE '%i' || chr(775) || '%';
UPDATE answers SET folded = NULL WHERE folded LIKE '%i' || chr(775) || '%';
