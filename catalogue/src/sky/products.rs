//! Epoch astrometry and spectra as Arrow: the rows of the tables that only the members of one cluster are in, so that the
//! sample stays small.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow_schema::{ArrowError, DataType, Field, SchemaRef};

use super::astrometry::{Observation, observations};
use super::spectra::{Spectrum, spectrum};
use super::star::Nature;
use super::tables::{Keys, simulated};
use super::tile::Named;
use crate::columns::{self, Spectra};
use crate::hats::TableMeta;
use crate::healpix;

/// Members of this cluster have the products: the Pleiades.
const CLUSTER: usize = 0;

/// Members brighter than this in G have epoch astrometry.
const FAINTEST_ASTROMETRY: f32 = 13.0;

/// A table of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Epoch astrometry.
    Astrometry,
    /// A kind of spectra.
    Spectra(Spectra),
}

impl Product {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Astrometry,
        Self::Spectra(Spectra::XpSampled),
        Self::Spectra(Spectra::XpContinuous),
        Self::Spectra(Spectra::Rvs),
    ];

    /// The name of the table.
    pub fn table(self) -> &'static str {
        match self {
            Self::Astrometry => "epoch_astrometry",
            Self::Spectra(spectra) => spectra.table(),
        }
    }

    /// The schema of the table.
    pub fn schema(self, meta: &TableMeta) -> SchemaRef {
        let known = |name: &&str| columns::field(name).expect("a column of our own table");
        let fields = match self {
            Self::Astrometry => ASTROMETRY.iter().map(known).collect(),
            Self::Spectra(spectra) => spectra.fields(),
        };
        simulated(meta, fields)
    }

    /// The rows of the sources that have the product.
    pub fn rows(self, schema: &SchemaRef, seed: u64, sources: &[Named]) -> Result<RecordBatch, ArrowError> {
        let members = sources.iter().filter(|row| row.source.nature == Nature::Member(CLUSTER));
        match self {
            Self::Astrometry => {
                let bright: Vec<&Named> = members.filter(|row| row.source.g <= FAINTEST_ASTROMETRY).collect();
                astrometry(schema, seed, &bright)
            }
            Self::Spectra(table) => {
                let spectra =
                    members.filter_map(|row| Some((row, spectrum(seed, table, row.source_id, &row.source)?)));
                let (rows, spectra): (Vec<&Named>, Vec<Spectrum>) = spectra.unzip();
                spectra_rows(schema, table, &rows, &spectra)
            }
        }
    }
}

const ASTROMETRY: [&str; 11] = [
    "source_id",
    "ra",
    "dec",
    "ra0",
    "dec0",
    "agis_source_excess_noise",
    "nu_eff_used_in_astrometry",
    "n_transits",
    "n_observations",
    columns::OBSERVATIONS,
    healpix::COLUMN,
];

fn astrometry(schema: &SchemaRef, seed: u64, rows: &[&Named]) -> Result<RecordBatch, ArrowError> {
    let all: Vec<Vec<Observation>> =
        rows.iter().map(|row| observations(seed, row.source_id, &row.source)).collect();
    let Keys { source_id, ra, dec, healpix } = Keys::of(rows.iter().copied());
    let float = |name: &str, value: fn(&Named) -> f64| {
        let values: Float64Array = rows.iter().map(|row| Some(value(row))).collect();
        cast(&values, schema.field_with_name(name)?.data_type())
    };
    let transits = |observations: &Vec<Observation>| {
        let mut transits: Vec<i64> = observations.iter().map(|one| one.transit_id).collect();
        transits.dedup();
        transits.len()
    };
    let counts = |count: &dyn Fn(&Vec<Observation>) -> usize| -> ArrayRef {
        Arc::new(Int32Array::from_iter_values(all.iter().map(|one| count(one) as i32)))
    };
    let columns = vec![
        source_id,
        Arc::clone(&ra),
        Arc::clone(&dec),
        ra,
        dec,
        float("agis_source_excess_noise", |_| 0.0)?,
        float("nu_eff_used_in_astrometry", nu_eff)?,
        counts(&transits),
        counts(&Vec::len),
        Arc::new(nested(&all)?),
        healpix,
    ];
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// Effective wavenumber in 1/um by colour (Lindegren et al. 2021, A&A 649, A2, eq. 3); that of 1.43 without one.
fn nu_eff(row: &Named) -> f64 {
    let by_colour = |colour: f64| 1.76 - 1.61 / std::f64::consts::PI * (0.531 * colour).atan();
    row.source.bp_rp.map_or(1.43, |(bp, rp)| by_colour(f64::from(bp - rp)))
}

/// The column [`columns::OBSERVATIONS`].
fn nested(sources: &[Vec<Observation>]) -> Result<StructArray, ArrowError> {
    let offsets = OffsetBuffer::<i32>::from_lengths(sources.iter().map(Vec::len));
    let all: Vec<&Observation> = sources.iter().flatten().collect();
    let long = |value: fn(&Observation) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(all.iter().map(|one| value(one))))
    };
    let double = |value: fn(&Observation) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(all.iter().map(|one| value(one))))
    };
    let fields = columns::observation_fields();
    let lists = fields.iter().map(|field| {
        let values = match field.name().as_str() {
            "transit_id" => long(|one| one.transit_id),
            "obs_time_tcb" => long(|one| one.time_ns),
            "obs_time_bary_corr" => double(|one| one.bary_corr_ns),
            "scan_pos_angle" => double(|one| one.scan_angle_deg),
            "parallax_factor_al" => double(|one| one.parallax_factor),
            "centroid_pos_al" => double(|one| one.centroid_mas),
            "centroid_pos_error_al" | "ipd_error_al" => double(|one| one.error_mas),
            "colour_factor_al" => double(|_| 0.0),
            "used_by_agis_al" => {
                Arc::new(all.iter().map(|one| Some(one.used)).collect::<BooleanArray>()) as ArrayRef
            }
            other => return Err(ArrowError::SchemaError(format!("an observation has no {other}"))),
        };
        list(field, &offsets, &values)
    });
    let lists = lists.collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new(fields, lists, None)
}

fn spectra_rows(
    schema: &SchemaRef,
    table: Spectra,
    rows: &[&Named],
    spectra: &[Spectrum],
) -> Result<RecordBatch, ArrowError> {
    let Keys { source_id, ra, dec, healpix } = Keys::of(rows.iter().copied());
    let mut columns = vec![source_id, ra, dec];
    for (number, field) in table.numbers().iter().enumerate() {
        let values: Float64Array = spectra.iter().map(|one| Some(one.numbers[number])).collect();
        columns.push(cast(&values, field.data_type())?);
    }
    for (number, field) in table.lists().iter().enumerate() {
        let lists = spectra.iter().map(|one| &one.lists[number]);
        let offsets = OffsetBuffer::<i32>::from_lengths(lists.clone().map(Vec::len));
        let values: Float64Array = lists.flatten().copied().map(Some).collect();
        columns.push(list(field, &offsets, &(Arc::new(values) as ArrayRef))?);
    }
    columns.push(healpix);
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// Values as the lists that a field says.
fn list(field: &Field, offsets: &OffsetBuffer<i32>, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let DataType::List(item) = field.data_type() else {
        return Err(ArrowError::SchemaError(format!("{} is no list", field.name())));
    };
    let values = cast(values, item.data_type())?;
    Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets.clone(), values, None)?))
}
