"""Polars, lazily: no spatial aid, but a fast scan."""

from __future__ import annotations

from pathlib import Path

import polars as pl


class Polars:
    """Polars' streaming engine on Parquet files."""

    name = "polars"

    def histogram(self, files: Path) -> tuple[int, int]:
        """Bins, and stars in them, of any directory of Parquet files."""
        magnitude = pl.col("phot_g_mean_mag").cast(pl.Float64) + 5 * pl.col("parallax").log10() - 10
        good = (pl.col("parallax") > 0) & (pl.col("parallax") > 5 * pl.col("parallax_error").cast(pl.Float64))
        stars = pl.scan_parquet(files / "**/*.parquet", hive_partitioning=False)
        bins = (
            stars.filter(good & (pl.col("ruwe") < 1.4) & pl.col("bp_rp").is_not_null())
            .group_by(
                (pl.col("bp_rp").cast(pl.Float64) * 20).floor().cast(pl.Int64).alias("colour"),
                (magnitude * 10).floor().cast(pl.Int64).alias("brightness"),
            )
            .len()
            .collect(engine="streaming")
        )
        return len(bins), int(bins["len"].sum())
