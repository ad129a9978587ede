-- Who may sign in, who is signed in, and the key that says so to the other programs.
-- Times are seconds since 1970 UTC. Secrets of the browser are kept as SHA-256 only.

CREATE TABLE installation (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    id         TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE signing_keys (
    kid        TEXT PRIMARY KEY,
    pem        TEXT NOT NULL,
    public_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- An account without a password signs in by one-time links only.
CREATE TABLE accounts (
    name          TEXT PRIMARY KEY,
    password_hash TEXT,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE logins (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX logins_by_account ON logins (account);

CREATE TABLE links (
    code_hash  TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;
