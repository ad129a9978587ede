"""The other programs that read and write HATS, run in this process: hats-import with its defaults, and LSDB."""

from __future__ import annotations

import subprocess
from pathlib import Path

import lsdb
import numpy as np
import pandas as pd
import parts
from dask.distributed import Client
from hats_import.catalog.arguments import ImportArguments
from hats_import.collection.arguments import CollectionArguments
from hats_import.margin_cache.margin_cache_arguments import MarginCacheArguments
from hats_import.pipeline import pipeline_with_client

Arguments = ImportArguments | CollectionArguments | MarginCacheArguments


def run(*arguments: Arguments) -> None:
    """Runs pipelines of hats-import, one after another, on one thread."""
    with Client(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as client:
        for argument in arguments:
            pipeline_with_client(argument, client)


def nearside(*arguments: str | Path) -> None:
    """Runs the program under test to its end."""
    subprocess.run([parts.program("NEARSIDE_BIN"), *arguments], check=True)


def cone(table: Path, ra_deg: float, dec_deg: float, radius_deg: float) -> pd.DataFrame:
    """LSDB's rows in a cone."""
    return lsdb.open_catalog(table).cone_search(ra_deg, dec_deg, radius_deg * 3600).compute()


def stars(count: int) -> pd.DataFrame:
    """Stars all over the sky, among them some on the seam at RA 0 and near the poles; their ids are text."""
    random = np.random.default_rng(7)
    ra = random.uniform(0, 360, count)
    dec = np.degrees(np.arcsin(random.uniform(-1, 1, count)))
    ra[:40], dec[:20] = random.normal(0, 0.1, 40) % 360, random.choice([-89.9, 89.9], 20)
    names = [f"star {number}" for number in range(count)]
    return pd.DataFrame({"name": names, "ra": ra, "dec": dec, "mag": random.normal(15, 3, count).round(3)})
