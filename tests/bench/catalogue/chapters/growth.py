"""What grows with the sky and what must not: cones and ids over ten million to a billion rows.

The larger skies are sparse: every file has its footer and the statistics of its pages, few have rows, and the
questions are about those. Cones shrink as the sky fills, so that each has about as many sources.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import plots
import pyarrow.parquet as pq
import questions
import rows as rows_module
from field import Curve, Field
from figures import Figure
from meter import resident_bytes
from nearside_server import Nearside, cone_query
from questions import Cone
from verdict import not_measured, within

SIZES = [10_000_000, 100_000_000, 1_000_000_000]
WHOLE_FILES = 6
CONES, IDS = 30, 30
PAGE_ROWS = 512
PLOT = "benchmark-growth|What a question costs as the sky grows|rows|processor milliseconds"


@dataclass(frozen=True)
class Sky:
    """One size: where it is, and questions that its whole files can answer."""

    size: int
    data: Path
    cones: list[Cone]
    # Sources in the cones, counted in the files.
    sources: int
    ids: list[int]


def measure(field: Field) -> list[Figure]:
    bar = "<= 0.05"
    sizes = [size for size in SIZES if size <= field.largest]
    if len(sizes) < 2:
        why = "asked for with --largest 1000000000"
        return [not_measured("growth of a cone and an id over 1e7 to 1e9 rows, exponent", "", bar, why)]
    found = []
    skies = [_sky(field, size) for size in sizes]
    servers = [Nearside(field.server_program, sky.data) for sky in skies]
    try:
        for what, ask, answer in (
            ("cone", _ask_cones, lambda sky: sky.sources),
            ("id", _ask_ids, lambda sky: len(sky.ids)),
        ):
            found += _growth(field, what, ask, answer, skies, servers)
    finally:
        for server in servers:
            server.stop()
    return [*found, *_opening(field, skies[-1])]


def _growth(field: Field, what: str, ask, answer, skies: list[Sky], servers: list[Nearside]) -> list[Figure]:
    by_name = {f"{sky.size:.0e} rows": (sky, server) for sky, server in zip(skies, servers, strict=True)}
    for name, (_, server) in by_name.items():
        server.name = name

    def is_right(server: Nearside) -> bool:
        sky, _ = by_name[server.name]
        return ask(server, sky) == answer(sky)

    scores = field.compete(f"growth of {what}", servers, is_right, True)
    costs = [score.cpu_s * 1e3 / CONES for score in scores.values()]
    field.curves.append(Curve(PLOT, what, [sky.size for sky in skies], costs))
    slope = plots.exponent([sky.size for sky in skies], costs)
    note = "; ".join(f"{sky.size:.0e}: {cost:.2f} ms" for sky, cost in zip(skies, costs, strict=True))
    return [
        within(
            f"growth of {what} CPU over {skies[0].size:.0e} to {skies[-1].size:.0e} rows, exponent",
            "",
            slope,
            0.05,
            note,
        )
    ]


def _ask_cones(server: Nearside, sky: Sky) -> int:
    return server.cones(sky.cones)


def _ask_ids(server: Nearside, sky: Sky) -> int:
    query = "SELECT ra, dec, parallax FROM gaiadr3.gaia_source WHERE source_id = {}"
    return sum(len(server.sql(query.format(one))) for one in sky.ids)


def _sky(field: Field, size: int) -> Sky:
    directory = field.rows.directory.parent / f"sparse-{size}-v{rows_module.VERSION}"
    data = directory / "data"
    if not data.exists():
        shutil.rmtree(directory, ignore_errors=True)
        unfinished = directory / "unfinished"
        command = [field.nearside_program, "sample", unfinished, "--sources", str(size), "--variables-share", "0"]
        subprocess.run([*command, "--whole-files", str(WHOLE_FILES)], check=True)
        unfinished.rename(data)
    whole = [file for file in _files(data) if file.stat().st_blocks * 512 > file.stat().st_size // 2]
    rng = np.random.default_rng(size)
    radius = 0.1 * (SIZES[0] / size) ** 0.5
    tables = [
        pq.read_table(file, columns=["source_id", "ra", "dec", "_healpix_29"], partitioning=None) for file in whole
    ]
    cones = [[_cone_inside(table, radius, rng) for _ in range(CONES // len(tables))] for table in tables]
    sources = sum(questions.count_in(table, asked) for table, asked in zip(tables, cones, strict=True))
    ids = [int(rng.choice(table["source_id"].to_numpy())) for table in tables for _ in range(IDS // len(tables))]
    return Sky(size, data, [cone for asked in cones for cone in asked], sources, ids)


def _cone_inside(table, radius: float, rng: np.random.Generator) -> Cone:
    """A cone around a source of a file that does not reach beyond the file."""
    pixels = table["_healpix_29"].to_numpy()
    for _ in range(1000):
        row = int(rng.integers(len(table)))
        cone = questions.cone(table["ra"][row].as_py(), table["dec"][row].as_py(), radius)
        if cone.ranges[0][0] >= pixels[0] and cone.ranges[-1][1] <= pixels[-1]:
            return cone
    raise RuntimeError(f"no cone of {radius} deg fits into a file")


def _opening(field: Field, sky: Sky) -> list[Figure]:
    """A cold start: a new process, and no file of the table in the page cache."""
    seconds, resident = [], []
    for _ in range(field.rounds):
        for file in sky.data.rglob("*"):
            if file.is_file():
                _forget(file)
        server = Nearside(field.server_program, sky.data)
        try:
            server.sql(cone_query(sky.cones[0]).replace("WHERE", "WHERE false AND"))
            seconds.append(server.opened_s)
            resident.append(resident_bytes(server.pid))
        finally:
            server.stop()
    pages = sum(-(-pq.ParquetFile(file).metadata.num_rows // PAGE_ROWS) for file in _files(sky.data))
    empty = _resident_with_little(field)
    memory = statistics.median(resident)
    note = f"{pages:,} pages; the server has {memory / 1e6:.0f} MB, {empty / 1e6:.0f} with 20,000 rows"
    name = f"{sky.size:.0e} rows"
    return [
        within(f"cold open of {name}", "s", statistics.median(seconds), 1.0),
        within(f"index in memory, {name}", "B/page", (memory - empty) / pages, 20.0, note),
    ]


def _resident_with_little(field: Field) -> int:
    tiny = field.rows.directory.parent / "tiny"
    if not tiny.exists():
        command = [field.nearside_program, "sample", tiny, "--sources", "20000", "--variables-share", "0"]
        subprocess.run(command, check=True)
    server = Nearside(field.server_program, tiny)
    try:
        server.sql("SELECT 1 AS one")
        return resident_bytes(server.pid)
    finally:
        server.stop()


def _files(data: Path) -> list[Path]:
    return sorted((data / "gaiadr3" / "gaia_source" / "dataset").rglob("*.parquet"))


def _forget(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
