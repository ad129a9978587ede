"""Jobs when the server dies: what was announced is kept, and everything else is run again or says that it failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import parts
import pytest
import requests
from conftest import Start
from platform_process import Ready
from postgres_server import PostgresServer
from waiting import until

ROWS = 20_000
QUICK = f"SELECT TOP {ROWS} source_id, ra, dec FROM gaiadr3.gaia_source"
# Twenty million pairs: forty of these keep the server busy for seconds after the first result.
PAIRS = (ROWS - 1) * 1_000
SLOW = f"""
    SELECT COUNT(*) AS pairs
    FROM (SELECT TOP {ROWS} source_id FROM gaiadr3.gaia_source ORDER BY source_id) AS a,
        (SELECT TOP 1000 source_id FROM gaiadr3.gaia_source ORDER BY source_id) AS b
    WHERE a.source_id <> b.source_id
"""
QUERIES = [QUICK] * 10 + [SLOW] * 40
PHASES = {"PENDING", "QUEUED", "EXECUTING", "COMPLETED", "ERROR", "ABORTED"}


class Jobs:
    """The jobs of one person on one run of the platform."""

    def __init__(self, ready: Ready) -> None:
        self._url = f"{ready.vo_url}/tap-server/tap/async"
        self._client = requests.Session()
        self._client.headers["Authorization"] = f"Bearer {ready.token}"

    def create(self, query: str) -> str:
        asked = {"QUERY": query, "FORMAT": "csv", "PHASE": "RUN"}
        answer = self._client.post(self._url, asked, timeout=30, allow_redirects=False)
        assert answer.status_code == 303
        return answer.headers["Location"].rpartition("/")[2]

    def phase(self, job: str) -> str:
        phase = self._client.get(f"{self._url}/{job}/phase", timeout=30).text
        assert phase in PHASES
        return phase

    def result(self, job: str) -> list[str]:
        answer = self._client.get(f"{self._url}/{job}/results/result", timeout=30)
        assert answer.ok
        return answer.text.splitlines()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Options that say where jobs are kept."""
    if request.param == "sqlite":
        yield []
        return
    server = PostgresServer()
    yield ["--database", server.url]
    server.stop()


def test_fifty_jobs_survive_a_kill(start: Start, tmp_path: Path, database: list[str]) -> None:
    state = tmp_path.resolve() / "state"
    platform = start(parts.sample(), *database, state=state)
    jobs = Jobs(platform.ready())
    created = [jobs.create(query) for query in QUERIES]
    until(lambda: "COMPLETED" in map(jobs.phase, created), within=60, what="the first result")
    phases = {job: jobs.phase(job) for job in created}
    assert set(phases.values()) & {"QUEUED", "EXECUTING"}, "all were done before the kill"
    platform.kill()

    platform = start(parts.sample(), *database, state=state)
    jobs = Jobs(platform.ready())
    announced = [job for job, phase in phases.items() if phase == "COMPLETED"]
    assert [jobs.phase(job) for job in announced] == ["COMPLETED"] * len(announced)
    done = until(
        lambda: all(jobs.phase(job) == "COMPLETED" for job in created), within=120, what="the jobs that were killed"
    )
    assert done
    results = [jobs.result(job) for job in created]
    assert [len(rows) for rows in results[:10]] == [1 + ROWS] * 10
    assert results[10:] == [["pairs", str(PAIRS)]] * 40
    platform.stop()
