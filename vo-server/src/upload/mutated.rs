//! VOTable documents that were damaged on purpose, part by part: each is read or refused, soon, and in memory that has
//! to do with its length.

use std::time::{Duration, Instant};

use super::votable::read;
use crate::format::votable::VoTable;
use crate::format::votable::tests::{sample, written};
use crate::format::{About, Ending, Serialization};

/// Damaged documents.
const DOCUMENTS: u64 = 100_000;
/// Damages of one document, at most.
const DAMAGES: u64 = 4;
/// The longest that one may take; they are small, and the machine may be busy.
const WITHIN: Duration = Duration::from_secs(1);
/// Bytes of memory for each byte of a document, and for the smallest one.
const MEMORY: (usize, usize) = (16, 64 << 10);

/// What lies about sizes and types, and what does not belong there.
const VALUES: [&str; 16] = [
    "",
    "*",
    "0",
    "-1",
    "4294967295",
    "99999999999999999999",
    "2x",
    "2x3*",
    "x",
    "char",
    "boolean",
    "double",
    "unicodeChar",
    "base64",
    "&lol;",
    "\u{0}\u{1f52d}",
];

/// Parts that are put in.
const PARTS: [&str; 12] = [
    "<TR>",
    "</TR>",
    "<TD>",
    "</TABLE>",
    "<FIELD name='x' datatype='int'/>",
    "<STREAM encoding='base64'>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "&#x110000;",
    "/////w==",
];

/// Numbers without a pattern (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("less than a usize")
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// The elements and texts of a document, each a part.
fn parts(document: &str) -> Vec<String> {
    document.split_inclusive('>').flat_map(|part| part.split_inclusive("</")).map(str::to_owned).collect()
}

fn damage(parts: &mut Vec<String>, random: &mut Random) {
    let (one, other) = (random.below(parts.len()), random.below(parts.len()));
    match random.below(8) {
        0 if parts.len() > 1 => drop(parts.remove(one)),
        1 => parts.insert(other, parts[one].clone()),
        2 => parts.swap(one, other),
        3 => parts.insert(one, random.of(&PARTS).to_owned()),
        4 => parts[one] = with_another_value(&parts[one], random.of(&VALUES)),
        5 => parts[one] = with_another_letter(&parts[one], random),
        6 => parts[one] = parts[one].repeat(1 + random.below(200)),
        _ => parts.truncate(one + 1),
    }
}

/// The value of the first attribute, or the whole text, replaced.
fn with_another_value(part: &str, value: &str) -> String {
    let mut quoted = part.splitn(3, '"');
    match (quoted.next(), quoted.next(), quoted.next()) {
        (Some(before), Some(_), Some(after)) => format!("{before}\"{value}\"{after}"),
        _ => value.to_owned(),
    }
}

fn with_another_letter(part: &str, random: &mut Random) -> String {
    let place = random.below(part.chars().count());
    let letter = char::from(b'!' + u8::try_from(random.below(94)).expect("a letter"));
    part.chars().enumerate().map(|(index, old)| if index == place { letter } else { old }).collect()
}

#[test]
fn damaged_documents_are_read_or_refused_soon_and_in_little_memory() {
    let whole =
        [Serialization::TableData, Serialization::Binary, Serialization::Binary2].map(|serialization| {
            let mut writer = VoTable::new(serialization, About::default());
            let document = written(&mut writer, &sample(), &Ending::Complete);
            parts(&String::from_utf8(document).expect("UTF-8"))
        });
    let (mut as_read, mut refused) = (0, 0);
    for number in 0..DOCUMENTS {
        let mut random = Random(number);
        let mut parts = whole[random.below(whole.len())].clone();
        for _ in 0..=random.next() % DAMAGES {
            damage(&mut parts, &mut random);
        }
        let document = parts.concat();
        let began = Instant::now();
        match read(&document) {
            Ok(batch) => {
                let most = MEMORY.0 * document.len() + MEMORY.1;
                assert!(batch.get_array_memory_size() <= most, "{number}: {document}");
                as_read += 1;
            }
            Err(what) => {
                assert!(!what.is_empty(), "{number}: {document}");
                refused += 1;
            }
        }
        assert!(began.elapsed() < WITHIN, "{number}: {:?} for {document}", began.elapsed());
    }
    assert!(as_read > DOCUMENTS / 20 && refused > DOCUMENTS / 20, "{as_read} read, {refused} refused");
}

#[test]
fn bombs_of_elements_attributes_and_entities_go_off_at_once() {
    let attributes: String = (0..1_000_000).map(|number| format!(" a{number}='b'")).collect();
    let entities: String =
        (1..50).map(|n| format!("<!ENTITY e{n} '{}'>", format!("&e{};", n - 1).repeat(10))).collect();
    for (bomb, what) in [
        (
            format!("<VOTABLE><TABLE><FIELD{attributes}/>"),
            "an element has more than 64 attributes".to_owned(),
        ),
        (
            format!("<!DOCTYPE v [<!ENTITY e0 'lol'>{entities}]><VOTABLE>&e49;</VOTABLE>"),
            "it has a DOCTYPE, which is not accepted: remove it".to_owned(),
        ),
        ("<A>".repeat(100_000), "it ends before its table does: it was cut on the way".to_owned()),
    ] {
        let fastest = (0..5).map(|_| {
            let began = Instant::now();
            assert_eq!(read(&bomb), Err(what.clone()));
            began.elapsed()
        });
        let fastest = fastest.min().expect("five times");
        assert!(fastest <= Duration::from_millis(50), "{fastest:?} for {} bytes: {what}", bomb.len());
    }
}
