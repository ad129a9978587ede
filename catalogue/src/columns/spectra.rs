//! Columns of the tables of spectra: one row per source, the samples or coefficients as lists.
//!
//! Wavelengths are the same for all sources of a table, so that no row repeats them; see [`Spectra::wavelengths_nm`].

use arrow_schema::Field;

use super::Kind::*;
use super::{Column, column};
use crate::healpix;

/// A table of spectra.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spectra {
    /// `xp_sampled_mean_spectrum`: BP and RP together, externally calibrated, sampled every 2 nm.
    XpSampled,
    /// `xp_continuous_mean_spectrum`: BP and RP as coefficients of basis functions.
    XpContinuous,
    /// `rvs_mean_spectrum`: around the calcium triplet, normalised to the continuum, sampled every 0.01 nm.
    Rvs,
}

impl Spectra {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::XpSampled, Self::XpContinuous, Self::Rvs];

    /// The name of the table in the archive.
    pub fn table(self) -> &'static str {
        match self {
            Self::XpSampled => "xp_sampled_mean_spectrum",
            Self::XpContinuous => "xp_continuous_mean_spectrum",
            Self::Rvs => "rvs_mean_spectrum",
        }
    }

    /// The wavelengths of the samples in nanometres, in vacuum. Empty where there are coefficients instead.
    pub fn wavelengths_nm(self) -> Vec<f64> {
        match self {
            Self::XpSampled => (0..343).map(|sample| 336.0 + 2.0 * f64::from(sample)).collect(),
            Self::XpContinuous => Vec::new(),
            Self::Rvs => (0..2401).map(|sample| f64::from(84_600 + sample) / 100.0).collect(),
        }
    }

    /// The columns that are numbers, but for those that say where the source is.
    pub fn numbers(self) -> Vec<Field> {
        self.scalars().iter().map(Column::field).collect()
    }

    /// The columns that are lists of numbers. They are null where a source has no such spectrum.
    pub fn lists(self) -> Vec<Field> {
        self.arrays().iter().map(|column| column.list_field().with_nullable(true)).collect()
    }

    /// All columns of the table.
    pub fn fields(self) -> Vec<Field> {
        let place = |name: &str| super::field(name).expect("a column of every table");
        let mut fields: Vec<Field> = ["source_id", "ra", "dec"].map(place).into();
        fields.extend(self.numbers());
        fields.extend(self.lists());
        fields.push(place(healpix::COLUMN));
        fields
    }

    fn scalars(self) -> &'static [Column] {
        match self {
            Self::XpSampled => &[],
            Self::XpContinuous => XP_CONTINUOUS_NUMBERS,
            Self::Rvs => RVS_NUMBERS,
        }
    }

    fn arrays(self) -> &'static [Column] {
        match self {
            Self::XpSampled => XP_SAMPLED_LISTS,
            Self::XpContinuous => XP_CONTINUOUS_LISTS,
            Self::Rvs => RVS_LISTS,
        }
    }
}

const XP_SAMPLED_LISTS: &[Column] = &[
    column("flux", F32, "W.m**-2.nm**-1", "spect", "Mean flux of BP and RP at 336, 338, ... 1020 nm"),
    column("flux_error", F32, "W.m**-2.nm**-1", "stat.error;spect", "Standard errors of the fluxes"),
];

const RVS_NUMBERS: &[Column] = &[
    column("combined_transits", I32, "", "meta.number", "Transits in the mean spectrum"),
    column("combined_ccds", I32, "", "meta.number", "CCD spectra in the mean spectrum"),
    column("deblended_ccds", I32, "", "meta.number", "Of these, separated from neighbours"),
];

const RVS_LISTS: &[Column] = &[
    column("flux", F32, "", "spect", "Flux over the continuum at 846.00, 846.01, ... 870.00 nm"),
    column("flux_error", F32, "", "stat.error;spect", "Standard errors of the fluxes"),
];

const XP_CONTINUOUS_NUMBERS: &[Column] = &[
    column("bp_basis_function_id", I16, "", "meta.id", "Set of basis functions of BP"),
    column("bp_degrees_of_freedom", I32, "", "stat.fit.dof", "Degrees of freedom of the fit in BP"),
    column("bp_n_parameters", I16, "", "meta.number", "Coefficients in BP"),
    column("bp_n_measurements", I32, "", "meta.number", "Measurements in BP"),
    column("bp_n_rejected_measurements", I32, "", "meta.number", "Rejected measurements in BP"),
    column("bp_standard_deviation", F32, "", "stat.stdev", "Standard deviation of the fit in BP"),
    column("bp_chi_squared", F32, "", "stat.fit.chi2", "Chi squared of the fit in BP"),
    column("bp_n_relevant_bases", I16, "", "meta.number", "Coefficients in BP that matter"),
    column(
        "bp_relative_shrinking",
        F32,
        "",
        "stat.value",
        "Share of the norm that these coefficients keep in BP",
    ),
    column("rp_basis_function_id", I16, "", "meta.id", "Set of basis functions of RP"),
    column("rp_degrees_of_freedom", I32, "", "stat.fit.dof", "Degrees of freedom of the fit in RP"),
    column("rp_n_parameters", I16, "", "meta.number", "Coefficients in RP"),
    column("rp_n_measurements", I32, "", "meta.number", "Measurements in RP"),
    column("rp_n_rejected_measurements", I32, "", "meta.number", "Rejected measurements in RP"),
    column("rp_standard_deviation", F32, "", "stat.stdev", "Standard deviation of the fit in RP"),
    column("rp_chi_squared", F32, "", "stat.fit.chi2", "Chi squared of the fit in RP"),
    column("rp_n_relevant_bases", I16, "", "meta.number", "Coefficients in RP that matter"),
    column(
        "rp_relative_shrinking",
        F32,
        "",
        "stat.value",
        "Share of the norm that these coefficients keep in RP",
    ),
];

const XP_CONTINUOUS_LISTS: &[Column] = &[
    column("bp_coefficients", F64, "", "stat.fit.param", "Coefficients of the basis functions of BP"),
    column(
        "bp_coefficient_errors",
        F32,
        "",
        "stat.error;stat.fit.param",
        "Standard errors of the coefficients of BP",
    ),
    column(
        "bp_coefficient_correlations",
        F32,
        "",
        "stat.correlation",
        "Correlations of the coefficients of BP: the upper triangle without its diagonal, column by column",
    ),
    column("rp_coefficients", F64, "", "stat.fit.param", "Coefficients of the basis functions of RP"),
    column(
        "rp_coefficient_errors",
        F32,
        "",
        "stat.error;stat.fit.param",
        "Standard errors of the coefficients of RP",
    ),
    column(
        "rp_coefficient_correlations",
        F32,
        "",
        "stat.correlation",
        "Correlations of the coefficients of RP: the upper triangle without its diagonal, column by column",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_end_where_the_archive_says() {
        let ends = |spectra: Spectra| {
            let wavelengths = spectra.wavelengths_nm();
            (wavelengths.len(), wavelengths.first().copied(), wavelengths.last().copied())
        };
        assert_eq!(ends(Spectra::XpSampled), (343, Some(336.0), Some(1020.0)));
        assert_eq!(ends(Spectra::Rvs), (2401, Some(846.0), Some(870.0)));
    }

    #[test]
    fn a_table_of_spectra_has_a_place_and_lists() {
        let names: Vec<String> =
            Spectra::XpSampled.fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["source_id", "ra", "dec", "flux", "flux_error", "_healpix_29"]);
        assert!(Spectra::ALL.iter().all(|spectra| spectra.lists().iter().all(Field::is_nullable)));
    }
}
