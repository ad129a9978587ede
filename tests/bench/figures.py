"""What the benchmarks have in common: the row that they print, and the sample sky that they read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import parts  # found on the path above


@dataclass(frozen=True)
class Figure:
    """One figure beside its peer's, measured in the same run, and the bar that we set ourselves."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    ratio: float
    bar: str
    met: bool


def report(figures: list[Figure]) -> None:
    """Prints the figures as one JSON array, on the last line."""
    print(json.dumps([asdict(figure) for figure in figures]))


def sample_sky(directory: Path) -> Path:
    """The sample sky: that of NEARSIDE_SAMPLE, or a new one in ``directory``."""
    if os.environ.get("NEARSIDE_SAMPLE"):
        return parts.sample()
    subprocess.run([parts.program("NEARSIDE_BIN"), "sample", directory / "sky"], check=True)
    return directory / "sky"
