"""Cones: processor time and bytes, for 0.1 and for 1 degree, around random sources."""

from __future__ import annotations

import questions
from contest import Score
from field import Field
from figures import Figure
from verdict import MILLI, against, rounded, within

# Cones asked in one go; the clock of a process is fine, but one cone would still be noise.
COUNT = {0.1: 40, 1.0: 12, 3.0: 6}
# How much of each peer's time we may take for 0.1 degrees; None means a figure without a bar.
BARS = {"datafusion": 0.5, "lsdb": 0.1, "postgres+q3c": 1.0, "duckdb": None}


def measure(field: Field) -> list[Figure]:
    scores = {radius: cones(field, radius) for radius in COUNT}
    # Processor milliseconds of one cone, by radius and engine.
    cpu = {
        radius: {name: MILLI * score.cpu_s / COUNT[radius] for name, score in of_radius.items()}
        for radius, of_radius in scores.items()
    }
    return [
        least_query(field),
        *(_against("cone of 0.1 deg, CPU", cpu[0.1], peer, most) for peer, most in BARS.items()),
        bytes_ratio(scores[0.1]["nearside"]),
        wide_cone({radius: of_radius["nearside"] for radius, of_radius in cpu.items()}, scores),
        *(_against("cone of 1 deg, CPU", cpu[1.0], peer, None) for peer in BARS),
    ]


def _against(name: str, cpu: dict[str, float], peer: str, most: float | None) -> Figure:
    return against(name, "ms", cpu["nearside"], peer, cpu[peer], most)


def wide_cone(cpu: dict[float, float], scores: dict[float, dict[str, Score]]) -> Figure:
    """A cone of a degree may take twice a small one, and what its rows take; the widest tells what a row takes."""
    rows = {radius: of_radius["nearside"].answer / COUNT[radius] for radius, of_radius in scores.items()}
    per_row = max(0.0, (cpu[3.0] - cpu[1.0]) / (rows[3.0] - rows[1.0]))
    note = f"twice the cone of 0.1 deg, and {per_row * 1e3:.2f} us for each row"
    return within("cone of 1 deg, CPU", "ms", cpu[1.0], rounded(2 * cpu[0.1] + per_row * rows[1.0]), note)


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
