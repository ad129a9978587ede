//! The kinds of products, and the table that one product becomes: a row for each measurement.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, new_null_array,
};
use arrow::compute::{cast, concat, filter_record_batch, is_not_null};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use catalogue::columns::Spectra;
use catalogue::engine::RetrievalType;

use crate::refusal::Refusal;

/// The name in DR4, where that is another than in DR3.
fn later_name(kind: RetrievalType) -> &'static str {
    match kind {
        RetrievalType::XpContinuous => "MEAN_SPECTRUM_XP",
        RetrievalType::XpSampled => "MEAN_SPECTRUM_XP_SAMPLED",
        RetrievalType::Rvs => "MEAN_SPECTRUM_RVS",
        same => same.name(),
    }
}

/// What a kind of product is, in words.
pub(super) fn about(kind: RetrievalType) -> &'static str {
    match kind {
        RetrievalType::EpochPhotometry => "Light curve in G, BP and RP",
        RetrievalType::EpochAstrometry => "Places along the scan, CCD by CCD",
        RetrievalType::XpContinuous => "Mean spectra in BP and RP as coefficients",
        RetrievalType::XpSampled => "Mean spectrum of BP and RP, sampled in wavelength",
        RetrievalType::Rvs => "Mean spectrum of the radial-velocity spectrometer",
    }
}

/// The kinds in a list of names between commas, those of DR3 or of DR4; `ALL` is all of them.
pub(super) fn read(text: &str) -> Result<Vec<RetrievalType>, Refusal> {
    if text.eq_ignore_ascii_case("ALL") {
        return Ok(RetrievalType::ALL.to_vec());
    }
    let is_name = |kind: RetrievalType, name: &str| {
        kind.name().eq_ignore_ascii_case(name) || later_name(kind).eq_ignore_ascii_case(name)
    };
    RetrievalType::named_in(text, is_name).map_err(|name| {
        let names = RetrievalType::ALL.map(RetrievalType::name).join(", ");
        Refusal::Value {
            name: "RETRIEVAL_TYPE",
            value: name.chars().take(80).collect(),
            hint: format!("this catalogue has {names}, and ALL of them"),
        }
    })
}

/// The measurements of one product of a kind, which is row `row` of `products`.
pub(super) fn measurements(
    kind: RetrievalType,
    id: i64,
    products: &StructArray,
    row: usize,
    valid_only: bool,
) -> Result<RecordBatch, ArrowError> {
    let product = products.slice(row, 1);
    match kind {
        RetrievalType::EpochPhotometry => light_curve(id, &product, valid_only),
        RetrievalType::XpSampled => spectrum(id, &product, &Spectra::XpSampled.wavelengths_nm()),
        RetrievalType::Rvs => spectrum(id, &product, &Spectra::Rvs.wavelengths_nm()),
        RetrievalType::EpochAstrometry | RetrievalType::XpContinuous => with_id(&[id], &product),
    }
}

/// Products as they are, with the identifiers before them.
pub(super) fn with_id(ids: &[i64], products: &StructArray) -> Result<RecordBatch, ArrowError> {
    let mut fields = vec![Arc::new(id_field())];
    fields.extend(products.fields().iter().cloned());
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(ids.to_vec()))];
    columns.extend(products.columns().iter().cloned());
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// A field with a unit, a UCD and a description.
fn field(name: &str, data_type: DataType, about: [&str; 3]) -> Field {
    let about = ["unit", "ucd", "description"].into_iter().zip(about).filter(|(_, text)| !text.is_empty());
    let about = about.map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
    Field::new(name, data_type, true).with_metadata(about)
}

fn id_field() -> Field {
    field("source_id", DataType::Int64, ["", "meta.id;meta.main", "Name of the source"])
}

