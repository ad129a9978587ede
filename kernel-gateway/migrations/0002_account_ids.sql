-- What an account is known by elsewhere. Unlike its name it is never given to anybody else: homes are named after it.
ALTER TABLE accounts ADD COLUMN id TEXT;
UPDATE accounts SET id = lower(hex(randomblob(10)));
CREATE UNIQUE INDEX accounts_by_id ON accounts (id);
