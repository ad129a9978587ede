//! Identifiers of sources as clients write them: numbers, or designations such as `Gaia DR3 4657280635327480832`.

use crate::refusal::Refusal;

/// Every identifier in a list between commas, in its order, each once.
pub(super) fn read<'a>(lists: impl Iterator<Item = &'a str>) -> Result<Vec<i64>, Refusal> {
    let mut ids = Vec::new();
    for text in lists.flat_map(|list| list.split(',')).map(str::trim).filter(|text| !text.is_empty()) {
        ids.push(one(text)?);
    }
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    if ids.is_empty() {
        return Err(Refusal::Missing { name: "ID" });
    }
    Ok(ids)
}

fn one(text: &str) -> Result<i64, Refusal> {
    // Blanks may have become plus signs on the way.
    let number = text.rsplit([' ', '+', '\t']).next().unwrap_or_default();
    let designation = text.len() == number.len() || text.to_ascii_lowercase().starts_with("gaia");
    number.parse().ok().filter(|_| designation).ok_or_else(|| Refusal::Value {
        name: "ID",
        value: text.chars().take(80).collect(),
        hint: "it is a source_id, or a designation such as Gaia DR3 4657280635327480832".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_designations_are_read_once_each() {
        let ids = read(["7, Gaia DR3 8", "7", "gaia+dr3+9"].into_iter()).expect("identifiers");
        assert_eq!(ids, [7, 8, 9]);
        for wrong in ["x", "Gaia DR3", "1-9", "7.0", "TYC 8"] {
            assert!(read([wrong].into_iter()).is_err(), "{wrong}");
        }
    }
}
