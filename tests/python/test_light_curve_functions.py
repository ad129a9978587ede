"""Light-curve functions of SQL, against astropy and numpy on the same points.

Powers agree to 1e-9, statistics to a relative 1e-12, box least squares to 1e-9: all are computed in double precision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import nearside
import numpy as np
import pytest
from astropy.stats import mad_std
from astropy.timeseries import BoxLeastSquares, LombScargle

RANGE = (0.2, 5.0)
CURVES = """(SELECT source_id, light_curve(transits, 'G') AS c, light_curve(transits, 'BP') AS b, transits
             FROM gaiadr3.epoch_photometry WHERE n_transits > 15 ORDER BY source_id LIMIT 12)"""


def said(expression: str) -> pytest.MarkDecorator:
    """What the SQL expression says about each light curve ``c``, for a test of ``curves``."""
    return pytest.mark.parametrize("curves", [expression], indirect=True, ids=["sql"])


@dataclass(frozen=True)
class Points:
    """One light curve, and what SQL says about it."""

    time: np.ndarray
    mag: np.ndarray
    error: np.ndarray
    flux: np.ndarray
    flux_error: np.ndarray
    said: object


@pytest.fixture
def curves(sky: nearside.Connection, request: pytest.FixtureRequest) -> list[Points]:
    """The points of some stars, and the value of an SQL expression for each."""
    rows = sky.sql(f"SELECT c, {request.param} AS said FROM {CURVES}").to_arrow().to_pylist()
    assert len(rows) == 12
    names = ("time", "mag", "mag_error", "flux", "flux_error")
    return [Points(*(np.array(row["c"][name]) for name in names), row["said"]) for row in rows]


def periodogram(points: Points, harmonics: int = 1) -> LombScargle:
    return LombScargle(points.time, points.mag, points.error, nterms=harmonics)


@said("lomb_scargle(c['time'], c['mag'], c['mag_error'], 0.2, 5.0)")
def test_the_best_frequency_is_astropys_best_or_better(curves: list[Points]) -> None:
    for points in curves:
        theirs = periodogram(points)
        frequency, power = theirs.autopower(minimum_frequency=RANGE[0], maximum_frequency=RANGE[1], method="cython")
        ours = points.said
        assert ours["power"] == pytest.approx(float(theirs.power(ours["frequency"], method="cython")), abs=1e-9)
        assert ours["power"] >= power.max() - 1e-12
        assert ours["period"] == pytest.approx(1 / ours["frequency"], rel=1e-15)
        assert abs(ours["frequency"] - frequency[power.argmax()]) < 2 * (frequency[1] - frequency[0])


@said("lomb_scargle(c['time'], c['mag'], c['mag_error'], 0.2, 5.0)")
def test_false_alarm_probabilities_follow_baluev(curves: list[Points]) -> None:
    for points in curves:
        assert points.said["false_alarm_probability"] == pytest.approx(
            baluev(points.said["power"], points), rel=1e-9, abs=1e-300
        )


def baluev(power: float, points: Points) -> float:
    """Baluev (2008), equations 5 and 6 with the factor of table 1 for least squares with a floating mean."""
    n = len(points.time)
    weights = points.error**-2.0
    spread = np.average((points.time - np.average(points.time, weights=weights)) ** 2, weights=weights)
    gamma = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma((n - 1) / 2) - math.lgamma((n - 2) / 2))
    width = RANGE[1] * math.sqrt(4 * math.pi * spread)
    tau = gamma * width * (1 - power) ** ((n - 4) / 2) * math.sqrt((n - 1) / 2 * power)
    return (1 - power) ** ((n - 3) / 2) * math.exp(-tau) - math.expm1(-tau)


@said(
    """[lomb_scargle_power(c['time'], c['mag'], c['mag_error'], 1.7),
        lomb_scargle_power(c['time'], c['mag'], c['mag_error'], 1.7, 1, 'model'),
        lomb_scargle_power(c['time'], c['mag'], c['mag_error'], 1.7, 1, 'log'),
        lomb_scargle_power(c['time'], c['mag'], c['mag_error'], 1.7, 1, 'psd'),
        lomb_scargle_power(c['time'], c['mag'], c['mag_error'], 1.7, 3),
        lomb_scargle_power(c['time'], c['mag'], NULL, 1.7)]"""
)
def test_every_normalisation_and_harmonic_is_astropys(curves: list[Points]) -> None:
    for points in curves:
        expected = [
            LombScargle(points.time, points.mag, points.error, normalization=name).power(1.7, method="cython")
            for name in ("standard", "model", "log", "psd")
        ]
        expected.append(periodogram(points, 3).power([1.7], method="chi2")[0])
        expected.append(LombScargle(points.time, points.mag).power(1.7, method="cython"))
        assert points.said == pytest.approx([float(power) for power in expected], rel=1e-8, abs=1e-9)


@said("lomb_scargle_peaks(c['time'], c['mag'], c['mag_error'], 0.2, 5.0, 5)")
def test_peaks_fall_and_are_real_maxima(curves: list[Points]) -> None:
    for points in curves:
        powers = [peak["power"] for peak in points.said]
        assert powers == sorted(powers, reverse=True)
        assert len(powers) == 5
        for peak in points.said:
            around = peak["frequency"] + np.array([-1e-4, 0, 1e-4])
            low, top, high = periodogram(points).power(around, method="cython")
            assert top >= max(low, high) - 1e-6


@said(
    """[weighted_mean(c['mag'], c['mag_error']), weighted_std(c['mag'], c['mag_error']), chi2(c['mag'], c['mag_error']),
        skewness(c['mag']), kurtosis(c['mag']), peak_to_peak(c['mag']),
        1.482602218505602 * median_absolute_deviation(c['mag']),
        von_neumann(c['time'], c['mag'], NULL), stetson_k(c['mag'], c['mag_error']),
        stetson_j(c['time'], c['mag'], c['mag_error'], 0.1)]"""
)
def test_statistics_are_those_of_numpy(curves: list[Points]) -> None:
    for points in curves:
        mag, weights, n = points.mag, points.error**-2.0, len(points.mag)
        mean = np.average(mag, weights=weights)
        centred = mag - mag.mean()
        residuals = math.sqrt(n / (n - 1)) * (mag - mean) / points.error
        expected = [
            mean,
            math.sqrt(np.average((mag - mean) ** 2, weights=weights) * n / (n - 1)),
            np.sum(((mag - mean) / points.error) ** 2),
            np.mean(centred**3) / np.mean(centred**2) ** 1.5,
            np.mean(centred**4) / np.mean(centred**2) ** 2 - 3,
            np.ptp(mag),
            mad_std(mag),
            np.sum(np.diff(mag[np.argsort(points.time)]) ** 2) / (n - 1) / np.var(mag, ddof=1),
            np.mean(np.abs(residuals)) / math.sqrt(np.mean(residuals**2)),
            stetson_j(points.time, residuals),
        ]
        assert points.said == pytest.approx(expected, rel=1e-12)


def stetson_j(time: np.ndarray, residuals: np.ndarray) -> float:
    products, at = [], 0
    while at < len(time):
        paired = at + 1 < len(time) and time[at + 1] - time[at] <= 0.1
        products.append(residuals[at] * residuals[at + 1] if paired else residuals[at] ** 2 - 1)
        at += 2 if paired else 1
    return float(np.mean(np.sign(products) * np.sqrt(np.abs(products))))


@said("[flux_to_mag(c['flux'], 'G'), mag_to_flux(c['mag'], 'G'), phase(c['time'], 0.61, 1700.0)]")
def test_magnitudes_fluxes_and_phases(curves: list[Points]) -> None:
    for points in curves:
        mags, fluxes, phases = points.said
        assert mags == pytest.approx(25.6873668671 - 2.5 * np.log10(points.flux), abs=1e-12)
        assert fluxes == pytest.approx(10 ** (0.4 * (25.6873668671 - points.mag)), rel=1e-12)
        assert phases == pytest.approx(((points.time - 1700.0) / 0.61) % 1.0, abs=1e-9)


@said("box_least_squares(c['time'], c['flux'], c['flux_error'], 0.7, 4.0, [0.05, 0.1])")
def test_the_best_box_is_what_astropy_sees_at_that_period(curves: list[Points]) -> None:
    equal = 0
    for points in curves:
        ours = points.said
        model = BoxLeastSquares(points.time, points.flux, points.flux_error)
        theirs = model.power([ours["period"]], [0.05, 0.1], method="fast", oversample=10)
        # Theirs stops a little before a dip across the end of the period.
        assert ours["log_likelihood"] >= float(theirs.log_likelihood[0]) * (1 - 1e-9)
        assert ours["depth_snr"] == pytest.approx(ours["depth"] / ours["depth_error"], rel=1e-12)
        if ours["log_likelihood"] == pytest.approx(float(theirs.log_likelihood[0]), rel=1e-9):
            equal += 1
            assert ours["depth"] == pytest.approx(float(theirs.depth[0]), rel=1e-9)
            assert ours["depth_error"] == pytest.approx(float(theirs.depth_err[0]), rel=1e-9)
            assert ours["duration"] == float(theirs.duration[0])
    assert equal >= 8


def test_they_work_in_conditions(sky: nearside.Connection) -> None:
    found = sky.sql(
        f"""SELECT source_id FROM {CURVES}
            WHERE stetson_i(c['mag'], c['mag_error'], c['mag'], c['mag_error']) > 1
            AND lomb_scargle(c['time'], c['mag'], NULL, 0.2, 5.0)['false_alarm_probability'] < 0.01"""
    )
    assert 0 < len(found.to_arrow()) <= 12
