"""Light curves of sources: one row per source, and one band of one source as arrays.

Finding periods and other analysis is left to astropy and to the reader.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nearside import astropy_table
from nearside.result import Result

TABLE = "gaiadr3.epoch_photometry"

# Column names of one transit, by band: time, magnitude, flux, flux error.
_COLUMNS = {
    "G": ("g_transit_time", "g_transit_mag", "g_transit_flux", "g_transit_flux_error"),
    "BP": ("bp_obs_time", "bp_mag", "bp_flux", "bp_flux_error"),
    "RP": ("rp_obs_time", "rp_mag", "rp_flux", "rp_flux_error"),
}


@dataclass(frozen=True)
class LightCurve:
    """One band of one source, in order of time. All arrays have the same shape ``(n,)``."""

    source_id: int
    band: str
    """``G``, ``BP`` or ``RP``."""
    time: np.ndarray
    """Barycentric time in days: BJD - 2455197.5 (TCB), float64."""
    mag: np.ndarray
    """Vega magnitude, float32; NaN where the flux is not positive."""
    flux: np.ndarray
    """electron/s, float64."""
    flux_error: np.ndarray
    """electron/s, float64."""
    rejected: np.ndarray
    """True where the photometric or the variability processing set the point aside, bool."""

    def __len__(self) -> int:
        return len(self.time)

    def clean(self) -> LightCurve:
        """Only the points that are not rejected and have a magnitude."""
        return self._where(~self.rejected & np.isfinite(self.mag))

    def _where(self, keep: np.ndarray) -> LightCurve:
        arrays = {name: getattr(self, name)[keep] for name in ("time", "mag", "flux", "flux_error", "rejected")}
        return replace(self, **arrays)


class LightCurves(Result):
    """Epoch photometry, one row per source, in the order in which the sources were asked for.

    ``missing`` lists the ids that have no light curve in the table.
    """

    def __init__(self, table: pa.Table, asked: list[int]):
        wanted = pa.array(asked, pa.int64())
        order = pc.index_in(wanted, value_set=table["source_id"].combine_chunks())
        super().__init__(table.take(order.drop_null()))
        self.missing: list[int] = pc.filter(wanted, order.is_null()).to_pylist()

    @property
    def source_ids(self) -> list[int]:
        """The sources that have a light curve."""
        return self._table["source_id"].to_pylist()

    def band(self, source_id: int, band: str = "G") -> LightCurve:
        """One band (``G``, ``BP`` or ``RP``) of one source as arrays, in order of time.

        Transits without an observation in the band are left out; rejected points are kept and
        marked (see `LightCurve.clean`).

        Raises:
            KeyError: the source has no light curve here.
            ValueError: no such band.
        """
        if band not in _COLUMNS:
            raise ValueError(f"{band!r} is no band: G, BP or RP")
        row = pc.index(self._table["source_id"], int(source_id)).as_py()
        if row < 0:
            raise KeyError(f"no light curve of source {source_id} here")
        transits = self._table["transits"][row]
        time, mag, flux, flux_error = (_floats(transits, name) for name in _COLUMNS[band])
        rejected = _rejected(transits, band.lower())
        curve = LightCurve(int(source_id), band, time, mag, flux, flux_error, rejected)
        order = np.argsort(curve.time, kind="stable")
        return curve._where(order[np.isfinite(curve.time[order])])


def _floats(transits: pa.StructScalar, name: str) -> np.ndarray:
    return astropy_table.elements(transits[name].values)


def _rejected(transits: pa.StructScalar, band: str) -> np.ndarray:
    names = (f"photometry_flag_{band}_reject", f"variability_flag_{band}_reject")
    flags = [transits[name].values.fill_null(False).to_numpy(zero_copy_only=False) for name in names]
    return flags[0] | flags[1]
