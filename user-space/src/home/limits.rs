//! How much may be put into homes. Nothing here is enforced; the modules that enforce read it.

use std::time::Duration;

/// Limits of each home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HomeLimits {
    /// Bytes that a home may have after something was put into it; the lab itself is not held to it.
    pub home_bytes: u64,
    /// How long a count of them is trusted. Nothing is refused before they are counted again.
    pub counted_for: Duration,
    /// Files and containers that are copied at once.
    pub copied_entries: u64,
    /// Bytes of all properties of one file or container, with their names. Common file systems keep a block of it.
    pub property_bytes: usize,
}

impl Default for HomeLimits {
    fn default() -> Self {
        Self {
            home_bytes: 20 << 30,
            counted_for: Duration::from_secs(60),
            copied_entries: 100_000,
            property_bytes: 3_072,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_guide_lists_every_limit_with_its_default() {
        let guide = include_str!("../../../docs/OPERATOR_GUIDE.md");
        let HomeLimits { home_bytes, counted_for, copied_entries, property_bytes } = HomeLimits::default();
        for (name, value) in [
            ("home_bytes", home_bytes),
            ("counted_for", counted_for.as_secs()),
            ("copied_entries", copied_entries),
            ("property_bytes", property_bytes as u64),
        ] {
            let row = format!("| `{name}` | {value} |");
            assert!(guide.contains(&row), "docs/OPERATOR_GUIDE.md lacks a row beginning {row:?}");
        }
    }
}
