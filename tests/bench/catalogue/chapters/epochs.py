"""Light curves by id: one, five thousand, a million."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import rows as rows_module
from field import Curve, Field
from figures import Figure
from meter import peak_bytes
from verdict import MILLI, against, at_least, not_measured, within

# Ids asked one by one for the cost of one.
SINGLE = 50
# Longer lists than this come as a table: they would not fit into a query.
LITERAL = 5_000
PLOT = "benchmark-epochs|Light curves by id|ids|processor seconds"
TABLE = "gaiadr3.epoch_photometry"
# Decodes a magnitude of every transit and sends three numbers: a million whole light curves are gigabytes.
COUNT = f"SELECT count(*) AS sources, sum(array_length(e.transits['g_transit_mag'])) AS points FROM {TABLE} AS e"
# Shorter lists cost what a query costs, and say nothing about growth.
LEAST = 100


def measure(field: Field) -> list[Figure]:
    table = ds.dataset(field.rows.epochs, format="parquet", partitioning=None)
    ids = table.to_table(columns=["source_id", "n_transits", "ra", "dec"])
    chosen = ids.take(np.random.default_rng(3).permutation(len(ids)))
    file = rows_module.write_epochs(field.rows)
    return [*_one(field, chosen, file), *_many(field, chosen, file, table), *_all(field, chosen)]


def _one(field: Field, ids: pa.Table, file: Path) -> list[Figure]:
    """The mean cost of single sources."""
    some = ids["source_id"][:SINGLE].to_pylist()

    def work(engine):
        if engine.name == "nearside":
            return sum(len(engine.sql(_query([one]))) for one in some)
        return sum(engine.light_curves_of(file, [one])[0] for one in some)

    scores = field.compete("one light curve", [field.nearside, field.duckdb], work, SINGLE)
    ours, theirs = scores["nearside"], scores["duckdb"]
    cpu = MILLI * ours.cpu_s / SINGLE
    return [
        within("epochs of one source, CPU", "ms", cpu, 3.0),
        against("epochs of one source, CPU", "ms", cpu, "duckdb", MILLI * theirs.cpu_s / SINGLE, None),
        within("epochs of one source, read", "KB", ours.read_bytes / SINGLE / 1024, 32.0),
    ]


def _many(field: Field, ids: pa.Table, file: Path, table: ds.Dataset) -> list[Figure]:
    """Five thousand sources from anywhere on the sky."""
    some = ids.slice(0, LITERAL)
    name = f"epochs of {len(some):,} sources"
    listed, truth = some["source_id"].to_pylist(), (len(some), sum(some["n_transits"].to_pylist()))

    def work(engine):
        if engine.name == "nearside":
            return _answer(engine.sql(_query(listed)))
        return engine.light_curves_of(file, listed)

    scores = field.compete(name, [field.nearside, field.duckdb], work, truth)
    ours, theirs = scores["nearside"], scores["duckdb"]
    least = _stored_bytes(table) * len(some) / table.count_rows()
    return [
        against(f"{name}, CPU", "s", ours.cpu_s, "duckdb", theirs.cpu_s, 0.1),
        within(f"{name}, bytes read / bytes stored of them", "", ours.read_bytes / least, 16.0),
    ]


def _all(field: Field, ids: pa.Table) -> list[Figure]:
    """Lists of every length, and the longest against reading everything."""
    sizes = [size for size in (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000) if size < len(ids)] + [len(ids)]
    bar = ">= 0.6 of the rate of a scan"
    try:
        costs = [_cost(field, ids.slice(0, size)) for size in sizes]
    except Exception as error:
        why = str(error).strip().splitlines()[0][:200]
        return [not_measured(f"epochs of {sizes[-1]:,} sources, rate / rate of a scan", "", bar, why)]
    field.curves.append(Curve(PLOT, "nearside", sizes, costs))
    rises = [
        np.log(costs[i + 1] / costs[i]) / np.log(sizes[i + 1] / sizes[i])
        for i in range(len(sizes) - 1)
        if sizes[i] >= LEAST
    ]
    truth = (len(ids), sum(ids["n_transits"].to_pylist()))
    scan = field.compete("all light curves", [field.nearside], lambda e: _counted(e.sql(COUNT)), truth)
    rate = scan["nearside"].cpu_s / costs[-1]
    note = f"magnitudes decoded and counted; the server's largest memory {peak_bytes(field.nearside.pid) / 1e6:,.0f} MB"
    return [
        within("epochs, steepest rise of CPU with ids on log axes", "", max(rises, default=0.0), 1.25),
        at_least(f"epochs of {sizes[-1]:,} sources, rate / rate of a scan", "", rate, 0.6, note),
    ]


def _cost(field: Field, some: pa.Table) -> float:
    """The median processor time of one list, which the server has as a table."""
    path = field.rows.directory / "users" / f"ids-{len(some)}.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(some.select(["source_id", "ra", "dec"]), path)
    field.publish(f"ids_{len(some)}", path)
    query = f"{COUNT} WHERE e.source_id IN (SELECT source_id FROM bench.ids_{len(some)})"
    truth = (len(some), sum(some["n_transits"].to_pylist()))
    work = field.compete(f"light curves of {len(some):,}", [field.nearside], lambda e: _counted(e.sql(query)), truth)
    return work["nearside"].cpu_s


def _counted(counts: pa.Table) -> tuple[int, int]:
    row = counts.to_pylist()[0]
    return row["sources"], row["points"]


def _query(ids: list[int]) -> str:
    return f"SELECT * FROM {TABLE} WHERE source_id IN ({', '.join(map(str, ids))})"


def _answer(curves: pa.Table) -> tuple[int, int]:
    return len(curves), sum(curves["n_transits"].to_pylist())


def _stored_bytes(table: ds.Dataset) -> int:
    return sum(Path(file).stat().st_size for file in table.files)
