//! How well the parameters of a star are known, here and at another epoch.

use std::sync::Arc;

use arrow::array::{Float64Builder, ListBuilder};
use arrow_schema::{DataType, Field};

use super::super::function::Function;
use super::super::numbers::Numbers;
use super::{described, list, list_type, lists, moving, numbers, one_of, star, with_lists};
use crate::astrometry::{Covariance, Errors};

pub(super) fn all() -> [Function; 3] {
    [parameter_error(), error(), covariance()]
}

fn parameter_error() -> Function {
    Function {
        name: "astrometric_parameter_error",
        aliases: &["esdc_astrometric_parameter_error"],
        signature: numbers(18),
        returns: |_| list(),
        call: |args, rows| {
            lists(&Numbers::of(args, rows)?, |n| flat(&errors(&n[..15], n[17]).covariance(n[15], n[16])))
        },
        documentation: described(
            "Six standard errors and fifteen correlations of astrometric parameters as a list, in the order of the \
             archive's columns; the sixth parameter is the radial proper motion.",
            "astrometric_parameter_error(ra_error, dec_error, parallax_error, pmra_error, pmdec_error, ra_dec_corr, \
             ra_parallax_corr, ra_pmra_corr, ra_pmdec_corr, dec_parallax_corr, dec_pmra_corr, dec_pmdec_corr, \
             parallax_pmra_corr, parallax_pmdec_corr, pmra_pmdec_corr, parallax, radial_velocity, \
             radial_velocity_error)",
        )
        .build(),
    }
}

fn error() -> Function {
    let short = vec![list_type(), list_type(), DataType::Float64, DataType::Float64];
    Function {
        name: "epoch_prop_error",
        aliases: &["esdc_epoch_prop_error"],
        signature: one_of([vec![DataType::Float64; 24], short]),
        returns: |_| list(),
        call: |args, rows| {
            if args.len() == 24 {
                return lists(&Numbers::of(args, rows)?, |n| flat(&later(n)));
            }
            lists(&with_lists(args, rows, &[6, 21])?, |n| {
                let (sigmas, correlations) = (from(&n[6..12]), from(&n[12..27]));
                flat(&Covariance::of(sigmas, correlations).after(&moving(n), n[28] - n[27]))
            })
        },
        documentation: described(
            "Six standard errors and fifteen correlations of the parameters of epoch_prop at another epoch, as a \
             list: errors of ra, dec, parallax (mas), pmra, pmdec, radial proper motion (mas/yr), then the \
             correlations ra_dec, ra_parallax, ra_pmra and so on.",
            "epoch_prop_error(ra, dec, parallax, pmra, pmdec, radial_velocity, ra_error, dec_error, parallax_error, \
             pmra_error, pmdec_error, radial_velocity_error, ra_dec_corr, ra_parallax_corr, ra_pmra_corr, \
             ra_pmdec_corr, dec_parallax_corr, dec_pmra_corr, dec_pmdec_corr, parallax_pmra_corr, \
             parallax_pmdec_corr, pmra_pmdec_corr, ref_epoch, out_epoch) or \
             epoch_prop_error(astrometric_parameters, astrometric_parameter_error, ref_epoch, out_epoch)",
        )
        .build(),
    }
}

fn covariance() -> Function {
    Function {
        name: "epoch_prop_covariance",
        aliases: &["esdc_epoch_prop_covariance"],
        signature: numbers(24),
        returns: |_| Field::new("", DataType::List(Arc::new(Field::new_list_field(list_type(), true))), true),
        call: |args, rows| {
            let numbers = Numbers::of(args, rows)?;
            let mut matrices = ListBuilder::new(ListBuilder::new(Float64Builder::new()));
            for matrix in numbers.each(|n| Ok(later(n))) {
                let matrix = matrix?;
                for row in matrix.iter().flat_map(|matrix| matrix.0) {
                    matrices.values().values().append_slice(&row);
                    matrices.values().append(true);
                }
                matrices.append(matrix.is_some());
            }
            Ok(Arc::new(matrices.finish()))
        },
        documentation: described(
            "The covariance matrix of the parameters of epoch_prop at another epoch, as six lists of six numbers in \
             mas and mas/yr, with the arguments of epoch_prop_error.",
            "epoch_prop_covariance(ra, dec, parallax, pmra, pmdec, radial_velocity, ra_error, ..., ref_epoch, out_epoch)",
        )
        .build(),
    }
}

/// Of five errors, then ten correlations.
fn errors(n: &[f64], velocity_error_km_s: f64) -> Errors {
    Errors { errors_mas: from(&n[..5]), correlations: from(&n[5..15]), velocity_error_km_s }
}

/// The covariance at the new epoch of six parameters, six errors, ten correlations and two epochs.
fn later(n: &[f64]) -> Covariance {
    let errors =
        Errors { errors_mas: from(&n[6..11]), correlations: from(&n[12..22]), velocity_error_km_s: n[11] };
    errors.covariance(n[2], n[5]).after(&star(n), n[23] - n[22])
}

fn from<const N: usize>(numbers: &[f64]) -> [f64; N] {
    std::array::from_fn(|i| numbers[i])
}

fn flat(covariance: &Covariance) -> Vec<f64> {
    let (errors, correlations) = covariance.errors();
    errors.into_iter().chain(correlations).collect()
}
