"""How soon a query that its client has left gives back processor and memory."""

from __future__ import annotations

import statistics
import time

from field import Field
from figures import Figure
from meter import bytes_written, cpu_seconds, resident_bytes
from verdict import not_measured, rounded, within

BAR_MS = 250.0
# The server is idle when it uses less than a tenth of a core.
IDLE = 0.1
STEP_S = 0.005
GIVE_UP_S = 10.0
RUN_S, BUSY_S = 0.5, 0.1
# A sort that has written so much is writing all that it holds.
SPILLED_BYTES = 64 << 20
SPILL = "sort that spills"
SORT = "SELECT * FROM gaiadr3.gaia_source ORDER BY parallax * ra DESC"
QUERIES = {
    "scan and sort": SORT,
    SPILL: SORT,
    "hash join": (
        "SELECT a.source_id, b.ra, b.pmra, b.l FROM gaiadr3.gaia_source AS a"
        " JOIN gaiadr3.gaia_source AS b ON a.random_index = b.random_index + 1"
    ),
    "cross join": (
        "SELECT count(*) AS n FROM gaiadr3.gaia_source AS a, gaiadr3.gaia_source AS b WHERE a.ra + b.dec < a.dec"
    ),
}


def measure(field: Field) -> list[Figure]:
    return [_figure(field, name, query) for name, query in QUERIES.items()]


def _figure(field: Field, name: str, query: str) -> Figure:
    try:
        times, kept = zip(*(_cancelled(field, name, query) for _ in range(field.rounds)), strict=True)
    except Exception as error:
        why = str(error).strip().splitlines()[0][:200]
        return not_measured(f"cancel of a {name}, idle after", "ms", f"<= {BAR_MS:g} ms", why)
    note = f"{rounded(max(kept) / 1e6)} MB more than before, a second later"
    return within(f"cancel of a {name}, idle after", "ms", statistics.median(times) * 1e3, BAR_MS, note)


def _cancelled(field: Field, name: str, query: str) -> tuple[float, int]:
    """Seconds from leaving a running query to the server's idleness, and the memory that it kept."""
    before = resident_bytes(field.nearside.pid)
    written = bytes_written(field.nearside.pid)
    stream = field.nearside.stream(query)
    time.sleep(RUN_S)
    if name == SPILL:
        _await_spill(field.nearside.pid, written + SPILLED_BYTES)
    used = cpu_seconds(field.nearside.pid)
    time.sleep(BUSY_S)
    if cpu_seconds(field.nearside.pid) - used < BUSY_S / 2:
        raise RuntimeError("the query had ended before it was left: it needs more rows")
    left = time.perf_counter()
    stream.cancel()
    seconds = _idle_after(field.nearside.pid) - left
    time.sleep(1.0)
    return seconds, max(0, resident_bytes(field.nearside.pid) - before)


def _await_spill(pid: int, written: int) -> None:
    deadline = time.perf_counter() + GIVE_UP_S
    while bytes_written(pid) < written:
        if time.perf_counter() > deadline:
            raise TimeoutError(f"nothing was spilled within {GIVE_UP_S:g} s")
        time.sleep(STEP_S)


def _idle_after(pid: int) -> float:
    """The time at which a process began to be idle."""
    deadline = time.perf_counter() + GIVE_UP_S
    while time.perf_counter() < deadline:
        began, used = time.perf_counter(), cpu_seconds(pid)
        time.sleep(STEP_S)
        if cpu_seconds(pid) - used < IDLE * (time.perf_counter() - began):
            return began
    raise TimeoutError(f"not idle within {GIVE_UP_S:g} s")
