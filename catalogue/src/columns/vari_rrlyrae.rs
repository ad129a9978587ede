//! Columns of `gaiadr3.vari_rrlyrae` that the notebooks use.

use super::Kind::*;
use super::{Column, column};

/// Columns that `gaia_source` does not have.
pub(super) const COLUMNS: &[Column] = &[
    column("best_classification", Text, "", "meta.code.class", "RRab, RRc or RRd"),
    column("pf", F64, "d", "time.period", "Period of the fundamental mode; null for RRc"),
    column("p1_o", F64, "d", "time.period", "Period of the first overtone; null for RRab"),
    column("num_clean_epochs_g", I32, "", "meta.number", "Transits in G that nothing rejected"),
];
