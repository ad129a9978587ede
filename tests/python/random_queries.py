"""Random questions about the sample sky in the SQL that Nearside and DuckDB share, from a seed.

Only what both define alike: no integer division, no literals that one takes for decimals, no conversions to
integers, every order with its nulls and, under a limit, a unique last key.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

SOURCES = "gaiadr3.gaia_source"
VARIABLES = "gaiadr3.vari_rrlyrae"

DOUBLES = ["ra", "dec", "parallax", "pmra", "pmdec", "l", "b"]
SINGLES = ["phot_g_mean_mag", "bp_rp", "ruwe", "parallax_error", "radial_velocity"]
INTEGERS = ["source_id", "random_index"]
SMALL_INTEGERS = ["random_index % 311", "source_id % 12", "source_id % 1000"]
# About how many sources a test of every row may read into a sort or a join.
SOME = "random_index < 60000"


@dataclass(frozen=True)
class Query:
    """A question, and whether its rows come in a fixed order."""

    sql: str
    ordered: bool


def queries(count: int, seed: int) -> list[Query]:
    """So many queries; equal seeds make equal queries."""
    chance = random.Random(seed)
    kinds: list[Callable[[random.Random], Query]] = [rows, top, groups, joined, outer_joined, windows, sets, nested, ids]
    return [kinds[i % len(kinds)](chance) for i in range(count)]


def rows(chance: random.Random) -> Query:
    shown = ", ".join(f"{number(chance, 2)} AS c{i}" for i in range(chance.randint(1, 4)))
    return Query(f"SELECT source_id, {shown} FROM {SOURCES} WHERE {part(chance)} AND {condition(chance, 2)}", False)


def top(chance: random.Random) -> Query:
    keys = ", ".join(f"{number(chance, 1)} {direction(chance)}" for _ in range(chance.randint(1, 2)))
    limit = f"LIMIT {chance.randint(1, 200)}" + (f" OFFSET {chance.randint(1, 50)}" if chance.random() < 0.3 else "")
    where = f"WHERE {condition(chance, 2)}" if chance.random() < 0.8 else ""
    return Query(f"SELECT source_id, ra, dec FROM {SOURCES} {where} ORDER BY {keys}, source_id {limit}", True)


def groups(chance: random.Random) -> Query:
    keys = [f"k{i}" for i in range(chance.randint(1, 2))]
    named = ", ".join(f"{bucket(chance)} AS {key}" for key in keys)
    having = f" HAVING count(*) > {chance.randint(0, 30)}" if chance.random() < 0.5 else ""
    sql = (
        f"SELECT {', '.join(keys)}, {aggregates(chance)} FROM "
        f"(SELECT *, {named} FROM {SOURCES} WHERE {condition(chance, 2)}) AS t GROUP BY {', '.join(keys)}{having}"
    )
    return Query(sql, False)


def joined(chance: random.Random) -> Query:
    extra = f" AND {condition(chance, 1, 's')}" if chance.random() < 0.7 else ""
    sql = (
        f"SELECT s.source_id, {number(chance, 1, 's')} AS c0, v.best_classification, v.pf + v.p1_o AS periods "
        f"FROM {SOURCES} AS s JOIN {VARIABLES} AS v ON s.source_id = v.source_id{extra}"
    )
    return Query(sql, False)


def outer_joined(chance: random.Random) -> Query:
    kind = chance.choice(["LEFT", "RIGHT", "FULL"])
    sql = (
        f"SELECT v.best_classification AS kind, count(*) AS n, count(s.source_id) AS found, max(v.pf) AS longest "
        f"FROM (SELECT * FROM {SOURCES} WHERE {part(chance)} AND {condition(chance, 1)}) AS s "
        f"{kind} JOIN {VARIABLES} AS v ON s.source_id = v.source_id GROUP BY v.best_classification"
    )
    return Query(sql, False)


def windows(chance: random.Random) -> Query:
    partition = f"PARTITION BY {bucket(chance)} " if chance.random() < 0.7 else ""
    over = f"OVER ({partition}ORDER BY {number(chance, 1)} {direction(chance)}, source_id)"
    frame = f"OVER ({partition}ORDER BY source_id ROWS BETWEEN {chance.randint(0, 5)} PRECEDING AND CURRENT ROW)"
    function = chance.choice([
        f"row_number() {over}",
        f"rank() {over}",
        f"lag(ra, {chance.randint(1, 3)}) {over}",
        f"lead(dec) {over}",
        f"first_value(source_id) {over}",
        f"sum(parallax) {frame}",
        f"max(phot_g_mean_mag) {frame}",
        f"count(parallax) {frame}",
    ])
    where = f"random_index < {chance.randint(500, 5000)} AND {condition(chance, 1)}"
    return Query(f"SELECT source_id, {function} AS w FROM {SOURCES} WHERE {where}", False)


def sets(chance: random.Random) -> Query:
    operation = chance.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT"])
    column = chance.choice(INTEGERS + SMALL_INTEGERS)
    one, other = (
        f"SELECT {column} FROM {SOURCES} WHERE {part(chance)} AND {condition(chance, 1)}" for _ in range(2)
    )
    return Query(f"{one} {operation} {other}", False)


def nested(chance: random.Random) -> Query:
    inner = f"SELECT source_id FROM {VARIABLES} WHERE num_clean_epochs_g > {chance.randint(10, 60)}"
    test = chance.choice(["IN", "NOT IN"])
    scalar = f"(SELECT avg({chance.choice(DOUBLES)}) FROM {SOURCES} WHERE {condition(chance, 1)})"
    sql = (
        f"WITH few AS (SELECT * FROM {SOURCES} WHERE {part(chance)} AND {condition(chance, 1)}) "
        f"SELECT count(*) AS n, min(ra) AS a, {scalar} AS m FROM few WHERE source_id {test} ({inner})"
    )
    return Query(sql, False)


def ids(chance: random.Random) -> Query:
    some = ", ".join(str(chance.randint(0, 2_000_000)) for _ in range(chance.choice([1, 5, 20, 21, 100])))
    lists = f"SELECT source_id FROM {SOURCES} WHERE random_index IN ({some})"
    sql = f"SELECT source_id, {number(chance, 1)} AS c0 FROM {SOURCES} WHERE source_id IN ({lists})"
    return Query(f"{sql} ORDER BY source_id", True)


def part(chance: random.Random) -> str:
    """Few of the rows, in one of the ways that people ask for few."""
    low = chance.randint(0, 1_900_000)
    place = f"{chance.uniform(0, 360):.2f}e0, {chance.uniform(-90, 90):.2f}e0"
    return chance.choice([
        f"cone(ra, dec, {place}, {10 ** chance.uniform(-1, 1):.3f}e0)",
        f"distance(ra, dec, {place}) < {10 ** chance.uniform(-1, 1):.3f}e0",
        f"random_index BETWEEN {low} AND {low + chance.randint(10, 20000)}",
        f"dec BETWEEN {chance.randint(-80, 80)}e0 AND {chance.randint(-80, 80) + 5}e0 AND {SOME}",
        f"random_index % 307 IN ({', '.join(str(chance.randint(0, 306)) for _ in range(3))})",
    ])


def condition(chance: random.Random, depth: int, table: str = "") -> str:
    if depth > 0 and chance.random() < 0.6:
        pair = f" {chance.choice(['AND', 'OR'])} ".join(condition(chance, depth - 1, table) for _ in range(2))
        return f"NOT ({pair})" if chance.random() < 0.2 else f"({pair})"
    value = number(chance, 1, table)
    kind = chance.randrange(4)
    if kind == 0:
        return f"{column(chance.choice(DOUBLES + SINGLES), table)} IS {chance.choice(['NULL', 'NOT NULL'])}"
    if kind == 1:
        low = chance.uniform(-20, 20)
        return f"{value} BETWEEN {low:.3f}e0 AND {low + chance.uniform(0, 30):.3f}e0"
    if kind == 2:
        listed = ", ".join(str(chance.randint(0, 20)) for _ in range(chance.randint(1, 30)))
        index = column("random_index", table)
        return f"{index} % 16 {chance.choice(['IN', 'NOT IN'])} ({listed})"
    return f"{value} {chance.choice(['<', '<=', '>', '>=', '<>'])} {chance.uniform(-30, 30):.3f}e0"


def number(chance: random.Random, depth: int, table: str = "") -> str:
    """An expression in double precision."""
    if depth == 0 or chance.random() < 0.3:
        return column(chance.choice(DOUBLES + SINGLES), table)
    one, other = number(chance, depth - 1, table), number(chance, depth - 1, table)
    return chance.choice([
        f"({one} {chance.choice('+-*')} {other})",
        f"({one} / (1e0 + abs({other})))",
        f"abs({one})",
        f"floor({one})",
        f"sqrt(abs({one}))",
        f"coalesce({one}, {other})",
        f"nullif({one}, {chance.randint(-3, 3)}e0)",
        f"greatest({one}, {chance.randint(-9, 9)}e0)",
        f"CASE WHEN {one} > {chance.randint(-9, 9)}e0 THEN {other} ELSE {chance.randint(-9, 9)}e0 END",
    ])


def column(name: str, table: str = "") -> str:
    """A column; single precision is widened, as the two differ in how they calculate with it."""
    qualified = f"{table}.{name}" if table else name
    return f"CAST({qualified} AS DOUBLE)" if name in SINGLES else qualified


def bucket(chance: random.Random) -> str:
    return chance.choice([
        f"floor({column('phot_g_mean_mag')} * {chance.randint(1, 4)}e0)",
        f"floor(dec / {chance.choice([5, 10, 30])}e0)",
        "source_id % 12",
        "random_index % 5",
        f"CASE WHEN parallax > {chance.randint(0, 3)}e0 THEN 'near' ELSE 'far' END",
    ])


def aggregates(chance: random.Random) -> str:
    value = number(chance, 1)
    some = [
        "count(*)",
        f"count({column(chance.choice(SINGLES))})",
        f"count(DISTINCT {chance.choice(SMALL_INTEGERS)})",
        f"sum({chance.choice(SMALL_INTEGERS)})",
        f"avg({value})",
        f"min({value})",
        f"max({value})",
        f"stddev_samp({column('phot_g_mean_mag')})",
        f"median({column('dec')})",
        f"sum(CASE WHEN {condition(chance, 0)} THEN 1 ELSE 0 END)",
    ]
    chosen = chance.sample(some, chance.randint(1, 4))
    return ", ".join(f"{aggregate} AS a{i}" for i, aggregate in enumerate(chosen))


def direction(chance: random.Random) -> str:
    return f"{chance.choice(['ASC', 'DESC'])} NULLS {chance.choice(['FIRST', 'LAST'])}"
