"""The questions, without any engine: cones with their pixels, users with their cells, and the right answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import astropy.units as u
import cdshealpix.nested as healpix
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rows as rows_module
from astropy.coordinates import Latitude, Longitude
from rows import CELL_ORDER, Rows
from scipy.spatial import cKDTree

ARCSEC = 1.0 / 3600.0
# A cone's pixels as ranges: merged until so few are left, because engines pay for every OR.
RANGES = 8
CONE_COLUMNS = ["source_id", "ra", "dec", "parallax", "pmra", "pmdec", "phot_g_mean_mag", "bp_rp"]
# The bytes of one row of these columns, decoded.
CONE_ROW_BYTES = 6 * 8 + 2 * 4


@dataclass(frozen=True)
class Cone:
    """A cone in degrees, and the ranges of pixels of order 29, both ends included, that cover it."""

    ra: float
    dec: float
    radius: float
    ranges: list[tuple[int, int]]


def cones(rows: Rows, radius: float, count: int, seed: int = 5) -> list[Cone]:
    """Cones around random sources: one looks where stars are."""
    positions = rows_module.read(rows, ["ra", "dec"])
    chosen = np.random.default_rng(seed).choice(len(positions), count, replace=False)
    ra, dec = (positions[name].to_numpy()[chosen] for name in ("ra", "dec"))
    return [cone(float(a), float(d), radius) for a, d in zip(ra, dec, strict=True)]


def cone(ra: float, dec: float, radius: float) -> Cone:
    """A cone with its pixels."""
    return Cone(ra, dec, radius, _ranges(ra, dec, radius))


def _ranges(ra: float, dec: float, radius: float) -> list[tuple[int, int]]:
    order = min(27, max(0, int(np.log2(58.6 / radius)) + 4))
    pixels, orders, _ = healpix.cone_search(Longitude(ra * u.deg), Latitude(dec * u.deg), radius * u.deg, order)
    shift = 2 * (29 - orders.astype(np.int64))
    begin, end = pixels.astype(np.int64) << shift, ((pixels.astype(np.int64) + 1) << shift) - 1
    by_begin = np.argsort(begin)
    begin, end = begin[by_begin], end[by_begin]
    gaps = begin[1:] - end[:-1]
    cuts = np.sort(np.argsort(gaps)[-(RANGES - 1) :]) if len(gaps) else []
    cuts = [cut for cut in cuts if gaps[cut] > 1]
    begins, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(end) - 1]
    return [(int(begin[b]), int(end[e])) for b, e in zip(begins, ends, strict=True)]


def count_by_brute_force(rows: Rows, asked: list[Cone]) -> int:
    """Sources in all cones together, with no index but numpy."""
    return count_in(rows_module.read(rows, ["ra", "dec"]), asked)


def count_in(table: pa.Table, asked: list[Cone]) -> int:
    """Rows of a table with ``ra`` and ``dec`` in all cones together."""
    ra, dec = table["ra"].to_numpy(), table["dec"].to_numpy()
    total = 0
    for cone in asked:
        near = np.abs(dec - cone.dec) <= cone.radius
        away = unit_vectors(ra[near], dec[near]) - unit_vectors(np.array([cone.ra]), np.array([cone.dec]))
        chord = 2.0 * np.sin(np.radians(cone.radius) / 2.0)
        total += int(np.count_nonzero(np.einsum("ij,ij->i", away, away) <= chord * chord))
    return total


def unit_vectors(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Positions in degrees as an array of shape (n, 3)."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


@dataclass(frozen=True)
class Users:
    """A user's list of positions, as a file for each way to ask."""

    count: int
    # Columns user_id, ra, dec.
    positions: Path
    # The same, nine times over: once for each cell of order 16 that a match may be in.
    cells: Path


