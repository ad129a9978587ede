"""A user's positions against the catalogue at one arcsecond, and the catalogue against a shifted copy of itself."""

from __future__ import annotations

import questions
from field import Curve, Field
from figures import Figure
from meter import peak_bytes
from nearside_server import match_query
from questions import ARCSEC
from verdict import against, at_least, not_measured, rounded

SIZES = [10_000, 100_000, 1_000_000]
# Which peer sets the bar of each size, and how much of it we may take; None means a figure without a bar.
BARS = {
    10_000: {"duckdb": 0.25, "postgres+q3c": None, "lsdb": None},
    100_000: {"postgres+q3c": 0.5, "duckdb": None},
    1_000_000: {"duckdb": 0.5, "lsdb": 0.1},
}
PLOT = "benchmark-match|Match at 1 arcsecond|positions|processor seconds"
ROWS_PER_SECOND = 2e6
NO_OPERATOR = "this build plans a match as a loop over all pairs"


def measure(field: Field) -> list[Figure]:
    found: list[Figure] = []
    lists = [questions.users(field.rows, size) for size in SIZES if size * 4 // 5 <= field.rows.count]
    for users in lists:
        field.publish(f"users_{users.count}", users.positions)
    scores = {users.count: _scores(field, users) for users in lists}
    for size, of_size in scores.items():
        for peer, most in BARS[size].items():
            name = f"match of {size:,} positions, CPU"
            if "nearside" not in of_size:
                found.append(not_measured(name, "s", f"<= {most:g}x {peer}" if most else "", NO_OPERATOR))
            elif peer in of_size:
                ours, theirs = of_size["nearside"].cpu_s, of_size[peer].cpu_s
                found.append(against(name, "s", ours, peer, theirs, most))
    for name in ("nearside", "duckdb", "postgres+q3c", "lsdb"):
        if sizes := [size for size in scores if name in scores[size]]:
            field.curves.append(Curve(PLOT, name, sizes, [scores[size][name].cpu_s for size in sizes]))
    return [*found, _whole_catalogue(field)]


def _scores(field: Field, users: questions.Users):
    truth = questions.match_by_brute_force(field.rows, users, 1.0)
    engines = [field.nearside] if has_operator(field, f"bench.users_{users.count}") else []
    if "postgres+q3c" in BARS[users.count]:
        field.postgres.add_users(users)
    engines += [field.peer(name) for name in BARS[users.count]]
    return field.compete(f"match of {users.count:,}", engines, lambda e: e.match(users, ARCSEC), truth)


def has_operator(field: Field, table: str) -> bool:
    """Whether our plan of a match is more than comparing everything with everything."""
    plan = str(field.nearside.sql(f"EXPLAIN {match_query(table, ARCSEC)}").to_pydict())
    return "NestedLoopJoin" not in plan and "CrossJoin" not in plan


def _whole_catalogue(field: Field) -> Figure:
    """Every source against its copy a quarter of an arcsecond to the north."""
    name, bar = "catalogue x catalogue, rows of both a second and core", ">= 2e+06 rows/s"
    field.publish("shifted", questions.shifted(field.rows))
    if not has_operator(field, "bench.shifted"):
        return not_measured(name, "rows/s", bar, NO_OPERATOR)
    try:
        query = (
            "SELECT count(*) AS pairs FROM bench.shifted AS u JOIN gaiadr3.gaia_source AS g"
            f" ON distance_deg(u.ra, u.dec, g.ra, g.dec) <= {ARCSEC!r}"
        )
        work = field.compete("catalogue x catalogue", [field.nearside], lambda e: e.sql(query)["pairs"][0].as_py())
    except Exception as error:
        return not_measured(name, "rows/s", bar, _first_line(error))
    score = work["nearside"]
    note = f"{score.answer:,} pairs; the server's largest memory {peak_bytes(field.nearside.pid) / 1e6:,.0f} MB"
    return at_least(name, "rows/s", rounded(2 * field.rows.count / score.cpu_s), ROWS_PER_SECOND, note)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0][:200]
