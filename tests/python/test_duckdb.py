"""The engine against DuckDB: random questions over the same files must have the same whole answers."""

from __future__ import annotations

import math
from collections.abc import Iterator

import duckdb
import nearside
import parts
import pytest
from random_queries import Query, queries

SEED = 20261123
QUERIES = 360
# Sums are taken in any order by both.
TOLERANCE = 1e-9
# The engine's functions on the sphere, by Vincenty's formula.
ON_THE_SPHERE = """
CREATE MACRO distance(ra1, dec1, ra2, dec2) AS degrees(atan2(
    sqrt((cosd(dec2) * sind(ra2 - ra1)) ** 2 + (cosd(dec1) * sind(dec2) - sind(dec1) * cosd(dec2) * cosd(ra2 - ra1)) ** 2),
    sind(dec1) * sind(dec2) + cosd(dec1) * cosd(dec2) * cosd(ra2 - ra1)));
CREATE MACRO cone(ra, dec, ra0, dec0, radius) AS distance(ra, dec, ra0, dec0) <= radius;
"""


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB on the sample's files, with the engine's names."""
    with duckdb.connect() as connection:
        connection.execute("CREATE MACRO sind(x) AS sin(radians(x)); CREATE MACRO cosd(x) AS cos(radians(x))")
        connection.execute(ON_THE_SPHERE)
        connection.execute("SET threads = 2; SET memory_limit = '2GB'; CREATE SCHEMA gaiadr3")
        for table in sorted((parts.sample() / "gaiadr3").iterdir()):
            files = f"{table}/dataset/**/*.parquet"
            connection.execute(
                f"CREATE VIEW gaiadr3.{table.name} AS SELECT * FROM read_parquet('{files}', hive_partitioning = false)"
            )
        yield connection


@pytest.mark.parametrize("batch", range(12))
def test_random_queries_have_the_answers_of_duckdb(
    batch: int, sky: nearside.Connection, duck: duckdb.DuckDBPyConnection
) -> None:
    share = queries(QUERIES, SEED)[batch::12]
    assert len(share) == QUERIES // 12

    answered = sum(same(query, sky, duck) for query in share)

    assert answered >= len(share) // 2, "most queries must have rows, or they compare nothing"


def same(query: Query, sky: nearside.Connection, duck: duckdb.DuckDBPyConnection) -> bool:
    """Compares one query's answers and says whether there were any rows."""
    expected = duck.execute(query.sql).fetchall()
    table = sky.sql(query.sql).to_arrow()
    columns = [table.column(i).to_pylist() for i in range(table.num_columns)]
    found = list(zip(*columns, strict=True))
    if not query.ordered:
        found, expected = sorted(found, key=sort_key), sorted(expected, key=sort_key)
    assert len(found) == len(expected), f"{len(found)} rows, and {len(expected)} in DuckDB: {query.sql}"
    for ours, theirs in zip(found, expected, strict=True):
        assert all(map(alike, ours, theirs)), f"{ours} is not {theirs}: {query.sql}"
    return bool(expected)


def alike(ours: object, theirs: object) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=TOLERANCE) or (
            math.isnan(ours) and math.isnan(theirs)
        )
    return ours == theirs


def sort_key(row: tuple[object, ...]) -> tuple[tuple[int, float | str], ...]:
    """Nulls first, then numbers, then texts; numbers rounded, so that equal rows meet."""
    return tuple(map(value_key, row))


def value_key(value: object) -> tuple[int, float | str]:
    match value:
        case None:
            return (0, 0.0)
        case float() if math.isnan(value):
            return (1, 0.0)
        case float():
            return (2, float(f"{value:.7e}"))
        case bool() | int():
            return (2, value)
        case _:
            return (3, str(value))
