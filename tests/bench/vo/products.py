"""A zip of 5,000 light curves, and the same made with astropy."""

from __future__ import annotations

import io
import os
import statistics
import warnings
import zipfile

import numpy as np
import pyarrow.dataset as ds
from astropy.io import votable
from astropy.table import Table
from figures import Figure
from meter import Meter
from rows import Rows
from service import Service
from verdict import MILLI, rounded

SOURCES = 5_000
# astropy makes so few a second that these are enough to know its rate.
PEER_SOURCES = 200
TIMES_ASTROPY = 10
ROUNDS = 3
DATA = "/data-server/data"
BANDS = {
    "G": ["g_transit_time", "g_transit_mag", "g_transit_flux", "g_transit_flux_error"],
    "BP": ["bp_obs_time", "bp_mag", "bp_flux", "bp_flux_error"],
    "RP": ["rp_obs_time", "rp_mag", "rp_flux", "rp_flux_error"],
}


def measure(service: Service, rows: Rows) -> list[Figure]:
    ids = identifiers(rows)[:SOURCES]
    form = request(ids, "votable")
    names = zipfile.ZipFile(io.BytesIO(b"".join(service.pieces(DATA, form)))).namelist()
    assert len(names) == len(ids), f"{len(names)} files of {len(ids)} sources"
    answers = [service.read(DATA, form) for _ in range(ROUNDS)]
    ours = statistics.median(answer.cost.cpu_s for answer in answers) / len(ids)
    theirs = statistics.median(_astropy_s(rows, ids) for _ in range(ROUNDS))
    ratio = theirs / ours
    name, note = f"zip of {len(ids):,} light curves, CPU of one", f"{answers[0].bytes / 1e6:.0f} MB"
    note += "; astropy has the rows in memory and writes the same VOTables into a zip"
    values = [rounded(value) for value in (MILLI * ours, MILLI * theirs, ours / theirs)]
    bar, met = f"<= {1 / TIMES_ASTROPY}x", ratio >= TIMES_ASTROPY
    return [Figure(name, values[0], "ms", "astropy", *values[1:], bar, met, note)]


def identifiers(rows: Rows) -> list[int]:
    """Sources with a light curve, from anywhere on the sky."""
    table = ds.dataset(rows.epochs, format="parquet", partitioning=None)
    ids = table.to_table(columns=["source_id"])["source_id"].to_numpy()
    return np.random.default_rng(5).permutation(ids).tolist()


def request(ids: list[int], output_format: str, structure: str = "INDIVIDUAL") -> dict[str, str]:
    """The form of a request for light curves."""
    form = {"ID": ",".join(map(str, ids)), "RETRIEVAL_TYPE": "EPOCH_PHOTOMETRY"}
    return form | {"FORMAT": output_format, "DATA_STRUCTURE": structure}


def _astropy_s(rows: Rows, ids: list[int]) -> float:
    """Processor seconds of one light curve, by a user who has read the rows already."""
    dataset = ds.dataset(rows.epochs, format="parquet", partitioning=None)
    curves = dataset.to_table(filter=ds.field("source_id").isin(ids[:PEER_SOURCES])).to_pylist()
    assert len(curves) == PEER_SOURCES, len(curves)
    with warnings.catch_warnings(), Meter(os.getpid()) as meter:
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for curve in curves:
                file = io.BytesIO()
                votable.from_table(_table(curve)).to_xml(file, tabledata_format="binary2")
                archive.writestr(f"EPOCH_PHOTOMETRY-Gaia DR3 {curve['source_id']}.xml", file.getvalue())
    return meter.cost.cpu_s / len(curves)


def _table(curve: dict) -> Table:
    """The columns of the archive that are in all of its light curves."""
    transits = curve["transits"]
    count = len(transits["transit_id"])
    columns = {"source_id": np.full(3 * count, curve["source_id"]), "transit_id": np.tile(transits["transit_id"], 3)}
    columns["band"] = np.repeat(list(BANDS), count)
    for index, name in enumerate(["time", "mag", "flux", "flux_error"]):
        values = [np.array(transits[band[index]], dtype=float) for band in BANDS.values()]
        columns[name] = np.concatenate(values)
    columns["flux_over_error"] = columns["flux"] / columns["flux_error"]
    for name, end in (("rejected_by_photometry", "photometry_flag"), ("rejected_by_variability", "variability_flag")):
        values = [np.array(transits[f"{end}_{band.lower()}_reject"], dtype=bool) for band in BANDS]
        columns[name] = np.concatenate(values)
    return Table(columns)
