//! FITS tables: every kind of column the standard has, and headers that lie.

use arrow::datatypes::DataType;
use catalogue::import::Remark;

use crate::support::{Desk, about, column, gzip, names};

/// A FITS file with one table extension, made by hand from the standard.
struct Fits {
    cards: Vec<String>,
    rows: Vec<u8>,
    heap: Vec<u8>,
}

/// A column: its name, its TFORM, and further cards of it.
type Declared<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

fn block(bytes: &mut Vec<u8>, filler: u8) {
    bytes.resize(bytes.len().next_multiple_of(2880), filler);
}

fn card(keyword: &str, value: &str) -> String {
    format!("{keyword:8}= {value:>20}")
}

fn text_card(keyword: &str, value: &str) -> String {
    // A quote within the text is two.
    format!("{keyword:8}= '{:8}'", value.replace('\'', "''"))
}

impl Fits {
    fn new(columns: &[Declared<'_>], rows: u64, data: Vec<u8>, heap: Vec<u8>) -> Self {
        let mut cards = vec![
            text_card("XTENSION", "BINTABLE"),
            card("BITPIX", "8"),
            card("NAXIS", "2"),
            card("NAXIS1", &(data.len() as u64 / rows).to_string()),
            card("NAXIS2", &rows.to_string()),
            card("PCOUNT", &heap.len().to_string()),
            card("GCOUNT", "1"),
            card("TFIELDS", &columns.len().to_string()),
        ];
        for (number, (name, form, more)) in (1..).zip(columns) {
            cards.push(text_card(&format!("TTYPE{number}"), name));
            cards.push(text_card(&format!("TFORM{number}"), form));
            for (keyword, value) in *more {
                let keyword = format!("{keyword}{number}");
                let is_text = value.parse::<f64>().is_err();
                cards.push(if is_text { text_card(&keyword, value) } else { card(&keyword, value) });
            }
        }
        Self { cards, rows: data, heap }
    }

    fn bytes(&self) -> Vec<u8> {
        let header = |cards: &[String]| {
            let mut bytes: Vec<u8> =
                cards.iter().flat_map(|card| format!("{card:80}").into_bytes()).collect();
            bytes.extend(format!("{:80}", "END").into_bytes());
            block(&mut bytes, b' ');
            bytes
        };
        let mut bytes =
            header(&["SIMPLE  =                    T".into(), card("BITPIX", "8"), card("NAXIS", "0")]);
        bytes.extend(header(&self.cards));
        bytes.extend(&self.rows);
        bytes.extend(&self.heap);
        block(&mut bytes, 0);
        bytes
    }

    fn with(mut self, keyword: &str, value: &str) -> Vec<u8> {
        let found = self.cards.iter_mut().find(|card| card.starts_with(keyword)).expect("a card");
        *found = card(keyword, value);
        self.bytes()
    }
}

/// Two rows with every kind of column.
fn everything() -> Fits {
    let (mut rows, mut heap) = (Vec::new(), Vec::new());
    for row in 0..2u8 {
        rows.extend((65_205_373_152_172_032 + i64::from(row)).to_be_bytes());
        rows.extend((10.5 + f64::from(row)).to_be_bytes());
        rows.extend((-5.25f64).to_be_bytes());
        rows.push([b'T', 0][usize::from(row)]);
        rows.push(200);
        rows.push(200);
        rows.extend([7i16, -99][usize::from(row)].to_be_bytes());
        rows.extend(i16::MAX.to_be_bytes());
        rows.extend(i32::MAX.to_be_bytes());
        rows.extend((i64::MIN + 5).to_be_bytes());
        rows.extend(3i16.to_be_bytes());
        rows.extend([1.5f32, f32::NAN][usize::from(row)].to_be_bytes());
        rows.extend([*b"RR  ", [b' '; 4]][usize::from(row)]);
        rows.extend([1.0f32, 2.0, f32::NAN].iter().flat_map(|x| x.to_be_bytes()));
        rows.push(0b1010_0000);
        let count = i32::from(row) * 2;
        rows.extend(count.to_be_bytes());
        rows.extend((heap.len() as i32).to_be_bytes());
        heap.extend((0..count).flat_map(|n| f64::from(n).to_be_bytes()));
        rows.extend(2i64.to_be_bytes());
        rows.extend((heap.len() as i64).to_be_bytes());
        heap.extend(b"ab");
    }
    Fits::new(
        &[
            ("source_id", "K", &[]),
            ("ra", "D", &[("TUNIT", "deg"), ("TUCD", "pos.eq.ra"), ("TCOMM", "Right ascension")]),
            ("dec", "1D", &[]),
            ("known", "L", &[]),
            ("byte", "B", &[]),
            ("signed", "B", &[("TZERO", "-128")]),
            ("n", "I", &[("TNULL", "-99"), ("TUNIT", "'electron'.s**-1")]),
            ("u16", "I", &[("TZERO", "32768")]),
            ("u32", "J", &[("TZERO", "2147483648")]),
            ("u64", "K", &[("TZERO", "9223372036854775808")]),
            ("scaled", "I", &[("TSCAL", "0.5"), ("TZERO", "10")]),
            ("mag", "E", &[]),
            ("class", "4A", &[]),
            ("fixed", "3E", &[]),
            ("bits", "3X", &[]),
            ("curve", "1PD(2)", &[]),
            ("label", "1QA(2)", &[]),
        ],
        2,
        rows,
        heap,
    )
}

const EXPECTED: [(&str, DataType, [&str; 2]); 15] = [
    ("source_id", DataType::Int64, ["65205373152172032", "65205373152172033"]),
    ("ra", DataType::Float64, ["10.5", "11.5"]),
    ("dec", DataType::Float64, ["-5.25", "-5.25"]),
    ("known", DataType::Boolean, ["true", "null"]),
    ("byte", DataType::Int16, ["200", "200"]),
    ("signed", DataType::Int16, ["72", "72"]),
    ("n", DataType::Int16, ["7", "null"]),
    ("u16", DataType::Int32, ["65535", "65535"]),
    ("u32", DataType::Int64, ["4294967295", "4294967295"]),
    ("u64", DataType::Int64, ["5", "5"]),
    ("scaled", DataType::Float64, ["11.5", "11.5"]),
    ("mag", DataType::Float32, ["1.5", "null"]),
    ("class", DataType::Utf8, ["RR", "null"]),
    ("curve", DataType::Null, ["[]", "[0,1]"]),
    ("label", DataType::Utf8, ["ab", "ab"]),
];

#[test]
fn every_kind_of_column_keeps_its_type_and_values_with_and_without_gzip() {
    for (name, content) in [("a.fits", everything().bytes()), ("a.fits.gz", gzip(&everything().bytes()))] {
        let (summary, table) = Desk::new().import(name, content);
        assert_eq!(summary.rows, 2);
        let remarks: Vec<_> = summary.notes.into_iter().map(|note| note.remark).collect();
        assert_eq!(remarks, [Remark::ColumnLeftOut("bits".into())]);
        // Rows are sorted along the sky, where the second one comes first or last.
        let mut order = [0, 1];
        order.sort_by_key(|&row| column(&table, "source_id")[row].clone());
        for (column_name, data_type, values) in &EXPECTED {
            let found = order.map(|row| column(&table, column_name)[row].clone());
            assert_eq!(found.each_ref().map(String::as_str), *values, "{column_name} of {name}");
            if *data_type != DataType::Null {
                assert_eq!(about(&table, column_name).0, *data_type, "{column_name} of {name}");
            }
        }
        assert_eq!(column(&table, "fixed"), ["[1,2,NaN]", "[1,2,NaN]"]);
        assert!(!names(&table).contains(&"bits".to_owned()));
        let [unit, ucd, description] = about(&table, "ra").1.map(Option::unwrap_or_default);
        assert_eq!([unit.as_str(), &ucd, &description], ["deg", "pos.eq.ra", "Right ascension"]);
        assert_eq!(
            about(&table, "n").1[0].as_deref(),
            Some("'electron'.s**-1"),
            "a unit that no parser takes"
        );
    }
}

#[test]
fn an_ascii_table_is_read_with_its_nulls() {
    let rows = "10.5D0 -5.25 7  RR\n".replace('\n', " ") + "1.15D1 -5.25 99   \n".replace('\n', " ").as_str();
    let mut fits = Fits::new(&[], 2, rows.into_bytes(), Vec::new());
    fits.cards[0] = text_card("XTENSION", "TABLE");
    fits.cards[7] = card("TFIELDS", "4");
    for (number, (name, form, begin)) in
        (1..).zip([("ra", "D6.1", "1"), ("dec", "F5.2", "8"), ("n", "I2", "14"), ("class", "A2", "17")])
    {
        fits.cards.push(text_card(&format!("TTYPE{number}"), name));
        fits.cards.push(text_card(&format!("TFORM{number}"), form));
        fits.cards.push(card(&format!("TBCOL{number}"), begin));
    }
    fits.cards.push(text_card("TNULL3", "99"));
    let (_, table) = Desk::new().import("a.fits", fits.bytes());
    let mut rows: Vec<_> = ["ra", "n", "class"].map(|name| column(&table, name)).into_iter().collect();
    if rows[0][0] != "10.5" {
        rows.iter_mut().for_each(|column| column.reverse());
    }
    assert_eq!(rows, [["10.5", "11.5"], ["7", "null"], ["RR", "null"]]);
}

#[test]
fn headers_that_lie_and_files_that_were_cut_are_refused_with_the_byte() {
    let whole = everything().bytes();
    let data = whole.len() - 2880;
    let invalid = |what: &str| format!("this is no valid FITS: {what}");
    let truncated = |at: usize| format!("the file ends too early, at byte {at}: it was cut, fetch it again");
    let width = everything().rows.len() / 2;
    for (content, why) in [
        (
            everything().with("NAXIS2", "1000000000000"),
            format!(
                "the header promises 1000000000000 rows, which are {} bytes from byte {data} on, but the file ends at byte {}: it was cut, fetch it again",
                width as u64 * 1_000_000_000_000 + everything().heap.len() as u64,
                whole.len()
            ),
        ),
        (
            everything().with("NAXIS1", "18446744073709551615"),
            invalid("its header promises more bytes than there can be"),
        ),
        (
            everything().with("NAXIS1", "7"),
            invalid(&format!("its columns take {width} bytes, but its rows have 7")),
        ),
        (everything().with("NAXIS2", "many"), invalid("NAXIS2 is `many`, which is no count")),
        (whole[..3000].to_vec(), truncated(3000)),
        (whole[..2880].to_vec(), invalid("there is no table in it")),
        (everything().with("TFORM13", "'7Y'"), invalid("column `class` has the unknown TFORM `7Y`")),
    ] {
        assert_eq!(Desk::new().refusal("a.fits", &content), format!("cannot import a.fits: {why}"));
    }
    let cut = Desk::new().refusal("a.fits", &whole[..data + 100]);
    assert!(cut.contains(&format!("but the file ends at byte {}", data + 100)), "{cut}");
    let mut outside = everything();
    let pointer = width - 24;
    outside.rows[pointer..pointer + 4].copy_from_slice(&1_000_000i32.to_be_bytes());
    let outside = Desk::new().refusal("a.fits", outside.bytes());
    assert_eq!(
        outside,
        "cannot import a.fits: this is no valid FITS: row 1 has an array at byte 0 of a heap of 20 bytes"
    );
}
