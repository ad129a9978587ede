"""The rows that everybody is asked about: one simulated sky, and the layouts of it that each peer likes best.

Everything is kept in a directory of the cache and made once. The layouts hold the same rows; the peers' leave out
the columns that no question needs, which only helps them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

COLUMNS = ["source_id", "random_index", "ra", "dec", "parallax", "parallax_error", "pmra", "pmdec", "ruwe"]
COLUMNS += ["phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", "bp_rp", "_healpix_29"]
SEED = 1
# Part of the name in the cache: raise it when the generator makes other rows, or a layout changes.
VERSION = 3
# One source in ten has a light curve: a million of them in ten million rows.
VARIABLES_SHARE = 0.1
# DuckDB's own choice, and what its documentation recommends.
ROW_GROUP = 122_880
# The order of the cells that rows are matched in: 3.2 arcseconds wide, so neighbours reach an arcsecond.
CELL_ORDER = 16


@dataclass(frozen=True)
class Rows:
    """Where the rows are."""

    directory: Path
    count: int

    @property
    def data(self) -> Path:
        """Our data directory."""
        return self.directory / "data"

    @property
    def tiles(self) -> Path:
        """Our Parquet files of ``gaia_source``, which any engine may read."""
        return self.data / "gaiadr3" / "gaia_source" / "dataset"

    @property
    def epochs(self) -> Path:
        """Our Parquet files of ``epoch_photometry``."""
        return self.data / "gaiadr3" / "epoch_photometry" / "dataset"

    @property
    def parquet(self) -> Path:
        """One file sorted by pixel, with the matching cell as a column."""
        return self.directory / "gaia.parquet"

    @property
    def epochs_parquet(self) -> Path:
        """One file of light curves in small row groups, sorted by ``source_id``."""
        return self.directory / "epochs.parquet"

    @property
    def hats(self) -> Path:
        """A collection of hats-import, with its defaults and a margin."""
        return self.directory / "hats" / "gaia"


def prepare(cache: Path, count: int, nearside: Path) -> Rows:
    """Makes what is missing."""
    return _make(Rows(cache / f"{count}-v{VERSION}", count), nearside, VARIABLES_SHARE)


def sky(beside: Rows, count: int, nearside: Path) -> Rows:
    """Another sky of so many rows, without light curves."""
    return _make(Rows(beside.directory.parent / f"sky-{count}-v{VERSION}", count), nearside, 0.0)


def _make(rows: Rows, nearside: Path, variables_share: float) -> Rows:
    rows.directory.mkdir(parents=True, exist_ok=True)
    sample = [nearside, "sample", "--sources", str(rows.count), "--seed", str(SEED)]
    sample += ["--variables-share", str(variables_share)]
    _once(rows.data, lambda path: subprocess.run([*sample, path], check=True))
    _once(rows.parquet, lambda path: _write_parquet(rows, path))
    return rows


def read(rows: Rows, columns: list[str]) -> pa.Table:
    """Columns of all rows, in the order of ``_healpix_29``."""
    return pq.read_table(rows.parquet, columns=columns)


def _once(path: Path, make: Callable[[Path], object]) -> None:
    """Makes ``path`` under another name first: what has its name is whole."""
    if path.exists():
        return
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    make(unfinished)
    unfinished.rename(path)


def _write_parquet(rows: Rows, path: Path) -> None:
    tiles = ds.dataset(rows.tiles, format="parquet", partitioning=None)
    table = tiles.to_table(columns=COLUMNS).sort_by("_healpix_29")
    cell = pc.cast(pc.shift_right(table["_healpix_29"], 2 * (29 - CELL_ORDER)), pa.int64())
    pq.write_table(table.append_column("cell", cell), path, row_group_size=ROW_GROUP, compression="zstd")


def write_epochs(rows: Rows) -> Path:
    """The light curves as DuckDB finds single ones fastest: it skips row groups, so they are small."""
    table = ds.dataset(rows.epochs, format="parquet", partitioning=None)

    def write(path: Path) -> None:
        with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
            for file in sorted(table.files, key=_first_id):
                writer.write_table(pq.read_table(file, partitioning=None).sort_by("source_id"), row_group_size=2048)

    _once(rows.epochs_parquet, write)
    return rows.epochs_parquet


def _first_id(file: str) -> int:
    return pq.ParquetFile(file).metadata.row_group(0).column(0).statistics.min


def write_hats(rows: Rows) -> Path:
    """What a user of LSDB would make of the file: hats-import with its defaults, and a margin for matching."""
    from dask.distributed import Client
    from hats_import import CollectionArguments, pipeline_with_client

    def write(directory: Path) -> None:
        arguments = CollectionArguments(output_path=directory, output_artifact_name="gaia", progress_bar=False)
        arguments = arguments.catalog(
            input_file_list=[rows.parquet], file_reader="parquet", use_healpix_29=True
        ).add_margin(margin_threshold=10.0, is_default=True)
        with Client(n_workers=1, threads_per_worker=os.cpu_count(), dashboard_address=None) as client:
            pipeline_with_client(arguments, client)

    _once(rows.hats.parent, write)
    return rows.hats
