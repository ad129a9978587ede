//! The heads of a FITS file: lines of 80 characters, in blocks of 2,880.

use super::BLOCK;
use super::layout::Layout;

/// Characters of a text that fits into one card.
const TEXT: usize = 68;

/// The head of the file, and of its one table.
pub(super) fn head(layout: &Layout) -> Vec<u8> {
    let mut head = Vec::new();
    let out = &mut head;
    for (key, value) in [("SIMPLE", "T"), ("BITPIX", "8"), ("NAXIS", "0"), ("EXTEND", "T")] {
        number(key, value, out);
    }
    end(out);
    text("XTENSION", "BINTABLE", out);
    for (key, value) in [
        ("BITPIX", 8),
        ("NAXIS", 2),
        ("NAXIS1", layout.row_bytes()),
        ("NAXIS2", layout.row_count()),
        ("PCOUNT", layout.heap_bytes()),
        ("GCOUNT", 1),
        ("TFIELDS", layout.fields().len() as u64),
    ] {
        number(key, &value.to_string(), out);
    }
    for (index, field) in layout.fields().iter().enumerate() {
        let key = |name: &str| format!("{name}{}", index + 1);
        text(&key("TTYPE"), &field.column.name, out);
        text(&key("TFORM"), &field.form(), out);
        if let Some(null) = field.null() {
            number(&key("TNULL"), &null.to_string(), out);
        }
        for (name, value) in [
            ("TUNIT", &field.column.unit),
            ("TUCD", &field.column.ucd),
            ("TUTYP", &field.column.utype),
            ("TCOMM", &field.column.description),
        ] {
            if !value.is_empty() {
                text(&key(name), value, out);
            }
        }
    }
    end(out);
    head
}

fn number(key: &str, value: &str, out: &mut Vec<u8>) {
    card(&format!("{key:<8}= {value:>20}"), out);
}

/// A text in quotes; what is not printable ASCII has no place in a head, and what is too long is cut.
fn text(key: &str, value: &str, out: &mut Vec<u8>) {
    let printable = value.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' });
    let mut quoted = String::new();
    for character in printable {
        let width = if character == '\'' { 2 } else { 1 };
        if quoted.len() + width > TEXT {
            break;
        }
        quoted.extend(std::iter::repeat_n(character, width));
    }
    card(&format!("{key:<8}= '{quoted:<8}'"), out);
}

fn card(line: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{line:<80}").as_bytes());
}

fn end(out: &mut Vec<u8>) {
    card("END", out);
    let whole = (out.len() as u64).next_multiple_of(BLOCK);
    out.resize(usize::try_from(whole).unwrap_or(out.len()), b' ');
}