def users(rows: Rows, count: int, seed: int = 9) -> Users:
    """Four fifths of the positions belong to a source, half an arcsecond off; the others to nothing."""
    directory = rows.directory / "users"
    directory.mkdir(exist_ok=True)
    made = Users(count, directory / f"{count}.parquet", directory / f"{count}-cells.parquet")
    if made.cells.exists():
        return made
    rng = np.random.default_rng(seed + count)
    table = rows_module.read(rows, ["ra", "dec"])
    real = np.sort(rng.choice(len(table), count * 4 // 5, replace=False))
    ra, dec = (table[name].to_numpy()[real] for name in ("ra", "dec"))
    dec = np.clip(dec + rng.normal(0, 0.4, len(real)) * ARCSEC, -90, 90)
    ra = (ra + rng.normal(0, 0.4, len(real)) * ARCSEC / np.maximum(np.cos(np.radians(dec)), 1e-9)) % 360
    stray = count - len(real)
    ra = np.concatenate([ra, rng.uniform(0, 360, stray)])
    dec = np.concatenate([dec, np.degrees(np.arcsin(rng.uniform(-1, 1, stray)))])
    order = rng.permutation(count)
    ra, dec, ids = ra[order], dec[order], np.arange(count, dtype=np.int64)
    pq.write_table(pa.table({"user_id": ids, "ra": ra, "dec": dec}), made.positions)
    _write_cells(made, ids, ra, dec)
    return made


def _write_cells(made: Users, ids: np.ndarray, ra: np.ndarray, dec: np.ndarray) -> None:
    own = healpix.lonlat_to_healpix(Longitude(ra * u.deg), Latitude(dec * u.deg), CELL_ORDER)
    around = np.asarray(healpix.neighbours(own, CELL_ORDER)).astype(np.int64)
    user, cell = np.repeat(ids, around.shape[1]), around.ravel()
    user, cell = user[cell >= 0], cell[cell >= 0]
    pq.write_table(pa.table({"user_id": user, "ra": ra[user], "dec": dec[user], "cell": cell}), made.cells)


def match_by_brute_force(rows: Rows, users: Users, radius_arcsec: float) -> list[int]:
    """Pairs within the radius, from a tree over all positions: how many, and the sums of either side's ids."""
    tree, source_id = _tree(rows)
    mine = pq.read_table(users.positions)
    chord = 2.0 * np.sin(np.radians(radius_arcsec * ARCSEC) / 2.0)
    pairs = tree.query_ball_point(unit_vectors(mine["ra"].to_numpy(), mine["dec"].to_numpy()), chord)
    found = np.concatenate([np.asarray(of_user, dtype=np.int64) for of_user in pairs])
    user = np.repeat(mine["user_id"].to_numpy(), [len(of_user) for of_user in pairs])
    return fingerprint(user, source_id[found])


@lru_cache(maxsize=1)
def _tree(rows: Rows) -> tuple[cKDTree, np.ndarray]:
    table = rows_module.read(rows, ["source_id", "ra", "dec"])
    return cKDTree(unit_vectors(table["ra"].to_numpy(), table["dec"].to_numpy())), table["source_id"].to_numpy()


def fingerprint(user: np.ndarray, source: np.ndarray) -> list[int]:
    """What two lists of pairs must agree in: their number, and a sum that depends on who is with whom."""
    mixed = user.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) ^ source.astype(np.uint64)
    return [len(user), int((mixed * np.uint64(0xBF58476D1CE4E5B9)).sum(dtype=np.uint64))]


def shifted(rows: Rows) -> Path:
    """Every source a quarter of an arcsecond further north, as another observatory might have it."""
    path = rows.directory / "users" / "shifted.parquet"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        table = rows_module.read(rows, ["source_id", "ra", "dec"])
        dec = np.minimum(table["dec"].to_numpy() + 0.25 * ARCSEC, 90.0)
        pq.write_table(pa.table({"user_id": table["source_id"], "ra": table["ra"], "dec": dec}), path)
    return path
