//! The tables of all sources and of the variables as Arrow: which columns they have and how rows become batches.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

use super::epochs::Epochs;
use super::star::Nature;
use super::tile::Named;
use super::variable::{Class, Variable};
use crate::hats::{Kind, TableMeta};
use crate::{columns, healpix};

/// Says in every schema that nobody observed this.
const SIMULATED: (&str, &str) = ("nearside.simulated", "true");

/// What a table of the sample says about itself; `properties` go into `hats.properties`.
pub fn meta(name: &str, kind: Kind, properties: &[(&str, String)]) -> TableMeta {
    let all = properties.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    let simulated = (SIMULATED.0.to_owned(), SIMULATED.1.to_owned());
    TableMeta {
        name: name.to_owned(),
        title: format!("Simulated sky: {name}"),
        description: "Simulated sky, not observed data".to_owned(),
        kind,
        ra_column: "ra".to_owned(),
        dec_column: "dec".to_owned(),
        properties: all.chain([simulated]).collect(),
    }
}

/// The schema of columns that all are known.
fn schema(meta: &TableMeta, names: &[&str]) -> SchemaRef {
    let fields: Vec<_> =
        names.iter().map(|name| columns::field(name).expect("a column of our own table")).collect();
    simulated(meta, fields)
}

/// The schema of these columns.
pub fn simulated(meta: &TableMeta, fields: Vec<Field>) -> SchemaRef {
    let metadata = [(SIMULATED.0.to_owned(), SIMULATED.1.to_owned())].into();
    meta.schema(&Schema::new_with_metadata(fields, metadata))
}

/// The schema of `gaia_source`.
pub fn gaia_source_schema(meta: &TableMeta) -> SchemaRef {
    schema(
        meta,
        &[
            "source_id",
            "random_index",
            "ra",
            "ra_error",
            "dec",
            "dec_error",
            "parallax",
            "parallax_error",
            "parallax_over_error",
            "pmra",
            "pmra_error",
            "pmdec",
            "pmdec_error",
            "ruwe",
            "phot_g_mean_mag",
            "phot_bp_mean_mag",
            "phot_rp_mean_mag",
            "bp_rp",
            "radial_velocity",
            "radial_velocity_error",
            "phot_variable_flag",
            "l",
            "b",
            healpix::COLUMN,
        ],
    )
}

/// Rows of `gaia_source`, in the order of [`gaia_source_schema`].
pub fn gaia_source(schema: &SchemaRef, rows: &[Named]) -> Result<RecordBatch, ArrowError> {
    let long = |value: fn(&Named) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(value)))
    };
    let double = |value: fn(&Named) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(rows.iter().map(value)))
    };
    let float = |value: fn(&Named) -> f32| -> ArrayRef {
        Arc::new(Float32Array::from_iter_values(rows.iter().map(value)))
    };
    let maybe = |value: fn(&Named) -> Option<f32>| -> ArrayRef {
        Arc::new(Float32Array::from_iter(rows.iter().map(value)))
    };
    let flags = rows.iter().map(|row| match row.source.nature {
        Nature::Variable(_) => "VARIABLE",
        Nature::Field | Nature::Member(_) => "NOT_AVAILABLE",
    });
    let columns = vec![
        long(|row| row.source_id),
        long(|row| row.random_index),
        double(|row| row.source.ra),
        float(|row| row.source.ra_error),
        double(|row| row.source.dec),
        float(|row| row.source.dec_error),
        double(|row| row.source.parallax),
        float(|row| row.source.parallax_error),
        float(|row| (row.source.parallax / f64::from(row.source.parallax_error)) as f32),
        double(|row| row.source.pmra),
        float(|row| row.source.pmra_error),
        double(|row| row.source.pmdec),
        float(|row| row.source.pmdec_error),
        float(|row| row.source.ruwe),
        float(|row| row.source.g),
        maybe(|row| row.source.bp_rp.map(|(bp, _)| bp)),
        maybe(|row| row.source.bp_rp.map(|(_, rp)| rp)),
        maybe(|row| row.source.bp_rp.map(|(bp, rp)| bp - rp)),
        maybe(|row| row.source.radial_velocity.map(|(velocity, _)| velocity)),
        maybe(|row| row.source.radial_velocity.map(|(_, error)| error)),
        Arc::new(StringArray::from_iter_values(flags)),
        double(|row| row.source.l),
        double(|row| row.source.b),
        long(|row| row.source.healpix),
    ];
    RecordBatch::try_new(schema.clone(), columns)
}

