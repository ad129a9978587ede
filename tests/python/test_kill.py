"""A crash at any moment loses nothing, and what it leaves behind is gone after the next start."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import nearside
import parts
import pytest
from conftest import Start
from lab_client import started_lab
from platform_process import PlatformProcess
from waiting import until

CRASHES = 20
# The moments reach from the first instruction to a running lab with a kernel.
EARLIEST_SECONDS, LATEST_SECONDS = 0.1, 6.0
SETTINGS = ".jupyter/lab/user-settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
ACCOUNT = "caroline"


def test_what_was_written_survives_twenty_crashes_at_random_moments(start: Start, tmp_path: Path) -> None:
    state = tmp_path.resolve() / "state"
    written = write_something(start(parts.sample(), state=state))
    crashed_labs = 0
    moments = random.Random(int(os.environ.get("NEARSIDE_SEED", "45")))

    for crash in range(CRASHES):
        platform = start(parts.sample(), state=state)
        wait_for_crash(platform, moments.uniform(EARLIEST_SECONDS, LATEST_SECONDS), crash)
        before = platform.lab_processes()
        crashed_labs += bool(before)
        platform.kill()

        again = start(parts.sample(), state=state)
        ready = again.ready()

        left = before.keys() & again.lab_processes().keys()
        assert not left, f"crash {crash}: processes of the crashed labs still live: {[before[pid] for pid in left]}"
        assert {path: (state / path).read_bytes() for path in written} == written, f"crash {crash}"
        assert ACCOUNT in accounts(state), f"crash {crash}"
        with nearside.connect(ready.flight_url, ready.token) as sky:
            assert len(sky.sql("SELECT source_id FROM gaiadr3.gaia_source LIMIT 5")) == 5
        again.kill()

    assert crashed_labs > 0, "no crash met a running lab"


def write_something(platform: PlatformProcess) -> dict[Path, bytes]:
    """Edits a notebook and a setting through the lab, adds an account, crashes; what was written by path."""
    ready = platform.ready()
    lab = started_lab(ready)
    notebook = lab.get("api/contents/notebooks/01-pleiades.ipynb").json()
    notebook["content"]["cells"][0]["source"] = "# My own Pleiades"
    assert lab.put("api/contents/notebooks/01-pleiades.ipynb", notebook).ok
    setting = lab.put("lab/api/settings/@jupyterlab/apputils-extension:themes", {"raw": '{"theme": "JupyterLab Dark"}'})
    assert setting.ok, setting.text
    user(platform.state, "add", "--shared-os-user", ACCOUNT, password="correct horse battery")
    lab.start_kernel()
    home = platform.home(ready.user).relative_to(platform.state)
    platform.kill()
    files = [home / "notebooks/01-pleiades.ipynb", home / SETTINGS]
    return {path: (platform.state / path).read_bytes() for path in files}


def accounts(state: Path) -> list[str]:
    """The accounts of a state directory."""
    return user(state, "list").split()


def user(state: Path, *arguments: str, password: str = "") -> str:
    """Runs ``nearside user`` and returns what it printed."""
    command = [parts.program("NEARSIDE_BIN"), "user", "--state", state, *arguments]
    done = subprocess.run(command, input=password, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_for_crash(platform: PlatformProcess, moment: float, crash: int) -> None:
    """Waits for a moment after the start; that moment is the point of the test, not a condition."""
    deadline = time.monotonic() + moment
    until(lambda: time.monotonic() >= deadline, within=moment + 5, what="the moment of the crash")
    assert platform.process.poll() is None, f"crash {crash}: ended by itself:\n{platform.errors.read_text()}"


def test_terminating_it_leaves_no_process_and_no_open_port(start: Start) -> None:
    platform = start(parts.sample())
    ready = platform.ready()
    started_lab(ready).start_kernel()
    assert len(platform.lab_processes()) >= 3, "agent, JupyterLab, kernel"

    platform.stop()

    with nearside.connect(ready.flight_url, ready.token) as sky, pytest.raises(nearside.Unreachable):
        sky.tables()
