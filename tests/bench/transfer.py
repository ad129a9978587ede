"""A million rows of ten columns into a kernel, and the same rows as a VOTable from the local disk.

Ours: `nearside.connect().sql(...)`, connected as inside a lab, from the call to the table in memory.
The peer: astropy, with which pyvo reads every answer, parses a TABLEDATA VOTable; a tenth of the rows,
because it would take minutes; both are given in rows per second.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import figures
import nearside
import sample
from astropy.io import votable
from platform_process import PlatformProcess

ROUNDS = 5
ROWS, PEER_ROWS = 1_000_000, 100_000
BAR = 100
COLUMNS = ["source_id", "ra", "dec", "parallax", "pmra", "pmdec"]
COLUMNS += ["phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", "ruwe"]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name).resolve()
        platform = PlatformProcess(directory / "state", sample.sample_sky(directory))
        try:
            ours, peer = measure(platform, directory)
        finally:
            platform.stop()
    figures.report(
        [
            figures.Figure(
                name=f"SELECT of {ROWS:,} rows x {len(COLUMNS)} columns into a kernel, median of {ROUNDS}",
                value=round(ours),
                unit="rows/s",
                peer=f"astropy, TABLEDATA VOTable of {PEER_ROWS:,} rows from disk",
                peer_value=round(peer),
                ratio=round(ours / peer, 1),
                bar=f">= {BAR}",
                met=ours / peer >= BAR,
            )
        ]
    )


def measure(platform: PlatformProcess, directory: Path) -> tuple[float, float]:
    """Rows per second: ours, and the peer's. They take turns."""
    pretend_to_be_a_lab(platform, directory)
    with nearside.connect(progress=False) as sky:
        query = f"SELECT {', '.join(COLUMNS)} FROM gaiadr3.gaia_source LIMIT {ROWS}"
        rows = sky.sql(query)
        assert len(rows) == ROWS, f"the sample has only {len(rows)} rows"
        path = directory / "rows.vot"
        write_votable(rows, path)
        ours, peer = [], []
        for round in range(ROUNDS):
            ours.append(ROWS / seconds(lambda: sky.sql(query)))
            peer.append(PEER_ROWS / seconds(lambda: votable.parse_single_table(path).to_table()))
            print(f"round {round}: nearside {ours[-1]:,.0f} rows/s, astropy {peer[-1]:,.0f} rows/s", flush=True)
    return statistics.median(ours), statistics.median(peer)


def pretend_to_be_a_lab(platform: PlatformProcess, directory: Path) -> None:
    """Sets what the agent sets for kernels, so that `connect` needs no argument."""
    ready = platform.ready()
    token = directory / "token"
    token.write_text(ready.token)
    os.environ.update(NEARSIDE_FLIGHT_URL=ready.flight_url, NEARSIDE_TOKEN_FILE=str(token))


def write_votable(rows: nearside.Result, path: Path) -> None:
    """The first rows as a VOTable in the TABLEDATA serialisation."""
    table = nearside.Result(rows.to_arrow().slice(0, PEER_ROWS)).to_astropy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        votable.from_table(table).to_xml(str(path), tabledata_format="tabledata")


def seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
