//! What can be retrieved of a source, by the names that DataLink services of Gaia use.

use datafusion::common::{Result, plan_err};

use crate::columns::Spectra;

/// A kind of product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetrievalType {
    /// The light curve in G, BP and RP.
    EpochPhotometry,
    /// The places of the source along the scan, CCD by CCD.
    EpochAstrometry,
    /// The low-resolution spectra in BP and RP, as coefficients.
    XpContinuous,
    /// The low-resolution spectrum, sampled in wavelength.
    XpSampled,
    /// The mean spectrum of the radial-velocity spectrometer.
    Rvs,
}

impl RetrievalType {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::EpochPhotometry, Self::EpochAstrometry, Self::XpContinuous, Self::XpSampled, Self::Rvs];

    /// The types in a text of names between commas, each once; `ALL` is all of them.
    pub(super) fn parse_list(text: &str) -> Result<Vec<Self>> {
        if text.trim().eq_ignore_ascii_case("ALL") {
            return Ok(Self::ALL.to_vec());
        }
        Self::named_in(text, |one, name| one.name().eq_ignore_ascii_case(name)).or_else(|name| {
            let known = Self::ALL.map(Self::name).join(", ");
            plan_err!("no such retrieval type '{name}'; there are {known} and ALL")
        })
    }

    /// The types in a text of names between commas, each once, where `is_name` says which name means which type. The error
    /// is the first name that means none.
    pub fn named_in(text: &str, is_name: impl Fn(Self, &str) -> bool) -> Result<Vec<Self>, &str> {
        let mut types = Vec::new();
        for name in text.split(',').map(str::trim) {
            let one = Self::ALL.into_iter().find(|one| is_name(*one, name)).ok_or(name)?;
            if !types.contains(&one) {
                types.push(one);
            }
        }
        Ok(types)
    }

    /// The name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::EpochPhotometry => "EPOCH_PHOTOMETRY",
            Self::EpochAstrometry => "EPOCH_ASTROMETRY",
            Self::XpContinuous => "XP_CONTINUOUS",
            Self::XpSampled => "XP_SAMPLED",
            Self::Rvs => "RVS",
        }
    }

    /// The table that has the products, one row per source.
    pub fn table(self) -> &'static str {
        match self {
            Self::EpochPhotometry => "epoch_photometry",
            Self::EpochAstrometry => "epoch_astrometry",
            Self::XpContinuous => Spectra::XpContinuous.table(),
            Self::XpSampled => Spectra::XpSampled.table(),
            Self::Rvs => Spectra::Rvs.table(),
        }
    }

    /// The column of `gaia_source` that says whether a source has the product.
    pub(super) fn flag(self) -> &'static str {
        match self {
            Self::EpochPhotometry => "has_epoch_photometry",
            Self::EpochAstrometry => "has_epoch_astrometry",
            Self::XpContinuous => "has_xp_continuous",
            Self::XpSampled => "has_xp_sampled",
            Self::Rvs => "has_rvs",
        }
    }

    /// Which sources have the product in Gaia DR3.
    pub(super) fn published(self) -> &'static str {
        match self {
            Self::EpochPhotometry => "DR3 has light curves of variable stars and of the Andromeda survey",
            Self::EpochAstrometry => "DR3 has none of these; they come with DR4",
            Self::XpContinuous => "DR3 has these spectra to about G = 17.65",
            Self::XpSampled => "DR3 has these spectra to about G = 15",
            Self::Rvs => "DR3 has these spectra of about a million bright stars",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_once_each() {
        let types = RetrievalType::parse_list("rvs, XP_SAMPLED,RVS").expect("known names");
        assert_eq!(types, [RetrievalType::Rvs, RetrievalType::XpSampled]);
        assert_eq!(RetrievalType::parse_list("all").expect("all"), RetrievalType::ALL);
        let unknown = RetrievalType::parse_list("RVS, MCMC_MSC").expect_err("not served");
        assert!(unknown.to_string().contains("no such retrieval type 'MCMC_MSC'"), "{unknown}");
    }
}
