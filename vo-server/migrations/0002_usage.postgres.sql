-- Who uses the services. The newest requests one by one, and how many there were on each day (UTC).
CREATE TABLE usage_requests (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked_at BIGINT NOT NULL,
    entrance TEXT NOT NULL,
    client TEXT NOT NULL,
    version TEXT NOT NULL,
    complexity TEXT NOT NULL,
    outcome TEXT NOT NULL,
    elapsed_ms BIGINT NOT NULL
);
CREATE TABLE usage_days (
    -- Days since 1970.
    day BIGINT NOT NULL,
    entrance TEXT NOT NULL,
    client TEXT NOT NULL,
    version TEXT NOT NULL,
    complexity TEXT NOT NULL,
    queries BIGINT NOT NULL,
    PRIMARY KEY (day, entrance, client, version, complexity)
);
