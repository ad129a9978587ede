//! Columns of `gaiadr3.epoch_photometry`: one row per source, its transits as equally long lists.

use super::Kind::*;
use super::{Column, column};

/// Columns that `gaia_source` does not have.
pub(super) const COLUMNS: &[Column] = &[column("n_transits", I32, "", "meta.number", "Transits in the row")];

/// What one transit holds; each is a list in the file.
pub(super) const TRANSIT: &[Column] = &[
    column("transit_id", I64, "", "meta.id", "Name of the transit"),
    column(
        "g_transit_time",
        F64,
        "d",
        "time.epoch",
        "Time of the G observation: barycentric Julian date (TCB) - 2455197.5",
    ),
    column("g_transit_mag", F32, "mag", "phot.mag;em.opt", "Magnitude in G (Vega) of the transit"),
    column("g_transit_flux", F64, "electron.s**-1", "phot.flux;stat.mean", "Flux in G of the transit"),
    column(
        "g_transit_flux_error",
        F64,
        "electron.s**-1",
        "stat.error;phot.flux;em.opt",
        "Standard error of the flux in G",
    ),
    column(
        "bp_obs_time",
        F64,
        "d",
        "time.epoch",
        "Time of the BP observation: barycentric Julian date (TCB) - 2455197.5",
    ),
    column("bp_mag", F32, "mag", "phot.mag;em.opt.B", "Magnitude in BP (Vega) of the transit"),
    column("bp_flux", F64, "electron.s**-1", "phot.flux;stat.mean", "Flux in BP of the transit"),
    column(
        "bp_flux_error",
        F64,
        "electron.s**-1",
        "stat.error;phot.flux;em.opt.B",
        "Standard error of the flux in BP",
    ),
    column(
        "rp_obs_time",
        F64,
        "d",
        "time.epoch",
        "Time of the RP observation: barycentric Julian date (TCB) - 2455197.5",
    ),
    column("rp_mag", F32, "mag", "phot.mag;em.opt.R", "Magnitude in RP (Vega) of the transit"),
    column("rp_flux", F64, "electron.s**-1", "phot.flux;stat.mean", "Flux in RP of the transit"),
    column(
        "rp_flux_error",
        F64,
        "electron.s**-1",
        "stat.error;phot.flux;em.opt.R",
        "Standard error of the flux in RP",
    ),
    column(
        "variability_flag_g_reject",
        Bool,
        "",
        "meta.code.status",
        "The variability processing rejected the G point",
    ),
    column(
        "variability_flag_bp_reject",
        Bool,
        "",
        "meta.code.status",
        "The variability processing rejected the BP point",
    ),
    column(
        "variability_flag_rp_reject",
        Bool,
        "",
        "meta.code.status",
        "The variability processing rejected the RP point",
    ),
    column(
        "photometry_flag_g_reject",
        Bool,
        "",
        "meta.code.status",
        "The photometric processing rejected the G point",
    ),
    column(
        "photometry_flag_bp_reject",
        Bool,
        "",
        "meta.code.status",
        "The photometric processing rejected the BP point",
    ),
    column(
        "photometry_flag_rp_reject",
        Bool,
        "",
        "meta.code.status",
        "The photometric processing rejected the RP point",
    ),
];
