"""An import that replaces a table and is killed at any moment leaves the old table or the new one, whole."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import hats_peers
import nearside
import parts
import pytest
from conftest import Start

OLD, NEW = 500, 3_000
KILLS = 16


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One table for every kill, each killed a little later; every other one just when the old table moves aside."""
    data = tmp_path_factory.mktemp("killed")
    for name, rows in [("old.csv", OLD), ("new.csv", NEW)]:
        hats_peers.stars(rows).to_csv(data / name, index=False)
    for number in range(KILLS):
        table = f"kill{number}.stars"
        hats_peers.nearside("import", "--data", data, "--table", table, data / "old.csv")
        replacing = [parts.program("NEARSIDE_BIN"), "import", "--data", data, "--table", table, data / "new.csv"]
        process = subprocess.Popen([*replacing, "--replace"])
        aside = data / f"kill{number}" / ".stars.old"
        deadline = time.monotonic() + (5 if number % 2 else number * 0.01)
        while process.poll() is None and time.monotonic() < deadline and not os.path.lexists(aside):
            pass
        process.kill()
        process.wait()
    return data


def test_every_table_is_the_old_one_or_the_new_one(start: Start, data: Path) -> None:
    ready = start(data).ready()
    with nearside.connect(ready.flight_url, ready.token) as sky:
        tables = [f"kill{number}.stars" for number in range(KILLS)]
        rows = [sky.sql(f"SELECT count(*) AS n FROM {table}").to_arrow()["n"].to_pylist()[0] for table in tables]
    assert set(rows) <= {OLD, NEW}
    assert OLD in rows, "some were killed before the end"
