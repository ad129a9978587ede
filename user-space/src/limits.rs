//! How much users may keep. Nothing here is enforced; the modules that enforce read it.

/// Limits of each user's tables, and of all uploads together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceLimits {
    /// Bytes of one user's tables on disk, compressed.
    pub user_bytes: u64,
    /// Tables of one user.
    pub user_tables: usize,
    /// Columns of a table, with the fields of nested ones counted.
    pub columns: usize,
    /// Bytes of a column's name.
    pub column_name_bytes: usize,
    /// Bytes of all that is said about a table's columns: names, types, units, descriptions.
    pub columns_bytes: usize,
    /// Files of a table; every append adds one.
    pub files_per_table: usize,
    /// Groups that one user may make.
    pub user_groups: usize,
    /// People in a group.
    pub group_members: usize,
    /// Tables being written at once, of all users together.
    pub uploads: usize,
    /// Bytes that a table being written holds in memory before they go to disk.
    pub write_buffer_bytes: usize,
}

impl Default for SpaceLimits {
    fn default() -> Self {
        Self {
            user_bytes: 20 << 30,
            user_tables: 1_000,
            columns: 2_000,
            column_name_bytes: 128,
            columns_bytes: 1 << 20,
            files_per_table: 256,
            user_groups: 100,
            group_members: 1_000,
            uploads: 16,
            write_buffer_bytes: 64 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_guide_lists_every_limit_with_its_default() {
        let guide = include_str!("../../docs/OPERATOR_GUIDE.md");
        let SpaceLimits {
            user_bytes,
            user_tables,
            columns,
            column_name_bytes,
            columns_bytes,
            files_per_table,
            user_groups,
            group_members,
            uploads,
            write_buffer_bytes,
        } = SpaceLimits::default();
        for (name, value) in [
            ("user_bytes", user_bytes),
            ("user_tables", user_tables as u64),
            ("columns", columns as u64),
            ("column_name_bytes", column_name_bytes as u64),
            ("columns_bytes", columns_bytes as u64),
            ("files_per_table", files_per_table as u64),
            ("user_groups", user_groups as u64),
            ("group_members", group_members as u64),
            ("uploads", uploads as u64),
            ("write_buffer_bytes", write_buffer_bytes as u64),
        ] {
            let row = format!("| `{name}` | {value} |");
            assert!(guide.contains(&row), "docs/OPERATOR_GUIDE.md lacks a row beginning {row:?}");
        }
    }
}
