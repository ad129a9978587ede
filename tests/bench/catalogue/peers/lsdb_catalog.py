"""LSDB on a collection that hats-import wrote with its defaults."""

from __future__ import annotations

import warnings
from pathlib import Path

import dask
import lsdb
import pyarrow.parquet as pq
from questions import CONE_COLUMNS, Cone, Users, fingerprint


class Lsdb:
    """LSDB with Dask's threads, which suit one machine best."""

    name = "lsdb"

    def __init__(self, collection: Path):
        warnings.simplefilter("ignore")
        dask.config.set(scheduler="threads")
        self._catalog = lsdb.open_catalog(collection, columns=CONE_COLUMNS)

    def cones(self, cones: list[Cone]) -> int:
        """Sources in all cones."""
        found = (self._catalog.cone_search(cone.ra, cone.dec, cone.radius * 3600) for cone in cones)
        return sum(len(part.compute(progress_bar=False)) for part in found)

    def match(self, users: Users, radius: float) -> list[int]:
        """Pairs within ``radius`` degrees; reading the user's file is part of it, as for everybody."""
        mine = lsdb.from_dataframe(pq.read_table(users.positions).to_pandas(), ra_column="ra", dec_column="dec")
        pairs = mine.crossmatch(self._catalog, n_neighbors=16, radius_arcsec=radius * 3600, suffixes=("_u", ""))
        table = pairs.compute(progress_bar=False)
        return fingerprint(table["user_id_u"].to_numpy(), table["source_id"].to_numpy())
