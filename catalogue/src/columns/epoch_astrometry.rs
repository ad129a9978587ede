//! Columns of `epoch_astrometry`: one row per source, its observations by single CCDs as equally long lists.
//!
//! Names, types and units are those of the EPOCH_ASTROMETRY files that ESA published ahead of Gaia DR4 (26 June 2026),
//! which have one row per transit and an array of ten CCDs in it. What a transit has once is repeated here, so that
//! every observation says all that a fit needs. Flags of single CCDs and what is across the scan are not kept.

use super::Kind::*;
use super::{Column, column};

/// Columns that no other table has.
pub(super) const COLUMNS: &[Column] = &[
    column("ra0", F64, "deg", "pos.eq.ra", "Right ascension from which centroids are measured"),
    column("dec0", F64, "deg", "pos.eq.dec", "Declination from which centroids are measured"),
    column(
        "agis_source_excess_noise",
        F32,
        "mas",
        "stat.value",
        "What the five-parameter solution leaves unexplained",
    ),
    column(
        "nu_eff_used_in_astrometry",
        F32,
        "um**-1",
        "em.wavenumber",
        "Effective wavenumber that the astrometric solution used",
    ),
    column("n_observations", I32, "", "meta.number", "Observations in the row"),
];

/// What one CCD observed; each is a list in the file.
pub(super) const OBSERVATION: &[Column] = &[
    column("transit_id", I64, "", "meta.id", "Name of the transit that the observation belongs to"),
    column("obs_time_tcb", I64, "ns", "time.epoch", "Time at Gaia: nanoseconds (TCB) since JD 2455197.5"),
    column(
        "obs_time_bary_corr",
        F32,
        "ns",
        "time.interval",
        "To add for the time at the barycentre; one per transit",
    ),
    column("scan_pos_angle", F64, "deg", "pos.posAng", "Direction of the scan, from north towards east"),
    column(
        "parallax_factor_al",
        F32,
        "",
        "pos.parallax;arith.factor",
        "Shift along the scan of one unit of parallax; one per transit",
    ),
    column(
        "centroid_pos_al",
        F64,
        "mas",
        "pos",
        "Place of the image along the scan, from the point (ra0, dec0)",
    ),
    column("centroid_pos_error_al", F32, "mas", "stat.error;pos", "Standard error of that place"),
    column("ipd_error_al", F32, "mas", "stat.error;pos", "Of it, the error of the image parameters alone"),
    column("colour_factor_al", F32, "", "arith.factor", "Shift along the scan with colour"),
    column("used_by_agis_al", Bool, "", "meta.code.status", "The astrometric solution used the observation"),
];
