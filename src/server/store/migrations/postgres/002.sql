-- The trace that its turn is part of, for whoever takes the turn over.
ALTER TABLE answers ADD COLUMN trace TEXT;
