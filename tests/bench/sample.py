"""The sample sky that the benchmarks of the whole platform read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import parts  # found on the path above


def sample_sky(directory: Path) -> Path:
    """The sample sky: that of NEARSIDE_SAMPLE, or a new one in ``directory``."""
    if os.environ.get("NEARSIDE_SAMPLE"):
        return parts.sample()
    subprocess.run([parts.program("NEARSIDE_BIN"), "sample", directory / "sky"], check=True)
    return directory / "sky"
