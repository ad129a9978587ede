//! The entity tag of a download (RFC 9110 section 8.8.3): requests with the same one get the same bytes.
//!
//! It is known before the first byte is made: from what is asked for, what the files of the release are, and how we
//! write. Another server with the same data has the same tags.

use sha2::{Digest, Sha256};

use super::request::DataRequest;
use super::snapshots;
use crate::app::App;

/// Goes up whenever the same products become other bytes: a test of the bytes says when.
const EDITION: u32 = 1;

/// The tag, in its quotes.
pub(super) fn of(app: &App, asked: &DataRequest) -> String {
    let DataRequest { ids, retrievals, structure, offer, release, valid_only, always_zip: _ } = asked;
    let kinds: Vec<&str> = retrievals.iter().map(|retrieval| retrieval.name()).collect();
    let how = format!("{structure:?} {} {valid_only} {}", offer.media_type, asked.single_file());
    let what = format!("{} {release} {}", kinds.join(","), snapshots::of(app, release));
    let mut digest = Sha256::new();
    digest.update(format!("{EDITION} {} {how} {what}\n", env!("CARGO_PKG_VERSION")));
    ids.iter().for_each(|id| digest.update(id.to_le_bytes()));
    format!("\"{}\"", hex::encode(&digest.finalize()[..16]))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
    use arrow_schema::{DataType, Field, Schema};

    use super::*;
    use crate::data::zip::Zip;
    use crate::format::{About, Ending, OFFERS};

    #[test]
    fn the_bytes_change_only_with_the_edition() {
        let about =
            [("unit", "mag"), ("ucd", "phot.mag"), ("utype", "x"), ("description", "How bright it was")];
        let about: HashMap<_, _> = about.map(|(key, text)| (key.to_owned(), text.to_owned())).into();
        let field = |name, data_type| Field::new(name, data_type, true).with_metadata(about.clone());
        let fields = [("source_id", DataType::Int64), ("mag", DataType::Float64), ("band", DataType::Utf8)];
        let schema = Schema::new(fields.map(|(name, data_type)| field(name, data_type)).to_vec());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(0..500)),
            Arc::new((0..500).map(|i| (i % 7 > 0).then_some(f64::from(i) / 8.0)).collect::<Float64Array>()),
            Arc::new(StringArray::from_iter_values((0..500).map(|i| ["G", "BP"][i % 2]))),
        ];
        let rows = RecordBatch::try_new(Arc::new(schema), columns).expect("rows");
        let (mut zip, mut out) = (Zip::new().expect("a zip"), Vec::new());
        for offer in OFFERS {
            let (mut writer, mut text) = (offer.writer(About::default()), Vec::new());
            writer.begin(rows.schema_ref(), &mut text).expect("a beginning");
            writer.rows(&rows, &mut text).expect("rows");
            while !writer.end(&Ending::Complete, &mut text).expect("an end") {}
            zip.begin(offer.media_type, &mut out);
            zip.write(&text, &mut out).expect("a file");
            zip.end(&mut out).expect("its end");
        }
        zip.finish().expect("the list");
        while !zip.rest(&mut out).expect("the end") {}
        let known = (1, "9b809528c71e4ad12bdb9422b8b216023163dc4218d89c8de3aae66070253427");
        let message = "the bytes of downloads are others than before: raise EDITION, and put both here";
        assert_eq!((EDITION, hex::encode(Sha256::digest(&out)).as_str()), known, "{message}");
    }
}
