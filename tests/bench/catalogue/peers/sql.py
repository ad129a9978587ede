"""What DuckDB and stock DataFusion are asked alike."""

from __future__ import annotations

from questions import CONE_COLUMNS, Cone

# Bins of 0.05 mag in colour and 0.1 mag in absolute magnitude of stars with a good parallax.
HISTOGRAM = """
SELECT CAST(floor(CAST(bp_rp AS DOUBLE) * 20) AS BIGINT) AS colour,
       CAST(floor((CAST(phot_g_mean_mag AS DOUBLE) + 5 * log10(parallax) - 10) * 10) AS BIGINT) AS brightness,
       count(*) AS stars
FROM {table}
WHERE parallax > 0 AND parallax > 5 * CAST(parallax_error AS DOUBLE) AND ruwe < 1.4 AND bp_rp IS NOT NULL
GROUP BY 1, 2
"""


def separation_below(radius: float, ra: str, dec: str, ra0: str, dec0: str) -> str:
    """The exact test: half-angles, which keep small separations."""
    return (
        f"power(sin(radians({dec} - {dec0}) / 2), 2) + cos(radians({dec})) * cos(radians({dec0}))"
        f" * power(sin(radians({ra} - {ra0}) / 2), 2) <= power(sin(radians({radius!r}) / 2), 2)"
    )


def cone(table: str, cone: Cone) -> str:
    """A cone by hand: its ranges for the zone maps, and the exact test."""
    ranges = " OR ".join(f"_healpix_29 BETWEEN {begin} AND {end}" for begin, end in cone.ranges)
    inside = separation_below(cone.radius, "ra", "dec", repr(cone.ra), repr(cone.dec))
    return f"SELECT {', '.join(CONE_COLUMNS)} FROM {table} WHERE ({ranges}) AND {inside}"


def match(users: str, table: str, radius: float) -> str:
    """A positional match as a join on cells, the user's side listed once for each of nine cells."""
    inside = separation_below(radius, "g.ra", "g.dec", "u.ra", "u.dec")
    return f"SELECT u.user_id, g.source_id FROM {users} AS u JOIN {table} AS g ON u.cell = g.cell WHERE {inside}"
