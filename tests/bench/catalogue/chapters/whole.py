"""The catalogue against a shifted copy of itself: rows a second, and memory that does not grow with the sky."""

from __future__ import annotations

import statistics

import plots
import questions
import rows as rows_module
from chapters.match import NO_OPERATOR, has_operator
from field import Field
from figures import Figure
from meter import peak_bytes
from nearside_server import Nearside
from questions import ARCSEC
from rows import Rows
from verdict import at_least, not_measured, rounded, within

RATE = "catalogue x catalogue, rows of both a second and core"
ROWS_PER_SECOND = 2e6
# Three times the rows may take a tenth more memory: the allocator's noise, and an index of 16 bytes for 512 rows.
FLAT = 0.1
# The other skies are so many times smaller. The smallest is only told: its rows do not fill the chunks that threads hold.
SMALLER = [10, 3]
QUERY = (
    "SELECT count(*) AS pairs FROM bench.shifted AS u JOIN gaiadr3.gaia_source AS g"
    f" ON distance_deg(u.ra, u.dec, g.ra, g.dec) <= {ARCSEC!r}"
)


def measure(field: Field) -> list[Figure]:
    """Every source against its copy a quarter of an arcsecond to the north."""
    field.publish("shifted", questions.shifted(field.rows))
    if not has_operator(field, "bench.shifted"):
        return [not_measured(RATE, "rows/s", f">= {ROWS_PER_SECOND:g} rows/s", NO_OPERATOR)]
    return [_rate(field), _memory(field)]


def _rate(field: Field) -> Figure:
    work = field.compete("catalogue x catalogue", [field.nearside], lambda e: e.sql(QUERY)["pairs"][0].as_py())
    score = work["nearside"]
    rate = 2 * field.rows.count / score.cpu_s
    return at_least(RATE, "rows/s", rounded(rate), ROWS_PER_SECOND, f"{score.answer:,} pairs")


def _memory(field: Field) -> Figure:
    skies = [rows_module.sky(field.rows, field.rows.count // part, field.nearside_program) for part in SMALLER]
    for sky in skies:
        field.publish("shifted", questions.shifted(sky), sky)
    skies.append(field.rows)
    peaks = {sky.count: statistics.median(_peak(field, sky) for _ in range(field.rounds)) for sky in skies}
    sizes, costs = list(peaks), [peak / 1e6 for peak in peaks.values()]
    name = f"catalogue x catalogue, memory over {sizes[1]:.0e} to {sizes[-1]:.0e} rows, exponent"
    note = "; ".join(f"{size:.0e}: {cost:.0f} MB" for size, cost in zip(sizes, costs, strict=True))
    return within(name, "", plots.exponent(sizes[1:], costs[1:]), FLAT, f"a new server each: {note}")


def _peak(field: Field, sky: Rows) -> int:
    """The most memory of a server that does nothing else in its life."""
    server = Nearside(field.server_program, sky.data)
    try:
        server.sql(QUERY)
        return peak_bytes(server.pid)
    finally:
        server.stop()
