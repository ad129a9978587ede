//! Queries that lost words, have them twice or in the wrong order: whatever comes in, something sensible comes out.

use vo_server::adql::{self, AdqlError, Limits};

use crate::answers::queries;

/// Mutilated copies of each query.
const COPIES: u64 = 40;

/// A number without a pattern, from two numbers.
fn random(a: u64, b: u64) -> u64 {
    let mut state = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xd1b5_4a32_d192_ed03);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state ^ (state >> 31)
}

/// The query with one word or sign lost, doubled, moved or replaced.
fn mutilated(query: &str, seed: u64) -> String {
    let mut parts: Vec<&str> = query.split_inclusive(|c: char| !c.is_alphanumeric()).collect();
    let pick = |salt: u64| usize::try_from(random(seed, salt) >> 32).expect("32 bits") % parts.len();
    let (one, other) = (pick(1), pick(2));
    match random(seed, 3) % 5 {
        0 => {
            parts.remove(one);
        }
        1 => parts.insert(other, parts[one]),
        2 => parts.swap(one, other),
        3 => {
            parts[one] = ["(", ")", "'", "\"", "--", "SELECT ", ",", ".", ";", "*", "0x", "NOT "][other % 12]
        }
        _ => parts.truncate(one + 1),
    }
    parts.concat()
}

fn is_in(error: &AdqlError, text: &str) -> bool {
    let Some(position) = error.position() else { return false };
    // An empty text has a first line too, and what is missing is missing after the last character.
    let lines: Vec<&str> = if text.is_empty() { vec![""] } else { text.split('\n').collect() };
    let line = lines.get(usize::try_from(position.line - 1).expect("a small number"));
    line.is_some_and(|line| position.column <= line.chars().count() as u64 + 1)
}

#[test]
fn a_mutilated_query_is_read_or_refused_with_a_place_that_it_has() {
    let queries = queries();
    let (mut read, mut refused) = (0, 0);
    for (index, query) in queries.iter().enumerate() {
        for copy in 0..COPIES {
            let text = mutilated(query, index as u64 * COPIES + copy);
            match adql::parse(&text, &Limits::default()) {
                Ok(_) => read += 1,
                Err(error) => {
                    assert!(is_in(&error, &text), "{text:?}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 1_000 && refused > 1_000, "{read} were read and {refused} refused");
}
