//! The columns of Gaia DR3 that Nearside knows: Arrow type, unit, UCD and a short description.
//!
//! Names, types, units (VOUnit) and UCDs are those of the Gaia archive; the descriptions are our own words.
//! This is no list of what a table must have: a column that is not here is kept as it arrives.

mod epoch_astrometry;
mod epoch_photometry;
mod gaia_source;
mod spectra;
mod vari_rrlyrae;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields};
pub use spectra::Spectra;

/// The nested column of `gaiadr3.epoch_photometry` that holds the transits of a source.
pub const TRANSITS: &str = "transits";

/// The nested column of `epoch_astrometry` that holds the observations of a source.
pub const OBSERVATIONS: &str = "observations";

/// The type of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    I16,
    I32,
    I64,
    F32,
    F64,
    Text,
}

/// One known column. An empty unit means a number without dimension.
struct Column {
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    ucd: &'static str,
    description: &'static str,
}

const fn column(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    ucd: &'static str,
    description: &'static str,
) -> Column {
    Column { name, kind, unit, ucd, description }
}

/// The Arrow field of a known column, with `unit`, `ucd` and `description` as metadata.
///
/// The fields of a transit, such as `g_transit_mag`, are not columns: they are in [`transit_fields`].
pub fn field(name: &str) -> Option<Field> {
    match name {
        TRANSITS => Some(transits()),
        OBSERVATIONS => Some(observations()),
        _ => known().find(|column| column.name == name).map(Column::field),
    }
}

/// The columns of all tables of numbers.
fn known() -> impl Iterator<Item = &'static Column> {
    let epochs = epoch_photometry::COLUMNS.iter().chain(epoch_astrometry::COLUMNS);
    gaia_source::COLUMNS.iter().chain(epochs).chain(vari_rrlyrae::COLUMNS)
}

/// The fields inside [`TRANSITS`]: lists, all equally long within one row.
pub fn transit_fields() -> Fields {
    epoch_photometry::TRANSIT.iter().map(Column::list_field).collect()
}

/// The fields inside [`OBSERVATIONS`]: lists, all equally long within one row.
pub fn observation_fields() -> Fields {
    epoch_astrometry::OBSERVATION.iter().map(Column::list_field).collect()
}

fn observations() -> Field {
    let metadata = HashMap::from([
        ("ucd".to_owned(), "pos;time.series".to_owned()),
        ("description".to_owned(), "Where each CCD saw the source along the scan".to_owned()),
    ]);
    Field::new(OBSERVATIONS, DataType::Struct(observation_fields()), false).with_metadata(metadata)
}

fn transits() -> Field {
    let metadata = HashMap::from([
        ("ucd".to_owned(), "phot.mag;time.series".to_owned()),
        (
            "description".to_owned(),
            "What each transit of the field of view measured in G, BP and RP".to_owned(),
        ),
    ]);
    Field::new(TRANSITS, DataType::Struct(transit_fields()), false).with_metadata(metadata)
}

impl Column {
    fn field(&self) -> Field {
        Field::new(self.name, self.kind.arrow(), !REQUIRED.contains(&self.name))
            .with_metadata(self.metadata())
    }

    fn list_field(&self) -> Field {
        let element = Arc::new(Field::new_list_field(self.kind.arrow(), true));
        Field::new(self.name, DataType::List(element), false).with_metadata(self.metadata())
    }

    fn metadata(&self) -> HashMap<String, String> {
        [("unit", self.unit), ("ucd", self.ucd), ("description", self.description)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .collect()
    }
}

/// Without these a row has no name or no place, so they are never null.
const REQUIRED: &[&str] = &["source_id", "ra", "dec", crate::healpix::COLUMN];

impl Kind {
    fn arrow(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::I16 => DataType::Int16,
            Self::I32 => DataType::Int32,
            Self::I64 => DataType::Int64,
            Self::F32 => DataType::Float32,
            Self::F64 => DataType::Float64,
            Self::Text => DataType::Utf8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_column_carries_its_unit_and_ucd() {
        let expected = Field::new("pmra", DataType::Float64, true).with_metadata(HashMap::from([
            ("unit".into(), "mas.yr**-1".into()),
            ("ucd".into(), "pos.pm;pos.eq.ra".into()),
            ("description".into(), "Proper motion in right ascension, times cos(dec)".into()),
        ]));
        assert_eq!(field("pmra"), Some(expected));
        assert_eq!(field("gaia_sourc"), None);
    }

    #[test]
    fn no_name_is_listed_twice() {
        let mut names: Vec<_> = known().map(|column| column.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
