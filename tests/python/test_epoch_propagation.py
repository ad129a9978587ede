"""Epoch propagation through the whole server, against PyGaia and against astropy's vectors."""

from __future__ import annotations

import astropy.units as u
import nearside
import numpy as np
import pytest
from astropy.coordinates import CartesianDifferential, CartesianRepresentation, SkyCoord, SphericalRepresentation
from numpy.typing import NDArray
from pygaia.astrometry.coordinates import EpochPropagation
from pygaia.utils import construct_covariance_matrix

Floats = NDArray[np.float64]

PARAMETERS = ["ra", "dec", "parallax", "pmra", "pmdec", "radial_velocity"]
ERRORS = [f"{name}_error" for name in PARAMETERS]
CORRELATIONS = [
    f"{one}_{other}_corr" for i, one in enumerate(PARAMETERS[:5]) for other in PARAMETERS[i + 1 : 5]
]
STARS = 200
EPOCHS = (2016.0, 1991.25)
# Degrees, mas and mas a year: far below what any catalogue knows.
TOLERANCE = 1e-9
AU_KM_YEAR_PER_S = 149597870.7 / (365.25 * 86400)


@pytest.fixture(scope="module")
def stars() -> dict[str, Floats]:
    """Stars of any brightness and speed, the poles included."""
    chance = np.random.default_rng(20261123)
    columns = {
        "ra": chance.uniform(0, 360, STARS),
        "dec": np.degrees(np.arcsin(chance.uniform(-1, 1, STARS))),
        "parallax": 10 ** chance.uniform(-1, 2.9, STARS),
        "pmra": chance.normal(0, 3000, STARS),
        "pmdec": chance.normal(0, 3000, STARS),
        "radial_velocity": chance.normal(0, 100, STARS),
    }
    columns["dec"][:2] = [89.99999, -89.9999]
    columns |= {name: 10 ** chance.uniform(-2, 0, STARS) for name in ERRORS}
    return columns | {name: chance.uniform(-0.3, 0.3, STARS) for name in CORRELATIONS}


def asked(sky: nearside.Connection, stars: dict[str, Floats], function: str, names: list[str]) -> Floats:
    """The function of the columns of every star, as the server computes it."""
    rows = zip(*(stars[name] for name in names), strict=True)
    values = ", ".join(f"({i}, {', '.join(f'{value:.17e}' for value in row)})" for i, row in enumerate(rows))
    call = f"{function}({', '.join(names)}, {EPOCHS[0]}e0, {EPOCHS[1]}e0)"
    answer = sky.sql(f"SELECT {call} AS answer FROM (VALUES {values}) AS t(i, {', '.join(names)}) ORDER BY i")
    return np.array(answer.to_arrow()["answer"].to_pylist())


def parameters(stars: dict[str, Floats]) -> list[Floats]:
    return [np.radians(stars["ra"]), np.radians(stars["dec"]), *(stars[name] for name in PARAMETERS[2:])]


def test_parameters_agree_with_pygaia(sky: nearside.Connection, stars: dict[str, Floats]) -> None:
    found = asked(sky, stars, "epoch_prop", PARAMETERS)

    ra, dec, *others = EpochPropagation().propagate_astrometry(*parameters(stars), *EPOCHS)

    expected = np.array([np.degrees(ra) % 360, np.degrees(dec), *others]).T
    apart = np.abs(found[:, 0] - expected[:, 0])
    assert np.max(np.minimum(apart, 360 - apart) * np.cos(dec)) < TOLERANCE
    assert np.max(np.abs(found[:, 1:] - expected[:, 1:])) < TOLERANCE


def test_covariances_agree_with_pygaia(sky: nearside.Connection, stars: dict[str, Floats]) -> None:
    names = PARAMETERS + ERRORS + CORRELATIONS
    found = asked(sky, stars, "esdc_epoch_prop_covariance", names)

    columns = np.array([stars[name] for name in [*ERRORS[:5], *CORRELATIONS]]).T
    start = construct_covariance_matrix(columns, *(stars[n] for n in ["parallax", "radial_velocity", ERRORS[5]]))
    _, expected = EpochPropagation().propagate_astrometry_and_covariance_matrix(
        np.array(parameters(stars)), start, *EPOCHS
    )

    assert np.max(np.abs(found - expected) / (1 + np.abs(expected))) < TOLERANCE


def test_errors_and_correlations_are_the_parts_of_the_covariance(
    sky: nearside.Connection, stars: dict[str, Floats]
) -> None:
    names = PARAMETERS + ERRORS + CORRELATIONS
    matrices = asked(sky, stars, "epoch_prop_covariance", names)
    found = asked(sky, stars, "epoch_prop_error", names)

    errors = np.sqrt(np.diagonal(matrices, axis1=1, axis2=2))
    correlations = matrices / errors[:, :, None] / errors[:, None, :]
    upper = np.triu_indices(6, 1)
    expected = np.hstack([errors, correlations[:, upper[0], upper[1]]])
    assert np.max(np.abs(found - expected) / (1 + np.abs(expected))) < TOLERANCE


def test_positions_are_on_the_straight_line_of_astropy_s_vectors(
    sky: nearside.Connection, stars: dict[str, Floats]
) -> None:
    found = asked(sky, stars, "epoch_prop_pos", PARAMETERS)

    # In units of the first distance, so that no distance of a small parallax is rounded.
    motion = {"pm_ra_cosdec": stars["pmra"] * u.mas / u.yr, "pm_dec": stars["pmdec"] * u.mas / u.yr}
    radial = stars["radial_velocity"] * stars["parallax"] / AU_KM_YEAR_PER_S * u.mas.to(u.rad)
    start = SkyCoord(
        stars["ra"] * u.deg, stars["dec"] * u.deg, distance=np.ones(STARS) * u.pc,
        radial_velocity=radial * u.pc / u.yr, **motion,
    )
    velocity = start.cartesian.differentials["s"]
    assert isinstance(velocity, CartesianDifferential)
    shift = CartesianRepresentation(velocity.d_xyz * (EPOCHS[1] - EPOCHS[0]) * u.yr)
    end = (start.cartesian.without_differentials() + shift).represent_as(SphericalRepresentation)

    expected = SkyCoord(end.lon, end.lat)
    apart = SkyCoord(found[:, 0] * u.deg, found[:, 1] * u.deg).separation(expected)
    assert np.max(apart.deg) < TOLERANCE


def test_slow_stars_agree_with_apply_space_motion(sky: nearside.Connection, stars: dict[str, Floats]) -> None:
    """ERFA, which astropy uses, adds the light's travel time; without radial motion that is below the tolerance."""
    slow = stars | {"pmra": stars["pmra"] / 1000, "pmdec": stars["pmdec"] / 1000, "radial_velocity": np.zeros(STARS)}
    found = asked(sky, slow, "epoch_prop_pos", PARAMETERS)

    start = SkyCoord(
        slow["ra"] * u.deg, slow["dec"] * u.deg, distance=(1000 / slow["parallax"]) * u.pc,
        pm_ra_cosdec=slow["pmra"] * u.mas / u.yr, pm_dec=slow["pmdec"] * u.mas / u.yr,
        radial_velocity=np.zeros(STARS) * u.km / u.s,
    )
    expected = start.apply_space_motion(dt=(EPOCHS[1] - EPOCHS[0]) * u.yr)

    apart = SkyCoord(found[:, 0] * u.deg, found[:, 1] * u.deg).separation(SkyCoord(expected.ra, expected.dec))
    assert np.max(apart.deg) < TOLERANCE
