"""`cargo xtask bench vo`: what the VO services cost, beside astropy and DuckDB, in one run.

The platform is started as a user starts it. Processor time is of that one process, and what is asked goes over the
loopback interface.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1]
sys.path[1:1] = [str(BENCH), str(BENCH / "catalogue"), str(BENCH.parent / "python")]

import figures
import memory
import products
import rows
import sync
from platform_process import PlatformProcess
from service import Service


def main() -> None:
    arguments = parse()
    prepared = rows.prepare(arguments.cache, arguments.rows, Path(os.environ["NEARSIDE_BIN"]))
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name).resolve()
        platform = PlatformProcess(directory / "state", prepared.data)
        try:
            service = Service(platform.ready())
            chapters = {
                "sync": lambda: sync.measure(service, prepared, directory, arguments.rounds),
                "products": lambda: products.measure(service, prepared),
                "memory": lambda: memory.measure(service, prepared),
            }
            found = [figure for name in chapters for figure in _measured(name, chapters[name])]
        finally:
            platform.stop()
    figures.report(found)


def _measured(name: str, chapter: Callable[[], list[figures.Figure]]) -> list[figures.Figure]:
    """The figures of a chapter; how long it took is told on the way."""
    began = time.monotonic()
    found = chapter()
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return found


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the sky")
    parser.add_argument("--cache", type=Path, required=True, help="where the rows are kept between runs")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    return parser.parse_args()


if __name__ == "__main__":
    main()
