"""Stock DataFusion on our own files: what our engine adds to it is what this comparison shows."""

from __future__ import annotations

import datafusion
import pyarrow as pa
from questions import Cone
from rows import Rows

from peers import sql


class StockDataFusion:
    """DataFusion as published, with its page index and its caches."""

    name = "datafusion"

    def __init__(self, rows: Rows):
        config = datafusion.SessionConfig({"datafusion.execution.parquet.pushdown_filters": "true"})
        self._context = datafusion.SessionContext(config)
        self._context.register_parquet("gaia", str(rows.tiles))

    def cones(self, cones: list[Cone]) -> int:
        """Sources in all cones."""
        return sum(len(self._fetch(sql.cone("gaia", cone))) for cone in cones)

    def histogram(self) -> tuple[int, int]:
        """Bins, and stars in them."""
        bins = self._fetch(sql.HISTOGRAM.format(table="gaia"))
        return len(bins), sum(bins["stars"].to_pylist())

    def _fetch(self, query: str) -> pa.Table:
        return self._context.sql(query).to_arrow_table()
