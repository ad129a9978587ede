//! The statistics and variability indices, by name.

use super::parameters::{ERRORS, Kind, Parameter, TIMES, VALUES};
use super::points::series;
use super::statistic::Statistic;
use crate::light_curve::{statistics, stetson};

const PAIR_GAP: Parameter = Parameter {
    name: "pair_gap_d",
    kind: Kind::Number,
    description: "Days between two points that are a pair, at most; Gaia's two fields of view are 0.074 apart",
};

const OTHER_VALUES: Parameter = Parameter {
    name: "other_values",
    kind: Kind::Points,
    description: "Values of the same transits in another band",
};

const OTHER_ERRORS: Parameter = Parameter {
    name: "other_errors",
    kind: Kind::Errors,
    description: "Standard errors of the other values",
};

/// All of them.
pub(super) const ALL: &[Statistic] = &[
    Statistic {
        name: "weighted_mean",
        description: "The mean of the values, weighted by one over the squares of the errors.",
        parameters: &[VALUES, ERRORS],
        compute: |lists, _| statistics::weighted_mean(&lists[0], &lists[1]),
    },
    Statistic {
        name: "weighted_std",
        description: "The weighted standard deviation about the weighted mean, with the factor n / (n - 1).",
        parameters: &[VALUES, ERRORS],
        compute: |lists, _| statistics::weighted_std(&lists[0], &lists[1]),
    },
    Statistic {
        name: "chi2",
        description: "The sum of squared deviations from the weighted mean, each in units of its error.",
        parameters: &[VALUES, ERRORS],
        compute: |lists, _| statistics::chi2(&lists[0], &lists[1]),
    },
    Statistic {
        name: "skewness",
        description: "The skewness of the values: the third moment about the mean over the 3/2 power of the second.",
        parameters: &[VALUES],
        compute: |lists, _| statistics::skewness(&lists[0]),
    },
    Statistic {
        name: "kurtosis",
        description: "The excess kurtosis of the values: 0 for a normal distribution.",
        parameters: &[VALUES],
        compute: |lists, _| statistics::kurtosis(&lists[0]),
    },
    Statistic {
        name: "peak_to_peak",
        description: "The amplitude from the lowest to the highest value.",
        parameters: &[VALUES],
        compute: |lists, _| statistics::peak_to_peak(&lists[0]),
    },
    Statistic {
        name: "median_absolute_deviation",
        description: "The median distance of the values to their median; times 1.4826 it is a robust sigma.",
        parameters: &[VALUES],
        compute: |lists, _| statistics::median_absolute_deviation(&lists[0]),
    },
    Statistic {
        name: "von_neumann",
        description: "The mean squared step between values that follow one another in time, over the variance: 2 \
                      for noise, less for smooth changes (von Neumann 1941). Gaia's Abbe value is half of it.",
        parameters: &[TIMES, VALUES, ERRORS],
        compute: |lists, _| statistics::von_neumann(series(lists)?),
    },
    Statistic {
        name: "stetson_i",
        description: "The correlation of two bands that were observed together, in units of their errors (Welch & \
                      Stetson 1993).",
        parameters: &[VALUES, ERRORS, OTHER_VALUES, OTHER_ERRORS],
        compute: |lists, _| stetson::i((&lists[0], &lists[1]), (&lists[2], &lists[3])),
    },
    Statistic {
        name: "stetson_j",
        description: "The correlation of points that are close in time, in units of their errors (Stetson 1996). \
                      All pairs and single points have weight one.",
        parameters: &[TIMES, VALUES, ERRORS, PAIR_GAP],
        compute: |lists, numbers| stetson::j(series(lists)?, *numbers.first()?),
    },
    Statistic {
        name: "stetson_k",
        description: "The mean size of the residuals over their root mean square: 0.798 for noise, 0.900 for a sine \
                      wave, less for outliers (Stetson 1996).",
        parameters: &[VALUES, ERRORS],
        compute: |lists, _| stetson::k(&lists[0], &lists[1]),
    },
];