/// Wavelength, flux and its error.
fn spectrum(id: i64, product: &StructArray, wavelengths_nm: &[f64]) -> Result<RecordBatch, ArrowError> {
    let wavelength = field("wavelength", DataType::Float64, ["nm", "em.wl", "Wavelength in vacuum"]);
    let mut fields = vec![id_field(), wavelength];
    let count = wavelengths_nm.len();
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![id; count])),
        Arc::new(Float64Array::from(wavelengths_nm.to_vec())),
    ];
    for name in ["flux", "flux_error"] {
        let Some((field, values)) = list(product, name) else { continue };
        // A spectrum that is shorter than its grid is null where it ends.
        let missing = new_null_array(values.data_type(), count.saturating_sub(values.len()));
        columns.push(concat(&[&values.slice(0, values.len().min(count)), &missing])?);
        fields.push(field);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// One band of a light curve: its name, and the names of its columns among the transits.
struct Band {
    name: &'static str,
    time: &'static str,
    mag: &'static str,
    flux: &'static str,
    error: &'static str,
    photometry_flag: &'static str,
    variability_flag: &'static str,
}

const BANDS: [Band; 3] = [
    Band {
        name: "G",
        time: "g_transit_time",
        mag: "g_transit_mag",
        flux: "g_transit_flux",
        error: "g_transit_flux_error",
        photometry_flag: "photometry_flag_g_reject",
        variability_flag: "variability_flag_g_reject",
    },
    Band {
        name: "BP",
        time: "bp_obs_time",
        mag: "bp_mag",
        flux: "bp_flux",
        error: "bp_flux_error",
        photometry_flag: "photometry_flag_bp_reject",
        variability_flag: "variability_flag_bp_reject",
    },
    Band {
        name: "RP",
        time: "rp_obs_time",
        mag: "rp_mag",
        flux: "rp_flux",
        error: "rp_flux_error",
        photometry_flag: "photometry_flag_rp_reject",
        variability_flag: "variability_flag_rp_reject",
    },
];

/// A row for each transit and band, in the columns of the archive.
fn light_curve(id: i64, product: &StructArray, valid_only: bool) -> Result<RecordBatch, ArrowError> {
    let transits = product.column_by_name("transits");
    let transits =
        transits.ok_or_else(|| ArrowError::SchemaError("light curves have transits".to_owned()))?;
    let transits = transits.as_struct();
    let bands = BANDS.iter().map(|band| band.rows(id, transits)).collect::<Result<Vec<_>, _>>()?;
    let schema = bands.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    let rows = arrow::compute::concat_batches(&schema, &bands)?;
    if !valid_only {
        return Ok(rows);
    }
    let flux = is_not_null(rows.column(FLUX))?;
    let rejected = rows.column(REJECTED).as_boolean().clone();
    let valid = flux.iter().zip(&rejected).map(|(flux, rejected)| Some(flux? && rejected != Some(true)));
    filter_record_batch(&rows, &valid.collect::<BooleanArray>())
}

/// Places in the rows of [`Band::rows`].
const FLUX: usize = 5;
/// As [`FLUX`].
const REJECTED: usize = 8;

impl Band {
    fn rows(&self, id: i64, transits: &StructArray) -> Result<RecordBatch, ArrowError> {
        let transit_ids = list(transits, "transit_id").map(|(_, values)| values);
        let count = transit_ids.as_ref().map_or(0, |values| values.len());
        let values = |name: &str, data_type: DataType| -> Result<ArrayRef, ArrowError> {
            match list(transits, name) {
                Some((_, values)) if values.len() == count => cast(&values, &data_type),
                _ => Ok(new_null_array(&data_type, count)),
            }
        };
        let (flux, error) = (values(self.flux, DataType::Float64)?, values(self.error, DataType::Float64)?);
        let ratios = quotients(&flux, &error);
        let about = |name: &str| list(transits, name).map(|(field, _)| field);
        let named = |name: &str, from: &str, data_type: DataType| {
            let known = about(from).map(|field| field.metadata().clone()).unwrap_or_default();
            Field::new(name, data_type, true).with_metadata(known)
        };
        let flag = |name, about| field(name, DataType::Boolean, ["", "meta.code.status", about]);
        let fields = vec![
            id_field(),
            named("transit_id", "transit_id", DataType::Int64),
            field("band", DataType::Utf8, ["", "instr.bandpass", "Band: G, BP or RP"]),
            named("time", self.time, DataType::Float64),
            named("mag", self.mag, DataType::Float64),
            named("flux", self.flux, DataType::Float64),
            named("flux_error", self.error, DataType::Float64),
            field("flux_over_error", DataType::Float64, ["", "stat.snr;phot.flux", "Flux over its error"]),
            flag("rejected_by_photometry", "The photometric processing rejected the point"),
            flag("rejected_by_variability", "The variability processing rejected the point"),
        ];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![id; count])),
            values("transit_id", DataType::Int64)?,
            Arc::new(StringArray::from(vec![self.name; count])),
            values(self.time, DataType::Float64)?,
            values(self.mag, DataType::Float64)?,
            flux,
            error,
            ratios,
            values(self.photometry_flag, DataType::Boolean)?,
            values(self.variability_flag, DataType::Boolean)?,
        ];
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }
}

fn quotients(flux: &ArrayRef, error: &ArrayRef) -> ArrayRef {
    let (flux, error) = (flux.as_primitive::<arrow::datatypes::Float64Type>(), error.as_primitive());
    let error: &Float64Array = error;
    let pairs = flux.iter().zip(error).map(|(flux, error)| Some(flux? / error?));
    Arc::new(pairs.collect::<Float64Array>())
}

/// The items of a list of the only row of a struct, and what they are.
fn list(row: &StructArray, name: &str) -> Option<(Field, ArrayRef)> {
    let (index, field) = row.fields().find(name)?;
    let lists: &ListArray = row.column(index).as_list_opt()?;
    let items = if lists.is_null(0) { lists.values().slice(0, 0) } else { lists.value(0) };
    let field = Field::new(name, items.data_type().clone(), true).with_metadata(field.metadata().clone());
    Some((field, items))
}
