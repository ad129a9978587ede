"""`cargo xtask bench catalogue`: us and the peers on the same rows, in one run, taking turns.

The bars are those of the project's goals. A figure that cannot be measured says why instead.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import figures
import plots
import rows
from chapters import CHAPTERS
from field import Field


def main() -> None:
    arguments = parse()
    # Who is asked to end still stops the servers that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    programs = {name: Path(os.environ[f"NEARSIDE_{name.upper()}"]) for name in ("bin", "flight_server")}
    prepared = rows.prepare(arguments.cache, arguments.rows, programs["bin"])
    found: list[figures.Figure] = []
    server = programs["flight_server"]
    with Field(prepared, programs["bin"], server, arguments.rounds, arguments.largest) as field:
        for chapter in CHAPTERS:
            if not arguments.only or name_of(chapter) in arguments.only:
                found += measured(chapter, field)
        found += field.details()
    if arguments.plots:
        plots.draw(field.curves, arguments.plots)
    figures.report(found)


def name_of(chapter: ModuleType) -> str:
    return chapter.__name__.rpartition(".")[2]


def measured(chapter: ModuleType, field: Field) -> list[figures.Figure]:
    """The chapter's rows; a chapter that fails is a bar that is missed, and the others go on."""
    try:
        return chapter.measure(field)
    except Exception as error:
        traceback.print_exc()
        why = f"failed: {(str(error).strip() or repr(error)).splitlines()[-1][:300]}"
        return [figures.Figure(f"all of {name_of(chapter)}", None, "", met=False, note=why)]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the sky")
    parser.add_argument("--largest", type=int, default=0, help="rows of the largest sky that growth is measured over")
    parser.add_argument("--cache", type=Path, required=True, help="where the rows are kept between runs")
    parser.add_argument("--plots", type=Path, help="where to draw the plots")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    parser.add_argument("--only", nargs="*", default=[], help="names of chapters")
    return parser.parse_args()


if __name__ == "__main__":
    main()
