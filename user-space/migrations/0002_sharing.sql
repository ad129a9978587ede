-- Groups of people, and the tables that are shared with them.
CREATE TABLE user_groups (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    UNIQUE (owner, title)
);

CREATE TABLE user_group_members (
    group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
    member TEXT NOT NULL,
    PRIMARY KEY (group_id, member)
);
CREATE INDEX user_group_members_by_member ON user_group_members (member);

CREATE TABLE user_shares (
    id TEXT PRIMARY KEY,
    table_id TEXT NOT NULL REFERENCES user_tables (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
    description TEXT NOT NULL,
    -- 1 if members may append to the table and replace it, 0 if they may read it.
    may_write BIGINT NOT NULL,
    UNIQUE (table_id, group_id)
);
