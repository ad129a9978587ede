//! Who may do what with which table: the one table that the programs ask, and that the tests are made from.
//!
//! What may not be read does not exist for the one who asks: it is in no listing, no plan and no error. How one finds
//! out which role a person has is not known here.

/// What somebody is to an object. Exactly one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nobody in particular: without an account.
    Anonymous,
    /// A person to whom the object is nothing.
    Person,
    /// In a group that a restricted release is open to.
    Member,
    /// In a group that may read what its owner shares.
    Reader,
    /// In a group that may write to what its owner shares.
    Writer,
    /// Whose it is.
    Owner,
}

/// What there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// A table of a release that everybody sees.
    Public,
    /// A table of a release that only named groups see, as during validation.
    Restricted,
    /// A table in user space.
    UserTable,
    /// A user's schema, in which there may be a new table.
    UserSchema,
}

/// What one can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// See it in listings and read its rows.
    Read,
    /// Make a table.
    Create,
    /// Add rows.
    Append,
    /// Put other rows in place of all.
    Replace,
    /// Say what its columns are, and what it is called.
    Describe,
    /// Remove it.
    Drop,
    /// Let groups see it, or write to it.
    Share,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Anonymous, Self::Person, Self::Member, Self::Reader, Self::Writer, Self::Owner];
}

impl Object {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Public, Self::Restricted, Self::UserTable, Self::UserSchema];
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Read, Self::Create, Self::Append, Self::Replace, Self::Describe, Self::Drop, Self::Share];
}

/// Whether a role may do something. Whatever is not said here may not be done.
pub const fn may(role: Role, object: Object, verb: Verb) -> bool {
    match (object, role) {
        (Object::Public, _) => matches!(verb, Verb::Read),
        (Object::Restricted, Role::Member) => matches!(verb, Verb::Read),
        (Object::UserTable, Role::Reader) => matches!(verb, Verb::Read),
        (Object::UserTable, Role::Writer) => matches!(verb, Verb::Read | Verb::Append | Verb::Replace),
        (Object::UserTable, Role::Owner) => !matches!(verb, Verb::Create),
        (Object::UserSchema, Role::Owner) => matches!(verb, Verb::Create),
        (Object::Restricted | Object::UserTable | Object::UserSchema, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cell that is allowed, so that a change of the table is seen as one.
    #[test]
    fn the_whole_table_is_this() {
        let mut allowed = String::new();
        for object in Object::ALL {
            for role in Role::ALL {
                let verbs: Vec<String> = Verb::ALL
                    .into_iter()
                    .filter(|verb| may(role, object, *verb))
                    .map(|verb| format!("{verb:?}").to_lowercase())
                    .collect();
                if !verbs.is_empty() {
                    allowed += &format!("{object:?} {role:?}: {}\n", verbs.join(" "));
                }
            }
        }
        let expected = "Public Anonymous: read\n\
                        Public Person: read\n\
                        Public Member: read\n\
                        Public Reader: read\n\
                        Public Writer: read\n\
                        Public Owner: read\n\
                        Restricted Member: read\n\
                        UserTable Reader: read\n\
                        UserTable Writer: read append replace\n\
                        UserTable Owner: read append replace describe drop share\n\
                        UserSchema Owner: create\n";
        assert_eq!(allowed, expected);
    }
}
