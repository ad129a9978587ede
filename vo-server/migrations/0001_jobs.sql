-- Jobs (UWS 1.1 section 2) and logins. Times are seconds since 1970 UTC; owner '' is nobody in particular.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    run_id TEXT NOT NULL,
    phase TEXT NOT NULL,
    -- JSON: [[name, value], ...] as they were sent
    parameters TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    destruction_at BIGINT NOT NULL,
    execution_seconds BIGINT NOT NULL,
    -- Goes up with every start of the job; only the newest run may end it.
    run BIGINT NOT NULL,
    -- The reason of a failure, in words.
    message TEXT,
    -- The result, once there is one.
    media_type TEXT,
    extension TEXT,
    bytes BIGINT,
    row_count BIGINT
);
CREATE INDEX jobs_by_owner ON jobs (owner, created_at);
CREATE INDEX jobs_by_destruction ON jobs (destruction_at);
CREATE INDEX jobs_by_phase ON jobs (phase);

CREATE TABLE logins (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
