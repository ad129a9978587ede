"""The first command of the README, and what it says when it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import parts
from lab_client import started_lab
from platform_process import ANY_PORTS, STOP_WITHIN, PlatformProcess, built_programs
from waiting import until

# On a machine where nothing was prepared it makes a Python environment first.
FIRST_START_WITHIN = 1800.0


def test_the_command_of_the_readme_reaches_a_running_cell(tmp_path: Path):
    assert "\ncargo xtask up " in (parts.REPOSITORY / "README.md").read_text()
    platform = PlatformProcess(tmp_path / "state", parts.sample(), readme=True)
    try:
        ready = platform.ready(within=FIRST_START_WITHIN)
        lab = started_lab(ready)
        assert lab.channels(lab.start_kernel()).execute("import nearside; 6 * 7").text == "42"
        assert ready.pid == platform.process.pid, "signals must reach the platform itself"
    finally:
        platform.process.send_signal(signal.SIGINT)
    assert platform.process.wait(timeout=STOP_WITHIN) == 0


def refusal(*options: str | Path) -> str:
    """What the command says instead of starting."""
    up = [*built_programs(), "--no-browser", *options]
    done = subprocess.run(up, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and done.stdout == ""
    return done.stderr


def test_a_broken_table_is_named_and_nothing_starts(tmp_path: Path):
    tile = tmp_path / "sky/gaiadr3/gaia_source/dataset/Norder=0/Dir=0/Npix=3.parquet"
    tile.parent.mkdir(parents=True)
    tile.write_bytes(b"not a table at all")
    table = tmp_path / "sky/gaiadr3/gaia_source"
    (table / "partition_info.csv").write_text("Norder,Npix\n0,3\n")
    (table / "hats.properties").write_text(
        "obs_collection=gaia_source\ndataproduct_type=object\nhats_nrows=1\n"
        "hats_col_ra=ra\nhats_col_dec=dec\nhats_col_healpix=_healpix_29\nhats_col_healpix_order=29\n"
    )
    said = refusal("--state", tmp_path / "state", "--data", tmp_path / "sky", *ANY_PORTS)
    assert "Npix=3.parquet: is not a whole Parquet file" in said and "re-import the table" in said, said


def test_a_taken_port_is_refused_with_the_name_of_its_holder(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        said = refusal("--state", tmp_path / "state", "--data", parts.sample(), "--port", str(port))
    assert f"port {port} is taken by process {os.getpid()} (" in said, said


def test_a_second_platform_on_the_same_state_is_refused(platform: PlatformProcess):
    said = refusal("--state", platform.state, "--data", parts.sample(), *ANY_PORTS)
    assert f"already runs on {platform.state} as process {platform.process.pid}" in said, said


def test_a_signal_while_the_sky_is_made_stops_at_once(tmp_path: Path):
    errors = tmp_path / "stderr"
    up = [*built_programs(), "--state", tmp_path / "state", *ANY_PORTS, "--no-browser"]
    with errors.open("w") as output:
        process = subprocess.Popen(up, stdout=output, stderr=output)
    try:
        until(lambda: "Generating" in errors.read_text(), within=30, what="the first step")
        process.send_signal(signal.SIGTERM)
        # Making the sky takes several seconds; nobody waits for that.
        assert process.wait(timeout=STOP_WITHIN) == 0
    finally:
        process.kill()
    assert "Simulated sky" not in errors.read_text()
    assert not (tmp_path / "state/sky").exists()
