//! What is written, byte by byte, for one row with every type and one without any value.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, ListArray,
    RecordBatch, StringArray, UInt8Array,
};
use arrow::datatypes::Float64Type;
use arrow_schema::{DataType, Field, Schema};
use base64::engine::general_purpose::STANDARD;

use super::*;

/// A row with every type, and one of nulls.
pub(crate) fn sample() -> RecordBatch {
    let about = [("unit".to_owned(), "mas".to_owned()), ("ucd".to_owned(), "pos.parallax".to_owned())];
    let item = Arc::new(Field::new_list_field(DataType::Float64, true));
    let fields = vec![
        Field::new("flag", DataType::Boolean, true),
        Field::new("byte", DataType::UInt8, true),
        Field::new("short", DataType::Int16, true),
        Field::new("int", DataType::Int32, true),
        Field::new("long", DataType::Int64, true),
        Field::new("float", DataType::Float32, true),
        Field::new("double", DataType::Float64, true).with_metadata(about.into()),
        Field::new("text", DataType::Utf8, true),
        Field::new("list", DataType::List(item), true),
    ];
    let lists = [Some(vec![Some(1.5), None]), None];
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(BooleanArray::from(vec![Some(true), None])),
        Arc::new(UInt8Array::from(vec![Some(255), None])),
        Arc::new(Int16Array::from(vec![Some(-1), None])),
        Arc::new(Int32Array::from(vec![Some(2), None])),
        Arc::new(Int64Array::from(vec![Some(3), None])),
        Arc::new(Float32Array::from(vec![Some(0.1), None])),
        Arc::new(Float64Array::from(vec![Some(1e-300), None])),
        Arc::new(StringArray::from(vec![Some("a \"<&\""), None])),
        Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists)),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("equally long columns")
}

/// The document that a writer makes of a batch.
pub(crate) fn written(writer: &mut dyn Writer, batch: &RecordBatch, ending: &Ending) -> Vec<u8> {
    let mut out = Vec::new();
    writer.begin(batch.schema_ref(), &mut out).expect("a head");
    writer.rows(batch, &mut out).expect("rows");
    while !writer.end(ending, &mut out).expect("an end") {}
    out
}

fn document(serialization: Serialization, ending: &Ending) -> String {
    let mut writer = VoTable::new(serialization, About::default());
    String::from_utf8(written(&mut writer, &sample(), ending)).expect("UTF-8")
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).expect("the start");
    rest.split_once(end).expect("the end").0
}

#[test]
fn tabledata_has_an_empty_cell_for_each_null() {
    let document = document(Serialization::TableData, &Ending::Complete);
    let rows = between(&document, "<TABLEDATA>\n", "</TABLEDATA>");
    let expected = "<TR><TD>true</TD><TD>255</TD><TD>-1</TD><TD>2</TD><TD>3</TD><TD>0.1</TD>\
                    <TD>1e-300</TD><TD>a \"&lt;&amp;\"</TD><TD>1.5 NaN</TD></TR>\n";
    assert_eq!(rows, format!("{expected}<TR>{}</TR>\n", "<TD></TD>".repeat(9)));
}

#[test]
fn binary2_has_a_mask_before_each_row() {
    let document = document(Serialization::Binary2, &Ending::Complete);
    let encoded = between(&document, "<STREAM encoding=\"base64\">\n", "\n</STREAM>");
    let mut expected = vec![0, 0, b'T', 255, 255, 255, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3];
    expected.extend(0.1f32.to_be_bytes());
    expected.extend(1e-300f64.to_be_bytes());
    expected.extend([0, 0, 0, 6]);
    expected.extend(b"a \"<&\"");
    expected.extend([0, 0, 0, 2]);
    expected.extend(1.5f64.to_be_bytes());
    expected.extend(f64::NAN.to_be_bytes());
    expected.extend([0xff, 0x80, b'?', NULL_ROW_BYTE, 0x80, 0, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend(f32::NAN.to_be_bytes());
    expected.extend(f64::NAN.to_be_bytes());
    expected.extend([0; 8]);
    assert_eq!(STANDARD.decode(encoded).expect("base64"), expected);
}

const NULL_ROW_BYTE: u8 = binary::NULL_BYTE;

#[test]
fn binary_declares_the_numbers_that_stand_for_no_value() {
    let document = document(Serialization::Binary, &Ending::Complete);
    let long = between(&document, "<FIELD name=\"long\" datatype=\"long\">", "</FIELD>");
    assert_eq!(long, "<VALUES null=\"-9223372036854775808\"/>");
    let double = "<FIELD name=\"double\" datatype=\"double\" unit=\"mas\" ucd=\"pos.parallax\">";
    assert!(document.contains(double), "{document}");
}

#[test]
fn an_answer_that_was_cut_says_so_after_its_table() {
    let overflow = document(Serialization::TableData, &Ending::Overflow);
    assert!(overflow.contains("</TABLE>\n<INFO name=\"QUERY_STATUS\" value=\"OVERFLOW\"/>\n</RESOURCE>"));
    let failed = document(Serialization::Binary2, &Ending::Failed("disk < full".into()));
    let info = "</TABLE>\n<INFO name=\"QUERY_STATUS\" value=\"ERROR\">disk &lt; full</INFO>\n</RESOURCE>";
    assert!(failed.contains(info), "{failed}");
}

#[test]
fn a_descriptor_refers_to_the_column_of_its_input() {
    let input = Input { name: "ID", column: "long".into(), value: String::new() };
    let descriptor = Descriptor {
        description: "links".into(),
        standard_id: "ivo://ivoa.net/std/DataLink#links-1.1",
        access_url: "http://localhost/links".into(),
        inputs: vec![input],
    };
    let about = About { descriptors: vec![descriptor], ..About::default() };
    let mut writer = VoTable::new(Serialization::TableData, about);
    let document = String::from_utf8(written(&mut writer, &sample(), &Ending::Complete)).expect("UTF-8");
    assert!(document.contains("<FIELD name=\"long\" datatype=\"long\" ID=\"long\">"), "{document}");
    let param = "<PARAM name=\"ID\" datatype=\"char\" arraysize=\"*\" ref=\"long\" value=\"\"/>";
    assert!(document.contains(param), "{document}");
}
