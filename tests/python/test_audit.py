"""The audit log of a platform: it tells who read what, and a line that was changed is found."""

from __future__ import annotations

import json
import subprocess

import nearside
import parts
import requests
from conftest import Start


def test_what_was_read_is_in_the_audit_log_and_a_changed_line_is_found(start: Start) -> None:
    platform = start(parts.sample())
    ready = platform.ready()
    headers = {"Authorization": f"Bearer {ready.token}"}
    for query in ("SELECT TOP 3 ra FROM gaiadr3.gaia_source", "SELECT ra FROM gaiadr3.nothing"):
        requests.post(f"{ready.vo_url}/tap-server/tap/sync", {"QUERY": query}, headers=headers, timeout=30)
    with nearside.connect(ready.flight_url, ready.token) as connection:
        assert connection.sql("SELECT source_id FROM gaiadr3.gaia_source LIMIT 7").to_arrow().num_rows == 7
    platform.stop()
    check = [parts.program("NEARSIDE_BIN"), "audit", "--state", platform.state]
    whole = subprocess.run(check, capture_output=True, text=True, check=True)
    read = {"user": ready.user, "verb": "read", "tables": ["gaiadr3.gaia_source"], "outcome": "done"}
    refused = {"tables": [], "outcome": {"refused": "400 Bad Request"}, "rows": 0}
    expected = {"flight": [read | {"rows": 7}], "vo": [read | {"rows": 3}, read | refused]}
    for told, (server, lines) in zip(whole.stdout.splitlines(), expected.items(), strict=True):
        (log,) = (platform.state / "audit" / server).iterdir()
        written = [json.loads(line) for line in log.read_text().splitlines()]
        told_of = [{name: line[name] for name in read | {"rows": 0}} for line in written]
        # The platform itself looks at the catalogue, before anybody asks.
        assert told_of[-len(lines) :] == lines
        assert told.startswith(f"{log.parent}: {len(written)} lines, whole; the digest of the last is ")
    log.write_text(log.read_text().replace(ready.user, "nobody", 1) + log.read_text())
    broken = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (broken.returncode, f"{log}, line 2: it was changed" in broken.stderr) == (1, True), broken.stderr
