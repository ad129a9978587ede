//! Functions beyond ADQL: the Gaia archive's, under its names; a few of the IVOA's catalogue of functions; and
//! what the spatial engine can do besides.

use std::ops::RangeInclusive;

use super::{Function, Group};

/// As many arguments as there are.
const MANY: usize = usize::MAX;

type Row = (&'static str, RangeInclusive<usize>, &'static str, &'static str);

const OF_ONE_ROW: &[Row] = &[
    (
        "gaia_healpix_index",
        2..=2,
        "gaia_healpix_index(norder INTEGER, source_id BIGINT) -> BIGINT",
        "The HEALPix pixel, nested, in which a Gaia source was when it got its identifier.",
    ),
    (
        "astrometric_parameters",
        6..=6,
        "astrometric_parameters(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE) -> DOUBLE[6]",
        "The six astrometric parameters of a star as a list.",
    ),
    (
        "esdc_astrometric_parameters",
        6..=6,
        "esdc_astrometric_parameters(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE) -> DOUBLE[6]",
        "The six astrometric parameters of a star as a list.",
    ),
    (
        "astrometric_parameter_error",
        18..=18,
        "astrometric_parameter_error(ra_error DOUBLE, dec_error DOUBLE, parallax_error DOUBLE, pmra_error DOUBLE, pmdec_error DOUBLE, ra_dec_corr DOUBLE, ra_parallax_corr DOUBLE, ra_pmra_corr DOUBLE, ra_pmdec_corr DOUBLE, dec_parallax_corr DOUBLE, dec_pmra_corr DOUBLE, dec_pmdec_corr DOUBLE, parallax_pmra_corr DOUBLE, parallax_pmdec_corr DOUBLE, pmra_pmdec_corr DOUBLE, parallax DOUBLE, radial_velocity DOUBLE, radial_velocity_error DOUBLE) -> DOUBLE[21]",
        "Six standard errors and fifteen correlations of astrometric parameters as a list.",
    ),
    (
        "esdc_astrometric_parameter_error",
        18..=18,
        "esdc_astrometric_parameter_error(ra_error DOUBLE, dec_error DOUBLE, parallax_error DOUBLE, pmra_error DOUBLE, pmdec_error DOUBLE, ra_dec_corr DOUBLE, ra_parallax_corr DOUBLE, ra_pmra_corr DOUBLE, ra_pmdec_corr DOUBLE, dec_parallax_corr DOUBLE, dec_pmra_corr DOUBLE, dec_pmdec_corr DOUBLE, parallax_pmra_corr DOUBLE, parallax_pmdec_corr DOUBLE, pmra_pmdec_corr DOUBLE, parallax DOUBLE, radial_velocity DOUBLE, radial_velocity_error DOUBLE) -> DOUBLE[21]",
        "Six standard errors and fifteen correlations of astrometric parameters as a list.",
    ),
    (
        "epoch_prop",
        3..=8,
        "epoch_prop(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE, ref_epoch DOUBLE, out_epoch DOUBLE) -> DOUBLE[6]",
        "The astrometric parameters of a star at another epoch, also from a list of them.",
    ),
    (
        "esdc_epoch_prop",
        3..=8,
        "esdc_epoch_prop(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE, ref_epoch DOUBLE, out_epoch DOUBLE) -> DOUBLE[6]",
        "The astrometric parameters of a star at another epoch, also from a list of them.",
    ),
    (
        "epoch_prop_pos",
        3..=8,
        "epoch_prop_pos(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE, ref_epoch DOUBLE, out_epoch DOUBLE) -> POINT",
        "The position of a star at another epoch.",
    ),
    (
        "esdc_epoch_prop_pos",
        3..=8,
        "esdc_epoch_prop_pos(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE, ref_epoch DOUBLE, out_epoch DOUBLE) -> POINT",
        "The position of a star at another epoch.",
    ),
    (
        "epoch_prop_error",
        4..=24,
        "epoch_prop_error(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE, ra_error DOUBLE, dec_error DOUBLE, parallax_error DOUBLE, pmra_error DOUBLE, pmdec_error DOUBLE, radial_velocity_error DOUBLE, ra_dec_corr DOUBLE, ra_parallax_corr DOUBLE, ra_pmra_corr DOUBLE, ra_pmdec_corr DOUBLE, dec_parallax_corr DOUBLE, dec_pmra_corr DOUBLE, dec_pmdec_corr DOUBLE, parallax_pmra_corr DOUBLE, parallax_pmdec_corr DOUBLE, pmra_pmdec_corr DOUBLE, ref_epoch DOUBLE, out_epoch DOUBLE) -> DOUBLE[21]",
        "Errors and correlations of the parameters of a star at another epoch.",
    ),
    (
        "esdc_epoch_prop_error",
        4..=24,
        "esdc_epoch_prop_error(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE, ra_error DOUBLE, dec_error DOUBLE, parallax_error DOUBLE, pmra_error DOUBLE, pmdec_error DOUBLE, radial_velocity_error DOUBLE, ra_dec_corr DOUBLE, ra_parallax_corr DOUBLE, ra_pmra_corr DOUBLE, ra_pmdec_corr DOUBLE, dec_parallax_corr DOUBLE, dec_pmra_corr DOUBLE, dec_pmdec_corr DOUBLE, parallax_pmra_corr DOUBLE, parallax_pmdec_corr DOUBLE, pmra_pmdec_corr DOUBLE, ref_epoch DOUBLE, out_epoch DOUBLE) -> DOUBLE[21]",
        "Errors and correlations of the parameters of a star at another epoch.",
    ),
    (
        "epoch_prop_covariance",
        4..=24,
        "epoch_prop_covariance(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE, ra_error DOUBLE, dec_error DOUBLE, parallax_error DOUBLE, pmra_error DOUBLE, pmdec_error DOUBLE, radial_velocity_error DOUBLE, ra_dec_corr DOUBLE, ra_parallax_corr DOUBLE, ra_pmra_corr DOUBLE, ra_pmdec_corr DOUBLE, dec_parallax_corr DOUBLE, dec_pmra_corr DOUBLE, dec_pmdec_corr DOUBLE, parallax_pmra_corr DOUBLE, parallax_pmdec_corr DOUBLE, pmra_pmdec_corr DOUBLE, ref_epoch DOUBLE, out_epoch DOUBLE) -> DOUBLE[6][6]",
        "Covariance of the parameters of a star at another epoch.",
    ),
    (
        "esdc_epoch_prop_covariance",
        4..=24,
        "esdc_epoch_prop_covariance(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE, ra_error DOUBLE, dec_error DOUBLE, parallax_error DOUBLE, pmra_error DOUBLE, pmdec_error DOUBLE, radial_velocity_error DOUBLE, ra_dec_corr DOUBLE, ra_parallax_corr DOUBLE, ra_pmra_corr DOUBLE, ra_pmdec_corr DOUBLE, dec_parallax_corr DOUBLE, dec_pmra_corr DOUBLE, dec_pmdec_corr DOUBLE, parallax_pmra_corr DOUBLE, parallax_pmdec_corr DOUBLE, pmra_pmdec_corr DOUBLE, ref_epoch DOUBLE, out_epoch DOUBLE) -> DOUBLE[6][6]",
        "Covariance of the parameters of a star at another epoch.",
    ),
    (
        "esdc_radial_velocity",
        2..=2,
        "esdc_radial_velocity(pm_rv DOUBLE, parallax DOUBLE) -> DOUBLE",
        "The radial velocity in km/s of a radial proper motion in mas/yr.",
    ),
    ("esdc_array_dims", 1..=1, "esdc_array_dims(list ANY) -> VARCHAR", "The dimensions of a list."),
    ("esdc_array_element", 1..=MANY, "esdc_array_element(value ANY, ...) -> ANY", "A list of the arguments."),
    (
        "esdc_array_length",
        1..=2,
        "esdc_array_length(list ANY, dimension INTEGER) -> INTEGER",
        "The length of a list.",
    ),
    (
        "esdc_array_ndims",
        1..=1,
        "esdc_array_ndims(list ANY) -> INTEGER",
        "The number of dimensions of a list.",
    ),
    (
        "esdc_cardinality",
        1..=1,
        "esdc_cardinality(list ANY) -> INTEGER",
        "The number of elements of a list, also in lists within it.",
    ),
    (
        "esdc_case_condition",
        3..=MANY,
        "esdc_case_condition(otherwise ANY, condition BOOLEAN, value ANY, ...) -> ANY",
        "The value after the first condition that is true.",
    ),
    (
        "esdc_case_expression",
        4..=MANY,
        "esdc_case_expression(input ANY, otherwise ANY, candidate ANY, value ANY, ...) -> ANY",
        "The value after the first candidate that equals the input.",
    ),
    (
        "esdc_coalesce",
        1..=MANY,
        "esdc_coalesce(value ANY, ...) -> ANY",
        "The first argument that is not null.",
    ),
    ("esdc_greatest", 2..=MANY, "esdc_greatest(a DOUBLE, b DOUBLE, ...) -> DOUBLE", "The largest argument."),
    (
        "esdc_if_then_else",
        3..=3,
        "esdc_if_then_else(condition BOOLEAN, value ANY, otherwise ANY) -> ANY",
        "The value where the condition is true, and the other where it is not.",
    ),
    ("esdc_least", 2..=MANY, "esdc_least(a DOUBLE, b DOUBLE, ...) -> DOUBLE", "The smallest argument."),
    (
        "esdc_left",
        2..=2,
        "esdc_left(text VARCHAR, n INTEGER) -> VARCHAR",
        "The first n characters of a text.",
    ),
    ("esdc_length", 1..=1, "esdc_length(text VARCHAR) -> INTEGER", "The number of characters of a text."),
    ("esdc_nullif", 2..=2, "esdc_nullif(a ANY, b ANY) -> ANY", "Null where a equals b, and a elsewhere."),
    (
        "esdc_position",
        2..=2,
        "esdc_position(part VARCHAR, text VARCHAR) -> INTEGER",
        "Where a text first has another in it, counting from 1; 0 if nowhere.",
    ),
    (
        "esdc_right",
        2..=2,
        "esdc_right(text VARCHAR, n INTEGER) -> VARCHAR",
        "The last n characters of a text.",
    ),
    (
        "esdc_substring",
        2..=3,
        "esdc_substring(text VARCHAR, start INTEGER, length INTEGER) -> VARCHAR",
        "A part of a text, counting from 1.",
    ),
    ("esdc_to_bigint", 1..=1, "esdc_to_bigint(value ANY) -> BIGINT", "The value as a 64-bit integer."),
    ("esdc_to_boolean", 1..=1, "esdc_to_boolean(value ANY) -> BOOLEAN", "The value as a truth value."),
    ("esdc_to_char", 1..=1, "esdc_to_char(value ANY) -> VARCHAR", "The value as a text."),
    ("esdc_to_double", 1..=1, "esdc_to_double(value ANY) -> DOUBLE", "The value in double precision."),
    ("esdc_to_integer", 1..=1, "esdc_to_integer(value ANY) -> INTEGER", "The value as a 32-bit integer."),
    ("esdc_to_real", 1..=1, "esdc_to_real(value ANY) -> REAL", "The value in single precision."),
    ("esdc_to_smallint", 1..=1, "esdc_to_smallint(value ANY) -> SMALLINT", "The value as a 16-bit integer."),
    (
        "esdc_translate",
        3..=3,
        "esdc_translate(text VARCHAR, characters VARCHAR, others VARCHAR) -> VARCHAR",
        "A text with characters replaced by the others at the same places.",
    ),
    (
        "esdc_trim",
        1..=2,
        "esdc_trim(ends VARCHAR, text VARCHAR) -> VARCHAR",
        "A text without spaces at its 'LEADING', 'TRAILING' or 'BOTH' ends.",
    ),
    ("arr_avg", 1..=1, "arr_avg(list DOUBLE[]) -> DOUBLE", "The mean of a list."),
    ("arr_count", 1..=1, "arr_count(list DOUBLE[]) -> INTEGER", "The length of a list."),
    ("arr_max", 1..=1, "arr_max(list DOUBLE[]) -> DOUBLE", "The largest number of a list."),
    ("arr_min", 1..=1, "arr_min(list DOUBLE[]) -> DOUBLE", "The smallest number of a list."),
    ("arr_sqrt", 1..=1, "arr_sqrt(list DOUBLE[]) -> DOUBLE[]", "The square roots of a list."),
    ("arr_stddev", 1..=1, "arr_stddev(list DOUBLE[]) -> DOUBLE", "The sample standard deviation of a list."),
    ("arr_sum", 1..=1, "arr_sum(list DOUBLE[]) -> DOUBLE", "The sum of a list."),
    ("cbrt", 1..=1, "cbrt(x DOUBLE) -> DOUBLE", "Cube root."),
    ("div", 2..=2, "div(x DOUBLE, y DOUBLE) -> DOUBLE", "The quotient x / y without its fraction."),
    ("sign", 1..=1, "sign(x DOUBLE) -> DOUBLE", "-1, 0 or 1, as x is negative, zero or positive."),
    (
        "flux_to_mag",
        2..=2,
        "flux_to_mag(flux DOUBLE, band VARCHAR) -> DOUBLE",
        "The Vega magnitude of a flux in electrons per second, in 'G', 'BP' or 'RP'.",
    ),
    (
        "mag_to_flux",
        2..=2,
        "mag_to_flux(mag DOUBLE, band VARCHAR) -> DOUBLE",
        "The flux in electrons per second of a Vega magnitude, in 'G', 'BP' or 'RP'.",
    ),
    (
        "ellipse",
        5..=6,
        "ellipse(ra DOUBLE, dec DOUBLE, semi_major DOUBLE, semi_minor DOUBLE, angle DOUBLE) -> REGION",
        "The ellipse around a position, in degrees, with its major axis at an angle from north through east.",
    ),
    ("moc", 1..=1, "moc(text VARCHAR) -> REGION", "A set of HEALPix cells, as a MOC in ASCII or JSON."),
    (
        "ivo_epoch_prop_pos",
        8..=8,
        "ivo_epoch_prop_pos(ra DOUBLE, dec DOUBLE, parallax DOUBLE, pmra DOUBLE, pmdec DOUBLE, radial_velocity DOUBLE, ref_epoch DOUBLE, out_epoch DOUBLE) -> POINT",
        "The position of a star at another epoch.",
    ),
    (
        "ivo_hashlist_has",
        2..=2,
        "ivo_hashlist_has(hashlist VARCHAR, item VARCHAR) -> INTEGER",
        "1 if a text with # between its items has an item, in any case, and 0 if not.",
    ),
    (
        "ivo_nocasematch",
        2..=2,
        "ivo_nocasematch(value VARCHAR, pattern VARCHAR) -> INTEGER",
        "1 if a text is like a pattern, in any case, and 0 if not.",
    ),
];

const OF_MANY_ROWS: &[Row] = &[
    ("array_agg", 1..=1, "array_agg(value ANY) -> ANY", "A list of all values."),
    ("stddev", 1..=1, "stddev(value DOUBLE) -> DOUBLE", "Sample standard deviation."),
    ("esdc_stddev", 1..=1, "esdc_stddev(value DOUBLE) -> DOUBLE", "Sample standard deviation."),
    ("median", 1..=1, "median(value DOUBLE) -> DOUBLE", "The value in the middle."),
    ("variance", 1..=1, "variance(value DOUBLE) -> DOUBLE", "Sample variance."),
    (
        "ivo_string_agg",
        2..=2,
        "ivo_string_agg(value VARCHAR, delimiter VARCHAR) -> VARCHAR",
        "All values, with a delimiter between them.",
    ),
];

pub(super) fn functions() -> Vec<Function> {
    let of = |group| {
        move |(name, arguments, signature, about): &Row| Function {
            name,
            group,
            signature,
            about,
            arguments: arguments.clone(),
        }
    };
    let (one, many) = (of(Group::User), of(Group::UserAggregate));
    OF_ONE_ROW.iter().map(one).chain(OF_MANY_ROWS.iter().map(many)).collect()
}
