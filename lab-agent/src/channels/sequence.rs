//! The number of a message, as clients that attach by cursor read it: a member of its metadata.

use bytes::{Bytes, BytesMut};

use crate::kernels::wire::Parts;

/// The member's name.
const NAME: &str = "nearside_sequence";
/// The place of the metadata among the parts of a message.
const METADATA: usize = 2;

/// The message with its number. The metadata is a JSON object, and is not parsed for this.
pub fn with(parts: &Parts, seq: u64) -> Parts {
    let numbered = numbered(&parts[METADATA], seq);
    let part =
        |(index, part): (usize, &Bytes)| if index == METADATA { numbered.clone() } else { part.clone() };
    parts.iter().enumerate().map(part).collect()
}

fn numbered(metadata: &Bytes, seq: u64) -> Bytes {
    let inside = metadata.trim_ascii().strip_prefix(b"{").unwrap_or(b"}").trim_ascii_start();
    let comma = if inside == b"}" { "" } else { "," };
    let mut bytes = BytesMut::from(format!("{{\"{NAME}\":{seq}{comma}").as_bytes());
    bytes.extend_from_slice(inside);
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_joins_what_is_there_and_the_rest_is_untouched() {
        for (before, after) in [
            ("{}", r#"{"nearside_sequence":7}"#),
            (" { } ", r#"{"nearside_sequence":7}"#),
            (r#"{"a": {"b": 1}}"#, r#"{"nearside_sequence":7,"a": {"b": 1}}"#),
        ] {
            let parts: Parts = ["{}", "{}", before, "{}", "buffer"].map(|p| Bytes::from(p.to_owned())).into();
            let expected: Parts =
                ["{}", "{}", after, "{}", "buffer"].map(|p| Bytes::from(p.to_owned())).into();
            assert_eq!(with(&parts, 7), expected);
        }
    }
}
