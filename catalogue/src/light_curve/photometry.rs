//! Fluxes in electrons per second and Vega magnitudes, by the zero points of Gaia EDR3 and DR3
//! (Riello et al. 2021, A&A 649, A3, section 5.6; the same numbers are in both releases' documentation).

/// A photometric band of Gaia.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Band {
    /// The wide band.
    G,
    /// The blue band.
    Bp,
    /// The red band.
    Rp,
}

impl Band {
    /// The band that people call `name`, in capital or small letters.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "G" => Some(Self::G),
            "BP" => Some(Self::Bp),
            "RP" => Some(Self::Rp),
            _ => None,
        }
    }

    /// Vega magnitude of one electron per second.
    pub(crate) fn zero_point(self) -> f64 {
        match self {
            Self::G => 25.687_366_867_1,
            Self::Bp => 25.338_542_215_8,
            Self::Rp => 24.747_895_501_2,
        }
    }

    /// The Vega magnitude of a flux in electrons per second; nothing if the flux is not positive.
    pub(crate) fn magnitude(self, flux: f64) -> Option<f64> {
        (flux > 0.0).then(|| self.zero_point() - 2.5 * flux.log10())
    }

    /// The flux in electrons per second of a Vega magnitude.
    pub(crate) fn flux(self, magnitude: f64) -> f64 {
        10f64.powf(0.4 * (self.zero_point() - magnitude))
    }
}

/// The error of a magnitude, to first order, from a flux and its error in any common unit.
pub(crate) fn magnitude_error(flux: f64, flux_error: f64) -> Option<f64> {
    (flux > 0.0).then(|| 2.5 / std::f64::consts::LN_10 * flux_error / flux)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_of_the_archive_follow_from_its_fluxes() {
        // Transit 17676259474436628 of Gaia DR3 1222520762444294784.
        let magnitude = Band::G.magnitude(531.084_116_384_444_3).expect("a positive flux");
        assert!((magnitude - 18.874_458_585).abs() < 1e-6, "{magnitude}");
        assert!((Band::G.flux(magnitude) - 531.084_116_384).abs() < 1e-9);
        assert_eq!(Band::G.magnitude(0.0), None);
    }
}
