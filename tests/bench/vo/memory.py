"""Memory of the server while it answers much, beside what the same takes for a tenth or a hundredth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from figures import Figure
from meter import peak_bytes
from products import DATA, identifiers, request
from rows import Rows
from service import Service
from sync import COLUMNS, TABLE
from verdict import within

# One more than the archive gives to people without an account.
JOB_ROWS = 3_000_001
SOURCES = 500_000
# What may be more: allocators keep what they had for a while.
MORE_MB = 64


def measure(service: Service, rows: Rows) -> list[Figure]:
    ids = identifiers(rows)
    count, sources = min(JOB_ROWS, rows.count), min(SOURCES, len(ids))
    job = "SELECT TOP {} " + f"{', '.join(COLUMNS)} FROM {TABLE}"
    return [
        _figure(
            service, f"async job of {count:,} rows", lambda share: service.job(job.format(count // share), "votable")
        ),
        _figure(
            service,
            f"{sources:,} light curves in one zip",
            lambda share: service.read(DATA, request(ids[: sources // share], "csv")).bytes,
        ),
    ]


def _figure(service: Service, name: str, work: Callable[[int], int]) -> Figure:
    few, less = _peak(service, lambda: work(10))
    many, more = _peak(service, lambda: work(1))
    note = f"{many / 1e6:,.0f} MB sent; at most {more / 1e6:,.0f} MB of memory, with a tenth {less / 1e6:,.0f}"
    assert many > 9 * few, f"{many} bytes are not ten times {few}"
    return within(f"{name}, memory more than for a tenth", "MB", (more - less) / 1e6, MORE_MB, note)


def _peak(service: Service, work: Callable[[], int]) -> tuple[int, int]:
    """What ``work`` gives, and the most memory that the server had meanwhile."""
    # Forgets the peak of before (proc(5), clear_refs).
    Path(f"/proc/{service.pid}/clear_refs").write_text("5")
    return work(), peak_bytes(service.pid)
