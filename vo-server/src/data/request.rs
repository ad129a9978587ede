//! What `/data-server/data` is asked for, in the words of the Gaia archive: those of DR3 and those of DR4.

use catalogue::engine::RetrievalType;

use super::ids;
use super::products;
use crate::app::App;
use crate::format::{Format, Offer, Serialization};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;

/// A request for products.
#[derive(Clone, Debug)]
pub(super) struct DataRequest {
    pub ids: Vec<i64>,
    pub retrievals: Vec<RetrievalType>,
    pub structure: Structure,
    pub offer: &'static Offer,
    /// The schema that has the products.
    pub release: String,
    /// Without measurements that were rejected, or have no flux.
    pub valid_only: bool,
    /// A zip even for one file.
    pub always_zip: bool,
}

/// How products are laid out in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Structure {
    /// A file for each source, a row for each measurement.
    Individual,
    /// One file, a row for each measurement.
    Combined,
    /// One file, a row for each source.
    Raw,
}

impl DataRequest {
    pub(super) async fn read(app: &App, caller: &Caller, parameters: &Parameters) -> Result<Self, Refusal> {
        let truth = |name| parameters.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if let Some(other) =
            parameters.get("LINKING_PARAMETER").filter(|p| !p.eq_ignore_ascii_case("SOURCE_ID"))
        {
            return Err(refused("LINKING_PARAMETER", other, "products are found by SOURCE_ID here"));
        }
        let release = release(app, caller, parameters.get("RELEASE"))?;
        Ok(Self {
            ids: ids::read(app, caller, &release, parameters.all("ID")).await?,
            retrievals: products::read(parameters.get("RETRIEVAL_TYPE").unwrap_or("ALL"))?,
            structure: Structure::read(parameters.get("DATA_STRUCTURE").unwrap_or("INDIVIDUAL"))?,
            offer: offer(parameters)?,
            release,
            valid_only: truth("VALID_DATA"),
            always_zip: truth("USE_ZIP_ALWAYS"),
        })
    }

    /// Whether the answer is one file, and not a zip.
    pub(super) fn single_file(&self) -> bool {
        let one = self.retrievals.len() == 1;
        one && !self.always_zip && (self.ids.len() == 1 || self.structure != Structure::Individual)
    }

    /// The name of the only file.
    pub(super) fn file_name(&self) -> String {
        let retrieval = self.retrievals.first().copied().unwrap_or(RetrievalType::EpochPhotometry);
        match self.structure {
            Structure::Individual => self.name_of(retrieval, self.ids.first().copied().unwrap_or_default()),
            Structure::Combined | Structure::Raw => self.name_of_all(retrieval),
        }
    }

    /// `XP_SAMPLED-Gaia DR3 123.csv`: the archive's names, which clients take apart.
    pub(super) fn name_of(&self, retrieval: RetrievalType, id: i64) -> String {
        format!("{}-{} {id}.{}", retrieval.name(), self.release_name(), self.extension())
    }

    /// `XP_CONTINUOUS_RAW.csv`
    pub(super) fn name_of_all(&self, retrieval: RetrievalType) -> String {
        let structure = if self.structure == Structure::Raw { "RAW" } else { "COMBINED" };
        format!("{}_{structure}.{}", retrieval.name(), self.extension())
    }

    /// How the files end: astroquery reads them by that.
    pub(super) fn extension(&self) -> &'static str {
        match self.offer.format {
            Format::VoTable { .. } => "xml",
            _ => self.offer.extension,
        }
    }

    /// `gaiadr3` is `Gaia DR3`; other schemas keep their names.
    fn release_name(&self) -> String {
        match self.release.strip_prefix("gaia") {
            Some(release) => format!("Gaia {}", release.to_uppercase()),
            None => self.release.clone(),
        }
    }
}

impl Structure {
    fn read(name: &str) -> Result<Self, Refusal> {
        match name.to_ascii_uppercase().as_str() {
            "INDIVIDUAL" | "DATAMODEL_STANDARD" => Ok(Self::Individual),
            "COMBINED" => Ok(Self::Combined),
            "RAW" | "DATAMODEL_GAIA" => Ok(Self::Raw),
            _ => Err(refused("DATA_STRUCTURE", name, "it is INDIVIDUAL, COMBINED or RAW")),
        }
    }
}

/// Files within a zip are never compressed once more.
fn offer(parameters: &Parameters) -> Result<&'static Offer, Refusal> {
    let plain = Format::VoTable { serialization: Serialization::TableData, gzip: false };
    let asked = parameters.get("RESPONSEFORMAT").or(parameters.get("FORMAT")).unwrap_or("votable");
    let offer = Offer::named(Some(asked))?;
    match offer.format {
        Format::VoTable { gzip: true, .. } => Offer::named(Some("votable")),
        _ if asked.eq_ignore_ascii_case("votable_plain") => Ok(Offer::of(plain)),
        _ => Ok(offer),
    }
}

/// The schema of `Gaia DR3`; without a name the latest that has sources.
pub(super) fn release(app: &App, caller: &Caller, asked: Option<&str>) -> Result<String, Refusal> {
    let tables = app.catalogue.releases(&caller.user());
    let mut schemas: Vec<&str> = tables
        .iter()
        .filter(|table| table.name == "gaia_source")
        .map(|table| table.schema.as_str())
        .collect();
    schemas.sort_unstable();
    let found = match asked {
        Some(asked) => {
            let name: String =
                asked.to_lowercase().chars().filter(|c| !matches!(c, ' ' | '_' | '+')).collect();
            schemas.iter().find(|schema| schema.to_lowercase() == name)
        }
        None => schemas.last(),
    };
    found.map(|schema| (*schema).to_owned()).ok_or_else(|| {
        let hint = format!("there are {}", schemas.join(", "));
        refused("RELEASE", asked.unwrap_or_default(), &hint)
    })
}

fn refused(name: &'static str, value: &str, hint: &str) -> Refusal {
    Refusal::Value { name, value: value.chars().take(80).collect(), hint: hint.to_owned() }
}
