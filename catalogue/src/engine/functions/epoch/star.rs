//! The parameters of a star, here and at another epoch.

use std::sync::Arc;

use arrow::array::Float64Array;
use arrow_schema::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::DocumentationBuilder;

use super::super::function::Function;
use super::super::geometry;
use super::super::numbers::Numbers;
use super::{described, list, list_type, lists, moving, numbers, one_of, star, with_lists};
use crate::astrometry::{AU_PER_YEAR_KM_S, Astrometry};

pub(super) fn all() -> [Function; 4] {
    [parameters(), propagated(), position(), velocity()]
}

fn parameters() -> Function {
    Function {
        name: "astrometric_parameters",
        aliases: &["esdc_astrometric_parameters"],
        signature: numbers(6),
        returns: |_| list(),
        call: |args, rows| lists(&Numbers::of(args, rows)?, |n| list_of(&star(n))),
        documentation: star_arguments(described(
            "The six astrometric parameters of a star as a list; the sixth is the radial proper motion, mas/yr.",
            "astrometric_parameters(ra, dec, parallax, pmra, pmdec, radial_velocity)",
        ))
        .build(),
    }
}

fn propagated() -> Function {
    Function {
        name: "epoch_prop",
        aliases: &["esdc_epoch_prop"],
        signature: one_of([vec![DataType::Float64; 8], vec![list_type(), DataType::Float64, DataType::Float64]]),
        returns: |_| list(),
        call: |args, rows| {
            let numbers = with_lists(args, rows, &[6])?;
            let short = numbers.width() == 8 && args.len() == 3;
            lists(&numbers, |n| {
                let star = if short { moving(n) } else { star(n) };
                list_of(&star.after(n[7] - n[6]))
            })
        },
        documentation: star_arguments(described(
            "The six astrometric parameters of a star at another epoch, as a list: ra, dec (degrees), parallax (mas), \
             pmra, pmdec and radial proper motion (mas/yr).",
            "epoch_prop(ra, dec, parallax, pmra, pmdec, radial_velocity, ref_epoch, out_epoch) or \
             epoch_prop(astrometric_parameters, ref_epoch, out_epoch)",
        ))
        .with_sql_example("SELECT epoch_prop(269.452, 4.694, 546.98, -801.55, 10362.39, -110.5, 2016, 2000)")
        .with_argument("ref_epoch", "Julian year of the parameters, such as 2016.0")
        .with_argument("out_epoch", "Julian year wanted")
        .build(),
    }
}

fn position() -> Function {
    Function {
        name: "epoch_prop_pos",
        aliases: &["esdc_epoch_prop_pos"],
        signature: numbers(8),
        returns: |_| geometry::column(geometry::point(), "point"),
        call: |args, rows| {
            let stars = Numbers::of(args, rows)?;
            geometry::points(stars.each(|n| {
                let star = star(n).after(n[7] - n[6]);
                Ok([star.ra_deg, star.dec_deg])
            }))
        },
        documentation: star_arguments(described(
            "The position of a star at another epoch, as a point.",
            "epoch_prop_pos(ra, dec, parallax, pmra, pmdec, radial_velocity, ref_epoch, out_epoch)",
        ))
        .with_sql_example(
            "SELECT coord1(epoch_prop_pos(269.452, 4.694, 546.98, -801.55, 10362.39, -110.5, 2016, 2000))",
        )
        .with_argument("ref_epoch", "Julian year of the parameters, such as 2016.0")
        .with_argument("out_epoch", "Julian year wanted")
        .build(),
    }
}

fn velocity() -> Function {
    Function {
        name: "esdc_radial_velocity",
        aliases: &[],
        signature: numbers(2),
        returns: |_| {
            Field::new("", DataType::Float64, true)
                .with_metadata([("unit".to_owned(), "km/s".to_owned())].into())
        },
        call: |args, rows| {
            let numbers = Numbers::of(args, rows)?;
            let velocities = numbers.each(|n| Ok(n[0] * AU_PER_YEAR_KM_S / n[1]));
            Ok(Arc::new(velocities.collect::<Result<Float64Array>>()?))
        },
        documentation: described(
            "The radial velocity in km/s of a radial proper motion, such as the sixth number of epoch_prop.",
            "esdc_radial_velocity(pm_rv, parallax)",
        )
        .with_argument("pm_rv", "Radial proper motion, mas/yr")
        .with_argument("parallax", "Parallax, mas")
        .build(),
    }
}

fn star_arguments(documentation: DocumentationBuilder) -> DocumentationBuilder {
    documentation
        .with_argument("ra", "Right ascension, degrees")
        .with_argument("dec", "Declination, degrees")
        .with_argument("parallax", "Parallax, mas")
        .with_argument("pmra", "Proper motion in right ascension times cos(dec), mas/yr")
        .with_argument("pmdec", "Proper motion in declination, mas/yr")
        .with_argument("radial_velocity", "Radial velocity, km/s")
}

fn list_of(star: &Astrometry) -> Vec<f64> {
    let Astrometry { ra_deg, dec_deg, parallax_mas, pm_ra_mas, pm_dec_mas, pm_radial_mas } = *star;
    vec![ra_deg, dec_deg, parallax_mas, pm_ra_mas, pm_dec_mas, pm_radial_mas]
}
