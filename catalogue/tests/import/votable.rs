//! VOTable in its three serialisations.

use arrow::datatypes::DataType;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalogue::import::{ImportSummary, Remark};

use crate::support::{Desk, about, column, names, row_of};

const FIELDS: &str = r#"
<FIELD name="source_id" datatype="long" ucd="meta.id;meta.main"><DESCRIPTION>The &lt;id&gt;</DESCRIPTION></FIELD>
<FIELD name="RA_ICRS" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>
<FIELD name="DE_ICRS" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>
<FIELD name="Gmag" datatype="float" unit="mag"/>
<FIELD name="n" datatype="short"><VALUES null="-99"/></FIELD>
<FIELD name="class" datatype="char" arraysize="*"/>
<FIELD name="known" datatype="boolean"/>
<FIELD name="spectrum" datatype="float" arraysize="2"/>
"#;

const COLUMNS: [&str; 6] = ["ra", "dec", "phot_g_mean_mag", "n", "class", "known"];

fn document(info: &str, data: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\
         <RESOURCE type=\"results\">{info}<TABLE>{FIELDS}<DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>\n"
    )
}

/// A row of the table above: id, position, magnitude, n, class, known.
struct Star(i64, f64, f64, f32, i16, &'static str, u8);

const STARS: [Star; 2] = [
    Star(65_205_373_152_172_032, 56.5, 24.125, 12.25, 7, "RR & co", b'T'),
    Star(66_714_384_142_368_256, 57.0, 24.25, f32::NAN, -99, "", b'?'),
];

const FIRST: [&str; 6] = ["56.5", "24.125", "12.25", "7", "RR & co", "true"];
const SECOND: [&str; 6] = ["57", "24.25", "null", "null", "null", "null"];

fn binary(mask: impl Fn(&Star) -> Vec<u8>) -> String {
    let mut bytes = Vec::new();
    for star in &STARS {
        let Star(id, ra, dec, mag, n, class, known) = star;
        bytes.extend(mask(star));
        bytes.extend(id.to_be_bytes());
        bytes.extend(ra.to_be_bytes());
        bytes.extend(dec.to_be_bytes());
        bytes.extend(mag.to_be_bytes());
        bytes.extend(n.to_be_bytes());
        bytes.extend((class.len() as u32).to_be_bytes());
        bytes.extend(class.as_bytes());
        bytes.push(*known);
        bytes.extend([1.0f32, 2.0].iter().flat_map(|x| x.to_be_bytes()));
    }
    STANDARD.encode(bytes)
}

fn binary2() -> String {
    // Bits of class, the sixth column, and of n, the fifth one, where there is no value.
    let base64 = binary(|star| vec![if star.4 == -99 { 0b0000_1100 } else { 0 }]);
    let (first, rest) = base64.split_at(40);
    format!("<BINARY2><STREAM encoding=\"base64\">\n{first}\n{rest}\n</STREAM></BINARY2>")
}

fn table_data() -> String {
    let row = |id: i64, rest: &str| format!("<TR><TD>{id}</TD>{rest}<TD>1 2</TD></TR>\n");
    let first = "<TD>56.5</TD><TD>24.125</TD><TD>12.25</TD><TD>7</TD><TD>RR &amp; co</TD><TD>true</TD>";
    let second = "<TD>57</TD><TD>24.25</TD><TD>NaN</TD><TD>-99</TD><TD/><TD>?</TD>";
    format!("<TABLEDATA>\n{}{}</TABLEDATA>", row(STARS[0].0, first), row(STARS[1].0, second))
}

fn remarks(summary: &ImportSummary) -> Vec<Remark> {
    summary.notes.iter().map(|note| note.remark.clone()).collect()
}

#[test]
fn all_serialisations_give_the_same_rows() {
    let binary1 = format!("<BINARY><STREAM encoding=\"base64\">{}</STREAM></BINARY>", binary(|_| Vec::new()));
    for data in [table_data(), binary1, binary2()] {
        let (summary, table) = Desk::new().import("stars.vot", document("", &data));
        assert_eq!(remarks(&summary), []);
        assert_eq!(column(&table, "spectrum"), ["[1,2]", "[1,2]"]);
        assert_eq!(row_of(&table, STARS[0].0, &COLUMNS), FIRST, "{data}");
        let second = row_of(&table, STARS[1].0, &COLUMNS);
        // BINARY has no way to say that a text is missing.
        let second: Vec<_> =
            second.into_iter().map(|text| if text.is_empty() { "null".into() } else { text }).collect();
        assert_eq!(second, SECOND, "{data}");
    }
}

#[test]
fn units_ucds_and_descriptions_come_from_the_file() {
    let (_, table) = Desk::new().import("stars.xml", document("", &table_data()));
    assert_eq!(
        names(&table),
        ["source_id", "ra", "dec", "phot_g_mean_mag", "n", "class", "known", "spectrum", "_healpix_29"]
    );
    let (data_type, [unit, ucd, description]) = about(&table, "source_id");
    assert_eq!(data_type, DataType::Int64);
    assert_eq!((unit, ucd.as_deref()), (None, Some("meta.id;meta.main")));
    assert_eq!(description.as_deref(), Some("The <id>"));
    assert_eq!(about(&table, "n").0, DataType::Int16);
}

#[test]
fn a_result_that_was_cut_is_noted() {
    let overflow = document("<INFO name=\"QUERY_STATUS\" value=\"OVERFLOW\"/>", &binary2());
    let (summary, _) = Desk::new().import("stars.vot", overflow);
    assert!(remarks(&summary).contains(&Remark::Overflow), "{summary:?}");
    let top = document("<INFO name=\"QUERY\" value=\"SELECT TOP 2 * FROM t\"/>", &binary2());
    let (summary, _) = Desk::new().import("stars.vot", top);
    assert!(remarks(&summary).contains(&Remark::ExactlyTop(2)), "{summary:?}");
}

#[test]
fn broken_documents_are_refused() {
    let whole = document("", &table_data());
    let cut = |content: &str| {
        format!("the file ends too early, at byte {}: it was cut, fetch it again", content.len())
    };
    let short_row = whole.replace("<TD>1 2</TD>", "");
    let fewer_bytes = binary2().replace("\n</STREAM>", "").replace("</BINARY2>", "");
    let fewer_bytes =
        document("", &format!("{}\n</STREAM></BINARY2>", &fewer_bytes[..fewer_bytes.len() - 8]));
    let double_id =
        whole.replace("name=\"source_id\" datatype=\"long\"", "name=\"source_id\" datatype=\"double\"");
    for (content, why) in [
        (whole[..whole.len() - 40].to_owned(), String::new()),
        (whole[..whole.find("7</TD>").expect("a cell")].to_owned(), String::new()),
        (fewer_bytes, String::new()),
        (whole.replace("<TABLE>", "<TABLE nrows=\"3\">"), String::new()),
        (short_row, "row 1 has 7 values for 8 columns: the file was cut or edited".to_owned()),
        (
            whole.replace("<TD>12.25</TD>", "<TD>bright</TD>"),
            "row 1, column `phot_g_mean_mag`: `bright` is no Float32".to_owned(),
        ),
        (
            double_id,
            "column source_id is Float64, which rounds identifiers of 19 digits: export it as 64-bit integers"
                .to_owned(),
        ),
        (
            document("<INFO name=\"QUERY_STATUS\" value=\"ERROR\">no such table</INFO>", ""),
            "this is no valid VOTable: it is the error message of a service: no such table".to_owned(),
        ),
        ("<VOTABLE></VOTABLE>".to_owned(), "this is no valid VOTable: there is no TABLE in it".to_owned()),
    ] {
        let why = if why.is_empty() { cut(&content) } else { why };
        assert_eq!(Desk::new().refusal("a.vot", &content), format!("cannot import a.vot: {why}"), "{content}");
    }
}
