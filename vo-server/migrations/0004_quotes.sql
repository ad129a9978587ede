-- When the running job will probably be done; NULL where nobody can know.
ALTER TABLE jobs ADD COLUMN quote_at BIGINT;
