//! Identifiers of sources as clients write them: numbers, or designations such as `Gaia DR3 4657280635327480832`, and
//! ranges of them, `4657280635327480832-4657280635327490000`, which name the sources that there are.

use super::lookup;
use crate::app::App;
use crate::identity::Caller;
use crate::refusal::Refusal;

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    One(i64),
    /// Both ends belong to it.
    Range(i64, i64),
}

/// Every identifier in lists between commas, in their order, each once. Ranges are looked up in the release.
pub(super) async fn read<'a>(
    app: &App,
    caller: &Caller,
    release: &str,
    lists: impl Iterator<Item = &'a str>,
) -> Result<Vec<i64>, Refusal> {
    let mut ids = Vec::new();
    let mut left = app.config.traffic.range_ids;
    for entry in entries(lists)? {
        match entry {
            Entry::One(id) => ids.push(id),
            Entry::Range(from, to) => {
                let found = lookup::between(app, caller, release, [from, to], left).await?;
                if found.is_empty() {
                    return Err(refused(&format!("{from}-{to}"), &format!("{release} has no source in it")));
                }
                left -= i64::try_from(found.len()).unwrap_or(i64::MAX);
                if left < 0 {
                    let most = app.config.traffic.range_ids;
                    let hint = format!("ranges name more than {most} sources: ask for smaller ones");
                    return Err(refused(&format!("{from}-{to}"), &hint));
                }
                ids.extend(found);
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

fn entries<'a>(lists: impl Iterator<Item = &'a str>) -> Result<Vec<Entry>, Refusal> {
    let texts = lists.flat_map(|list| list.split(',')).map(str::trim).filter(|text| !text.is_empty());
    let entries: Vec<Entry> = texts.map(entry).collect::<Result<_, _>>()?;
    if entries.is_empty() {
        return Err(Refusal::Missing { name: "ID" });
    }
    Ok(entries)
}

fn entry(text: &str) -> Result<Entry, Refusal> {
    let wrong = || {
        refused(text, "it is a source_id, a designation such as Gaia DR3 4657280635327480832, or a range a-b")
    };
    match text.split_once('-') {
        None => one(text).map(Entry::One).ok_or_else(wrong),
        Some((from, to)) => {
            let ends = one(from.trim()).zip(one(to.trim())).filter(|(from, to)| from <= to);
            ends.map(|(from, to)| Entry::Range(from, to)).ok_or_else(wrong)
        }
    }
}

fn one(text: &str) -> Option<i64> {
    // Blanks may have become plus signs on the way.
    let number = text.rsplit([' ', '+', '\t']).next().unwrap_or_default();
    let designation = text.len() == number.len() || text.to_ascii_lowercase().starts_with("gaia");
    number.parse().ok().filter(|_| designation)
}

fn refused(value: &str, hint: &str) -> Refusal {
    Refusal::Value { name: "ID", value: value.chars().take(80).collect(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_designations_and_ranges_of_both_are_read() {
        let read = entries(["7, Gaia DR3 8", "7", "gaia+dr3+9", "1-9, Gaia DR3 2 - Gaia DR3 3"].into_iter());
        let [one, range] = [Entry::One, |id| Entry::Range(id, id)];
        let expected = [one(7), one(8), one(7), one(9), Entry::Range(1, 9), Entry::Range(2, 3)];
        assert_eq!((read.expect("identifiers"), entry("5-5").ok()), (expected.to_vec(), Some(range(5))));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for wrong in ["x", "Gaia DR3", "9-1", "1-", "-9", "1-2-3", "7.0", "TYC 8", "TYC 8-TYC 9"] {
            assert!(entry(wrong).is_err(), "{wrong}");
        }
        assert!(entries([" , "].into_iter()).is_err());
    }
}