/// A variable source with its light curve.
pub struct Observed<'a> {
    pub row: &'a Named,
    pub variable: Variable,
    pub transits: Vec<super::transits::Transit>,
}

/// The schema of `epoch_photometry`.
pub fn epoch_photometry_schema(meta: &TableMeta) -> SchemaRef {
    schema(meta, &["source_id", "ra", "dec", "n_transits", columns::TRANSITS, healpix::COLUMN])
}

/// Rows of `epoch_photometry`, in the order of [`epoch_photometry_schema`].
pub fn epoch_photometry(schema: &SchemaRef, rows: &[Observed<'_>]) -> Result<RecordBatch, ArrowError> {
    let Keys { source_id, ra, dec, healpix } = Keys::of(rows.iter().map(|row| row.row));
    let counts = Int32Array::from_iter_values(rows.iter().map(|row| row.transits.len() as i32));
    let transits = Epochs::collect(rows.iter().map(|row| row.transits.as_slice())).into_array()?;
    RecordBatch::try_new(
        schema.clone(),
        vec![source_id, ra, dec, Arc::new(counts), Arc::new(transits), healpix],
    )
}

/// The schema of `vari_rrlyrae`.
pub fn vari_rrlyrae_schema(meta: &TableMeta) -> SchemaRef {
    let names = [
        "source_id",
        "ra",
        "dec",
        "best_classification",
        "pf",
        "p1_o",
        "num_clean_epochs_g",
        healpix::COLUMN,
    ];
    schema(meta, &names)
}

/// Rows of `vari_rrlyrae`, in the order of [`vari_rrlyrae_schema`]: those of the variables that are RR Lyrae.
pub fn vari_rrlyrae(schema: &SchemaRef, rows: &[Observed<'_>]) -> Result<RecordBatch, ArrowError> {
    let Keys { source_id, ra, dec, healpix } = Keys::of(rows.iter().map(|row| row.row));
    let is = |row: &Observed<'_>, class| (row.variable.class == class).then_some(row.variable.period_d);
    let pf = Float64Array::from_iter(rows.iter().map(|row| is(row, Class::RrAb)));
    let p1_o = Float64Array::from_iter(rows.iter().map(|row| is(row, Class::RrC)));
    let classes = pf.iter().map(|period| if period.is_some() { "RRab" } else { "RRc" });
    let clean =
        |row: &Observed<'_>| row.transits.iter().filter(|transit| transit.bands.g.is_clean()).count() as i32;
    let columns = vec![
        source_id,
        ra,
        dec,
        Arc::new(StringArray::from_iter_values(classes)) as ArrayRef,
        Arc::new(pf.clone()),
        Arc::new(p1_o),
        Arc::new(Int32Array::from_iter_values(rows.iter().map(clean))),
        healpix,
    ];
    RecordBatch::try_new(schema.clone(), columns)
}

/// The columns that say which sources the rows of a table are of.
pub struct Keys {
    pub source_id: ArrayRef,
    pub ra: ArrayRef,
    pub dec: ArrayRef,
    pub healpix: ArrayRef,
}

impl Keys {
    /// Those of some sources.
    pub fn of<'a>(rows: impl Iterator<Item = &'a Named> + Clone) -> Self {
        let long = |value: fn(&Named) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(rows.clone().map(value)))
        };
        let double = |value: fn(&Named) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(rows.clone().map(value)))
        };
        Self {
            source_id: long(|row| row.source_id),
            ra: double(|row| row.source.ra),
            dec: double(|row| row.source.dec),
            healpix: long(|row| row.source.healpix),
        }
    }
}
