-- People for whom another identity provider vouches. A person is the pair of provider and subject (OpenID Connect Core
-- section 2); names may be given to somebody else there.
CREATE TABLE vouched (
    issuer  TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
) STRICT;
