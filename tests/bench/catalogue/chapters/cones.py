"""Cones: processor time and bytes, for 0.1 and for 1 degree, around random sources."""

from __future__ import annotations

import questions
from contest import Score
from field import Field
from figures import Figure
from verdict import MILLI, against, rounded, within

# Cones asked in one go; the clock of a process is fine, but one cone would still be noise.
COUNT = {0.1: 40, 1.0: 12, 3.0: 6}


def measure(field: Field) -> list[Figure]:
    scores = {radius: cones(field, radius) for radius in COUNT}
    ours = {radius: of_radius["nearside"] for radius, of_radius in scores.items()}
    small, wide = scores[0.1], scores[1.0]
    cpu = MILLI * ours[0.1].cpu_s / COUNT[0.1]
    found = [least_query(field)]
    for peer, most in [("datafusion", 0.5), ("lsdb", 0.1), ("postgres+q3c", 1.0), ("duckdb", None)]:
        peer_cpu = MILLI * small[peer].cpu_s / COUNT[0.1]
        found.append(against("cone of 0.1 deg, CPU", "ms", cpu, peer, peer_cpu, most))
    found.append(bytes_ratio(ours[0.1]))
    per_row = (ours[3.0].cpu_s / COUNT[3.0] - ours[1.0].cpu_s / COUNT[1.0]) / (
        ours[3.0].answer / COUNT[3.0] - ours[1.0].answer / COUNT[1.0]
    )
    allowed = MILLI * (2 * ours[0.1].cpu_s / COUNT[0.1] + max(per_row, 0) * ours[1.0].answer / COUNT[1.0])
    note = f"twice the cone of 0.1 deg, and {per_row * 1e6:.2f} us for each row"
    found.append(within("cone of 1 deg, CPU", "ms", MILLI * ours[1.0].cpu_s / COUNT[1.0], rounded(allowed), note))
    for peer in ("datafusion", "lsdb", "postgres+q3c", "duckdb"):
        peer_cpu = MILLI * wide[peer].cpu_s / COUNT[1.0]
        value = MILLI * ours[1.0].cpu_s / COUNT[1.0]
        found.append(against("cone of 1 deg, CPU", "ms", value, peer, peer_cpu, None))
    return found


def cones(field: Field, radius: float) -> dict[str, Score]:
    """Everybody's scores, checked against brute force."""
    asked = questions.cones(field.rows, radius, COUNT[radius])
    truth = questions.count_by_brute_force(field.rows, asked)
    engines = [field.nearside, field.datafusion, field.duckdb, field.lsdb, field.postgres]
    return field.compete(f"{len(asked)} cones of {radius:g} deg", engines, lambda e: e.cones(asked), truth)


def least_query(field: Field) -> Figure:
    """What our server takes to understand, plan and send anything at all; a part of every figure of ours."""
    times = 100
    work = field.compete(
        "SELECT 1", [field.nearside], lambda e: sum(len(e.sql("SELECT 1 AS one")) for _ in range(times))
    )
    return Figure("SELECT 1, CPU", rounded(MILLI * work["nearside"].cpu_s / times), "ms")


def bytes_ratio(score: Score) -> Figure:
    """Bytes that our server read over the bytes of the rows that it sent."""
    matching = score.answer * questions.CONE_ROW_BYTES
    note = f"{score.read_bytes:,} bytes for {score.answer} rows of {questions.CONE_ROW_BYTES} bytes"
    return within("cone of 0.1 deg, bytes read / bytes of matching rows", "", score.read_bytes / matching, 30, note)
