"""DuckDB: zone maps of row groups for cones, a join on cells for matches, a semi-join for light curves."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
from questions import Cone, Users, fingerprint
from rows import Rows

from peers import sql


class DuckDb:
    """DuckDB on Parquet files, in memory otherwise."""

    name = "duckdb"

    def __init__(self, rows: Rows):
        self._rows = rows
        self._connection = duckdb.connect()
        self._connection.execute("SET preserve_insertion_order = false; SET parquet_metadata_cache = true")

    def cones(self, cones: list[Cone]) -> int:
        """Sources in all cones."""
        table = f"'{self._rows.parquet}'"
        return sum(len(self._fetch(sql.cone(table, cone))) for cone in cones)

    def histogram(self, files: Path) -> tuple[int, int]:
        """Bins, and stars in them, of any directory of Parquet files."""
        bins = self._fetch(sql.HISTOGRAM.format(table=f"read_parquet('{files}/**/*.parquet', hive_partitioning=false)"))
        return len(bins), sum(bins["stars"].to_pylist())

    def match(self, users: Users, radius: float) -> list[int]:
        """Pairs within ``radius`` degrees."""
        pairs = self._fetch(sql.match(f"'{users.cells}'", f"'{self._rows.parquet}'", radius))
        return fingerprint(pairs["user_id"].to_numpy(), pairs["source_id"].to_numpy())

    def light_curves(self, file: Path, ids: Path) -> tuple[int, int]:
        """Sources and transits of the ids in a file."""
        curves = self._fetch(f"SELECT * FROM '{file}' WHERE source_id IN (SELECT source_id FROM '{ids}')")
        return len(curves), sum(curves["n_transits"].to_pylist())

    def light_curves_of(self, file: Path, ids: list[int]) -> tuple[int, int]:
        """The same for a list."""
        curves = self._fetch(f"SELECT * FROM '{file}' WHERE source_id IN ({', '.join(map(str, ids))})")
        return len(curves), sum(curves["n_transits"].to_pylist())

    def _fetch(self, query: str) -> pa.Table:
        return self._connection.sql(query).to_arrow_table()
