"""The built parts under test and the data they are tested on, named by the environment.

On a developer's machine a missing part skips the tests that need it; in CI it fails them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOKS = REPOSITORY / "notebooks"


def program(variable: str) -> Path:
    """The program that an environment variable names."""
    return _existing(variable, os.environ.get(variable))


def sample() -> Path:
    """The data directory with the simulated sample sky."""
    return _existing("NEARSIDE_SAMPLE", os.environ.get("NEARSIDE_SAMPLE"))


def real_data() -> Path:
    """Published Gaia rows. They are not ours to ship, so their absence is a skip even in CI."""
    place = Path(os.environ.get("NEARSIDE_REAL_DATA") or REPOSITORY.parent / "shared" / "data")
    if not place.is_dir():
        pytest.skip("no real Gaia rows: set NEARSIDE_REAL_DATA")
    return place


def chromium() -> Path:
    """A Chromium of the system."""
    return _existing("NEARSIDE_CHROMIUM", os.environ.get("NEARSIDE_CHROMIUM", "/usr/bin/chromium"))


def stilts() -> Path:
    """The validators of the Virtual Observatory community."""
    return _existing("NEARSIDE_STILTS", os.environ.get("NEARSIDE_STILTS", "/usr/bin/stilts"))


def _existing(variable: str, value: str | None) -> Path:
    if not value or not Path(value).exists():
        _missing(f"{variable} names no existing path: {value!r}. `cargo xtask test` sets it")
    return Path(value).absolute()


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
