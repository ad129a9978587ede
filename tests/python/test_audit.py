"""The audit log of a platform: it tells who read what, and a line that was changed is found."""

from __future__ import annotations

import json
import subprocess

import nearside
import parts
from conftest import Start


def test_what_was_read_is_in_the_audit_log_and_a_changed_line_is_found(start: Start) -> None:
    platform = start(parts.sample())
    ready = platform.ready()
    with nearside.connect(ready.flight_url, ready.token) as connection:
        assert connection.sql("SELECT source_id FROM gaiadr3.gaia_source LIMIT 7").to_arrow().num_rows == 7
    platform.stop()
    check = [parts.program("NEARSIDE_BIN"), "audit", "--state", platform.state]
    whole = subprocess.run(check, capture_output=True, text=True, check=True)
    (log,) = (platform.state / "audit" / "flight").iterdir()
    lines = log.read_text().splitlines()
    assert whole.stdout.startswith(f"{log.parent}: {len(lines)} lines, whole; the digest of the last is ")
    line = json.loads(lines[-1])
    told = {name: line[name] for name in ("user", "verb", "tables", "outcome", "rows")}
    assert told == {
        "user": ready.user,
        "verb": "read",
        "tables": ["gaiadr3.gaia_source"],
        "outcome": "done",
        "rows": 7,
    }
    log.write_text(log.read_text().replace(ready.user, "nobody", 1) + lines[-1] + "\n")
    broken = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (broken.returncode, f"{log}, line 2: it was changed" in broken.stderr) == (1, True), broken.stderr
