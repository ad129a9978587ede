"""A user's positions against the catalogue at one arcsecond."""

from __future__ import annotations

import questions
from field import Curve, Field
from figures import Figure
from nearside_server import match_query
from questions import ARCSEC
from verdict import against, not_measured

SIZES = [10_000, 100_000, 1_000_000]
# Which peer sets the bar of each size, and how much of it we may take; None means a figure without a bar.
BARS = {
    10_000: {"duckdb": 0.25, "postgres+q3c": None, "lsdb": None},
    100_000: {"postgres+q3c": 0.5, "duckdb": None},
    1_000_000: {"duckdb": 0.5, "lsdb": 0.1},
}
PLOT = "benchmark-match|Match at 1 arcsecond|positions|processor seconds"
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
    return found


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
