-- Servers that share these tables. Each says again and again that it is there, and runs the jobs that bear its name.
CREATE TABLE servers (
    id TEXT PRIMARY KEY,
    seen_at BIGINT NOT NULL
);
-- The server at which a job is queued or runs.
ALTER TABLE jobs ADD COLUMN server TEXT NOT NULL DEFAULT '';

-- Those who queue jobs of one owner wait for each other at its row, so that their number stays within the limit.
CREATE TABLE job_owners (
    owner TEXT PRIMARY KEY,
    queued BIGINT NOT NULL
);
