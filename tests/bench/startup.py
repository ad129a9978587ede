"""From the command to the first executed cell: `cargo xtask up`, and a plain `jupyter lab` beside it.

Both run the same Python, are asked by the same client, and take turns. Both are warm: a first round of
each is not counted. The clock stops when the reply to the first cell has arrived.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import figures
import sample
from lab_client import Lab, started_lab
from platform_process import PlatformProcess
from stock import jupyter_server

ROUNDS = 5
BAR = 1.5


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name).resolve()
        sky = sample.sample_sky(directory)
        ours, plain = [], []
        for round in range(ROUNDS + 1):
            ours.append(nearside_seconds(directory / "state", sky))
            plain.append(jupyter_seconds(directory / "plain"))
            print(f"round {round}: cargo xtask up {ours[-1]:.2f} s, jupyter lab {plain[-1]:.2f} s", flush=True)
    value, peer = statistics.median(ours[1:]), statistics.median(plain[1:])
    figures.report(
        [
            figures.Figure(
                name=f"warm `cargo xtask up` to first executed cell, median of {ROUNDS}",
                value=round_to_ms(value),
                unit="s",
                peer="jupyter lab + kernel",
                peer_value=round_to_ms(peer),
                ratio=round_to_ms(value / peer),
                bar=f"<= {BAR}",
                met=value / peer <= BAR,
            )
        ]
    )


def nearside_seconds(state: Path, sky: Path) -> float:
    """Seconds that the whole platform takes."""
    began = time.perf_counter()
    platform = PlatformProcess(state, sky, readme=True)
    try:
        run_a_cell(started_lab(platform.ready()))
        return time.perf_counter() - began
    finally:
        platform.stop()


def jupyter_seconds(directory: Path) -> float:
    """Seconds that a plain JupyterLab takes, as a person would start it."""
    began = time.perf_counter()
    with jupyter_server(directory) as lab:
        run_a_cell(lab)
        return time.perf_counter() - began


def run_a_cell(lab: Lab) -> None:
    """Starts a kernel and runs one cell in it."""
    outputs = lab.channels(lab.start_kernel()).execute("6 * 7")
    assert outputs.text == "42", outputs


def round_to_ms(value: float) -> float:
    return round(value, 3)


if __name__ == "__main__":
    main()
