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


def test_what_became_of_nodes_is_in_the_audit_log(start: Start) -> None:
    platform = start(parts.sample())
    ready = platform.ready()
    files, nodes = f"{ready.vo_url}/vospace/files", f"{ready.vo_url}/vospace/nodes"
    home, table = f"home/{ready.user}/a%20note", f"tables/{ready.user}/stars"
    with requests.Session() as space:
        space.headers["Authorization"] = f"Bearer {ready.token}"
        for method, url, body in (
            ("PUT", f"{files}/{home}", b"hello"),
            ("GET", f"{files}/{home}", None),
            ("HEAD", f"{files}/{home}", None),
            ("PUT", f"{files}/{table}", b"id\n1\n2\n"),
            ("GET", f"{files}/{table}", None),
            ("DELETE", f"{nodes}/{table}", None),
            ("DELETE", f"{nodes}/{home}", None),
            ("GET", f"{files}/{home}", None),
            ("PUT", f"{files}/home/somebody-else/x", b"hello"),
        ):
            space.request(method, url, data=body, timeout=30)
    platform.stop()
    (log,) = (platform.state / "audit" / "vo").iterdir()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    told = [tuple(line[name] for name in ("user", "verb", "tables", "outcome", "rows", "bytes")) for line in lines]
    node, other = (f"vos://nearside.local~vospace/{path}" for path in (home, "home/somebody-else/x"))
    user, stars = ready.user, f"user_{ready.user}.stars"
    assert [line for line in told if line[0] == user] == [
        (user, "write", [node], "done", 0, 5),
        (user, "read", [node], "done", 0, 5),
        (user, "read", [node], "done", 0, 0),
        (user, "write", [stars], "done", 2, 0),
        (user, "read", [stars], "done", 2, 0),
        (user, "drop", [stars], "done", 0, 0),
        (user, "drop", [node], "done", 0, 0),
        (user, "read", [node], {"refused": "404 Not Found"}, 0, 0),
        (user, "write", [other], {"refused": "403 Forbidden"}, 0, 0),
    ]
