-- Users' tables. A table exists when its row does; files that no row names are left over. Times are seconds since 1970 UTC.
CREATE TABLE user_tables (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    -- An Arrow schema as a message of Arrow IPC.
    columns BYTEA NOT NULL,
    row_count BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (owner, name)
);

CREATE TABLE user_files (
    -- Also the name of the file.
    id TEXT PRIMARY KEY,
    table_id TEXT NOT NULL REFERENCES user_tables (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    UNIQUE (table_id, place)
);

-- One row. Every change adds one, in its own transaction, and so waits for every other change.
CREATE TABLE epochs (
    id BIGINT PRIMARY KEY,
    epoch BIGINT NOT NULL
);
INSERT INTO epochs (id, epoch) VALUES (1, 1);
