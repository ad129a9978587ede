"""A million rows of nine columns as a VOTable and as CSV, and how soon an answer begins."""

from __future__ import annotations

import io
import os
import statistics
import warnings
from pathlib import Path

import duckdb
from astropy.io import votable
from figures import Figure
from meter import Meter
from rows import Rows
from service import Service
from verdict import MILLI, rounded, within

ROWS = 1_000_000
# astropy reads so slowly that a tenth is enough to know its rate.
PEER_ROWS = ROWS // 10
COLUMNS = ["source_id", "ra", "dec", "parallax", "pmra", "pmdec"]
COLUMNS += ["phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag"]
TABLE = "gaiadr3.gaia_source"
SELECT = f"SELECT {', '.join(COLUMNS)} FROM {TABLE}"
ADQL_CONE = "1 = CONTAINS(POINT(ra, dec), CIRCLE(266.4, -29, 0.5))"
LEAST_MB_PER_CPU_S = 300
TIMES_ASTROPY = 20
SHARE_OF_DUCKDB = 0.5
FIRST_BYTES = 20
FIRST_BYTE_MS = 50


def measure(service: Service, rows: Rows, directory: Path, rounds: int) -> list[Figure]:
    count = min(ROWS, rows.count)
    return [
        _binary(service, count, rounds),
        _csv(service, rows, directory, count, rounds),
        _first_byte(service, f"of {count:,} rows", _query(count), f"{SELECT} LIMIT {count}"),
        _first_byte(
            service, "of a cone", f"{SELECT} WHERE {ADQL_CONE}", f"{SELECT} WHERE cone(ra, dec, 266.4, -29, 0.5)"
        ),
    ]


def _query(count: int) -> str:
    return SELECT.replace("SELECT", f"SELECT TOP {count}")


def _binary(service: Service, count: int, rounds: int) -> Figure:
    answers = _rounds(lambda: service.query(_query(count), "votable"), rounds)
    ours = statistics.median(answer.mb_per_cpu_s for answer in answers)
    pieces = service.pieces("/tap-server/tap/sync", {"QUERY": _query(PEER_ROWS), "FORMAT": "votable"})
    document = b"".join(pieces)
    theirs = len(document) / 1e6 / statistics.median(_astropy_s(document) for _ in range(3))
    met = ours >= LEAST_MB_PER_CPU_S or ours >= TIMES_ASTROPY * theirs
    bar = f">= {LEAST_MB_PER_CPU_S} MB/s, or >= {TIMES_ASTROPY}x"
    name, note = f"sync query of {count:,} rows x 9 columns, BINARY2", f"{answers[0].bytes / 1e6:.0f} MB"
    figures = [rounded(value) for value in (ours, theirs, ours / theirs)]
    return Figure(name, figures[0], "MB/s/core", "astropy reading it", *figures[1:], bar, met, note)


def _astropy_s(document: bytes) -> float:
    """Processor seconds of reading a VOTable."""
    with warnings.catch_warnings(), Meter(os.getpid()) as meter:
        warnings.simplefilter("ignore")
        table = votable.parse_single_table(io.BytesIO(document)).to_table()
    assert len(table) == PEER_ROWS, len(table)
    return meter.cost.cpu_s


def _csv(service: Service, rows: Rows, directory: Path, count: int, rounds: int) -> Figure:
    answers = _rounds(lambda: service.query(_query(count), "csv"), rounds)
    assert answers[0].lines == count + 1, answers[0]
    ours = statistics.median(answer.mb_per_cpu_s for answer in answers)
    written = _rounds(lambda: _duckdb(rows, directory / "rows.csv", count), rounds)
    theirs = statistics.median(written)
    ratio, bar = ours / theirs, f">= {SHARE_OF_DUCKDB}x"
    name = f"sync query of {count:,} rows x 9 columns, CSV"
    note = f"{answers[0].bytes / 1e6:.0f} MB; DuckDB reads one Parquet file and writes a file"
    figures = [rounded(value) for value in (ours, theirs, ratio)]
    return Figure(name, figures[0], "MB/s/core", "DuckDB", *figures[1:], bar, ratio >= SHARE_OF_DUCKDB, note)


def _duckdb(rows: Rows, path: Path, count: int) -> float:
    """DuckDB's bytes for each second of a processor."""
    with duckdb.connect() as connection, Meter(os.getpid()) as meter:
        chosen = f"SELECT {', '.join(COLUMNS)} FROM '{rows.parquet}' LIMIT {count}"
        connection.execute(f"COPY ({chosen}) TO '{path}' (FORMAT csv, HEADER)")
    return path.stat().st_size / 1e6 / meter.cost.cpu_s


def _first_byte(service: Service, what: str, adql: str, sql: str) -> Figure:
    """How much later an answer begins than the engine has rows, which take turns."""
    seconds = [(service.first_byte_s(adql, "votable"), service.first_batch_s(sql)) for _ in range(FIRST_BYTES)]
    ours, engine = (MILLI * statistics.median(times) for times in zip(*seconds, strict=True))
    note = f"{ours:.1f} ms, and {engine:.1f} ms over Flight"
    return within(f"sync query {what}, first byte after the engine's", "ms", ours - engine, FIRST_BYTE_MS, note)


def _rounds(work, rounds: int) -> list:
    """What ``work`` gives, without a first round to warm up."""
    return [work() for _ in range(rounds + 1)][1:]
