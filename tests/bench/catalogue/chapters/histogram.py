"""A Hertzsprung-Russell diagram of all rows: decoding and counting, nothing else."""

from __future__ import annotations

from field import Field
from figures import Figure
from rows import write_hats
from verdict import against


def measure(field: Field) -> list[Figure]:
    engines = [field.nearside, field.duckdb, field.datafusion, field.polars]

    def on_our_files(engine):
        return engine.histogram(field.rows.tiles) if engine.name in ("duckdb", "polars") else engine.histogram()

    same = field.compete("HR histogram, our files", engines, on_our_files)
    theirs = write_hats(field.rows) / "gaia"

    def on_its_files(engine):
        return engine.histogram() if engine.name == "nearside" else engine.histogram(theirs / "dataset")

    own = field.compete("HR histogram, own files", [field.nearside, field.duckdb, field.polars], on_its_files)
    ours = same["nearside"].cpu_s
    return [
        against("HR histogram on identical files, CPU", "s", ours, "duckdb", same["duckdb"].cpu_s, 1.0),
        against("HR histogram on identical files, CPU", "s", ours, "datafusion", same["datafusion"].cpu_s, None),
        against("HR histogram on identical files, CPU", "s", ours, "polars", same["polars"].cpu_s, None),
        against("HR histogram, theirs by hats-import", "s", own["nearside"].cpu_s, "duckdb", own["duckdb"].cpu_s, 0.6),
        against("HR histogram, theirs by hats-import", "s", own["nearside"].cpu_s, "polars", own["polars"].cpu_s, None),
    ]
