-- Secrets that the server makes for itself, the same for all that share these tables, in hexadecimal digits.
CREATE TABLE keys (
    name TEXT PRIMARY KEY,
    secret TEXT NOT NULL
);
