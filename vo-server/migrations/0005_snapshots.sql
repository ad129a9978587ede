-- What the files of a release were, and since when this installation serves them. The first one of a release was always
-- there: its since is 0.
CREATE TABLE snapshots (
    release TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    since BIGINT NOT NULL
);
